"""What a filter does to the scores: sequences ─measure→ Influence.

As Basset does (basset_motifs_infl.lua): a filter's outputs after the activation are all replaced by
their mean, so that they no longer depend on the sequence, and the rest of the network is run again.
Where both strands are read, this is done on both; a target's logit is the mean of theirs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import SequenceError
from regplug.genome.codes import Codes
from regplug.interpret.filters.find import Array
from regplug.interpret.filters.layer import FirstLayer, Silenced
from regplug.interpret.filters.motifs import chunks

Labels = NDArray[np.uint8]

_LEAST = 1e-12  # added to a probability before its logarithm, as in Torch7's BCECriterion


class Influence(NamedTuple):
    """The influence of filters, all members' in a row.

    Attributes:
        targets: (filters, targets), how much a filter raises a target's logit: the mean with the
            filter less that without, over the variance of the logit; NaN where the logit never
            differs. Sequences where the filter raises it cancel those where it lowers it.
        moved: (filters, targets), how far the logit of a sequence moves without the filter, either
            way: root mean square over the sequences, in standard deviations of the logit.
        loss: (filters,), how much the cross-entropy of a sequence, summed over the targets, rises
            without the filter; None without labels.
    """

    targets: NDArray[np.float64]
    moved: NDArray[np.float64]
    loss: NDArray[np.float64] | None

    @property
    def overall(self) -> NDArray[np.float64]:
        """Return the mean over the targets of the squared influence, shape (filters,)."""
        return mean_over_targets(self.targets**2)


def measure(
    model: FirstLayer,
    codes: Codes,
    labels: Labels | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Influence:
    """Return the influence of every filter on the scores of `codes` (n, window).

    Args:
        model: the opened model.
        codes: two sequences or more.
        labels: 0 or 1, shape (n, targets), where the scores are probabilities.
        progress: called with filters × sequences done, and in all.

    Raises:
        SequenceError: there is one sequence only, or all have the same scores.
    """
    if len(codes) < 2:
        raise SequenceError("influence needs two sequences or more: the scores must differ")
    means, variance = _before(model, codes)
    if not variance.any():
        raise SequenceError("all sequences have the same scores: give some that differ")
    variance[variance == 0] = np.nan
    filters = sum(map(len, means))
    change, squares = np.zeros((2, filters, len(model.card.targets)))
    loss = np.zeros(filters)
    for rows, maps in chunks(model, codes):
        before = model.predict(codes[rows], maps)
        for number, silenced in enumerate(_silenced(means)):
            if (maps[silenced.member].seen[:, silenced.filter] != silenced.mean).any():
                after = model.predict(codes[rows], maps, silenced)
                lost = before.logits.astype(np.float64) - after.logits
                change[number] += lost.sum(axis=0)
                squares[number] += np.square(lost).sum(axis=0)
                if labels is not None:
                    loss[number] += _loss(after.scores, labels[rows])
                    loss[number] -= _loss(before.scores, labels[rows])
            done = rows.start * filters + (rows.stop - rows.start) * (number + 1)
            progress(done, len(codes) * filters)
    n = len(codes)
    moved = np.sqrt(squares / n / variance)
    return Influence(change / n / variance, moved, None if labels is None else loss / n)


def mean_over_targets(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of values (filters, targets) over the targets that have one."""
    mean: NDArray[np.float64] = np.nanmean(values, axis=1)
    return mean


def _before(model: FirstLayer, codes: Codes) -> tuple[list[Array], NDArray[np.float64]]:
    """Return the mean of what is seen of each filter, by member, and each logit's variance."""
    totals = [np.zeros(member.size) for member in model.members]
    counts, logits = np.zeros(len(totals)), []
    for rows, maps in chunks(model, codes):
        logits.append(model.predict(codes[rows], maps).logits)
        for at, seen in enumerate(of_member.seen for of_member in maps):
            all_but_filters = tuple(axis for axis in range(seen.ndim) if axis != 1)
            totals[at] += seen.sum(axis=all_but_filters, dtype=np.float64)
            counts[at] += seen.size / seen.shape[1]
    pairs = zip(totals, counts, strict=True)
    means = [(total / count).astype(np.float32) for total, count in pairs]
    return means, np.concatenate(logits).var(axis=0, dtype=np.float64, ddof=1)


def _silenced(means: Sequence[Array]) -> Iterator[Silenced]:
    """Yield each filter as it is silenced, by its mean."""
    for at, member in enumerate(means):
        for filter, mean in enumerate(member):
            yield Silenced(at, filter, mean)


def _loss(scores: Array, labels: Labels) -> float:
    """Return the cross-entropy in nats, summed over sequences and targets."""
    of_label = np.where(labels == 1, scores, 1 - scores.astype(np.float64))
    return float(-np.log(of_label + _LEAST).sum())
