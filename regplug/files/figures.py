"""matplotlib figures as files, all in one style; the same figure has the same bytes each time.

A figure is made and drawn within `drawing`, or by a function that is `printed`; they set the sizes
of letters and lines. "small" is
then the smallest size there is: SMALLEST points where the figure is printed as wide as it is, or,
if it is wider than a journal's page, where it is shrunk to that.
"""

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from regplug.files.extras import needs

DPI = 150
COLUMN, PAGE = 3.5, 7.1  # inches: one column of a journal, and two
SMALLEST = 7.0  # points
FORMATS = ("png", "svg", "pdf")

_P = ParamSpec("_P")
_T = TypeVar("_T")
_SMALL = 0.833  # "small" of matplotlib, as a share of font.size


@contextmanager
def drawing(width: float, height: float) -> Iterator[Any]:
    """Give a matplotlib figure of so many inches, and the style within the block.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    with needs("motifs"):
        import matplotlib
        from matplotlib.figure import Figure
    with matplotlib.rc_context(_style(width)):
        yield Figure(figsize=(width, height), layout="constrained")


def printed(draw: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a function that makes a figure, of PAGE inches at most, draw in the style."""

    @wraps(draw)
    def in_style(*arguments: _P.args, **options: _P.kwargs) -> _T:
        with needs("motifs"):
            import matplotlib
        with matplotlib.rc_context(_style(PAGE)):
            return draw(*arguments, **options)

    return in_style


def names_of(stem: str) -> set[str]:
    """Return the file names of a picture in all formats."""
    return {f"{stem}.{form}" for form in FORMATS}


def save_formats(figure: Any, stem: Path) -> None:
    """Write a figure as `stem`.png, .svg and .pdf."""
    for form in FORMATS:
        save_figure(figure, stem.with_name(f"{stem.name}.{form}"))


def save_figure(figure: Any, path: Path) -> None:
    """Write a matplotlib figure to `path`, whose suffix (.png, .svg, .pdf) says in which format."""
    path.write_bytes(_drawn(figure, path.suffix.lower()[1:]))


def svg_address(figure: Any) -> str:
    """Return a matplotlib figure as an address that an HTML page can show by itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(_drawn(figure, "svg")).decode()


def _style(width: float) -> dict[str, Any]:
    """Return the settings of matplotlib for a figure of so many inches.

    TrueType letters stay letters in a PDF, which journals ask for.
    """
    scale = max(1.0, width / PAGE)
    small: Sequence[str] = (
        *("axes.labelsize", "xtick.labelsize", "ytick.labelsize"),
        *("legend.fontsize", "legend.title_fontsize", "figure.labelsize"),
    )
    return dict.fromkeys(small, "small") | {
        "font.size": SMALLEST / _SMALL * scale,
        "axes.titlesize": "medium",
        "figure.titlesize": "medium",
        "axes.linewidth": 0.6 * scale,
        "lines.linewidth": 1.2 * scale,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "pdf.fonttype": 42,
        "svg.hashsalt": "regplug",
    }


def _drawn(figure: Any, form: str) -> bytes:
    """Return a figure's file, made in memory: its PDFs fail strangely on a full disk."""
    import matplotlib

    file = io.BytesIO()

    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context(_style(figure.get_figwidth())):
        _fix_layout(figure)
        figure.savefig(file, format=form, dpi=DPI, metadata=undated.get(form))
    return file.getvalue()


def _fix_layout(figure: Any) -> None:
    """Lay the figure out once and round the axes' places.

    Their last digits vary from run to run, and with them the ids in an SVG.
    """
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    if isinstance(figure.get_layout_engine(), PlaceHolderLayoutEngine | None):
        return  # it has none, or was fixed for another file
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axis in figure.axes:
        axis.set_position([round(number, 6) for number in axis.get_position(original=True).bounds])
