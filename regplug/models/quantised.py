"""A model ─quantised→ the same in whole numbers of 8 bits, a model of its own.

By onnxruntime's static quantisation: convolutions and products of matrices, their weights by
channel, activations in the ranges that they have on random sequences.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from regplug.errors import ModelError
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN, export_model, random_codes
from regplug.models.repository import read_card, read_onnx
from regplug.scoring.card import ModelCard

PRECISION = "int8"
SEQUENCES, BATCH = 64, 8  # random ones, whose activations tell the ranges


def quantised(
    folder: Path, repo: Path, *, created_by: str = "", measuring: Measuring = PLAIN
) -> ModelCard:
    """Write `repo`/<name>_int8 and return its card.

    It says in what numbers it is, and has spreads of its own; figures and backgrounds of the model
    in float32 are left out.

    Args:
        folder: of the model.
        repo: the repository; a model of that name is replaced.
        created_by: version of regplug and command.
        measuring: of the spreads.

    Raises:
        ModelError: there is no such model; it is in whole numbers already, reads sequences of any
            length, or onnxruntime cannot quantise it.
        OutputError: the directory cannot be written.
    """
    card = read_card(folder)
    if card.precision:
        raise ModelError(f"{card.name} is in {card.precision} already: take the one in float32")
    if card.window is None:
        raise ModelError(
            f"{card.name} reads sequences of any length, which is not quantised: take a model with "
            "a window (regplug models list)"
        )
    made = replace(
        card,
        name=f"{card.name}_{PRECISION}",
        precision=PRECISION,
        doc=f"{card.doc} (in {PRECISION})".strip(),
        companion=None,
        default=False,
        metrics={},
        along=(),
        variants=(),
        background=None,
        peaks=None,
        created_by=created_by,
    )
    return export_model(repo, made, _in_whole_numbers(card, read_onnx(folder, card)), measuring)


def _in_whole_numbers(card: ModelCard, onnx: bytes) -> bytes:
    from onnxruntime import quantization

    codes = random_codes(np.random.default_rng(1), SEQUENCES, card.window or 0)
    batches = [{"codes": codes[at : at + BATCH]} for at in range(0, SEQUENCES, BATCH)]

    class Sequences(quantization.CalibrationDataReader):  # type: ignore[misc]
        """What the ranges are measured on."""

        def get_next(self) -> dict[str, Any] | None:
            return batches.pop() if batches else None

    with tempfile.TemporaryDirectory() as scratch, _quiet():
        read, written = (Path(scratch) / name for name in ("read.onnx", "written.onnx"))
        read.write_bytes(onnx)
        try:
            quantization.quantize_static(
                str(read),
                str(written),
                Sequences(),
                per_channel=True,
                op_types_to_quantize=["Conv", "Gemm", "MatMul"],
                activation_type=quantization.QuantType.QUInt8,
            )
        except Exception as error:
            raise ModelError(f"onnxruntime cannot quantise {card.name}: {error}") from error
        return written.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back its advice to prepare the graph, which does not bear on these."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
