"""Why a variant, or what in a region, matters to a model.

Variant or Interval ─explain_place→ mutation maps of REF and ALT ─motifs.hits→ the motif there
                    ─picture, report→ map.png, map.svg, map.tsv, loss.bw, gain.bw
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import RegionError
from regplug.genome.fasta import Genome
from regplug.genome.haplotype import Haplotype
from regplug.genome.regions import END_OF_CONTIG
from regplug.genome.variant import Interval, Status, Variant
from regplug.interpret.explain.mutation_map import MutationMap, mutation_maps
from regplug.scoring.adapter import spreads
from regplug.scoring.effects import Scores, most_extreme
from regplug.scoring.examined import examine
from regplug.scoring.model import Model

LONGEST = 5000  # bases of a map
Allele = Literal["ref", "alt"]


class Explanation(NamedTuple):
    """The mutation maps of one target.

    Attributes:
        target: its index in the model's outputs.
        variant: normalised; None for a region.
        ref: the map of REF, or of the region.
        alt: the map of ALT; None for a region.
    """

    target: int
    variant: Variant | None
    ref: MutationMap
    alt: MutationMap | None

    @property
    def maps(self) -> dict[Allele, MutationMap]:
        """Return the maps by allele, REF's first."""
        maps: dict[Allele, MutationMap] = {"ref": self.ref}
        if self.alt is not None:
            maps["alt"] = self.alt
        return maps

    def places(self, allele: Allele) -> NDArray[np.intp]:
        """Return the column of each base when REF and ALT stand above each other, shape (bases,).

        The alleles begin in one column; behind them, the shorter has a gap.
        """
        at = np.arange(len(self.maps[allele].codes))
        if self.variant is None:
            return at
        lengths = {"ref": len(self.variant.ref), "alt": len(self.variant.alt)}
        behind = self.variant.start - self.ref.interval.start + lengths[allele]
        return at + (at >= behind) * (max(lengths.values()) - lengths[allele])

    @property
    def positions(self) -> NDArray[np.intp]:
        """Return each column's position in REF, 1-based, shape (columns,).

        An inserted base has the position of the base before it.
        """
        places = self.places("ref")
        columns = max(self.places(allele)[-1] for allele in self.maps) + 1
        before = np.searchsorted(places, np.arange(columns), side="right") - 1
        return before + self.ref.interval.start + 1


def explain_place(
    place: Variant | Interval,
    model: Model,
    genome: Genome,
    *,
    targets: Sequence[int] = (),
    flank: int = 40,
    progress: Callable[[int], None] = lambda bases: None,
) -> list[Explanation]:
    """Return the maps of `place` for each of `targets`.

    Args:
        place: a variant, or a region that is mapped as a whole.
        model: the model.
        genome: that it reads.
        targets: indices of outputs; by default a variant's __TOP, and of a region the one with the
            largest difference over the target's spread.
        flank: bases on either side of a variant that are changed too.
        progress: called with the number of bases done, a batch at a time.

    Raises:
        RegionError: the place is not in the genome, too long, or has no score; or REF is not what
            the genome has there.
    """
    if isinstance(place, Variant):
        variant, scores = _scored(place, model, genome)
        interval = around_variant(variant, genome, flank)
    else:
        variant, scores, interval = None, None, within(place, genome)
    refs = mutation_maps(model, genome, interval, progress=progress)
    if all(np.isnan(ref.differences).all() for ref in refs):
        raise RegionError(
            f"no base of {interval} has a score: over a tenth of the bases around each are unknown "
            "in the FASTA, or no gene of --genes is there"
        )
    if variant is None or scores is None:
        places = targets or [_strongest(refs, model)]
        return [Explanation(t, None, _placed(refs[t], t, model), None) for t in places]
    longer = len(variant.alt) - len(variant.ref)
    alt_interval = Interval(interval.chrom, interval.start, interval.end + longer)
    alts = mutation_maps(model, Haplotype(genome, variant), alt_interval, progress=progress)
    chosen = targets or model.ranking.ranked(scores).top.tolist()
    return [
        Explanation(
            int(t),
            variant,
            _placed(refs[t]._replace(score=float(scores.ref[0, t])), t, model),
            _placed(alts[t]._replace(score=float(scores.alt[0, t]), interval=interval), t, model),
        )
        for t in chosen
    ]


