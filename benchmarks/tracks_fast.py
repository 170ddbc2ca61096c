"""How fast are tracks, and all SNVs of a window, beside window by window?

    python -m benchmarks.tracks_fast [--rounds 5] [--threads 2]

Windows at a step along a random genome, by `Adapter.track`: with the graph that computes once what
windows share, and without it; then the 1,800 SNVs of a 600 bp region, by `pair_predictions`, where
`plain` is window by window with each REF once. All of it on one thread, in CPU time, or on more by
the clock, in turns; the median of the rounds is printed, and the largest difference of the ways.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.annotate import REPO, cpu_name
from benchmarks.variants_fast import Contig, Plain, _turns, written
from benchmarks.variants_fast_networks import basset
from regplug.genome.variant import Status, Variant
from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.remembered import Remembered
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.alleles import Alleles, encode_alleles
from regplug.scoring.examined import Examined
from regplug.scoring.pairs import pair_predictions

WINDOWS = 256


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    rounds, threads = options.rounds, options.threads
    what = "one thread; median CPU time" if threads == 1 else f"{threads} threads; median time"
    print(f"{cpu_name()}, {what} of {rounds} rounds\n")
    with tempfile.TemporaryDirectory() as scratch:
        large = written(Path(scratch), "basset", basset())
        print("| network | step | plain, kbp/s | together, kbp/s | ratio | largest difference |")
        print("|---|--:|--:|--:|--:|--:|")
        for folder, steps in (
            (large, (48, 50, 1)),
            *((REPO / name, (50, 10)) for name in ("open_chromatin", "basset_dhs4")),
            (REPO / "deepbind_encode", (10,)),
        ):
            for step in steps:
                _track(folder, step, rounds, threads)
        print("\n| all SNVs of 600 bp | plain, s | together, s | ratio |")
        print("|---|--:|--:|--:|")
        for folder in (large, REPO / "open_chromatin"):
            _every_snv(folder, max(1, rounds // 2), threads)


def _track(folder: Path, step: int, rounds: int, threads: int) -> None:
    together = Embedded(folder, threads=threads)
    plain, width = Plain(together), together.card.window or 0
    bases = width + (WINDOWS - 1) * step
    codes = random_codes(np.random.default_rng(0), 1, bases)

    def track(backend: Any) -> Any:
        return VariantEffect().track(codes, backend, width=width, step=step)[0]

    seconds = _turns(
        {"p": lambda: track(plain), "t": lambda: track(together)}, rounds, _clock(threads)
    )
    speed = {way: WINDOWS * step / 1000 / taken for way, taken in seconds.items()}
    print(
        f"| {folder.name} | {step} | {speed['p']:.1f} | {speed['t']:.1f} "
        f"| {speed['t'] / speed['p']:.2f} | {abs(track(plain) - track(together)).max():.1e} |",
        flush=True,
    )


def _every_snv(folder: Path, rounds: int, threads: int) -> None:
    backend = Embedded(folder, threads=threads)
    alleles = _saturated(backend.card.window or 0)
    ways = {
        # A new memory each time: of REFs, and of nothing else.
        "p": lambda: pair_predictions(alleles, Remembered(Plain(backend))),
        "t": lambda: pair_predictions(alleles, backend),
    }
    seconds = _turns(ways, rounds, _clock(threads))
    print(
        f"| {folder.name} x {len(backend.card.targets)} | {seconds['p']:.2f} | {seconds['t']:.2f} "
        f"| {seconds['p'] / seconds['t']:.1f} |",
        flush=True,
    )


def _clock(threads: int) -> Callable[[], float]:
    return time.process_time if threads == 1 else time.perf_counter


def _saturated(window: int) -> Alleles:
    """Return the three SNVs of each of 600 bases, each in the window around it."""
    codes = random_codes(np.random.default_rng(0), 1, 600 + 2 * window)[0]
    snvs = [
        Variant("chr1", at + 1, "ACGT"[codes[at]], "ACGT"[base])
        for at in range(window, window + 600)
        for base in range(4)
        if base != codes[at]
    ]
    return encode_alleles([Examined(snv, Status.OK) for snv in snvs], Contig(codes), window=window)


if __name__ == "__main__":
    main()
