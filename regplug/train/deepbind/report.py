"""The report of a finished run: its folder, and the sets it learned from ─write_run_report→ HTML.

One file that needs nothing else: pictures are inside, and there is no script.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.data.measure.metrics import Estimate
from regplug.data.sets.training import SetCard, read_set
from regplug.errors import DataError
from regplug.files.output import complete
from regplug.hooks.manager import networks_at, plugin_manager
from regplug.train.deepbind.figures import (
    finals_picture,
    glyph,
    roc_picture,
    scatter_picture,
    settings_picture,
)
from regplug.train.deepbind.motifs import Filter, bound_codes, filters_of
from regplug.train.deepbind.recipe import Setting
from regplug.train.deepbind.run import RUN, RunCard
from regplug.train.deepbind.target import SCORES, Result, read_result

REPORT = "report.html"
TEMPLATE = "report_template.html"
LOWEST = {"AUC": 0.5}  # where the scale of a metric begins, if not at 0


class Section(NamedTuple):
    """What the report shows of a target; pictures are addresses of data."""

    anchor: str
    result: Result
    card: SetCard
    settings_picture: str
    finals_picture: str
    test_picture: str  # "" without a test set
    motif_rows: int  # sequences that the motifs are made of
    filters: list[Filter]

    @property
    def figures(self) -> dict[str, Estimate]:
        """Return the figures on the test set by metric; first that of all sets of this kind."""
        result = self.result
        return {} if result.test is None else {result.metric: result.test} | result.also


def write_run_report(run: Path, sets: Sequence[Path]) -> Path:
    """Write the report of a finished run on `sets`, in their order; return its path.

    Raises:
        DataError: a result or set is missing or damaged.
        OutputError: the report cannot be written.
        MissingLibraryError: a library for motifs is not installed.
    """
    networks = {stored.label: stored for stored in networks_at(plugin_manager(), run)}
    data = {path.name: read_set(path) for path in sets}
    codes = {target: bound_codes(training) for target, training in data.items()}
    card = msgspec.json.decode((run / RUN).read_bytes(), type=RunCard)
    chosen = {target: networks[target] for target in data}
    filters, known = filters_of(chosen, codes, card.recipe.tax_group)
    sections = [
        _section(
            f"target-{number}", run / target, training.card, len(codes[target]), filters[target]
        )
        for number, (target, training) in enumerate(data.items(), start=1)
    ]
    page = _template().render(
        title=run.absolute().name,
        run=card,
        sections=sections,
        means=dict(_means(sections)),
        known=known,
        setting_fields=Setting.__struct_fields__,
        lowest=LOWEST,
        glyphs={letter: glyph(letter) for letter in "ACGTU"},
    )
    with complete(run / REPORT) as partial:
        partial.write_text(page, encoding="utf-8")
    return run / REPORT


def _section(
    anchor: str, folder: Path, card: SetCard, motif_rows: int, filters: list[Filter]
) -> Section:
    result = read_result(folder)
    test = ""
    if result.test is not None:
        draw = roc_picture if card.kind == "classification" else scatter_picture
        test = draw(*_scores(folder))
    return Section(
        anchor=anchor,
        result=result,
        card=card,
        settings_picture=settings_picture(result.tried),
        finals_picture=finals_picture(result.steps, result.finals, result.kept),
        test_picture=test,
        motif_rows=motif_rows,
        filters=filters,
    )


def _scores(folder: Path) -> NDArray[Any]:
    """Return targets and scores of the test set, shape (2, n)."""
    path = folder / SCORES
    try:
        scores = np.load(path, allow_pickle=False)
        if scores.ndim != 2 or len(scores) != 2:
            raise ValueError(f"it holds {scores.shape}, not (2, n)")
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}: {error}; remove {folder} and --resume") from error
    return np.array(scores)


def _means(sections: Sequence[Section]) -> Iterator[tuple[str, tuple[float, int]]]:
    """Yield each metric with its mean over the targets, and how many there are."""
    for metric in dict.fromkeys(metric for section in sections for metric in section.figures):
        values = [
            section.figures[metric].value for section in sections if metric in section.figures
        ]
        yield metric, (float(np.mean(values)), len(values))


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"duration": _duration, "toml": _toml}
    return environment.from_string(
        files("regplug.train.deepbind").joinpath(TEMPLATE).read_text("utf-8")
    )


def _toml(value: object) -> str:
    """Return a value of a recipe as it stands in the TOML file."""
    return msgspec.json.encode(value).decode().replace(",", ", ")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
