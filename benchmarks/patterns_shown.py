"""The patterns of several runs that are like a known motif, as one table and one picture.

regplug attribute deepbind_encode REST.fa --targets REST -o seen
regplug patterns seen/REST.h5 -o rest
python -m benchmarks.patterns_shown rest ctcfl gabpa k562 h1hesc --picture docs/patterns.png
"""

import argparse
from pathlib import Path

from regplug.interpret.patterns.find import Pattern, read_patterns
from regplug.interpret.patterns.pictures import draw_overview
from regplug.interpret.patterns.report import RESULTS


def main() -> None:
    """Print a row per pattern of the folders that the command line names, and draw the named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--picture", type=Path, help="PNG; SVG and PDF are written beside it.")
    given = parser.parse_args()
    shown: list[tuple[Pattern, str]] = []
    print("| run | pattern | bases | seqlets | hits | like | q |\n|---|---|---|--:|--:|---|--:|")
    for folder in given.folders:
        patterns = {pattern.name: pattern for pattern in read_patterns(folder / RESULTS, 0)}
        header, *rows = (
            line.split("\t") for line in (folder / "patterns.tsv").read_text().splitlines()
        )
        for row in rows:
            cell = dict(zip(header, row, strict=True))
            name, like = cell["pattern"], cell["match_name"]
            bases = f"`{cell['consensus'].strip('N') or 'N'}`"
            counts = f"{cell['seqlets']} | {cell['hits']}"
            q = "" if like == "." else cell["q"]
            print(f"| {folder.name} | {name} | {bases} | {counts} | {like.strip('.')} | {q} |")
            if like != ".":
                shown.append((patterns[name], f"{folder.name}\n{like}"))
    if given.picture:
        draw_overview(*zip(*shown, strict=True), given.picture.with_suffix(""))


if __name__ == "__main__":
    main()
