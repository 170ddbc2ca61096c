"""How well a panel tells each factor's peaks from three kinds of other sequences."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from regplug.data.measure.metrics import auroc
from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.data.sites.windows import random_pieces
from regplug.genome.codes import Codes

PIECES = 5000
KINDS = ("shuffled", "other_tfs", "genome")
Aucs = dict[str, dict[str, float]]  # target or "mean" → kind of negatives → AUC
Predict = Callable[[Codes], NDArray[np.float32]]  # codes (n, width) → scores (n, targets)


def negatives_aucs(
    predict: Predict,
    bound: Mapping[str, Codes],
    windows: Sequence[Codes],
    *,
    shuffled: Mapping[str, Codes] | None = None,
    shuffles: int = 1,
) -> Aucs:
    """Return each target's AUCs against three kinds of negatives, and the means over targets.

    The kinds are `shuffled`, dinucleotide shuffles; `other_tfs`, the bound sequences of all other
    targets; and `genome`, 5,000 random pieces of the windows. The seed is 0.

    Args:
        predict: the model.
        bound: target → its bound sequences (n, width), in the order of the model's outputs.
        windows: of the genome, codes (bases,) each.
        shuffled: target → shuffles (n, width); None: they are made of the bound sequences.
        shuffles: how many are made of each.

    Raises:
        DataError: the windows are too short, or nearly all N.
    """
    rng = np.random.default_rng(0)
    width = next(iter(bound.values())).shape[1]
    pieces = predict(random_pieces(windows, PIECES, width=width, rng=rng))
    scores = {target: predict(codes) for target, codes in bound.items()}
    aucs: Aucs = {}
    for column, (target, codes) in enumerate(bound.items()):
        target_shuffles = (
            shuffle_dinucleotides(codes.repeat(shuffles, axis=0), rng=rng)
            if shuffled is None
            else shuffled[target]
        )
        negatives = (
            predict(target_shuffles),
            np.concatenate([scores[other] for other in bound if other != target]),
            pieces,
        )
        aucs[target] = {
            kind: _auc(scores[target][:, column], of_kind[:, column])
            for kind, of_kind in zip(KINDS, negatives, strict=True)
        }
    mean = {kind: fmean(of_target[kind] for of_target in aucs.values()) for kind in KINDS}
    return {**aucs, "mean": mean}


def _auc(positives: NDArray[np.float32], negatives: NDArray[np.float32]) -> float:
    bound = np.arange(len(positives) + len(negatives)) < len(positives)
    return auroc(bound, np.concatenate([positives, negatives]))
