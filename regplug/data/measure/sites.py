"""How well a model tells open sites from closed ones.

Sites, Backend ─predict_part→ Predicted ─measure_targets→ a SiteTest per target
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.measure.calibration import Calibration, calibrate
from regplug.data.measure.metrics import Estimate, ranking_intervals
from regplug.data.sites.parts import PARTS
from regplug.data.sites.sites import UNLABELLED, Sites
from regplug.errors import BackendError, DataError, ModelError
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard, as_label
from regplug.scoring.sequences import predict_codes

TOGETHER = 256  # sites in memory
NAMED = 10  # missing targets in a message
UNKNOWN = Estimate(np.nan, np.nan, np.nan)


class Predicted(NamedTuple):
    """Predictions for the sites of a part; targets are those of the set, in its order."""

    names: list[str]
    scores: NDArray[np.float32]  # (n, targets)
    opened: NDArray[np.uint8]  # (n, targets), 0 or 1, or UNLABELLED
    probabilities: bool  # whether scores are

    def known(self, target: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return labels and scores of the sites at which a target is known."""
        opened = self.opened[:, target]
        if not (unlabelled := opened == UNLABELLED).any():
            return opened, self.scores[:, target]
        return opened[~unlabelled], self.scores[~unlabelled, target]


class SiteTest(NamedTuple):
    """How good a model is at a target; areas are nan where the sites are of one class."""

    name: str
    positives: int
    negatives: int
    auroc: Estimate
    auprc: Estimate
    calibration: Calibration | None  # of probabilities


def check_fit(sites: Sites, part: str, card: ModelCard) -> list[int]:
    """Return the index in the model's targets of each of the set's, by name.

    Raises:
        DataError: as `check_part`.
        ModelError: the model lacks targets of the set.
    """
    check_part(sites, part, card)
    places = {label: at for at, label in enumerate(card.labels)}
    found = {name: places.get(name, places.get(as_label(name), -1)) for name in sites.samples}
    if missing := [name for name, at in found.items() if at < 0]:
        raise ModelError(
            f"{card.name} lacks {len(missing)} of the {len(found)} targets of {sites.path}: "
            f"{_some(missing)}; it has {_some(card.labels)}"
        )
    if len(set(found.values())) < len(found):
        raise ModelError(f"two targets of {sites.path} are one of {card.name}'s: rename one")
    return list(found.values())


def check_part(sites: Sites, part: str, card: ModelCard) -> None:
    """Check that a part has sites, and that a model reads them.

    Raises:
        DataError: the part has no sites, or they are not as long as the model's window.
    """
    counts = {name: sites.count(name) for name in PARTS}
    if not counts[part]:
        there = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(f"{sites.path} has no sites in part {part} ({there}): choose with --part")
    length = sites.card.settings.length
    if card.window not in (None, length):
        raise DataError(
            f"{card.name} reads {card.window} bases, the sites of {sites.path} have {length}: "
            f"prepare them with --length {card.window}"
        )


def predict_part(
    sites: Sites,
    part: str,
    backend: Backend,
    progress: Callable[[int], None] = lambda sites: None,
) -> Predicted:
    """Return a model's predictions for the sites of a part.

    `progress` is called with the number of sites in each batch that is done.

    Raises:
        BackendError: the model fails, or its scores are no probabilities where its card says so.
        DataError: the set is damaged, or does not fit the model.
        ModelError: as `check_fit`.
    """
    card = backend.card
    columns = check_fit(sites, part, card)
    shape = sites.count(part), len(columns)
    scores, opened = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    done = 0
    for batch in sites.batches(part, TOGETHER):
        rows = slice(done, done + len(batch.codes))
        scores[rows] = predict_codes(batch.codes, backend)[:, columns]
        opened[rows] = batch.targets
        done = rows.stop
        progress(len(batch.codes))
    probabilities = card.output_scale == "probability"
    if probabilities and (scores.min() < 0 or scores.max() > 1):
        raise BackendError(
            f"{card.name} answered {scores.min():.3g} to {scores.max():.3g}, and its card promises "
            f"probabilities: run regplug models verify {card.name}"
        )
    return Predicted(sites.samples, scores, opened, probabilities)


def measure_targets(predicted: Predicted, *, bootstraps: int) -> Iterator[SiteTest]:
    """Yield how good the predictions of each target are.

    With 0 bootstraps, the ends of the intervals are nan.

    Raises:
        DataError: no target has both classes.
    """
    positives, negatives = ((predicted.opened == label).sum(axis=0) for label in (1, 0))
    if not ((positives > 0) & (negatives > 0)).any():
        raise DataError("no target has both open and closed sites in this part: test on more sites")
    counts = zip(positives.tolist(), negatives.tolist(), strict=True)
    for at, (name, (opened, closed)) in enumerate(zip(predicted.names, counts, strict=True)):
        labels, scores = predicted.known(at)
        areas = UNKNOWN, UNKNOWN
        if opened and closed:
            areas = ranking_intervals(labels, scores, bootstraps=bootstraps)
        calibrated = predicted.probabilities and len(labels)
        calibration = calibrate(labels, scores) if calibrated else None
        yield SiteTest(name, opened, closed, *areas, calibration)


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest
