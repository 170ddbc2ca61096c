"""Known motifs at a variant: REF's and ALT's haplotype, Motifs ─find_hits→ Hits, the best first.

Each motif is scanned as FIMO does, over all placements on both strands that overlap the variant.
Its p-value is the smallest of those on REF and ALT times their number; q is Benjamini and
Hochberg's over the motifs that were scanned.
"""

import functools
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Genome, Reference
from regplug.genome.haplotype import Haplotype
from regplug.genome.variant import Interval, Variant
from regplug.motifs.motif import Motif
from regplug.motifs.scan import bins_of, log_odds, p_value, scores_in
from regplug.motifs.tested import benjamini_hochberg

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
        GenomeError: as `genome` raises.
    """
    motifs = [motif for motif in motifs if motif.width]
    margin = max((motif.width for motif in motifs), default=0)
    lengths = (len(variant.ref), len(variant.alt))
    start = variant.start - margin
    sources: tuple[Reference, ...] = (genome, Haplotype(genome, variant))
    sequences = [
        source.codes(Interval(variant.chrom, start, variant.start + length + margin))
        for source, length in zip(sources, lengths, strict=True)
    ]
    over = functools.cache(lambda width: _Placements.over(sequences, lengths, margin, width))
    found = (_hit(motif, over(motif.width)) for motif in motifs)
    return _adjusted(sorted(filter(None, found), key=lambda hit: hit.p))


class _Placements(NamedTuple):
    """Where a motif of a width can lie so that it covers a base of the variant.

    Attributes:
        windows: the bases there, shape (known, width): only placements without an unknown base.
        alleles: 0 for REF, 1 for ALT, shape (known,).
        starts: in bases from the variant's first, shape (known,).
        number: of placements with unknown bases too, on both strands.
    """

    windows: NDArray[np.intp]
    alleles: NDArray[np.intp]
    starts: NDArray[np.intp]
    number: int

    @classmethod
    def over(
        cls, sequences: Sequence[Codes], lengths: Sequence[int], margin: int, width: int
    ) -> "_Placements":
        """Return those in REF and ALT, of `lengths`, each with `margin` bases on either side."""
        places = [np.arange(1 - width, length) for length in lengths]
        windows = [
            sliding_window_view(codes, width)[margin + at]
            for codes, at in zip(sequences, places, strict=True)
        ]
        alleles = np.repeat([0, 1], [len(at) for at in places])
        joined, starts = np.concatenate(windows).astype(np.intp), np.concatenate(places)
        known = (joined != UNKNOWN).all(axis=1)
        return cls(joined[known], alleles[known], starts[known], 2 * len(starts))


def _hit(motif: Motif, placements: _Placements) -> Hit | None:
    """Return where the motif fits best, q still 1; None if an allele has no known placement."""
    of_alt = placements.alleles == 1
    if of_alt.all() or not of_alt.any():
        return None
    bits = log_odds(motif)
    scores = scores_in(placements.windows, bits)
    bins = bins_of(scores)
    strand, at = divmod(int(bins.argmax()), len(of_alt))
    p = p_value(bits, int(bins.max()))
    return Hit(
        motif=motif,
        ref=float(scores[:, ~of_alt].max()),
        alt=float(scores[:, of_alt].max()),
        p_placement=p,
        p=min(1.0, p * placements.number),
        q=1.0,
        allele="alt" if of_alt[at] else "ref",
        start=int(placements.starts[at]),
        strand="+-"[strand],
    )


def _adjusted(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits with q computed over these hits only."""
    q = benjamini_hochberg(np.array([hit.p for hit in hits])).tolist()
    return [hit._replace(q=value) for hit, value in zip(hits, q, strict=True)]
