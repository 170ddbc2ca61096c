"""What `make check` makes of pip-audit's answers."""

import json

import pytest

from tests.audit import verdict

SOUND = {"name": "numpy", "version": "1.26.4", "vulns": []}
UNKNOWN = {"name": "scipy", "skip_reason": "Dependency not found on PyPI"}
BAD = {
    "name": "old",
    "version": "1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": "x"}],
}


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        ([SOUND], 0, "1 of 1 packages were found in the advisories; no vulnerability is known"),
        ([SOUND, BAD], 1, "old 1: PYSEC-1, mended in 2"),
        ([UNKNOWN, UNKNOWN, BAD], 1, "old 1: PYSEC-1"),
        ([UNKNOWN, UNKNOWN, SOUND], 0, "NOT DONE"),
    ],
)
def test_reports(packages, status, told):
    found = verdict(json.dumps({"dependencies": packages, "fixes": []}), "")
    assert (found[0], told in found[1]) == (status, True), found


@pytest.mark.parametrize("out", ["", "{}", "not json"])
def test_no_answer(out):
    assert verdict(out, "Traceback\nConnectionError: no route") == (
        0, "pip-audit: NOT DONE, as without a network (ConnectionError: no route)",
    )  # fmt: skip