def _placed(mutations: MutationMap, target: int, model: Model) -> MutationMap:
    """Return a map with the percentile of its score."""
    return mutations._replace(percentile=model.ranking.percentile(target, mutations.score))


def within(region: Interval, genome: Genome) -> Interval:
    """Return `region`, under the FASTA's name of its contig and with an end.

    Raises:
        RegionError: it does not lie in a contig, or is longer than LONGEST.
    """
    contig = _contig(region.chrom, genome)
    length = genome.lengths[contig]
    end = length if region.end == END_OF_CONTIG else region.end
    if end > length or region.start >= length:
        raise RegionError(
            f"{region} ends behind the end of {region.chrom}, which has {length} bases"
        )
    found = Interval(contig, region.start, end)
    if len(found) > LONGEST:
        raise RegionError(
            f"{found} has {len(found):,} bases, and a map at most {LONGEST:,}: "
            "give a part of it as CONTIG:FROM-TO"
        )
    return found


def around_variant(variant: Variant, genome: Genome, flank: int) -> Interval:
    """Return REF and `flank` bases on either side, as far as the contig goes.

    Raises:
        RegionError: the contig is not in the genome.
    """
    contig = _contig(variant.chrom, genome)
    start, end = variant.start - flank, variant.interval.end + flank
    return Interval(contig, max(0, start), min(genome.lengths[contig], end))


def _contig(chrom: str, genome: Genome) -> str:
    contig = genome.contig(chrom)
    if contig is None:
        known = ", ".join(list(genome.lengths)[:5]) + (" ..." if len(genome.lengths) > 5 else "")
        raise RegionError(f"no contig {chrom} in {genome.path}; it has {known}")
    return contig


def _scored(variant: Variant, model: Model, genome: Genome) -> tuple[Variant, Scores]:
    """Return the normalised variant and its predictions."""
    _contig(variant.chrom, genome)
    if variant.ref == variant.alt:
        raise RegionError(f"{variant} changes nothing: REF and ALT are the same")
    examined = examine(variant, genome)
    scores = model.score([examined], genome)
    status = scores.status[0]
    if status is Status.REF_MISMATCH:
        there = genome.letters(variant.interval)
        raise RegionError(
            f"REF of {variant} is not what {genome.path} has there, {there[:60]}: is it another "
            "build, or are REF and ALT swapped?"
        )
    if status is Status.OK and examined.edit:
        raise RegionError(f"{variant} is written without its bases: give REF and ALT as bases")
    if status is not Status.OK:
        why = _REASONS.get(status, str(status)).format(model.window // 2)
        raise RegionError(f"{variant} has no map: {why}")
    return examined.variant, scores


_REASONS = {
    Status.AMBIGUOUS: "ambiguous, ALT has N or another letter that stands for several bases",
    Status.SYMBOLIC: "symbolic, ALT is no sequence",
    Status.JUNCTIONS: "an allele has more than {} bases, half of the model's window, and annotate "
    "scores it by its junctions",
    Status.TOO_LONG: "too_long, the model's window is too small",
    Status.MOSTLY_N: "mostly_n, over a tenth of the bases around it are unknown in the FASTA",
    Status.NO_TRANSCRIPT: "no_transcript, no gene of --genes is there, and the model is of RNA",
}


def _strongest(maps: Sequence[MutationMap], model: Model) -> int:
    """Return the target of the largest difference over its spread."""
    largest = np.array(
        [[np.nanmax(np.abs(of_target.differences)) for of_target in maps]], np.float32
    )
    return int(most_extreme(largest, spreads(model.card))[0])
