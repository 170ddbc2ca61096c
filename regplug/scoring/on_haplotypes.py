"""ALTs on a sample's haplotypes ─score_phased→ Phased: what they do there, and together.

An ALT is scored in a `Haplotype` that has the sample's other ALTs; the ALTs of a cluster are scored
as the one variant that they make, in windows that are laid on its middle.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from regplug.genome.codes import encode
from regplug.genome.fasta import Reference
from regplug.genome.haplotype import Haplotype, HaplotypeContigs, anchored, longer
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.carried import HAPLOTYPES, Carried, Phase, PhasedAlt
from regplug.scoring.effects import Array, Scores
from regplug.scoring.examined import Examined, examine
from regplug.scoring.model import Model
from regplug.scoring.sketch import Floats

ON_REFERENCE = {Phase.UNPHASED, Phase.NO_SEQUENCE, Phase.CONFLICT}  # `__HAP` is as `__Z`
NOWHERE = {None, Phase.ABSENT, Phase.NO_CALL, *map(str, Status)}


class Phased(NamedTuple):
    """A model's predictions for n ALTs on the haplotypes of a sample.

    Attributes:
        phase: n words of `Phase`, or of the `Status` that they have there; None where the ALT has
            no score anyway.
        scores: on the haplotype; means where both have the ALT.
        joint: per haplotype, of the cluster that begins with the ALT, against the reference.
        sizes: per haplotype, how many ALTs that cluster has, or None.
    """

    phase: list[str | None]
    scores: Scores
    joint: list[Scores]
    sizes: list[list[int | None]]


def score_phased(
    model: Model,
    alone: Scores,
    examined: Sequence[Examined],
    alts: Sequence[PhasedAlt],
    genome: Reference,
) -> Phased:
    """Return what ALTs do on the haplotypes that they sit on.

    Args:
        model: that scored them.
        alone: its scores of each ALT on the reference.
        examined: the ALTs, normalised.
        alts: where they sit.
        genome: the reference.

    Raises:
        GenomeError: as `genome` raises.
        BackendError: as `Backend.predict`.
    """
    scores, phase = _on_haplotypes(model, alone, examined, alts, genome)
    joint, sizes = [], []
    for haplotype in HAPLOTYPES:
        key = (model.window, haplotype)
        clusters = [_fitting(alt.clusters.get(key, ()), genome) for alt in alts]
        joint.append(_joint(model, alone, alts, clusters, genome))
        sizes.append([len(cluster) or None for cluster in clusters])
    return Phased(phase, scores, joint, sizes)


def _on_haplotypes(
    model: Model,
    alone: Scores,
    examined: Sequence[Examined],
    alts: Sequence[PhasedAlt],
    genome: Reference,
) -> tuple[Scores, list[str | None]]:
    """Return the scores of ALTs where they sit, and the words of `Phased.phase`."""
    views: list[_View] = []
    words: list[str | None] = []
    plain = np.zeros(len(alts))  # haplotypes on which nothing is near the ALT
    for index, (status, alt) in enumerate(zip(alone.status, alts, strict=True)):
        around = _around(examined[index].variant, model.window)
        out = [one for one in alt.left_out if _overlap(one.place, around)]
        outside = alt.outside
        for others in alt.beside.values() if status.has_score else ():
            near = _near(alt.change, others, model.window)
            fitting = _fitting(near, genome)
            out += [one for one in near if one not in fitting and _overlap(one.place, around)]
            view = _View.of(index, alt.change, fitting, genome) if fitting else None
            if view and view.differs(model.window):
                views.append(view)
                outside |= any(one.outside for one in fitting)
            else:
                plain[index] += 1
        words.append(_word(status, alt, out, outside=outside))
    plain[[word in ON_REFERENCE for word in words]] = 1
    on_ref, on_alt = _times(alone.ref, plain), _times(alone.alt, plain)
    owner = [view.owner for view in views]
    if views:
        found = _scored(model, views, [examined[index].interval for index in owner])
        np.add.at(on_ref, owner, found.ref)
        np.add.at(on_alt, owner, found.alt)
        for index, status in zip(owner, found.status, strict=True):
            words[index] = words[index] if status.has_score else str(status)
    counts = plain + np.bincount(owner, minlength=len(alts))
    counts[[word in NOWHERE for word in words]] = np.nan
    ref, alt_scores = ((side / counts[:, None]).astype(np.float32) for side in (on_ref, on_alt))
    return Scores(ref, alt_scores, alone.status, alone.kinds), words


class _View(NamedTuple):
    """A haplotype without the ALT `owner` of a batch, and that ALT as it lies there."""

    owner: int
    haplotype: Haplotype
    examined: Examined

    @classmethod
    def of(
        cls, owner: int, change: Variant, beside: Sequence[Carried], genome: Reference
    ) -> "_View":
        """Return the view of an ALT, beside which others lie."""
        haplotype = Haplotype(genome, *(one.change for one in beside))
        place = haplotype.place(change.start)
        moved = Variant(change.chrom, place + 1, change.ref, change.alt)
        return cls(owner, haplotype, examine(anchored(moved, haplotype), haplotype))

    def differs(self, window: int) -> bool:
        """Tell whether other ALTs may lie in a window of this one."""
        around = _around(self.examined.variant, window)
        return self.haplotype.differs(around.start, around.end)


def _scored(model: Model, views: Sequence[_View], places: Sequence[Interval]) -> Scores:
    """Return the scores of ALTs in their views; `places` are those in the genome."""
    chroms = [place.chrom for place in places]
    reference = HaplotypeContigs([view.haplotype for view in views], chroms)
    examined = [
        Examined(replace(view.examined.variant, chrom=str(number)), view.examined.status)
        for number, view in enumerate(views)
    ]
    return model.score(examined, reference, places)


def _times(side: Array, times: Floats) -> Floats:
    """Return the sum of so many equal predictions, shape (n, targets); 0 of none."""
    return np.where(times[:, None] > 0, side * times[:, None], 0.0)


def _word(status: Status, alt: PhasedAlt, out: Sequence[Carried], *, outside: bool) -> str | None:
    """Return the word of `Phased.phase` for an ALT, if its haplotypes have a score of it.

    Args:
        status: of the ALT on the reference.
        alt: where it sits.
        out: ALTs of the sample in its window that its haplotype lacks.
        outside: whether its haplotype has, or a cluster depends on, ALTs that are not written.
    """
    if not status.has_score:
        return None
    if not alt.beside:
        return alt.phase
    if outside or any(one.outside for one in out):
        return Phase.OUTSIDE
    return Phase.PARTIAL if out else alt.phase


def _around(variant: Variant, window: int) -> Interval:
    """Return what a variant's windows reach, whichever of its bases they are laid on."""
    reach = window // 2 + 1 + max(len(variant.ref), len(variant.alt))
    return Interval(variant.chrom, variant.start - reach, variant.interval.end + reach)


