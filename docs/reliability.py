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
BEGIN, END = "<!-- begin tried -->\n", "<!-- end tried -->"


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows, by group."""
    lines = ["| | tried | tests | cases | held | run |", "|---|---|---:|---:|---:|---|"]
    group = ""
    for row in rows:
        name = "" if row["group"] == group else str(row["group"])
        group = str(row["group"])
        held = f"{row['held']:,}" + (f", **{row['failed']} failed**" if row["failed"] else "")
        held += f", {row['skipped']} skipped" if row["skipped"] else ""
        when = f"{row['run']}, {row['day']}"
        tried = str(row["tried"]).replace("|", "\\|")
        cells = [name, tried, f"{row['tests']:,}", f"{row['cases']:,}", held, when]
        lines.append(f"| {' | '.join(cells)} |")
    tests, cases, failed = (sum(int(str(row[key])) for row in rows) for key in
                            ("tests", "cases", "failed"))  # fmt: skip
    lines.append(f"| all | | {tests:,} | {cases:,} | {failed} failed | |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite reliability.md, or compare."""
    old = PAGE.read_text()
    text = BEGIN + table(json.loads(RESULTS.read_bytes())) + END
    new = re.sub(f"{BEGIN}.*{END}", lambda _: text, old, flags=re.DOTALL)
    if "--check" in sys.argv:
        late = "docs/reliability.md is not up to date: run python docs/reliability.py"
        sys.exit(0 if new == old else late)
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
