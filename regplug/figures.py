"""Figures of matplotlib as files."""

from pathlib import Path
from typing import Any

DPI = 150


def save_figure(figure: Any, path: Path) -> None:
    """Write the figure as PNG or SVG, by the suffix; the same bytes each time."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "regplug"}):
        figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
