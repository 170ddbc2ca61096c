"""A model in 8-bit whole numbers: how fast it is, and how far off.

    python -m benchmarks.int8 open_chromatin -o REPO [--model-repo DIR] [--rounds 5]

writes REPO/NAME_int8 as `regplug models int8` does. Printed is how many alleles of random sequences
each scores per second of processor time, in turns, by one thread, and the correlation of ALT - REF
of SNVs in the middle, all targets. What it does to variants whose effects are known:
benchmarks.variant_truth --model-repo REPO NAME_int8.
"""

import argparse
import statistics
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.quantised import quantised
from regplug.scoring.alleles import column


def main() -> None:
    """Write the model and print how it compares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--model-repo", type=Path, default=Path("model_repo"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.model_repo / options.model
    made = options.output / quantised(folder, options.output).name
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


if __name__ == "__main__":
    main()
