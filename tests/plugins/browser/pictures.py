"""What a picture shows, counted: how many pixels of a colour, and how many there should be."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pyBigWig
from numpy.typing import NDArray

from regplug.files.colours import rgb
from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackSet
from regplug_browser.panels import BELOW_ZERO, COLORS

UP, DOWN = COLORS["difference"], BELOW_ZERO["difference"]


def pixels(path: Path) -> NDArray[np.uint8]:
    """Return the picture, shape (height, width, 3)."""
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def count(picture: NDArray[np.uint8], color: str) -> int:
    """Return how many pixels have exactly `color`."""
    return int((picture == np.array(rgb(color), np.uint8)).all(axis=2).sum())


def bars(made: TrackSet, shown: Interval, *, width: float, height: float) -> tuple[float, float]:
    """Return the area of all bars of the differences in `shown`: above 0, below 0.

    A track is `width` × `height` pixels, and its limits are its extremes.
    """
    above = below = 0.0
    for track in made.tracks:
        if track.kind == "difference":
            with closing(pyBigWig.open(str(track.path))) as file:
                values = np.array(file.values(shown.chrom, shown.start, shown.end))
            unit = width / len(shown) * height / (max(track.high, 0) - min(track.low, 0))
            values = np.nan_to_num(values) * unit
            above, below = above + values[values > 0].sum(), below - values[values < 0].sum()
    return float(above), float(below)
