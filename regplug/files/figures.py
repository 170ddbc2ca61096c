"""Pictures: the same bytes each time."""

import base64
import io
from pathlib import Path
from typing import Any

DPI = 150


def save_figure(figure: Any, path: Path) -> None:
    """Write a matplotlib figure to `path`, a .png or .svg."""
    _save(figure, path, path.suffix[1:])


def svg_address(figure: Any) -> str:
    """Return a matplotlib figure as an address that an HTML page can show by itself."""
    file = io.BytesIO()
    _save(figure, file, "svg")
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def _save(figure: Any, file: Path | io.BytesIO, form: str) -> None:
    import matplotlib

    _settle(figure)
    with matplotlib.rc_context({"svg.hashsalt": "regplug"}):
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(file, format=form, dpi=DPI, metadata=metadata)


def _settle(figure: Any) -> None:
    """Round what the layout came to: its last digits, and with them an SVG's ids, vary by run."""
    if figure.get_layout_engine() is None:
        return
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axis in figure.axes:
        axis.set_position([round(number, 6) for number in axis.get_position(original=True).bounds])
