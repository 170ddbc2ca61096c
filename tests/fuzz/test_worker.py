"""The worker notices every way in which a file can be read badly, and goes on with the next."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Each number of a case is read in another way; the limits are short.
SCRIPT = """
import json, os, signal, sys, time
from pathlib import Path
from typing import NamedTuple
import tests.fuzz.worker as worker
from regplug.errors import DataError
from tests.fuzz.kinds import Kind

class Toy(NamedTuple):
    folder: Path

def read(case):
    at = int((case / "x").read_bytes())
    if at == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    if at == 2:
        while True:
            pass
    if at == 3:
        time.sleep(60)
    if at == 4:
        os._exit(7)
    if at == 5:
        raise KeyError("unforeseen")
    if at == 6:
        raise DataError("in a line")
    if at == 7:
        (case / "out" / "half").touch()
        raise DataError("but not whole")
    if at == 8:
        sys.exit(1)
    if at == 9:
        sys.exit(3)
    if at == 10:
        return bytearray(10**12)

worker.SECONDS, worker.WALL = 0.2, 5
worker.case_of = lambda kind, world, seeds, request, at: str(at).encode()
kind = Kind(lambda world: [b""], lambda world, case: read, "x")
print(json.dumps(worker.cases(kind, Toy(Path(sys.argv[1])), {"count": 12})))
"""


def test_what_the_worker_notices(tmp_path):
    command = [sys.executable, "-c", SCRIPT, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    answer = json.loads(done.stdout)
    faults = {int(number): what for number, what in answer["faults"].items()}
    assert answer["read"] == 2  # 0 and 11
    assert sorted(faults) == [1, 2, 3, 4, 5, 7, 8, 9, 10]  # 6 is refused as it must
    for number, what in {
        1: "signal SIGSEGV",
        2: "signal SIGPROF",
        3: "signal SIGKILL, after 5 seconds",
        4: "exit 7",
        5: "KeyError: 'unforeseen'",
        7: "left behind: ['half']",
        8: "status 1, and on stderr: ''",
        9: "status 3",
        10: "MemoryError",
    }.items():
        assert what in faults[number]
