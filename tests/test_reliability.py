"""docs/reliability.md is made from what tests did."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
TESTS = """
import pytest
FAULT = pytest.mark.fault("files", "a disk")

@FAULT
@pytest.mark.parametrize("n", [1, 2, 3])
def test_cases(n, tried):
    tried(n)
    tried(10)
    assert n < 3

@FAULT
def test_skipped():
    pytest.skip("no disk")

@pytest.mark.fault("files", "a | b")
@pytest.mark.nightly
def test_alone(): ...

def test_other(): ...
"""


def test_the_table_is_up_to_date():
    command = [sys.executable, ROOT / "docs/reliability.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tests_are_counted(tmp_path):
    (tmp_path / "test_x.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *  # noqa")
    out = tmp_path / "out.json"
    out.write_text('[{"group": "a", "tried": "b", "run": "test", "tests": 7}]')
    for marked in ("not nightly", "nightly"):
        command = [*PYTEST, "--reliability", out, "-m", marked, "-p", "tests.conftest", tmp_path]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    old, found, nightly = json.loads(out.read_bytes())
    day = found.pop("day")
    assert old["tests"] == 7
    assert found == {
        "group": "files", "tried": "a disk", "run": "test", "tests": 3, "cases": 36, "held": 2,
        "failed": 1, "skipped": 1,
    }  # fmt: skip
    assert nightly | {"day": day} == {
        "group": "files", "tried": "a | b", "run": "nightly", "tests": 1, "cases": 1, "held": 1,
        "failed": 0, "skipped": 0, "day": day,
    }  # fmt: skip
