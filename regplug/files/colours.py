"""The colours of pictures and pages: Okabe and Ito's, which the colour-blind can tell apart."""

from typing import Any

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
AMBER, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"
RAISES, LOWERS, GREY = BLUE, VERMILLION, "#8C8C8C"  # what a change does to a score; neither
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, AMBER, SKY, BLACK)  # lines and points of several kinds


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of a colour such as #0072B2, each from 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def diverging() -> Any:
    """Return matplotlib's map of colours for changes: LOWERS, white in the middle, RAISES."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("changes", [LOWERS, "white", RAISES])
