"""What tests marked `fault` tried, kept by `pytest --reliability FILE` for docs/reliability.py."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]
KEY = ("group", "tried", "run")


class Kept:
    """Counts tests and their cases as their reports come in, and adds them to the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[tuple[str, ...], Row] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's report: of its call, or of a set-up that failed or skipped it."""
        properties = dict(report.user_properties)
        if "fault" not in properties or not (report.when == "call" or not report.passed):
            return
        key = tuple(properties["fault"])
        new = dict(zip(KEY, key, strict=True)) | dict.fromkeys(
            ("tests", "cases", "held", "failed", "skipped"), 0
        )
        row = self._rows.setdefault(key, new)
        if report.skipped:
            row["skipped"] += 1
            return
        cases = [count for name, count in report.user_properties if name == "cases"]
        row["tests"] += 1
        row["cases"] += sum(cases) if cases else 1
        row["held" if report.passed else "failed"] += 1

    def pytest_sessionfinish(self) -> None:
        """Put the rows into the file, in place of those of the same tests."""
        before = json.loads(self._path.read_bytes()) if self._path.exists() else []
        rows = {tuple(row[name] for name in KEY): row for row in before}
        day = str(datetime.now(UTC).date())
        rows |= {key: row | {"day": day} for key, row in self._rows.items()}
        ordered = [rows[key] for key in sorted(rows)]
        self._path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")


def note(item: pytest.Item) -> None:
    """Note in a test's report which fault it tries, for it may run in another process."""
    mark = item.get_closest_marker("fault")
    if mark:
        run = "nightly" if item.get_closest_marker("nightly") else "test"
        item.user_properties.append(("fault", [*mark.args, run]))
