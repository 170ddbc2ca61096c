r"""What a reporter model says of real sequence, as a table for `prepare sequences --graded`.

    python -m benchmarks.reporter_table SET.h5... --model mpra_dragonn --model-repo REPO \
        --rows 100000 --output-of reporter_K562=K562_minP,K562_SV40 \
        --output-of reporter_HepG2=HepG2_minP,HepG2_SV40 -o reporters.tsv.gz

Half of the rows are sites that the sets train on, those open in a sample first; the other half are
the same with a random base in 5 % of their places, as a network is to say what variants change. The
model reads the middle of each. A grade is the logistic of the outputs' mean, each less its mean
over the rows, in standard deviations: the logit of a network trained on it is then such a score.
"""

import argparse
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.parts import TRAIN
from regplug.data.sites.sites import Sites
from regplug.genome.codes import UNKNOWN, Codes, decode
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.scoring.backend import BackendOptions

CHANGED = 0.05  # share of the bases of a copy that are drawn anew
TOGETHER = 2048


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--model", required=True)
    parser.add_argument("--model-repo", required=True)
    parser.add_argument("--output-of", action="append", required=True, metavar="NAME=LABEL,LABEL")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    codes = with_copies(drawn(options.sets, options.rows // 2, rng), rng)
    backend = open_backend(
        plugin_manager(), options.model_repo, options.model, BackendOptions(threads=options.threads)
    )
    scores = np.concatenate(
        [
            backend.predict(middle(codes[low : low + TOGETHER], backend.card.window or 0))
            for low in range(0, len(codes), TOGETHER)
        ]
    )
    asked = dict(pair.split("=", 1) for pair in options.output_of)
    columns = [
        graded(scores[:, [backend.card.labels.index(label) for label in labels.split(",")]])
        for labels in asked.values()
    ]
    with gzip.open(options.output, "wt", compresslevel=1) as table:
        print("sequence", *asked, sep="\t", file=table)
        for row, grades in zip(codes, np.stack(columns, axis=1), strict=True):
            print(decode(row), *(f"{grade:.4f}" for grade in grades), sep="\t", file=table)


def drawn(paths: Sequence[Path], rows: int, rng: np.random.Generator) -> Codes:
    """Return up to so many sites to train on (rows, bases), all known: open ones first."""
    opened, closed = [], []
    for path in paths:
        with Sites(path) as sites:
            for low in range(0, len(sites), TOGETHER):
                batch = sites.read(low, low + TOGETHER)
                used = (sites.parts[low : low + TOGETHER] == TRAIN) & (batch.codes < UNKNOWN).all(1)
                is_open = (batch.targets == 1).any(axis=1)
                opened.append(batch.codes[used & is_open])
                closed.append(batch.codes[used & ~is_open])
    of_open, of_closed = (np.concatenate(found) for found in (opened, closed))
    first = rng.permutation(len(of_open))[:rows]
    rest = rng.permutation(len(of_closed))[: rows - len(first)]
    return np.concatenate([of_open[first], of_closed[rest]])


def with_copies(codes: Codes, rng: np.random.Generator) -> Codes:
    """Return the rows (n, bases), and each once more with some bases drawn anew."""
    copies, changed = codes.copy(), rng.random(codes.shape) < CHANGED
    copies[changed] = rng.integers(0, 4, int(changed.sum()))
    return np.concatenate([codes, copies])


def middle(codes: Codes, window: int) -> Codes:
    """Return the middle (n, window) of codes (n, bases)."""
    start = (codes.shape[1] - window) // 2
    return np.ascontiguousarray(codes[:, start : start + window])


def graded(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logistic of the mean standard score (n,) of scores (n, outputs)."""
    mean = ((scores - scores.mean(axis=0)) / scores.std(axis=0)).mean(axis=1, dtype=np.float64)
    grades: NDArray[np.float64] = 1 / (1 + np.exp(-(mean - mean.mean()) / mean.std()))
    return grades


if __name__ == "__main__":
    main()
