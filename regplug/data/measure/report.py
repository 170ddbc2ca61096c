"""The folder that a test on sites writes.

metrics.tsv    a row per target, `.` where there is no number
metrics.json   the same, the model, the set, and the bins of the calibration
roc, pr, calibration   .png, .svg and .pdf; the last only if the scores are probabilities
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from regplug.data.measure.calibration import Calibration
from regplug.data.measure.figures import calibration_figure, precision_figure, roc_figure
from regplug.data.measure.sites import Predicted, SiteTest
from regplug.data.sites.sites import SitesCard
from regplug.files.figures import names_of, save_formats
from regplug.files.output import complete
from regplug.files.version import VERSION
from regplug.scoring.card import ModelCard

TABLE, RECORD = "metrics.tsv", "metrics.json"
PICTURES = {"roc": roc_figure, "pr": precision_figure, "calibration": calibration_figure}
FILES = {TABLE, RECORD}.union(*map(names_of, PICTURES))


class About(NamedTuple):
    """What was tested on what."""

    model: ModelCard
    file: str  # of the sites
    sites: SitesCard
    part: str
    bootstraps: int


def write_site_report(
    folder: Path, about: About, predicted: Predicted, tests: Sequence[SiteTest]
) -> None:
    """Write the folder, replacing an earlier report.

    Raises:
        OutputError: it cannot be written.
    """
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        (partial / TABLE).write_text(table(tests))
        record = msgspec.json.format(msgspec.json.encode(_record(about, predicted, tests)))
        (partial / RECORD).write_bytes(record + b"\n")
        for name, draw in PICTURES.items():
            if name != "calibration" or predicted.probabilities:
                save_formats(draw(predicted, tests), partial / name)


def table(tests: Sequence[SiteTest]) -> str:
    """Return the text of metrics.tsv."""
    rows = [_row(test) for test in tests]
    lines = [list(rows[0]), *(map(_cell, row.values()) for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def medians(tests: Sequence[SiteTest]) -> dict[str, float]:
    """Return the medians of the areas of all targets that have both classes."""
    return {
        name: float(np.nanmedian([getattr(test, name).value for test in tests]))
        for name in ("auroc", "auprc")
    }


def _record(about: About, predicted: Predicted, tests: Sequence[SiteTest]) -> dict[str, Any]:
    """Return metrics.json."""
    return {
        "regplug": VERSION,
        "model": {name: getattr(about.model, name) for name in ("name", "version", "sha256")},
        "set": {"file": about.file, "part": about.part, "sites": len(predicted.scores)},
        "set_card": about.sites,
        "bootstraps": about.bootstraps,
        "medians": medians(tests),
        "targets": [_row(test) | {"bins": _bins(test.calibration)} for test in tests],
    }


def _row(test: SiteTest) -> dict[str, Any]:
    """Return a target's numbers, None where there is none."""
    row = {"target": test.name, "positives": test.positives, "negatives": test.negatives}
    numbers = {
        f"{name}{end}": number
        for name in ("auroc", "auprc")
        for end, number in zip(("", "_low", "_high"), getattr(test, name), strict=True)
    }
    numbers["calibration_error"] = np.nan if test.calibration is None else test.calibration.error
    return row | {name: None if np.isnan(number) else number for name, number in numbers.items()}


def _cell(value: Any) -> str:
    if value is None:
        return "."
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _bins(found: Calibration | None) -> list[dict[str, float]] | None:
    """Return the bins that have sites."""
    if found is None:
        return None
    low, high = found.interval()
    columns = {
        "sites": found.sites,
        "predicted": found.predicted,
        "observed": found.observed,
        "observed_low": low,
        "observed_high": high,
    }
    return [
        {name: column[at].item() for name, column in columns.items()}
        for at in np.flatnonzero(found.sites)
    ]
