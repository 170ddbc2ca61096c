"""Write the table of reliability.md: what was tried to break regplug, how often, and what held.

`pytest --reliability docs/reliability.json` runs tests and keeps what those marked `fault` did;
rows that were not run stay as they were. `python docs/reliability.py` makes the table of them; with
`--check` it changes nothing and exits with 1 if the table is not up to date.
"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "reliability.json", HERE / "reliability.md"
RUNS = ("test", "nightly")
Row = dict[str, object]
BEGIN, END = "<!-- begin tried -->\n", "<!-- end tried -->"


def table(rows: list[Row]) -> str:
    """Return a line for each thing that was tried, by group."""
    lines = [
        "| | tried | `make test`: tests | cases | held | `make nightly`: tests | cases | held |",
        "|---|---|---:|---:|---|---:|---:|---|",
    ]
    last = ""
    for key in dict.fromkeys((row["group"], row["tried"]) for row in rows):
        group, tried = map(str, key)
        cells = ["" if group == last else group, tried.replace("|", "\\|")]
        for run in RUNS:
            ran = (row for row in rows if (row["group"], row["tried"], row["run"]) == (*key, run))
            cells += _cells(next(ran, None))
        lines.append(f"| {' | '.join(cells)} |")
        last = group
    totals = [_cells(_sum([row for row in rows if row["run"] == run])) for run in RUNS]
    lines.append(f"| all | | {' | '.join(totals[0] + totals[1])} |")
    return "\n".join(lines) + "\n"


def _cells(row: Row | None) -> list[str]:
    """Return how many tests and cases there were, and what held."""
    if row is None:
        return ["", "", ""]
    held = "all" if row["held"] == row["tests"] else f"{row['held']} of {row['tests']} tests"
    held += f", {row['skipped']} skipped" if row["skipped"] else ""
    return [f"{row['tests']:,}", f"{row['cases']:,}", held]


def _sum(rows: list[Row]) -> Row:
    counts = ("tests", "cases", "held", "skipped")
    return {count: sum(int(str(row[count])) for row in rows) for count in counts}


def main() -> None:
    """Rewrite reliability.md, or compare."""
    old = PAGE.read_text()
    rows = json.loads(RESULTS.read_bytes())
    days = sorted({str(row["day"]) for row in rows})
    measured = f"Run from {days[0]} to {days[-1]}.\n\n"
    text = BEGIN + measured + table(rows) + END
    new = re.sub(f"{BEGIN}.*{END}", lambda _: text, old, flags=re.DOTALL)
    if "--check" in sys.argv:
        late = "docs/reliability.md is not up to date: run python docs/reliability.py"
        sys.exit(0 if new == old else late)
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
