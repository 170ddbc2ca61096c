"""ChIP-seq sets of several folders as one folder for `train panel --data` and `export --test`.

    python -m benchmarks.chip_sets --data encode_chip encode_chip_more --fasta hg19.fa.gz \
        --without chr1:1-5000000 -o chip21

Of each factor the first folder counts that has its `<FACTOR>_<CELL>_*_AC.seq.gz`, peaks to train
on, strongest first. The files keep their lines, but for peaks that share 31 bases, on either
strand, with a region --without: peaks have no coordinates, so their bases alone say where they lie.
A factor's `_B.seq.gz`, peaks and shuffles to test on, is copied. Where there is none, every other
of the 500 strongest peaks that are left goes there from the training peaks, each with a
dinucleotide shuffle (seed 0).
"""

import argparse
import gzip
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.chip_table import shares_words, words_of
from regplug.data.sequences.chip import read_chip
from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.files.output import complete
from regplug.genome.codes import decode, encode

STRONGEST = 500  # of which every other is tested on
COLUMNS = "FoldID\tEventID\tseq\tBound\n"


def main() -> None:
    """Write the folder, and tell how many peaks of each factor are left out and held out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--fasta", type=Path, required=True, help="of the regions --without")
    parser.add_argument("--without", action="append", required=True, metavar="CHR:START-END")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    held = words_of(options.without, options.fasta)
    options.output.mkdir(parents=True, exist_ok=True)
    for factor, path in sets(options.data).items():
        out = shares_words(read_chip(path).codes, held)
        with gzip.open(path, "rt") as lines:
            _, *rows = lines
        kept = [row for row, left in zip(rows, out, strict=True) if not left]
        tests = path.with_name(path.name.replace("_AC.", "_B."))
        tested: list[str] = []
        if tests.exists():
            with complete(options.output / tests.name) as partial:
                shutil.copyfile(tests, partial)
        else:
            tested = kept[1:STRONGEST:2]
            write(options.output / tests.name, [*tested, *shuffled(tested)])
        write(
            options.output / path.name, [*kept[:STRONGEST:2], *kept[STRONGEST:]] if tested else kept
        )
        print(
            f"{factor}: {len(rows)} peaks, {out.sum()} left out, {len(tested)} held out",
            file=sys.stderr,
        )


def sets(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the training peaks of each factor, of the first folder that has it."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*_AC.seq.gz")):
            found.setdefault(path.name.partition("_")[0], path)
    return found


def shuffled(rows: Sequence[str]) -> list[str]:
    """Return a row with a dinucleotide shuffle for each row of a table, unbound."""
    cells = [row.rstrip("\n").split("\t") for row in rows]
    made = shuffle_dinucleotides(
        np.stack([encode(sequence) for _, _, sequence, _ in cells]), rng=np.random.default_rng(0)
    )
    return [
        f"{fold}\t{event.replace('peak', 'shuf')}\t{decode(codes)}\t0\n"
        for (fold, event, _, _), codes in zip(cells, made, strict=True)
    ]


def write(path: Path, rows: Iterable[str]) -> None:
    """Write a table with the columns of the DeepBind paper's sets."""
    with complete(path) as partial, gzip.open(partial, "wt") as table:
        table.write(COLUMNS)
        table.writelines(rows)


if __name__ == "__main__":
    main()
