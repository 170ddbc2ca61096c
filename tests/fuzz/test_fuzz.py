"""Damaged files of every kind: each is read or refused in a line, and nothing is left behind.

A fault is named by kind, seed and number; `python -m tests.fuzz.again KIND SEED NUMBER` writes that
file. What once was a fault is kept in corpus/, by kind, and read each time.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.kinds import KINDS

CORPUS = Path(__file__).parent / "corpus"
KEPT = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
NEEDS = {
    "recipe_panel": "torch",
    "sites": "h5py",
    "signal": "h5py",
    "keras_json": "h5py",
    "keras_h5": "h5py",
    "safetensors": "safetensors",
    "torch7": "safetensors",
    "list_parquet": "pyarrow",
    "contributions": "h5py",
    "keras": "h5py",
    "bpnet_h5": "h5py",
    "bpnet_torch": "torch",
    "cherimoya": "torch",
    "basset_torch": "torch",
    "run_weights": "safetensors",
}
SHORT = 40  # files of a kind
LONG = int(os.environ.get("REGPLUG_CASES", "3000"))  # of a night


class Worker:
    """The process that reads the files."""

    def __init__(self, folder: Path) -> None:
        root = str(Path(__file__).parents[2])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
        )  # fmt: skip

    def ask(self, **request):
        """Return the answer: how many were read, how many refused, and the faults."""
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=60) == 0
        self._process.stdout.close()


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    made = Worker(tmp_path_factory.mktemp("fuzz") / "world")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _libraries(request):
    pytest.importorskip(NEEDS.get(request.getfixturevalue("kind"), "sys"))


def damaged(worker, kind, *, seed, count):
    """Read `count` damaged files; fail with every fault."""
    answer = worker.ask(kind=kind, seed=seed, first=0, count=count)
    told = [f"{kind} {seed} {number}: {what}" for number, what in answer["faults"].items()]
    assert not told, "\n\n".join(told)
    assert answer["refused"] > 0  # else nothing was damaged


def fault(kind):
    return pytest.mark.fault("damaged files", kind)


SOME = [pytest.param(kind, marks=fault(kind)) for kind in KINDS]


@pytest.mark.parametrize("kind", SOME)
def test_damaged(worker, tried, kind):
    damaged(worker, kind, seed="short", count=SHORT)
    tried(SHORT)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", SOME)
def test_many_damaged(worker, tried, kind):
    """Every night other ones: the seed is the date."""
    from datetime import UTC, datetime

    damaged(worker, kind, seed=str(datetime.now(UTC).date()), count=LONG)
    tried(LONG)


@pytest.mark.parametrize("kind", SOME)
def test_sound(worker, kind):
    """Files that nothing was done to are read."""
    answer = worker.ask(kind=kind, seed="sound", sound=True)
    assert (answer["read"], answer["refused"], answer["faults"]) == (1, 0, {})


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        pytest.param(path.parent.name, path, id=f"{path.parent.name}/{path.name}",
                     marks=fault(path.parent.name))
        for path in KEPT
    ],
)  # fmt: skip
def test_kept(worker, kind, path):
    answer = worker.ask(kind=kind, file=str(path))
    assert not answer["faults"], answer["faults"]
