"""Genomes and VCF records with every odd corner that alleles have, drawn at random."""

from random import Random
from typing import NamedTuple

from tests.toy_genomes import vcf_text
from tests.toy_structural import HEADER, structural_record

SYMBOLS = ["<DEL>", "<*>", "<NON_REF>", "<INS:ME>", "*", ".A", "A.", "G]chr1:9]", "[chr1:9[G"]
KINDS = {
    "snv": 8,
    "mnv": 4,
    "insertion": 6,
    "deletion": 6,
    "repeat": 5,
    "swap": 4,
    "same": 1,
    "unknown": 1,
    "symbol": 2,
    "mismatch": 1,
}


class Toy(NamedTuple):
    """A genome and alleles in it.

    Attributes:
        contigs: of the FASTA.
        records: CHROM, POS (1-based), REF, ALTs and INFO.
        genes: contig, first and last base (1-based), strand.
        width: letters in a line of the FASTA.
    """

    contigs: dict[str, str]
    records: list[tuple[str, int, str, list[str], str]]
    genes: list[tuple[str, int, int, str]]
    width: int

    @property
    def vcf(self) -> str:
        """Return the records as a VCF; IDs are their indices."""
        named = {chrom: self.contigs.get(chrom, "A" * 9) for chrom, *_ in self.records}
        rows = (
            f"{chrom} {pos} {number} {ref} {','.join(alts)} . . {info}"
            for number, (chrom, pos, ref, alts, info) in enumerate(self.records)
        )
        header = [f"##contig=<ID={name}>" for name in named] + HEADER
        return vcf_text(rows, header=header)

    @property
    def gtf(self) -> str:
        """Return the genes as a GTF."""
        return "".join(
            f"{chrom}\tx\tgene\t{first}\t{last}\t.\t{strand}\t.\tgene_id\n"
            for chrom, first, last, strand in self.genes
        )


def draw_toy(random: Random, records: int) -> Toy:
    """Return a genome of up to four contigs, and as many records in it."""
    names = random.sample(["chr1", "chr2", "7", "X", "chrUn_1"], k=random.randint(1, 4))
    contigs = {name: _contig(random) for name in names}
    genes = []
    for name, letters in contigs.items():
        for _ in range(random.randint(0, 3)):
            first, last = sorted(random.choices(range(1, len(letters) + 1), k=2))
            genes.append((name, first, last, random.choice("+-")))
    genes = genes or [(names[0], 1, 1, "+")]
    drawn = [_record(random, contigs) for _ in range(records)]
    return Toy(contigs, drawn, genes, random.choice([7, 60, 1000]))


def _contig(random: Random) -> str:
    """Return letters, few kinds of them in places, with unknown and lower-case stretches."""
    parts = []
    for _ in range(random.randint(1, 8)):
        letters = random.choice(["ACGT", "ACGT", "AC", "A", "acgt", "AcGt", "N", "RYKM", "GN"])
        few = letters in ("N", "RYKM")
        parts.append("".join(random.choices(letters, k=random.randint(1, 2 if few else 30))))
    unit = "".join(random.choices("ACGT", k=random.randint(1, 4)))
    parts.insert(random.randint(0, len(parts)), unit * random.randint(0, 8))
    return "".join(parts)


def _record(random: Random, contigs: dict[str, str]) -> tuple[str, int, str, list[str], str]:
    """Return a record of one to three ALTs that share REF."""
    chrom, contig = random.choice(list(contigs.items()))
    if random.random() > 0.75:
        pos, ref, alts, info = structural_record(random, chrom, contig)
        return _name(random, chrom), pos + _slip(random, contig), _case(random, ref), alts, info
    start, end = _span(random, len(contig))
    alts = list(
        dict.fromkeys(_alt(random, contig[start:end]) for _ in range(random.choice([1, 1, 2, 3])))
    )
    ref = contig[start:end]
    if random.random() < 0.3:  # padded with what stands around it
        left, right = random.randint(0, 4), random.randint(0, 4)
        before, behind = contig[max(0, start - left) : start], contig[end : end + right]
        alts = [before + alt + behind if alt.isalpha() else alt for alt in alts]
        ref, start = before + ref + behind, start - len(before)
    alts = ["."] if random.random() < 0.03 else list(dict.fromkeys(alts))
    return _name(random, chrom), start + 1 + _slip(random, contig), _case(random, ref), alts, "."


def _span(random: Random, length: int) -> tuple[int, int]:
    """Return the 0-based start and the end of a REF, often at an end of the contig."""
    start = random.choice([0, 1, length - 1, random.randrange(length), random.randrange(length)])
    start = min(max(0, start), length - 1)
    return start, min(length, start + random.choice([1, 1, 1, 2, 3, 4, 9, 12]))


def _alt(random: Random, ref: str) -> str:
    """Return an ALT for REF."""
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    some = "".join(random.choices("ACGT", k=random.choice([1, 2, 3, 8, 11, 13])))
    alts = {
        "snv": random.choice("ACGT") + ref[1:],
        "mnv": "".join(random.choices("ACGT", k=len(ref))),
        "insertion": ref + some,
        "deletion": ref[: random.randint(1, len(ref))],
        "repeat": ref + ref[-random.randint(1, len(ref)) :] * random.randint(1, 3),
        "swap": some,
        "same": ref,
        "unknown": ref[:-1] + random.choice("NnRYSWKMBDHVU") + random.choice(["", "A"]),
        "symbol": random.choice(SYMBOLS),
        "mismatch": some.lower(),
    }
    return _case(random, alts[kind]) if kind != "symbol" else alts[kind]


def _case(random: Random, letters: str) -> str:
    return letters.lower() if random.random() < 0.1 else letters


def _name(random: Random, chrom: str) -> str:
    """Return the contig's name, at times with or without chr, or of another contig."""
    if random.random() < 0.9:
        return chrom
    return random.choice([chrom.removeprefix("chr"), f"chr{chrom.removeprefix('chr')}", "chr99"])


def _slip(random: Random, contig: str) -> int:
    """Return how many bases from its place a record is put, mostly none."""
    return 0 if random.random() < 0.95 else random.choice([1, 2, len(contig)])