def _overlap(one: Interval, other: Interval) -> bool:
    return one.start < other.end and one.end > other.start


def _near(change: Variant, others: Sequence[Carried], window: int) -> list[Carried]:
    """Return the others that may count: what is left-aligned moves, and deletions bring near."""
    reach = 2 * window + sum(max(0, -longer(one.change)) for one in others)
    around = Interval(change.chrom, change.start - reach, change.interval.end + reach)
    return [one for one in others if _overlap(one.place, around)]


def _fitting(carried: Iterable[Carried], genome: Reference) -> list[Carried]:
    """Return those whose REF stands in the genome: no others were scored either."""
    return [one for one in carried if _fits(one.written, genome)]


def _fits(variant: Variant, genome: Reference) -> bool:
    contig, place = genome.contig(variant.chrom), variant.interval
    if contig is None or place.end > genome.lengths[contig]:
        return False
    return np.array_equal(genome.codes(place), encode(variant.ref))


def _joint(
    model: Model,
    alone: Scores,
    alts: Sequence[PhasedAlt],
    clusters: Sequence[Sequence[Carried]],
    genome: Reference,
) -> Scores:
    """Return the scores of clusters; those of one ALT alone are known."""
    ref, alt = (np.full_like(side, np.nan) for side in alone[:2])
    kinds, owner, together = list(alone.kinds), [], []
    for index, cluster in enumerate(clusters):
        changes = [one.change for one in cluster]
        if changes == [alts[index].change]:
            ref[index], alt[index] = alone.ref[index], alone.alt[index]
        elif changes:
            owner.append(index)
            one = examine(merged(changes, genome), genome)
            together.append(replace(one, centred=True))
    if owner:
        found = model.score(together, genome)
        ref[owner], alt[owner] = found.ref, found.alt
        for index, kind in zip(owner, found.kinds, strict=True):
            kinds[index] = kind
    return Scores(ref, alt, alone.status, kinds)


def merged(changes: Sequence[Variant], genome: Reference) -> Variant:
    """Return the one variant that trimmed variants of a haplotype make together."""
    start = min(change.start for change in changes)
    end = max(change.interval.end for change in changes)
    chrom, haplotype = changes[0].chrom, Haplotype(genome, *changes)
    alt_end = end + sum(map(longer, changes))
    one = Variant(
        chrom,
        start + 1,
        genome.letters(Interval(chrom, start, end)),
        haplotype.letters(Interval(chrom, start, alt_end)),
    )
    return anchored(one, genome)
