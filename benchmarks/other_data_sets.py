"""Real PBM, SELEX and RNA SELEX files → sets to train and to test on, made by `regplug prepare`.

Each folder gets train/TARGET and test/TARGET, as `regplug train deepbind --test` reads them. Reads
are split by families: those with the same first or second half, as copies with one wrong base have,
are all to be trained on or all to be tested on.
"""

import gzip
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from regplug.data.sets.intensities import Columns, prepare_intensities
from regplug.data.sets.selex import prepare_selex
from regplug.data.sets.training import write_set

DESIGNS = ("HK", "ME")
PROBES = Columns("intensity", names=("seq", "intensity", "background"))
TESTED = 0.2  # of the reads
MOST = {"train": 20_000, "test": 5_000}  # reads of a class


def pbm_sets(data: Path, out: Path) -> None:
    """Make a set per factor and design; it is tested on the other design, unclamped."""
    for path in sorted((data / "pbm").glob("*_*.txt.gz")):
        factor, design = path.name.split(".")[0].split("_")
        (other,) = {*DESIGNS} - {design}
        write_set(out / "train" / f"{factor}_{design}", prepare_intensities(path, PROBES))
        raw = prepare_intensities(path, PROBES, percentile=100)
        write_set(out / "test" / f"{factor}_{other}", raw)


def selex_sets(data: Path, out: Path) -> None:
    """Make a set per factor: the bound and the background reads of a model's support vectors."""
    for path in sorted((data / "selex").glob("*.model.txt.gz")):
        bound, background = support_vectors(path)
        with TemporaryDirectory() as scratch:
            for part, (ours, theirs) in _split(bound, background).items():
                files = [
                    _fasta(Path(scratch) / name, reads)
                    for name, reads in (("bound.fa", ours), ("background.fa", theirs))
                ]
                made = prepare_selex(files[0], background=files[1], distinct=True)
                write_set(out / part / path.name.split("_")[0], made)


def rna_sets(data: Path, out: Path) -> None:
    """Make a set per protein: distinct reads of the last cycle and their shuffles, forward."""
    for path in sorted((data / "rna_selex").glob("*.txt.gz")):
        with gzip.open(path, "rt") as lines:
            reads = [line.split(",")[0] for line in lines]
        with TemporaryDirectory() as scratch:
            for part, (ours, _) in _split(reads, []).items():
                file = _fasta(Path(scratch) / "reads.fa", ours)
                made = prepare_selex(file, strand="forward", distinct=True)
                write_set(out / part / path.name.split("_")[0], made)


def support_vectors(path: Path) -> tuple[list[str], list[str]]:
    """Return the reads of a gkm-SVM model with a positive (bound) and with a negative weight."""
    with gzip.open(path, "rt") as lines:
        text = lines.read().partition("\nSV\n")[2]
    pairs = [(float(weight), read) for weight, read in map(str.split, text.splitlines())]
    return [read for weight, read in pairs if weight > 0], [r for weight, r in pairs if weight < 0]


def families(reads: Sequence[str]) -> NDArray[np.int32]:
    """Return a number per read (n,): those with the same first or second half share it."""
    rows, columns = [], []
    for half in (slice(None, len(reads[0]) // 2), slice(len(reads[0]) // 2, None)):
        numbers = np.unique([read[half] for read in reads], return_inverse=True)[1]
        firsts = np.unique(numbers, return_index=True)[1]
        rows.append(np.arange(len(reads)))
        columns.append(firsts[numbers])
    joined = np.concatenate(rows), np.concatenate(columns)
    graph = coo_matrix((np.ones(len(joined[0])), joined), (len(reads), len(reads)))
    found: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return found


def _split(bound: list[str], background: list[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Return part → its bound and its background reads, in random order, at most MOST of each."""
    reads = bound + background
    family = families(reads)
    rng = np.random.default_rng(0)
    tested = (rng.random(family.max() + 1) < TESTED)[family]
    order = rng.permutation(len(reads))

    def part(name: str) -> tuple[list[str], list[str]]:
        here = order[tested[order] == (name == "test")]
        classes = here[here < len(bound)], here[here >= len(bound)]
        return tuple([reads[i] for i in some[: MOST[name]]] for some in classes)  # type: ignore[return-value]

    return {name: part(name) for name in MOST}


def _fasta(path: Path, reads: Sequence[str]) -> Path:
    path.write_text("".join(f">read\n{read}\n" for read in reads))
    return path
