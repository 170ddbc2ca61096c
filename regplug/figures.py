"""Pictures on disk: the same bytes each time."""

from pathlib import Path
from typing import Any

DPI = 150


def save(figure: Any, path: Path) -> None:
    """Write a matplotlib figure to `path`, a .png or .svg."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "regplug"}):
        figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
