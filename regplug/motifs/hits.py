"""Known motifs at a variant: REF's and ALT's haplotype, Motifs ─find_hits→ Hits, the best first.

Each motif is scanned as FIMO does, over all placements on both strands that overlap the variant.
Its p-value is the smallest of those on REF and ALT times their number; q is Benjamini and
Hochberg's over the motifs that were scanned.
"""

from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from regplug.files.extras import needs
from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Genome, Reference
from regplug.genome.haplotype import Haplotype
from regplug.genome.variant import Interval, Variant
from regplug.motifs.motif import Motif

SIGNIFICANT = 0.05  # q below which a motif is named
Allele = Literal["ref", "alt"]


class Hit(NamedTuple):
    """A motif at a variant, where it fits best.

    Attributes:
        motif: the motif.
        ref: its best score on REF in bits, log2 of its frequencies over 1/4.
        alt: its best score on ALT.
        p_placement: p-value of the better of the two scores at a single placement.
        p: that times the number of placements on both strands of both alleles, at most 1.
        q: over the motifs scanned.
        allele: which of the two it fits better.
        start: of the motif on that allele, in bases from the variant's first base.
        strand: on which the motif reads as it is.
    """

    motif: Motif
    ref: float
    alt: float
    p_placement: float
    p: float
    q: float
    allele: Allele
    start: int
    strand: str

    @property
    def text(self) -> str:
        """Return the motif's names and strand, its scores in bits, its p and its q, in a line."""
        return (
            f"{self.motif.also} {self.motif.name} ({self.strand})  {self.ref:.1f} → {self.alt:.1f} "
            f"bits, p = {self.p:.2g}, q = {self.q:.2g}"
        ).strip()


def is_named(motif: Motif, names: Collection[str]) -> bool:
    """Tell whether the motif or its protein is one of `names`, in any case and any version."""
    known = {motif.name.upper(), motif.name.upper().split(".")[0], motif.also.upper()}
    return not known.isdisjoint(name.upper() for name in names)


def best(hits: Sequence[Hit], proteins: Collection[str]) -> Hit | None:
    """Return the significant hit of the smallest p, or None; `hits` are as `find_hits` gives them.

    Motifs of `proteins` are tested by themselves first, as they were expected; then all.
    """
    expected = _adjusted([hit for hit in hits if is_named(hit.motif, proteins)])
    tops = [tested[0] for tested in (expected, hits) if tested]
    return next((hit for hit in tops if hit.q < SIGNIFICANT), None)


def find_hits(genome: Genome, variant: Variant, motifs: Sequence[Motif]) -> list[Hit]:
    """Return a hit per motif that fits between unknown bases on both alleles, smallest p first.

    `variant` is normalised.

    Raises:
        MissingLibraryError: memelite or scipy is not installed.
        GenomeError: as `genome` raises.
    """
    motifs = [motif for motif in motifs if motif.width]
    if not motifs:
        return []
    margin = max(motif.width for motif in motifs)
    lengths = (len(variant.ref), len(variant.alt))
    start = variant.start - margin
    sources: tuple[Reference, ...] = (genome, Haplotype(genome, variant))
    sequences = [
        source.codes(Interval(variant.chrom, start, variant.start + length + margin))
        for source, length in zip(sources, lengths, strict=True)
    ]
    table = _scan(sequences, motifs)
    ends = margin + table["sequence_name"].map(dict(enumerate(lengths)))
    table = table[(table["start"] < ends) & (table["end"] > margin)]
    first = table.sort_values("p-value", kind="stable").groupby("motif_name").first()
    tops = table.groupby(["motif_name", "sequence_name"])["score"].max().unstack()
    tops = tops.reindex(columns=[0, 1]).dropna()
    first = first.loc[tops.index]
    scanned = [motifs[int(index)] for index in first.index]
    placements = [2 * (sum(lengths) + 2 * (motif.width - 1)) for motif in scanned]
    p = (first["p-value"].to_numpy() * placements).clip(0, 1)
    hits = [
        Hit(
            *(motif, ref_score, alt_score, placement["p-value"], corrected, 1.0),
            "alt" if placement["sequence_name"] else "ref",
            placement["start"] - margin,
            placement["strand"],
        )
        for motif, (ref_score, alt_score), placement, corrected in zip(
            scanned,
            tops.to_numpy().tolist(),
            first.to_dict("records"),
            p.tolist(),
            strict=True,
        )
    ]
    return _adjusted(sorted(hits, key=lambda hit: hit.p))


def _adjusted(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits with q computed over these hits only."""
    with needs("motifs"):
        from scipy.stats import false_discovery_control
    if not hits:
        return []
    q = false_discovery_control([hit.p for hit in hits]).tolist()
    return [hit._replace(q=value) for hit, value in zip(hits, q, strict=True)]


def _scan(sequences: Sequence[Codes], motifs: Sequence[Motif]) -> Any:
    """Return fimo's table of all placements on known bases.

    Its column motif_name is the index in `motifs`, sequence_name that in `sequences`; start and end
    are 0-based and half-open.
    """
    with needs("motifs"):
        import pandas
        from memelite import fimo
    codes = np.full((len(sequences), max(map(len, sequences))), UNKNOWN, np.uint8)
    for row, sequence in zip(codes, sequences, strict=True):
        row[: len(sequence)] = sequence
    one_hot = (codes[:, None] == np.arange(4)[:, None]).astype(np.int8)
    matrices = {str(index): motif.frequencies.T for index, motif in enumerate(motifs)}
    table = pandas.concat(fimo(matrices, one_hot, threshold=1.1))  # above 1: every placement
    unknown = np.pad((codes == UNKNOWN).cumsum(axis=1), ((0, 0), (1, 0)))
    row, start, end = (table[name].to_numpy(np.intp) for name in ("sequence_name", "start", "end"))
    return table[unknown[row, end] == unknown[row, start]]
