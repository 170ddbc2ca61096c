"""The folder that a test along a genome writes.

metrics.tsv    a row per target and score, `.` where there is no number
metrics.json   the same, the model and its target (`label`) that a sample is paired with, the set,
               the baselines, and by how much the model is better
pr, stretch    .png, .svg and .pdf
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from regplug.data.measure.along import TileScores, TileTest
from regplug.data.measure.along_figures import precision_figure, stretch_figure
from regplug.data.measure.kmers import PENALTY, K
from regplug.data.measure.metrics import Estimate
from regplug.data.sites.sites import SitesCard
from regplug.files.figures import names_of, save_formats
from regplug.files.output import complete
from regplug.files.version import VERSION
from regplug.scoring.card import ModelCard

TABLE, RECORD = "metrics.tsv", "metrics.json"
FILES = {TABLE, RECORD} | names_of("pr") | names_of("stretch")
AREAS = ("auroc", "auprc")


class AboutTiles(NamedTuple):
    """What was tested on what."""

    model: ModelCard
    labels: Mapping[str, str]  # sample of the set → the model's target
    file: str  # of the tiles
    tiles: SitesCard
    contigs: Sequence[str]  # names
    part: str
    block: int  # bases
    bootstraps: int
    trained_on: int  # tiles that the regression was fitted on


def write_tile_report(
    folder: Path, about: AboutTiles, scored: TileScores, tests: Sequence[TileTest]
) -> None:
    """Write the folder, replacing an earlier report.

    Raises:
        OutputError: it cannot be written.
    """
    length = about.tiles.settings.length
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        (partial / TABLE).write_text(tile_table(tests))
        record = msgspec.json.format(msgspec.json.encode(_record(about, scored, tests)))
        (partial / RECORD).write_bytes(record + b"\n")
        figures = {
            "pr": precision_figure(scored, tests),
            "stretch": stretch_figure(scored, tests, about.model.name, about.contigs, length),
        }
        for name, figure in figures.items():
            save_formats(figure, partial / name)


def tile_table(tests: Sequence[TileTest]) -> str:
    """Return the text of metrics.tsv."""
    rows = [_row(test) for test in tests]
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _record(about: AboutTiles, scored: TileScores, tests: Sequence[TileTest]) -> dict[str, Any]:
    """Return metrics.json."""
    return {
        "regplug": VERSION,
        "model": {name: getattr(about.model, name) for name in ("name", "version", "sha256")},
        "set": {
            "file": about.file,
            "part": about.part,
            "contigs": [about.contigs[at] for at in np.unique(scored.contigs)],
            "tiles": len(scored.starts),
        },
        "set_card": about.tiles,
        "bootstraps": about.bootstraps,
        "block_bases": about.block,
        "words": {"k": K, "penalty_C": PENALTY, "trained_on_tiles": about.trained_on},
        "scores": [{"label": about.labels[test.target]} | _row(test) for test in tests],
        "model_above": _above(tests),
    }


def _above(tests: Sequence[TileTest]) -> list[dict[str, Any]]:
    """Return by how much the model's areas are above the baselines', with intervals."""
    model = {test.target: test for test in tests if test.score == tests[0].score}
    return [
        {"target": test.target, "score": test.score}
        | _numbers(model[test.target].areas.above(test.areas))
        for test in tests
        if test is not model[test.target]
        and not np.isnan(test.areas.values + model[test.target].areas.values).any()
    ]


def _row(test: TileTest) -> dict[str, Any]:
    """Return a row of the table, None where there is no number."""
    row = {"target": test.target, "score": test.score, "tiles": test.tiles, "open": test.opened}
    return row | _numbers(test.areas.estimates())


def _numbers(areas: tuple[Estimate, Estimate]) -> dict[str, float | None]:
    return {
        f"{name}{end}": None if np.isnan(number) else number
        for name, area in zip(AREAS, areas, strict=True)
        for end, number in zip(("", "_low", "_high"), area, strict=True)
    }


def _cell(value: Any) -> str:
    if value is None:
        return "."
    return f"{value:.4f}" if isinstance(value, float) else str(value)
