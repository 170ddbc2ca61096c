"""Letters that fill boxes, in logos and mutation maps: a base and a box ─draw_base→ a path.

A letter is the outline of a bold sans-serif one, stretched to the box, so that it stays a letter in
an SVG. Colours are the usual ones of sequence logos (Schneider and Stephens 1990).
"""

import functools
from typing import Any

WIDTH = 0.95  # of a letter, in columns
COLOURS = {"A": "#008000", "C": "#0000ff", "G": "#ffa600", "T": "#ff0000", "U": "#ff0000"}


def draw_base(axis: Any, base: str, column: float, floor: float, height: float) -> Any:
    """Draw A, C, G, T or U, its middle at `column`, from `floor` upwards, and return the patch.

    `axis` is matplotlib's; a base without a height has no letter.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.transforms import Affine2D

    if not height:
        return None
    place = Affine2D().scale(WIDTH, height).translate(column - WIDTH / 2, floor)
    outline = place.transform_path(_outline(base))
    return axis.add_patch(PathPatch(outline, color=COLOURS[base], linewidth=0, zorder=0))


@functools.cache
def _outline(base: str) -> Any:
    """Return a letter's outline, stretched to the box from (0, 0) to (1, 1)."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    path = TextPath((0, 0), base, size=1, prop=FontProperties(family="sans", weight="bold"))
    box = path.get_extents()
    fit = Affine2D().translate(-box.xmin, -box.ymin).scale(1 / box.width, 1 / box.height)
    return fit.transform_path(path)
