r"""A signal measured in windows of a genome becomes bigWigs, for `regplug prepare basset --along`.

    python -m benchmarks.windows_bigwig --signal dnase.npz --targets targets.tsv \
        --split split.tsv --fasta hg38.fa.gz --leave-out chr1:1863940-1995012 -o OUT

The .npz holds `windows`, names that read `chr:start-end|...target=start-end` (0-based, half-open,
the second range that of the measured part), and `signal` (windows, bins, samples) along those
parts. OUT gets a bigWig per sample, `samples.tsv` that names them, and the measured parts as
`measured.bed`, `train.bed` and `test.bed`. Nothing of a window that is left out is written.
"""

import argparse
import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.tracks.bigwig import bigwigs

NAME = re.compile(r"(?P<window>([^|]+):\d+-\d+)\|.*target=(?:[^|]+:)?(?P<low>\d+)-(?P<high>\d+)")
SPLITS = ("train", "test")


class Measured(NamedTuple):
    """The measured part of a window."""

    window: str  # chr:start-end
    part: Interval
    split: str  # train or test
    signal: NDArray[np.float32]  # (bins, samples)


def main() -> None:
    """Write the bigWigs, the table of them and the BEDs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signal", type=Path, required=True)
    parser.add_argument(
        "--targets", type=Path, required=True, help="columns identifier, description"
    )
    parser.add_argument("--split", type=Path, required=True, help="columns window, split")
    parser.add_argument("--fasta", type=Path, required=True)
    parser.add_argument("--leave-out", action="append", default=[], metavar="CHR:START-END")
    parser.add_argument("--output", "-o", type=Path, required=True)
    options = parser.parse_args()
    windows = read_windows(options.signal, options.split)
    missing = set(options.leave_out) - {measured.window for measured in windows}
    if missing:
        parser.error(f"no window {', '.join(sorted(missing))} to leave out")
    kept = [measured for measured in windows if measured.window not in options.leave_out]
    names = read_targets(options.targets)
    with Genome(options.fasta) as genome:
        lengths = genome.lengths
    options.output.mkdir(parents=True, exist_ok=True)
    write(options.output, kept, names, lengths)
    left_out = len(windows) - len(kept)
    print(f"{len(names)} bigWigs of {len(kept)} windows; {left_out} left out")


def read_windows(signal: Path, split: Path) -> list[Measured]:
    """Return the windows of the .npz in its order."""
    with split.open(newline="") as table:
        splits = {row["window"]: row["split"] for row in csv.DictReader(table, delimiter="\t")}
    found = []
    with np.load(signal, allow_pickle=False) as arrays:
        for name, values in zip(arrays["windows"].tolist(), arrays["signal"], strict=True):
            match = NAME.fullmatch(name)
            if not match:
                raise SystemExit(f"{signal}: the name {name} does not say what was measured")
            part = Interval(match[2], int(match["low"]), int(match["high"]))
            found.append(Measured(match["window"], part, splits[name], values.astype(np.float32)))
    return found


def read_targets(table: Path) -> dict[str, str]:
    """Return identifier → name of each sample, in the order of the signal's columns."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["identifier"]: row["description"].removeprefix("DNASE:") for row in rows}


def write(
    folder: Path, windows: Sequence[Measured], names: Mapping[str, str], lengths: Mapping[str, int]
) -> None:
    """Write all files; `lengths` are the genome's, and give the order of contigs."""
    order = list(lengths)
    ranked = sorted(windows, key=lambda of: (order.index(of.part.chrom), of.part.start))
    with bigwigs([folder / f"{identifier}.bw" for identifier in names], lengths) as files:
        for measured in ranked:
            part = measured.part
            edges = np.linspace(part.start, part.end, len(measured.signal) + 1).astype(np.int64)
            files.write(part.chrom, edges, measured.signal)
    rows = [f"{name}\t{identifier}.bw\n" for identifier, name in names.items()]
    (folder / "samples.tsv").write_text("".join(rows))
    for split in ("measured", *SPLITS):
        parts = [of.part for of in ranked if split in ("measured", of.split)]
        lines = [f"{part.chrom}\t{part.start}\t{part.end}\n" for part in parts]
        (folder / f"{split}.bed").write_text("".join(lines))


if __name__ == "__main__":
    main()
