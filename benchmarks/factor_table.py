r"""One factor's peaks beside their shuffles and other sequence, for `prepare sequences`.

    python -m benchmarks.factor_table chip.tsv.gz --factor CTCFL_K562 --called CTCF \
        --shuffles 3 --others 20000 -o ctcf.tsv.gz

Of a table of benchmarks.chip_table the rows with 1 in a factor's column, each followed by its
dinucleotide shuffles, and rows with 0 drawn at random: other factors' peaks and closed tiles. One
peak in 25, with its shuffles, and one row in 25 of the others are to validate on, as chr says.
"""

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.genome.codes import decode, encode

VALID = 25  # one row in so many


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--factor", required=True, help="its column")
    parser.add_argument("--called", required=True, metavar="NAME", help="the column written")
    parser.add_argument("--shuffles", type=int, default=3, help="of each peak")
    parser.add_argument("--others", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    with gzip.open(options.table, "rt", newline="") as file:
        rows = [
            (row["sequence"], row[options.factor])
            for row in csv.DictReader(file, dialect="excel-tab")
        ]
    peaks, others = ([letters for letters, label in rows if label == asked] for asked in "10")
    rng = np.random.default_rng(options.seed)
    drawn = [others[at] for at in rng.permutation(len(others))[: options.others]]
    codes = np.stack([encode(letters) for letters in peaks])
    shuffles = [shuffle_dinucleotides(codes, rng=rng) for _ in range(options.shuffles)]
    families = [
        [(peak, 1), *((decode(of[at]), 0) for of in shuffles)] for at, peak in enumerate(peaks)
    ]
    with gzip.open(options.output, "wt", compresslevel=1) as table:
        print("chr", "start", "end", "sequence", options.called, sep="\t", file=table)
        place = 0
        for group in (families, [[(letters, 0)] for letters in drawn]):
            for number, family in enumerate(group):
                for letters, label in family:
                    place += len(letters)
                    part = "train" if number % VALID else "valid"
                    print(part, place, place + len(letters), letters, label, sep="\t", file=table)


if __name__ == "__main__":
    main()
