r"""What a reporter model says of real sequence, as a table for `prepare sequences --graded`.

    python -m benchmarks.reporter_table SET.h5... --model mpra_dragonn --model-repo REPO \
        --rows 100000 --output-of reporter_K562=K562_minP,K562_SV40 \
        --output-of reporter_HepG2=HepG2_minP,HepG2_SV40 -o reporters.tsv.gz

Half of the rows are sites that the sets train on, those open in a sample first; the other half are
the same with a random base in 5 % of their places, as a network is to say what variants change. The
model reads the middle of each.

With --pieces rows are as long as the window, each cut out at a random place of a site; a
set that is named twice gives two of each. A third of the rows is as it stands, one has 5 % of its
bases drawn anew, and one a single base. --valid adds rows of sites that the sets validate on; then
chr says train or valid, for `--valid-chroms valid`.

A grade is the logistic of the outputs' mean, each less its mean over the rows, in standard
deviations: the logit of a network trained on it is then such a score. Of probabilities the logits
are taken. Several --model are asked of the same rows, each of its own middle; outputs are then
MODEL:LABEL, and MODEL:* are all of a model.
"""

import argparse
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.parts import TRAIN, VALID
from regplug.data.sites.sites import Sites
from regplug.genome.codes import UNKNOWN, Codes, decode
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.effects import TINY

CHANGED = 0.05  # share of the bases of a copy that are drawn anew
TOGETHER = 2048


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--model-repo", help="of the models, where they do not come with regplug")
    parser.add_argument("--output-of", action="append", required=True, metavar="NAME=LABEL,LABEL")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pieces", action="store_true", help="rows of the model's window")
    parser.add_argument("--valid", type=int, default=0, help="rows to validate on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    manager, how = plugin_manager(), BackendOptions(threads=options.threads)
    backends = [open_backend(manager, options.model_repo, name, how) for name in options.model]
    width = max(one.card.window or 0 for one in backends) if options.pieces else None
    kinds = 3 if options.pieces else 2
    parts = [
        with_copies(drawn(options.sets, rows // kinds, rng, part, width), rng, single=kinds == 3)
        for part, rows in ((TRAIN, options.rows), (VALID, options.valid))
    ]
    codes = np.concatenate(parts) if options.valid else parts[0]
    asked = dict(pair.split("=", 1) for pair in options.output_of)
    scores = np.concatenate([predicted(one, codes) for one in backends], axis=1)
    outputs = [(name, of) for name, one in zip(options.model, backends, strict=True)
               for of in one.card.labels]  # fmt: skip
    columns = [graded(scores[:, columns_of(labels, outputs)]) for labels in asked.values()]
    with gzip.open(options.output, "wt", compresslevel=1) as table:
        places = ["chr", "start", "end"] if options.valid else []
        print(*places, "sequence", *asked, sep="\t", file=table)
        for at, (row, grades) in enumerate(zip(codes, np.stack(columns, axis=1), strict=True)):
            part = "train" if at < len(parts[0]) else "valid"
            place = [part, at * len(row), (at + 1) * len(row)] if options.valid else []
            print(*place, decode(row), *(f"{grade:.4f}" for grade in grades), sep="\t", file=table)


def drawn(
    paths: Sequence[Path],
    rows: int,
    rng: np.random.Generator,
    part: int = TRAIN,
    width: int | None = None,
) -> Codes:
    """Return up to so many sites of a part (rows, bases), all known: open ones first.

    With a `width`, a piece of so many bases at a random place of each.
    """
    opened, closed = [], []
    for path in paths:
        with Sites(path) as sites:
            for low in range(0, len(sites), TOGETHER):
                batch = sites.read(low, low + TOGETHER)
                codes = batch.codes if width is None else pieces(batch.codes, width, rng)
                used = (sites.parts[low : low + TOGETHER] == part) & (codes < UNKNOWN).all(1)
                is_open = (batch.targets == 1).any(axis=1)
                opened.append(codes[used & is_open])
                closed.append(codes[used & ~is_open])
    of_open, of_closed = (np.concatenate(found) for found in (opened, closed))
    first = rng.permutation(len(of_open))[:rows]
    rest = rng.permutation(len(of_closed))[: rows - len(first)]
    return np.concatenate([of_open[first], of_closed[rest]])


def pieces(codes: Codes, width: int, rng: np.random.Generator) -> Codes:
    """Return a piece (n, width) at a random place of each row of codes (n, bases)."""
    starts = rng.integers(codes.shape[1] - width + 1, size=(len(codes), 1))
    return np.take_along_axis(codes, starts + np.arange(width), axis=1)


def with_copies(codes: Codes, rng: np.random.Generator, *, single: bool = False) -> Codes:
    """Return the rows (n, bases), and each once more with some bases drawn anew.

    `single`: and each a third time, with one base replaced by another.
    """
    copies, changed = codes.copy(), rng.random(codes.shape) < CHANGED
    copies[changed] = rng.integers(0, 4, int(changed.sum()))
    if not single:
        return np.concatenate([codes, copies])
    others, rows = codes.copy(), np.arange(len(codes))
    places = rng.integers(codes.shape[1], size=len(codes))
    others[rows, places] = (codes[rows, places] + rng.integers(1, 4, size=len(codes))) % 4
    return np.concatenate([codes, copies, others])


def predicted(backend: Backend, codes: Codes) -> NDArray[np.float32]:
    """Return what a model says of the middle of codes (n, bases): logits or scores (n, outputs)."""
    window = backend.card.window or 0
    scores = np.concatenate(
        [
            backend.predict(middle(codes[low : low + TOGETHER], window))
            for low in range(0, len(codes), TOGETHER)
        ]
    )
    if backend.card.output_scale != "probability":
        return scores
    kept = np.clip(scores, TINY, 1 - TINY)
    logits: NDArray[np.float32] = np.log(kept / (1 - kept))
    return logits


def columns_of(labels: str, outputs: Sequence[tuple[str, str]]) -> list[int]:
    """Return the columns of LABEL,MODEL:LABEL,MODEL:* among the models' outputs."""
    found = []
    for label in labels.split(","):
        model, _, of = label.rpartition(":")
        columns = [
            at
            for at, (name, output) in enumerate(outputs)
            if model in ("", name) and of in ("*", output)
        ]
        if not columns or (not model and len(columns) > 1):
            raise SystemExit(f"--output-of: {label} is not one output of these models")
        found += columns
    return found


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
