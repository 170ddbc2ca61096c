"""Is a model what its card says, and on a GPU too? Files, card, golden scores, random ones."""

from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.genome.codes import UNKNOWN
from regplug.models.export import random_codes
from regplug.models.repository import GOLDEN_TOLERANCE, check_model, read_golden
from regplug.models.tuning import WARM_UP_LENGTH
from regplug.scoring.backend import Backend, place_in
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output
from regplug.scoring.ranking import Ranking
from regplug.scoring.sequences import predict_output, predict_sequences


def verify_model(folder: Path, backend: Backend) -> float:
    """Check a model's files, replay its golden scores on `backend`, return the largest error.

    Raises:
        ModelError: a file does not fit the card, its background is damaged or of another graph, the
            backend serves another model, or a score is off by more than 1e-5 (for scores above 1,
            of the score).
    """
    card = check_model(folder)
    Ranking(card)
    if backend.card != card:
        raise ModelError(f"the backend serves another {card.name} than the one in {folder}")
    golden = read_golden(folder)
    if not golden.sequences:
        raise ModelError(f"{card.name}: golden.json is empty")
    others = {output.name: output for output in card.answers if output != card.main}
    if set(golden.outputs) != set(others):
        raise ModelError(f"{card.name}: golden.json and card.json have other outputs")
    worst = _off(card, card.main, golden.scores, predict_sequences(golden.sequences, backend))
    for name, output in others.items():
        found = predict_output(golden.sequences, backend, name)
        worst = max(worst, _off(card, output, golden.outputs[name], found))
    return worst


def apart(backend: Backend, other: Backend, rows: int = 64) -> float:
    """Return by how much two backends of a model differ, over all outputs and random sequences.

    Raises:
        ModelError: they differ by more than 1e-5 (of answers above 1, relative).
    """
    card = backend.card
    codes = random_codes(np.random.default_rng(3), rows, card.window or WARM_UP_LENGTH)
    codes[0, : codes.shape[1] // 3] = UNKNOWN
    worst = 0.0
    for output in card.answers:
        wanted, found = (of.predict(codes, (output.name,)) for of in (other, backend))
        errors = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
        row, *place = (int(i) for i in np.unravel_index(errors.argmax(), errors.shape))
        if not errors.max() <= GOLDEN_TOLERANCE:
            raise ModelError(
                f"{card.name}, {place_in(card, output, place)}: {found[row, *place]:.7g}, where "
                f"the CPU answers {wanted[row, *place]:.7g} to random sequence {row + 1}"
            )
        worst = max(worst, float(errors.max()))
    return worst


def _off(
    card: ModelCard, output: Output, golden: list[list[float]], found: NDArray[np.float32]
) -> float:
    """Return the largest error of an output's answers (sequences, numbers).

    Raises:
        ModelError: it is more than 1e-5, or golden answers are missing.
    """
    if [len(row) for row in golden] != [prod(output.shape)] * len(found):
        what = "score of every target" if output == card.main else f"{output.name}"
        raise ModelError(f"{card.name}: golden.json has no {what} for every sequence")
    wanted = np.array(golden, np.float64)
    errors = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
    row, number = np.unravel_index(errors.argmax(), errors.shape)
    if not errors.max() <= GOLDEN_TOLERANCE:
        place = [int(i) for i in np.unravel_index(number, output.shape)]
        raise ModelError(
            f"{card.name}, {place_in(card, output, place)}: golden sequence {row + 1} is off by "
            f"{errors.max():.2g}"
        )
    return float(errors.max())
