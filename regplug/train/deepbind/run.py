"""A run: a network for each target, trained by itself, and the files with all of them.

sets ─train_target (each)→ folders ─collect→ weights.safetensors, metrics.json

The run's folder holds `run.json`, written first; a folder per target; and, when all is done,
`weights.safetensors` and `metrics.json`.
"""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from regplug.data.sets.training import SetCard, read_set
from regplug.errors import UNREADABLE, DataError, OutputError
from regplug.files.output import complete, contents
from regplug.files.runs import METRICS, Form
from regplug.files.version import VERSION
from regplug.files.weights import WEIGHTS, load_weights, save_weights
from regplug.train.deepbind.elsewhere import TargetJob, calibrate, finish_target
from regplug.train.deepbind.fit import check_device
from regplug.train.deepbind.measure import METRIC, check_test
from regplug.train.deepbind.recipe import DeepBindRecipe
from regplug.train.deepbind.target import Result, read_result, train_target
from regplug.train.loop.elsewhere import SEQUENTIAL, Versions, executing

RUN = "run.json"
Say = Callable[[str], None]
Stepped = Callable[[str, int, int], None]


class RunCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run was started with; to resume it takes the same recipe, sets and tests."""

    recipe: DeepBindRecipe
    sets: dict[str, SetCard]  # target → its training set
    tests: dict[str, SetCard]  # target → its test set; empty without tests
    command: str
    torch: str
    numpy: str
    regplug: str = VERSION


def train_run(
    recipe: DeepBindRecipe,
    sets: Sequence[Path],
    tests: Path | None,
    out: Path,
    *,
    resume: bool,
    progress: Say,
    stepped: Stepped = lambda what, steps, step: None,
    executor: str = "",
) -> list[Result]:
    """Train a network per set; return results in the sets' order.

    Args:
        recipe: see DeepBindRecipe.
        sets: folders of the training sets; a target is called as its set's folder.
        tests: folder that holds a test set of the same name for each target, or None.
        out: folder of the run.
        resume: whether `out` may hold this run already, of which what is done is kept.
        progress: called with lines of text.
        stepped: called after each step with what is trained, its steps, and how many are done; with
            an executor after each fold of a round.
        executor: where networks are trained: this process, or as `regplug_open_executor` says.
            Weights do not depend on it.

    Raises:
        ConfigError: the recipe wants a GPU, and there is none; or there is no such executor.
        DataError: a set is damaged, has no test set, or cannot be learned from.
        OutputError: `out` holds another run, or cannot be written.
        RegplugError: as the executor.
    """
    if executor in SEQUENTIAL:
        check_device(recipe)
    card = _card(recipe, sets, tests)
    with executing(executor) as where:
        _begin(out, card, resume)
        jobs = [
            TargetJob(
                recipe,
                path.absolute(),
                None if tests is None else tests.absolute() / path.name,
                out.absolute() / path.name,
                (card.sets[path.name], card.tests.get(path.name)),
                Versions.here(),
            )
            for path in sets
        ]
        results: Iterator[Result]
        if executor in SEQUENTIAL:
            results = (_train_here(job, progress, stepped) for job in jobs)
        else:
            calibrate(jobs, where, progress, stepped)
            results = where.run(finish_target, jobs)
        for result in results:
            value = "" if result.test is None else f", {result.metric} {result.test.value:.4f}"
            progress(f"{result.target}: done{value}, {result.seconds:.0f} s")
    return collect(out, [path.name for path in sets])


def _train_here(job: TargetJob, progress: Say, stepped: Stepped) -> Result:
    """Return a target's result, its progress told."""
    target = job.training.name
    return train_target(
        *(job.recipe, job.training, job.test, job.folder),
        lambda text: progress(f"{target}: {text}"),
        lambda what, steps, step: stepped(f"{target}: {what}", steps, step),
    )


def _card(recipe: DeepBindRecipe, sets: Sequence[Path], tests: Path | None) -> RunCard:
    """Return what the run is started with, having read all sets once."""
    names = [path.name for path in sets]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two sets are called {name}: a target is called as its set's folder")
        if tests is not None and not (tests / name).is_dir():
            raise DataError(
                f"{tests} has no set {name} to test on: prepare it, or leave out --test"
            )
    trained, tested = {}, {}
    for path in sets:
        card = trained[path.name] = read_set(path).card
        if tests is not None:
            test = tests / path.name
            if test.samefile(path):
                raise DataError(f"{path} is both to train and to test on: name another --test")
            tested[path.name] = read_set(test).card
            check_test(test, tested[path.name], METRIC[card.kind], card.scale)
    return RunCard(
        recipe=recipe,
        sets=trained,
        tests=tested,
        command=shlex.join(["regplug", *sys.argv[1:]]),
        torch=str(torch.__version__),
        numpy=np.__version__,
    )


def _begin(out: Path, card: RunCard, resume: bool) -> None:
    """Make the folder of a new run, or make sure that `out` holds this run.

    Raises:
        OutputError: `out` holds another run, or something else.
    """
    path = out / RUN
    if not path.exists():
        if out.exists() and (not out.is_dir() or contents(out)):
            raise OutputError(f"{out} holds other things than a run: name a new folder")
        out.mkdir(parents=True, exist_ok=True)
        with complete(path) as partial:
            partial.write_bytes(msgspec.json.format(msgspec.json.encode(card)) + b"\n")
        return
    if not resume:
        raise OutputError(f"{out} holds a run: go on with --resume, or name a new folder")
    try:
        before = msgspec.json.decode(path.read_bytes(), type=RunCard)
    except UNREADABLE as error:
        raise OutputError(f"{path} is damaged: {error}; name a new folder") from error
    for name in ("recipe", "sets", "tests"):
        ours, theirs = getattr(card, name), getattr(before, name)
        if name == "recipe":
            theirs = msgspec.structs.replace(theirs, device=ours.device)
        if ours != theirs:
            raise OutputError(f"{out} was not started with the same {name}: name a new folder")


def collect(out: Path, targets: Sequence[str]) -> list[Result]:
    """Write the networks of all targets to one file, and their figures to another.

    Args:
        out: folder of the run, with a folder for each target.
        targets: in the order of the results.

    Raises:
        DataError: a target's result is missing or damaged.
        OutputError: the files cannot be written.
    """
    results = [read_result(out / target) for target in targets]
    networks = {target: load_weights(out / target / WEIGHTS)[target] for target in targets}
    save_weights(out / WEIGHTS, networks)
    card = msgspec.json.decode((out / RUN).read_bytes(), type=RunCard)
    tests = {result.target: result.test.value for result in results if result.test is not None}
    record: dict[str, Any] = {
        "form": Form.DEEPBIND,
        **msgspec.structs.asdict(card),
        "mean": float(np.mean(list(tests.values()))) if tests else None,
        "targets": {
            result.target: {
                "metric": result.metric,
                "test": result.test,
                "also": result.also,
                "test_rows": result.test_rows,
                "scale": result.scale,
                "validation_loss": result.tried[0].loss,
                "training_loss": result.finals[result.kept].training_loss,
                "setting": result.setting,
                "steps": result.steps,
                "rows": result.rows,
                "seconds": result.seconds,
            }
            for result in results
        },
    }
    with complete(out / METRICS) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    return results
