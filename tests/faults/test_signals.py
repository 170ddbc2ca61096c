"""SIGINT and SIGTERM end a run and all that it has started, whatever it waits for."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from regplug.models.repository import read_card
from tests.faults.fakes import PROTOCOLS, Served, gc_scores

pytestmark = pytest.mark.slow
PROMISED = 5  # seconds from the signal to the end of the last child
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@contextmanager
def running(line: list[str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        line, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None


def ended(
    process: "subprocess.Popen[str]",
    number: int,
    *,
    twice: bool = False,
    others: Sequence[int] = (),
) -> tuple[int, str]:
    """Send a signal; return the status, and what was said until nobody is left who could speak.

    The other processes too end within the time that is promised.
    """
    start = time.monotonic()
    process.send_signal(number)
    if twice:
        time.sleep(0.3)
        process.send_signal(number)
    err = process.communicate(timeout=60)[1]
    while any(map(lives, others)) and time.monotonic() < start + 60:
        time.sleep(0.01)
    took = time.monotonic() - start
    assert took < PROMISED, took
    return process.returncode, err


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("out", ["out.vcf", "out.vcf.gz", "out.bcf"])
@pytest.mark.fault("signals", "Ctrl-C and SIGTERM while a server is frozen")
def test_a_frozen_server(place, protocol, number, status, out):
    pytest.importorskip("tritonclient")
    thaw = threading.Event()

    def freeze(codes):
        thaw.wait(60)
        return gc_scores(codes)

    there = place.files
    served = Served(read_card(place.model), freeze)
    with (
        PROTOCOLS[protocol](served) as url,
        running(place.command("-o", place / out, repo=url)) as process,
    ):
        assert served.asked.wait(30)
        try:
            assert ended(process, number)[0] == status
        finally:
            thaw.set()
    assert place.files == there


@pytest.mark.parametrize("command", ["predict", "explain", "track"])
@pytest.mark.fault("signals", "Ctrl-C in predict, explain and track while a server is frozen")
def test_other_commands_and_a_frozen_server(place, command):
    pytest.importorskip("tritonclient")
    thaw = threading.Event()

    def freeze(codes):
        thaw.wait(60)
        return gc_scores(codes)

    words = {
        "predict": ["predict", place / "in.fa", "-o", place / "out.tsv"],
        "explain": [
            "explain",
            "chr1:1000-1040",
            "--fasta",
            place / "genome.fa",
            "-o",
            place / "out",
        ],
        "track": [
            "track",
            "--regions",
            "chr1:1000-3000",
            "--fasta",
            place / "genome.fa",
            "-o",
            place / "out",
        ],
    }[command]
    (place / "in.fa").write_text(">a\n" + "ACG" * 7 + "\n")
    there = place.files
    served = Served(read_card(place.model), freeze)
    with PROTOCOLS["http"](served) as url:
        line = [sys.executable, "-m", "regplug", *words, "--model", "gc", "--model-repo", url]
        with running(list(map(str, line))) as process:
            assert served.asked.wait(60)
            assert ended(process, signal.SIGINT)[0] == 130
        thaw.set()
    assert place.files == there


STUCK = """
import sys, threading, time
from regplug.files.output import complete
from regplug.files.signals import obeyed
from pathlib import Path

def swallow():
    while True:
        try:
            print("stuck", file=sys.stderr, flush=True)
            time.sleep(600)
        except BaseException: pass

with obeyed(), complete(Path(sys.argv[1]) / "new" / "file") as partial:
    partial.write_text("half")
    swallow()
"""


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.parametrize("twice", [True, False])
@pytest.mark.fault("signals", "a process that does not end by itself; a second signal")
def test_a_process_that_is_stuck(tmp_path, number, status, twice):
    with running([sys.executable, "-c", STUCK, str(tmp_path)]) as process:
        assert process.stderr.readline() == "stuck\n"
        found, err = ended(process, number, twice=twice)
    assert found == status
    assert err.endswith("regplug: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.fault("signals", "Ctrl-C and SIGTERM in train deepbind with workers")
def test_training_with_workers(tmp_path, number, status):
    """A terminal's Ctrl-C reaches the workers too."""
    pytest.importorskip("torch")
    from tests.toy_runs import RECIPE, toy_inputs

    toy_inputs(tmp_path)
    slow = RECIPE.replace("steps = 30", "steps = 5000") + "checkpoints = 50\n"
    (tmp_path / "recipe.toml").write_text(slow.replace("learning_rate = [1e-2, 1e30]", ""))
    sets = [str(path) for path in (tmp_path / "train").iterdir()]
    line = [sys.executable, "-m", "regplug", "train", "deepbind", str(tmp_path / "recipe.toml")]
    line += [*sets, "-o", str(tmp_path / "run"), "--executor", "processes:2"]
    with running(line) as process:
        workers = children_of(process.pid, 3)  # the third is multiprocessing's own helper
        while not all(map(trains, workers[-2:])):
            time.sleep(0.05)
        if number == signal.SIGINT:
            for worker in workers:
                os.kill(worker, number)
        found, err = ended(process, number, others=workers)
    assert found == status, err
    assert "Traceback" not in err
    assert not list((tmp_path / "run").rglob(".*"))


def trains(pid: int) -> bool:
    """Tell whether a process has torch in its memory."""
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()


def children_of(pid: int, count: int) -> list[int]:
    """Return the children of a process once there are `count` of them."""
    for _ in range(2400):
        children = [child.pid for child in psutil.Process(pid).children()]
        if len(children) >= count:
            return children
        time.sleep(0.05)
    raise AssertionError(f"{len(children)} of {count} children")


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
