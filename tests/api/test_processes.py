"""The executor `processes:N`: answers of processes that end with this one, whatever ends it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import count, islice

import pytest

from regplug.errors import ConfigError, DataError, ExecutorError
from regplug.hooks.manager import open_executor, plugin_manager

pytestmark = pytest.mark.slow


@pytest.fixture
def processes():
    with closing(open_executor(plugin_manager(), "processes:2")) as executor:
        yield executor


def square(number):
    time.sleep(0.01)
    return number**2, os.getpid()


def meet(job):
    """Wait for the other of two jobs."""
    folder, number = job
    (folder / str(number)).touch()
    while not (folder / str(1 - number)).exists():
        time.sleep(0.01)
    return number


def fail(number):
    raise DataError(f"{number} is damaged")


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def test_jobs_are_taken_as_there_is_room(processes):
    """Of endless jobs so many are taken as are done, and two for each process."""
    taken = []
    jobs = (taken.append(number) or number for number in count())
    answers = list(islice(processes.run(square, jobs), 20))
    assert len({number for number, _ in answers}) == 20
    assert {number for number, _ in answers} <= {number**2 for number in range(24)}
    assert os.getpid() not in {pid for _, pid in answers}
    assert len(taken) <= 24


def test_jobs_are_done_side_by_side(processes, tmp_path):
    assert sorted(processes.run(meet, [(tmp_path, 0), (tmp_path, 1)])) == [0, 1]


def test_the_first_error_ends_the_run(processes):
    with pytest.raises(DataError, match="0 is damaged"):
        list(processes.run(fail, iter([0])))


def test_a_process_that_dies_is_told(processes):
    with pytest.raises(ExecutorError, match=r"a process died .* is kept with --resume"):
        list(processes.run(die, range(3)))


WAITING = """
import os, time
from contextlib import closing
from regplug.api.parts.processes import Processes

def wait(_): print(os.getpid(), flush=True); time.sleep(600)

if __name__ == "__main__":
    with closing(Processes(2)) as executor: list(executor.run(wait, [1]))
"""


def test_processes_end_with_a_killed_run(tmp_path):
    (tmp_path / "waiting.py").write_text(WAITING)
    command = [sys.executable, tmp_path / "waiting.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        worker = int(run.stdout.readline())
        run.kill()
        try:
            run.communicate(timeout=60)  # until nobody is left who could write
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize("location", ["processes:", "processes:0", "processes:two"])
def test_a_number_is_needed(location):
    with pytest.raises(ConfigError, match="Write how many: processes:4"):
        open_executor(plugin_manager(), location)
