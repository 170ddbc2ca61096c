"""How long does `regplug prepare basset` take, and how much memory? On a made set of peaks.

    python -m benchmarks.basset_prepare [--scale 0.05] [--folder DIR]

At scale 1: 164 samples and about 2 million merged sites on 24 contigs of 125 million bases, as in
the published set. Places are random; each is open in a random number of samples (from 1 to all,
most in few), whose midpoints scatter around it. Prints peaks, sites, seconds, the peak memory of
the command (VmHWM) and the sizes of what it wrote.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from regplug.genome.codes import decode
from regplug.models.export import random_codes

SAMPLES, CONTIGS, LENGTH, PLACES = 164, 24, 125_000_000, 2_900_000
LINE = 100_000  # bases of a line of the FASTA
COMMAND = """
import sys
from regplug.cli import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        print(*(line for line in status if line.startswith("VmHWM")), end="", file=sys.stderr)
"""


def main() -> None:
    """Make the set, prepare it and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of contigs and places")
    parser.add_argument("--folder", type=Path, help="for the files, which stay there")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(exist_ok=True)
        rng = np.random.default_rng(0)
        length = int(options.scale * LENGTH) // LINE * LINE
        write_genome(folder / "genome.fa", length, rng)
        peaks = write_samples(folder, length, int(options.scale * PLACES), rng)
        print(f"{SAMPLES} samples, {peaks:,} peaks, {CONTIGS} contigs of {length:,} bases")
        arguments = ["prepare", "basset", folder / "samples.tsv", "--fasta", folder / "genome.fa"]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *map(str, arguments), "-o", str(folder / "set.h5")],
            capture_output=True,
            text=True,
            check=True,
        )
        print(f"{time.perf_counter() - started:.0f} s\n{done.stderr.strip()}")
        for path in sorted(folder.glob("set.*")):
            print(f"{path.stat().st_size / 1e6:9.1f} MB  {path.name}")


def write_genome(path: Path, length: int, rng: np.random.Generator) -> None:
    """Write contigs of random bases, all the same ones."""
    lines = decode(random_codes(rng, length // LINE, LINE).reshape(-1))
    text = "".join(f"{lines[at : at + LINE]}\n" for at in range(0, length, LINE))
    with path.open("w") as file:
        for contig in range(CONTIGS):
            file.write(f">chr{contig + 1}\n")
            file.write(text)


def write_samples(folder: Path, length: int, places: int, rng: np.random.Generator) -> int:
    """Write a BED per sample and the table of them; return how many peaks they have."""
    contigs, centres = rng.integers(1, CONTIGS + 1, places), rng.integers(500, length - 500, places)
    share = rng.beta(0.25, 4.0, places)  # of the samples in which a place is open
    home = rng.integers(0, SAMPLES, places)  # and in one it is for certain
    table, peaks = [], 0
    for sample in range(SAMPLES):
        is_open = (rng.random(places) < share) | (home == sample)
        starts = centres[is_open] + rng.normal(0, 30, is_open.sum()).astype(int) - 75
        rows = zip(contigs[is_open].tolist(), starts.tolist(), strict=True)
        text = "".join(f"chr{contig}\t{start}\t{start + 150}\n" for contig, start in rows)
        (folder / f"{sample}.bed").write_text(text)
        table.append(f"sample{sample}\t{sample}.bed\n")
        peaks += int(is_open.sum())
    (folder / "samples.tsv").write_text("".join(table))
    return peaks


if __name__ == "__main__":
    main()
