"""A model in 8-bit whole numbers: how fast it is, and how far off; and itself, to be measured.

    python -m benchmarks.int8 open_chromatin -o REPO [--model-repo DIR] [--rounds 5]

writes REPO/NAME_int8, in which onnxruntime's static quantisation has put convolutions and products
of matrices (weights per channel), with the ranges of activations on 64 random sequences. Printed
is how many alleles of random sequences each scores per second of processor time, in turns, by one
thread, and the correlation of ALT - REF of SNVs in the middle, all targets. What it does to
variants whose effects are known: benchmarks.variant_truth --model-repo REPO NAME_int8.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from onnxruntime import quantization

from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.repository import Golden, read_card, write_model
from regplug.scoring.alleles import column


class _Sequences(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Batches of random sequences."""

    def __init__(self, width: int) -> None:
        codes = random_codes(np.random.default_rng(1), 64, width)
        self._left = [{"codes": codes[at : at + 8]} for at in range(0, len(codes), 8)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self._left.pop() if self._left else None


def main() -> None:
    """Write the model and print how it compares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--model-repo", type=Path, default=Path("model_repo"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.model_repo / options.model
    made = _quantised(folder, options.output)
    with (
        closing(Embedded(folder, threads=1)) as plain,
        closing(Embedded(made, threads=1)) as other,
    ):
        width = plain.card.window or 0
        codes = random_codes(np.random.default_rng(0), 128, width)
        changed = codes.copy()
        changed[:, column(width)] = (changed[:, column(width)] + 1) % 4
        changes = [(each.predict(changed) - each.predict(codes)).ravel() for each in (plain, other)]
        rates: list[list[float]] = [[], []]
        for _ in range(options.rounds):
            for each, found in zip((plain, other), rates, strict=True):
                start = time.process_time()
                each.predict(codes)
                found.append(len(codes) / 2 / (time.process_time() - start))
    for name, found in zip(("float32", "int8"), rates, strict=True):
        print(f"{name}: {statistics.median(found):,.0f} alleles/s")
    print(f"r of ALT - REF: {np.corrcoef(*changes)[0, 1]:.4f}")


def _quantised(folder: Path, repo: Path) -> Path:
    """Write the model in whole numbers; its card has no background, which was of float32."""
    card = read_card(folder)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        quantization.quantize_static(
            str(folder / "1" / "model.onnx"),
            str(path),
            _Sequences(card.window or 0),
            per_channel=True,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
            activation_type=quantization.QuantType.QUInt8,
        )
        onnx = path.read_bytes()
    sha256 = hashlib.sha256(onnx).hexdigest()
    card = replace(card, name=f"{card.name}_int8", sha256=sha256, background=None, default=False)
    return write_model(repo, card, onnx=onnx, golden=Golden([], []))


if __name__ == "__main__":
    main()
