"""How good a network is on sets that it was not trained on.

StoredWeights, TrainingSet ─score_codes→ scores ─figures→ metric → Estimate
A run ─measure_sets→ MeasuredSet, target by target
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from regplug.data.measure.metrics import Estimate, auroc_interval, pearson_interval
from regplug.data.sets.training import Scale, SetCard, TrainingSet, read_set
from regplug.errors import UNREADABLE, DataError, ModelError
from regplug.files.runs import METRICS, Form, form_of
from regplug.files.weights import WEIGHTS, StoredWeights, load_weights
from regplug.train.deepbind.network import STORED, DeepBinds

METRIC = {"classification": "AUC", "regression": "Pearson correlation"}  # of each kind of set
ON_INTENSITIES = "Pearson correlation of intensities"
OF_BRIGHT = "AUC of bright probes"
BRIGHT = 4  # standard deviations above the mean intensity (Alipanahi et al. 2015)


class MeasuredSet(NamedTuple):
    """A target's scores on a set, and how good they are."""

    target: str
    tested: TrainingSet
    scores: NDArray[np.float32]  # (n,)
    figures: dict[str, Estimate]  # the metric of the set's kind first


class _Target(msgspec.Struct, frozen=True):
    metric: str
    scale: Scale | None = None


class _Metrics(msgspec.Struct, frozen=True):
    """What is read of a run's metrics.json."""

    targets: dict[str, _Target]


def sets_of(run: Path, sets: Sequence[Path]) -> list[Path]:
    """Return those sets (folders) that are called as a target of the run.

    Raises:
        ModelError: the run is not finished, or none is.
    """
    targets = _trained(run)
    if found := [path for path in sets if path.name in targets]:
        return found
    named = ", ".join(dict.fromkeys(path.name for path in sets))
    raise ModelError(f"{run} has no target {named}; it has {', '.join(targets)}")


def measure_sets(run: Path, sets: Sequence[Path]) -> Iterator[MeasuredSet]:
    """Yield how good a run's networks are on sets.

    Args:
        run: folder of a finished run.
        sets: folders of sets, each called as its target; see `sets_of`.

    Raises:
        DataError: a set is damaged, or of another kind than what the target was trained on.
        ModelError: the run is not finished, or damaged.
    """
    names = [path.name for path in sets]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two sets are called {name}: test them one after the other")
    trained = _trained(run)
    networks = _networks(run, names)
    for path in sets:
        target = trained[path.name]
        tested = read_set(path)
        check_test(path, tested.card, target.metric, target.scale)
        scores = score_codes(networks[path.name], tested.codes)
        yield MeasuredSet(path.name, tested, scores, figures(tested, scores, target.scale))


def _trained(run: Path) -> dict[str, _Target]:
    """Return what a finished run's metrics.json says of its targets."""
    if form_of(run) is not Form.DEEPBIND:
        raise ModelError(
            f"{run} is no finished run of regplug train deepbind ({METRICS}): train one"
        )
    try:
        return msgspec.json.decode((run / METRICS).read_bytes(), type=_Metrics).targets
    except UNREADABLE as error:
        raise ModelError(f"{run / METRICS}: {error}; train the targets again") from error


def _networks(run: Path, names: Sequence[str]) -> dict[str, StoredWeights]:
    """Return the weights of a run's networks, by target."""
    networks = load_weights(run / WEIGHTS)
    for name in names:
        if name not in networks:
            raise ModelError(f"{run / WEIGHTS} is damaged: it lacks {name}; train it again")
        if missing := [array for array in STORED if array not in networks[name].arrays]:
            raise ModelError(
                f"{run / WEIGHTS} is damaged: {name} lacks {', '.join(missing)}; train it again"
            )
    return networks


def check_test(path: Path, card: SetCard, metric: str, scale: Scale | None) -> None:
    """Make sure that the set in `path` can test a network with that metric, trained at that scale.

    Raises:
        DataError: it cannot; the message says why.
    """
    if METRIC[card.kind] != metric:
        raise DataError(
            f"{path} is a {card.kind}, measured by {METRIC[card.kind]}, and the target was trained "
            f"for {metric}: prepare the set from data of the same form"
        )
    if card.positives in (0, card.rows):
        raise DataError(f"{path} holds one class only: an AUC takes bound and unbound sequences")
    if scale is not None and card.scale is not None and card.scale.median != scale.median:
        here, there = ("with", "without") if card.scale.median else ("without", "with")
        raise DataError(
            f"{path} was prepared {here} --median, the target's training set {there}: prepare both "
            "in the same way"
        )


def score_codes(network: StoredWeights, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the scores (n,) of codes (n, bases), each row one window."""
    scores = DeepBinds.of(network).score(torch.from_numpy(np.array(codes)))
    return np.array(scores[:, 0])


def figures(
    tested: TrainingSet, scores: NDArray[np.float32], scale: Scale | None
) -> dict[str, Estimate]:
    """Return each metric's figure for scores (n,); `scale` is that of the training set.

    Where intensities were divided by their probes' medians, predictions are multiplied by them
    and also compared with the intensities: by Pearson's correlation, and by the AUC of the probes
    that are bright, if there are any (Alipanahi et al. 2015). What the set's preparation clamped
    stays clamped.
    """
    metric = METRIC[tested.card.kind]
    if tested.card.kind == "classification":
        return {metric: auroc_interval(tested.targets, scores)}
    found = {metric: pearson_interval(tested.targets, scores)}
    if tested.medians is not None and tested.card.scale is not None and scale is not None:
        measured = as_intensities(tested.targets, tested.card.scale, tested.medians)
        predicted = as_intensities(scores, scale, tested.medians)
        found[ON_INTENSITIES] = pearson_interval(measured, predicted)
        bright = measured > measured.mean() + BRIGHT * measured.std()
        if bright.any():
            found[OF_BRIGHT] = auroc_interval(bright, predicted)
    return found


def as_intensities(
    values: NDArray[np.float32], scale: Scale, medians: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return standardised values (n,), measured or predicted, as intensities of their probes.

    Args:
        values: shape (n,).
        scale: mean and standard deviation by which they were standardised.
        medians: shape (n,), of each probe's intensities, by which those were divided before.
    """
    return (values.astype(np.float64) * scale.deviation + scale.mean) * medians
