"""A run: a network for each target, trained by itself, and the files with all of them.

sets ─train_target (each)→ folders ─collect→ weights.safetensors, metrics.json

The run's folder holds `run.json`, written first; a folder per target; and, when all is done,
`weights.safetensors` and `metrics.json`.
"""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial as bind
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import numpy as np
import torch

from regplug.data.sets.training import SetCard, read_set
from regplug.errors import UNREADABLE, ConfigError, DataError, OutputError
from regplug.files.output import complete
from regplug.files.runs import METRICS, Form
from regplug.files.signals import at_last
from regplug.files.version import VERSION
from regplug.files.weights import WEIGHTS, load_weights, save_weights
from regplug.train.deepbind.measure import METRIC, check_test
from regplug.train.deepbind.recipe import DeepBindRecipe
from regplug.train.deepbind.target import Result, read_result, train_target

RUN = "run.json"
STOP_SECONDS = 2.0  # for workers that are told to end
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
) -> list[Result]:
    """Train a network per set, `recipe.workers` at a time; return results in the sets' order.

    Args:
        recipe: see DeepBindRecipe.
        sets: folders of the training sets; a target is called as its set's folder.
        tests: folder that holds a test set of the same name for each target, or None.
        out: folder of the run.
        resume: whether `out` may hold this run already, of which what is done is kept.
        progress: called with lines of text, in several processes if there are several workers.
        stepped: called after each step with what is trained, its steps, and how many are done, if
            there is one worker.

    Raises:
        ConfigError: the recipe wants a GPU, and there is none.
        DataError: a set is damaged, has no test set, or cannot be learned from.
        OutputError: `out` holds another run, or cannot be written.
    """
    if recipe.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "the recipe's device is cuda, and torch sees no GPU: --set 'device=\"cpu\"'"
        )
    card = _card(recipe, sets, tests)
    _begin(out, card, resume)
    alone = recipe.workers == 1  # functions that move a bar cannot be sent to other processes
    jobs = {
        path.name: bind(
            train_target,
            recipe,
            path,
            None if tests is None else tests / path.name,
            out / path.name,
            bind(_say, progress, path.name),
            **({"stepped": bind(_step, stepped, path.name)} if alone else {}),
        )
        for path in sets
    }
    for target, result in _finished(jobs, recipe.workers):
        value = "" if result.test is None else f", {result.metric} {result.test.value:.4f}"
        progress(f"{target}: done{value}, {result.seconds:.0f} s")
    return collect(out, [path.name for path in sets])


def _say(progress: Say, target: str, text: str) -> None:
    progress(f"{target}: {text}")


def _step(stepped: Stepped, target: str, what: str, steps: int, step: int) -> None:
    stepped(f"{target}: {what}", steps, step)


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
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
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
            theirs = msgspec.structs.replace(theirs, workers=ours.workers, device=ours.device)
        if ours != theirs:
            raise OutputError(f"{out} was not started with the same {name}: name a new folder")


def _finished(
    jobs: Mapping[str, Callable[[], Result]], workers: int
) -> Iterator[tuple[str, Result]]:
    """Yield the targets as they are done; the first error stops all jobs and is raised."""
    if workers == 1:
        for target, job in jobs.items():
            yield target, job()
        return
    others = set(active_children())

    def stop(seconds: float) -> None:
        """End the workers; they have some time to remove what is half-written."""
        ours = set(active_children()) - others
        end = time.monotonic() + seconds
        for worker in ours:
            worker.terminate()
        for worker in ours:
            worker.join(max(0.0, end - time.monotonic()))
            worker.kill()

    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin_work)
    with at_last(lambda: stop(0)), pool:
        targets = {pool.submit(_work, job): target for target, job in jobs.items()}
        try:
            for future in as_completed(targets):
                yield targets[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop(STOP_SECONDS)
            raise


def _work(job: Callable[[], Result]) -> Result:
    """Do a job; a worker that is told to end does not begin another."""
    try:
        return job()
    except SystemExit:
        os._exit(1)


def _begin_work() -> None:
    """Let this worker process end with its parent, and by SIGTERM alone.

    Otherwise workers of a run that was killed would write files that a resumed run writes too.
    Ctrl-C in a terminal reaches all processes at once, and the parent tells the workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


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
