"""ChIP-seq peaks of many factors as one table of sequences, for `regplug prepare sequences`.

    python -m benchmarks.chip_table --data encode_chip encode_chip_more --tiles tiles.h5 \
        --strongest 8000 --closed 40000 -o chip.tsv.gz

A factor's peaks (its `<FACTOR>_<CELL>_*_AC.seq.gz`, strongest first) are 1 in the column
`<FACTOR>_<CELL>`, 0 in those of factors whose names begin otherwise, as a peak of one is seldom one
of another, and 1 in the column of the cell they were found open in; nothing is said of other cells.
Pieces of closed tiles that a set trains on are 0 for each factor, and in each cell of the set.
Peaks that share 31 bases with what the set holds out are left out, and with `--fasta hg19.fa.gz
--without chr1:1-5000000` those that share them with a region of a genome: peaks have no
coordinates, so their bases alone say where they lie.
"""

import argparse
import gzip
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pysam
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.data.sequences.chip import read_chip
from regplug.data.sites.parts import TRAIN
from regplug.data.sites.sites import Sites
from regplug.genome.codes import UNKNOWN, Codes, decode, encode, reverse_complement

WORD = 31  # bases, which fit in 62 bits
PIECE = 100_000  # words of a region made at once
FAMILY = 3  # letters that names of one family share: USF1 and USF2, TAF1 and TAF7
CELLS = {"H1-hESC": "H1hESC"}  # their name in the sets of tiles


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--tiles", type=Path, required=True, help="with what is held out")
    parser.add_argument("--fasta", type=Path, help="of the regions --without")
    parser.add_argument("--without", action="append", default=[], metavar="CHR:START-END")
    parser.add_argument("--strongest", type=int, default=8000, help="peaks of each factor")
    parser.add_argument("--closed", type=int, default=40_000, help="pieces of closed tiles")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    if options.without and not options.fasta:
        parser.error("--without needs the --fasta that its regions are of")
    files = sorted(path for folder in options.data for path in folder.glob("*_AC.seq.gz"))
    names = ["_".join(path.name.split("_")[:2]) for path in files]
    with Sites(options.tiles) as sites, gzip.open(options.output, "wt") as table:
        held = np.union1d(held_out(sites), words_of(options.without, options.fasta))
        cells = list(dict.fromkeys([*sites.samples, "K562"]))
        print("sequence", *names, *cells, sep="\t", file=table)
        width = 0
        for name, path in zip(names, files, strict=True):
            peaks = read_chip(path).codes[: options.strongest]
            kept, width = peaks[~shares_words(peaks, held)], peaks.shape[1]
            print(f"{name}: {len(kept)} of {len(peaks)} peaks", file=sys.stderr)
            row = "\t".join([*labels(name, names), *in_cell(name, cells)])
            table.writelines(f"{decode(codes)}\t{row}\n" for codes in kept)
        row = "\t".join(["0"] * len(names) + ["0" if c in sites.samples else "" for c in cells])
        for codes in pieces(sites, options.closed, width, np.random.default_rng(options.seed)):
            table.write(f"{decode(codes)}\t{row}\n")


def labels(name: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the label of a factor's peak in the column of each factor."""
    for other in names:
        same = name.startswith(other[:FAMILY])
        yield "1" if other == name else "" if same else "0"


def in_cell(name: str, cells: Sequence[str]) -> Iterator[str]:
    """Yield the label of a factor's peak in the column of each cell."""
    cell = name.partition("_")[2]
    for other in cells:
        yield "1" if other == CELLS.get(cell, cell) else ""


def held_out(sites: Sites) -> NDArray[np.int64]:
    """Return the words of a set's sites that are not trained on, sorted."""
    found = [np.empty(0, np.int64)]
    for low in range(0, len(sites), 1024):
        codes = sites.read(low, low + 1024).codes[sites.parts[low : low + 1024] != TRAIN]
        if len(codes):
            found.append(np.unique(words(codes)))
    joined = np.unique(np.concatenate(found))
    return joined[joined >= 0]


def words_of(regions: Sequence[str], fasta: Path | None) -> NDArray[np.int64]:
    """Return the words of regions of a FASTA, chr:start-end (1-based, both included), sorted."""
    found = [np.empty(0, np.int64)]
    if fasta is not None:
        with pysam.FastaFile(str(fasta)) as genome:
            for region in regions:
                codes = encode(genome.fetch(region=region))
                found += [
                    words(codes[None, low : low + PIECE + WORD - 1])[0]
                    for low in range(0, len(codes) - WORD + 1, PIECE)
                ]
    joined = np.unique(np.concatenate(found))
    return joined[joined >= 0]


def shares_words(peaks: Codes, held: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each peak (n,) whether a word of its, on either strand, is in `held`, sorted."""
    found = np.zeros(len(peaks), np.bool_)
    if not len(held):
        return found
    for low in range(0, len(peaks), 1024):
        rows = peaks[low : low + 1024]
        for strand in (rows, reverse_complement(rows)):
            of_peaks = words(strand)
            next_ = held[np.minimum(np.searchsorted(held, of_peaks), len(held) - 1)]
            found[low : low + 1024] |= (next_ == of_peaks).any(axis=1)
    return found


def words(codes: Codes) -> NDArray[np.int64]:
    """Return each word of codes (n, bases) as a number (n, bases - 30); with unknown bases, -1."""
    runs = sliding_window_view(codes.astype(np.int64), WORD, axis=1)
    numbers: NDArray[np.int64] = runs @ (np.int64(4) ** np.arange(WORD))
    return np.where((runs == UNKNOWN).any(axis=2), -1, numbers)


def pieces(sites: Sites, count: int, width: int, rng: np.random.Generator) -> Iterator[Codes]:
    """Yield pieces (width,) of tiles to train on that are open in no sample, drawn at random."""
    rows = np.flatnonzero(sites.parts == TRAIN)
    chosen = np.sort(rng.choice(rows, min(len(rows), count * 2), replace=False))
    made = 0
    for block in np.unique(chosen // 1024).tolist():
        batch = sites.read(block * 1024, block * 1024 + 1024)
        for at in chosen[chosen // 1024 == block] - block * 1024:
            if made < count and not batch.targets[at].any():
                start = rng.integers(batch.codes.shape[1] - width + 1)
                yield batch.codes[at, start : start + width]
                made += 1


if __name__ == "__main__":
    main()
