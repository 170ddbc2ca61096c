"""How fast is a track of one value per base written by pyBigWig and pybigtools, and how large?

    python -m benchmarks.bigwig_writers [--rounds 5] [--values 4000000]

The same values are written in turns, 2,048 at a time where a library lets values come in parts, on
one thread but for pybigtools, whose threads count. CPU time, the shortest of the rounds. What was
written is read back by pyBigWig and by pybigtools and compared; `zoom` says by how much the means
of 16 parts, as a browser draws them from zoom levels, differ at most from the exact ones.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
from numpy.typing import NDArray

from benchmarks.annotate import cpu_name

PART = 2048
Values = NDArray[np.float32]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--values", type=int, default=1 << 22)
    options = parser.parse_args()
    values = np.random.default_rng(0).normal(size=options.values).astype(np.float32)
    values = np.convolve(values, np.ones(10) / 10, "same").astype(np.float32)
    ways: dict[str, Callable[[Path, Values], None]] = {
        "pyBigWig": _pybigwig,
        "pyBigWig without zoom levels": _without_zooms,
        "pybigtools": _pybigtools,
    }
    seconds = {way: float("inf") for way in ways}
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(options.rounds):
            for way, write in ways.items():
                began = time.process_time()
                write(Path(scratch) / f"{way}.bw", values)
                seconds[way] = min(seconds[way], time.process_time() - began)
        print(f"{cpu_name()}; {options.values:,} values, {options.rounds} rounds\n")
        print("| writer | million values/s | bytes per value | levels | the same | zoom |")
        print("|---|--:|--:|--:|---|--:|")
        for way, taken in seconds.items():
            path = Path(scratch) / f"{way}.bw"
            speed, size = len(values) / taken / 1e6, path.stat().st_size / len(values)
            print(f"| {way} | {speed:.1f} | {size:.2f} | {_checked(path, values)} |")


def _pybigwig(path: Path, values: Values, zooms: int = 10) -> None:
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader([("chr1", len(values))], maxZooms=zooms)
        for at in range(0, len(values), PART):
            file.addEntries("chr1", at, values=values[at : at + PART], span=1, step=1)


def _without_zooms(path: Path, values: Values) -> None:
    _pybigwig(path, values, zooms=0)


def _pybigtools(path: Path, values: Values) -> None:
    rows = (("chr1", at, at + 1, value) for at, value in enumerate(values.tolist()))
    pybigtools.open(str(path), "w").write({"chr1": len(values)}, rows)


def _checked(path: Path, values: Values) -> str:
    """Return the cells on what stands in a file."""
    end = len(values) // (1 << 18) * (1 << 18)
    with pyBigWig.open(str(path)) as file:
        same = np.array_equal(file.values("chr1", 0, len(values), numpy=True), values)
        levels = file.header()["nLevels"]
        zoomed = np.array(file.stats("chr1", 0, end, nBins=16))
        exact = np.array(file.stats("chr1", 0, end, nBins=16, exact=True))
    with pybigtools.open(str(path)) as file:
        found = np.fromiter((record[2] for record in file.records("chr1")), np.float32)
    same &= np.array_equal(found, values)
    return f"{levels} | {'yes' if same else 'NO'} | {abs(zoomed - exact).max():.1e}"


if __name__ == "__main__":
    main()
