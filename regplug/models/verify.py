"""Is a model what its card says? Files, card, and golden scores replayed."""

from pathlib import Path

import numpy as np

from regplug.errors import ModelError
from regplug.models.repository import GOLDEN_TOLERANCE, check_model, read_golden
from regplug.scoring.backend import Backend
from regplug.scoring.ranking import Ranking
from regplug.scoring.sequences import predict_sequences


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
    rows, row_lengths = len(golden.scores), {len(row) for row in golden.scores}
    if rows != len(golden.sequences) or row_lengths != {len(card.targets)}:
        raise ModelError(
            f"{card.name}: golden.json has no score of every target for every sequence"
        )
    wanted = np.array(golden.scores, np.float64)
    errors = np.abs(predict_sequences(golden.sequences, backend) - wanted)
    errors /= np.maximum(1, np.abs(wanted))
    row, target = np.unravel_index(errors.argmax(), errors.shape)
    if not errors.max() <= GOLDEN_TOLERANCE:
        raise ModelError(
            f"{card.name}, {card.labels[target]}: golden sequence {row + 1} is off by "
            f"{errors.max():.2g}"
        )
    return float(errors.max())
