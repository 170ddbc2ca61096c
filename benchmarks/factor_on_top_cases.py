"""Changes in the sites of known factors: known ones, and sites planted into closed sequence.

KNOWN; closed_places, planted → Case, each a Variant and the factor whose site it changes
"""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regplug.genome.codes import UNKNOWN, Codes, decode, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Variant
from regplug.motifs.matches import jaspar
from regplug.motifs.motif import Motif

# Factors that read one motif, or bind as one complex: any of them may be named.
FAMILIES = (
    {"CTCF", "CTCFL"},
    {"ELK1", "GABPA"},  # ETS: GGAA
    {"USF1", "USF2", "MYC"},  # CACGTG
    {"TBP", "TAF1", "TAF7"},  # TFIID, of which TBP reads the TATA box
)
# SERBP1, SUZ12, TAF1 and TAF7 of the panel have no motif; CTCFL's peaks have CTCF's.
MOTIFS = {
    "ARID3A": "MA0151",
    "CTCF": "MA0139",
    "CTCFL": "MA1102",
    "ELK1": "MA0028",
    "FOXA1": "MA0148",
    "GABPA": "MA0062",
    "MYC": "MA0147",
    "REST": "MA0138",
    "SP1": "MA0079",
    "SRF": "MA0083",
    "TBP": "MA0108",
    "TCF12": "MA1648",
    "TEAD4": "MA0809",
    "USF1": "MA0093",
    "USF2": "MA0526",
    "YY1": "MA0095",
    "ZBTB7A": "MA0750",
    "ZNF143": "MA0088",
}
WIDTH = 1001  # bases of a place
PLACES = 20


class Case(NamedTuple):
    """A variant, and the factor whose site it makes or breaks."""

    name: str
    factor: str
    variant: Variant
    source: str


def _known() -> Iterator[Case]:
    """Yield known changes, GRCh38; genes on the reverse strand have their bases turned."""
    khamis = "Khamis et al. 2015, table 1: 5-26 % of the promoter's activity, in its Sp1 site"
    for change in ("-142C>T", "-140C>G", "-140C>T", "-139C>G", "-138T>C", "-136C>G", "-136C>T"):
        at, ref, alt = int(change[:-3]), change[-3], change[-1]
        yield Case(f"LDLR c.{change}", "SP1", Variant("chr19", 11089549 + at, ref, alt), khamis)
    bell = "Horn et al. 2013, Huang et al. 2013; bound by GABP: Bell et al. 2015"
    for name, pos, ref, alt, source in (
        ("C228T", 1295113, "G", "A", bell),
        ("C250T", 1295135, "G", "A", bell),
        ("CC242TT", 1295127, "GG", "AA", "Horn et al. 2013"),
        ("-57A>C", 1295046, "T", "G", "Horn et al. 2013, germline"),
    ):
        yield Case(f"TERT {name}", "GABPA", Variant("chr5", pos, ref, alt), source)
    for name, pos, ref, alt, source in (
        ("-28A>G", 5227099, "T", "C", "Orkin et al. 1983"),
        ("-28A>C", 5227099, "T", "G", "Poncz et al. 1983"),
        ("-29A>G", 5227100, "T", "C", "Antonarakis et al. 1984"),
        ("-30T>A", 5227101, "A", "T", "Fei et al. 1988"),
        ("-31A>G", 5227102, "T", "C", "Takihara et al. 1986"),
    ):
        yield Case(f"HBB {name}", "TBP", Variant("chr11", pos, ref, alt), f"TATA box: {source}")
    for name, pos, ref, alt in (
        ("-87C>G", 5227158, "G", "C"),
        ("-88C>T", 5227159, "G", "A"),
        ("-90C>T", 5227161, "G", "A"),
    ):
        source = "CACCC box, of Sp1's kin KLF1: Feng et al. 1994"
        yield Case(f"HBB {name}", "SP1", Variant("chr11", pos, ref, alt), source)
    landa = "rs1867277, the A is bound by USF1 and USF2: Landa et al. 2009"
    yield Case("FOXE1 c.-283A>G", "USF1", Variant("chr9", 97853632, "A", "G"), landa)


KNOWN = tuple(_known())


def closed_places(genome: Genome, chrom: str, peaks: Sequence[Path]) -> list[Codes]:
    """Return PLACES stretches of a contig (WIDTH,) without N that no peak touches; the seed is 0.

    Raises:
        SystemExit: there are too few.
        GenomeError: the FASTA lacks the contig.
    """
    codes = genome.codes(Interval(chrom, 0, genome.lengths[chrom]))
    taken = codes == UNKNOWN
    for path in peaks:
        with gzip.open(path, "rt") as lines:
            for name, start, end, *_ in (line.split("\t") for line in lines):
                if name == chrom:
                    taken[int(start) : int(end)] = True
    free = [
        place
        for place in range(0, len(codes) - WIDTH, WIDTH)
        if not taken[place : place + WIDTH].any()
    ]
    if len(free) < PLACES:
        raise SystemExit(f"{chrom} has {len(free)} closed places, and {PLACES} are needed")
    chosen = np.random.default_rng(0).choice(free, PLACES, replace=False)
    return [codes[place : place + WIDTH].copy() for place in chosen]


def planted(places: Sequence[Codes]) -> tuple[list[Case], str]:
    """Return a case per motif and place, and the FASTA that their variants lie on.

    The consensus is planted into the middle of each place, into every other one turned; ALT has
    the rarest base where the motif has most information.
    """
    known = {motif.name.partition(".")[0]: motif for motif in jaspar().motifs}
    cases, records = [], []
    for factor, matrix in MOTIFS.items():
        for number, place in enumerate(places):
            contig = f"{factor}_{number}"
            ref, alt, at = broken(known[matrix], turned=number % 2 == 1)
            codes, start = place.copy(), (WIDTH - len(ref)) // 2
            codes[start : start + len(ref)] = ref
            records.append(f">{contig}\n{decode(codes)}\n")
            change = Variant(contig, start + at + 1, decode(ref[[at]]), decode(alt[[at]]))
            cases.append(Case(contig, factor, change, known[matrix].name))
    return cases, "".join(records)


def broken(motif: Motif, *, turned: bool) -> tuple[Codes, Codes, int]:
    """Return a motif's consensus, the same with its most informative base broken, and where."""
    at = int(motif.information.argmax())
    whole = motif.frequencies.argmax(axis=1).astype(np.uint8)
    changed = whole.copy()
    changed[at] = motif.frequencies[at].argmin()
    if not turned:
        return whole, changed, at
    return reverse_complement(whole), reverse_complement(changed), len(whole) - 1 - at
