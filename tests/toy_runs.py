"""Toy sets of RNA with a planted motif, and a training run on them that takes seconds."""

from pathlib import Path

import msgspec
import numpy as np

from regplug.data.sets.training import Scale, SetCard, TrainingSet, write_set
from regplug.files.sources import Source
from regplug.genome.codes import Codes, encode

BOUND, PROBES = '<script>a&b "c"\'', "probes"  # targets; the first wants escaping in HTML
MOTIF = encode("GCAUGCA")
CARD = SetCard(
    form="bound",
    kind="classification",
    strand="forward",
    length=20,
    rows=60,
    positives=30,
    negatives="given",
    folds=2,
    seed=0,
    sources=(Source("toy.fa", "00"),),
    dropped={},
)
RECIPE = """
seed = 7
settings = 3
rounds = 1
sampler = "random"
dense_scale = [1e-1, 1e0]
detectors_scale = [1e-1, 1e0]
learning_rate = [1e-2, 1e30]  # high ones diverge
steps = 30
rows = 64
finals = 2
filters = 2
length = 6
"""


def toy_codes(seed: int) -> Codes:
    """Return codes (60, 20), the motif somewhere in each of the first 30."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (60, 20), dtype=np.uint8)
    for row in codes[:30]:
        start = rng.integers(20 - len(MOTIF))
        row[start : start + len(MOTIF)] = MOTIF
    return codes


def bound_set(folder: Path, *, seed: int) -> Path:
    """Write 30 bound and 30 unbound sequences to the folder; return it."""
    targets = (np.arange(60) < 30).astype(np.float32)
    folds = (np.arange(60) % 2).astype(np.uint8)
    write_set(folder, TrainingSet(toy_codes(seed), targets, folds, CARD))
    return folder


def probe_set(folder: Path, *, seed: int, median: bool = True) -> Path:
    """Write 60 probes, intensities over medians, three times as high with the motif."""
    rng = np.random.default_rng(seed)
    over = np.where(np.arange(60) < 30, 3.0, 1.0) + rng.normal(0, 0.1, 60)
    scale = Scale("toy", median, 100, float(over.max()), float(over.mean()), float(over.std()))
    card = msgspec.structs.replace(
        CARD, form="intensities", kind="regression", positives=None, negatives="none", scale=scale
    )
    targets = ((over - over.mean()) / over.std()).astype(np.float32)
    folds = (np.arange(60) % 2).astype(np.uint8)
    medians = rng.uniform(100, 200, 60).astype(np.float32) if median else None
    write_set(folder, TrainingSet(toy_codes(seed), targets, folds, card, medians))
    return folder


def toy_inputs(folder: Path) -> None:
    """Write recipe.toml, and the sets in train/ and test/."""
    for part, seed in (("train", 1), ("test", 2)):
        (folder / part).mkdir()
        bound_set(folder / part / BOUND, seed=seed)
        probe_set(folder / part / PROBES, seed=seed)
    (folder / "recipe.toml").write_text(RECIPE)


def train(folder: Path, *, tested: bool = True) -> None:
    """Train on the inputs in `folder`, or go on with the run there, and write its report."""
    from regplug.train.deepbind.recipe import read_recipe
    from regplug.train.deepbind.report import write_run_report
    from regplug.train.deepbind.run import train_run

    sets = [folder / "train" / target for target in (BOUND, PROBES)]
    recipe = read_recipe(folder / "recipe.toml")
    tests = folder / "test" if tested else None
    train_run(recipe, sets, tests, folder / "run", resume=True, progress=lambda line: None)
    write_run_report(folder / "run", sets)
