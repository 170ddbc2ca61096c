"""What pictures are asked for: how small their letters are on a journal's page."""

from typing import Any

from regplug.files.figures import PAGE


def smallest_letters(figure: Any) -> float:
    """Return the size in points of the smallest text that shows, shrunk with the figure to PAGE.

    Of a figure without text it is infinite.
    """
    from matplotlib.text import Text

    figure.draw_without_rendering()
    shown = [
        text
        for axis in [figure, *(axis for axis in figure.axes if axis.axison)]
        for text in axis.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]
    sizes = [text.get_fontsize() for text in shown]
    return min(sizes, default=float("inf")) * min(1.0, PAGE / figure.get_figwidth())
