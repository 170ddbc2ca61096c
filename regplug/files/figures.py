"""matplotlib figures as files; the same figure has the same bytes each time."""

import base64
import io
from pathlib import Path
from typing import Any

DPI = 150


def save_figure(figure: Any, path: Path) -> None:
    """Write a matplotlib figure to `path`, whose suffix (.png, .svg) says in which format."""
    _save(figure, path, path.suffix[1:])


def svg_address(figure: Any) -> str:
    """Return a matplotlib figure as an address that an HTML page can show by itself."""
    file = io.BytesIO()
    _save(figure, file, "svg")
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def _save(figure: Any, file: Path | io.BytesIO, form: str) -> None:
    import matplotlib

    _fix_layout(figure)
    with matplotlib.rc_context({"svg.hashsalt": "regplug"}):
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(file, format=form, dpi=DPI, metadata=metadata)


def _fix_layout(figure: Any) -> None:
    """Lay the figure out once and round the axes' places.

    Their last digits vary from run to run, and with them the ids in an SVG.
    """
    if figure.get_layout_engine() is None:
        return
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axis in figure.axes:
        axis.set_position([round(number, 6) for number in axis.get_position(original=True).bounds])
