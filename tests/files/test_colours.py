"""The colours of pictures, as the colour-blind see them.

Simulated by the matrices of Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15:1291), severity 1;
apart by CIE 1976's distance, where a just noticeable difference is about 2.3.
"""

from itertools import combinations

import numpy as np
import pytest

from regplug.files.colours import LOWERS, RAISES, SERIES, rgb

SEEN = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)  # of linear sRGB


def lab(colour, seen):
    """Return L*, a* and b* of a colour such as #0072B2."""
    value = np.array(rgb(colour)) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    share = XYZ @ (seen @ linear).clip(0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one, other, seen):
    return float(np.linalg.norm(lab(one, seen) - lab(other, seen)))


def test_the_distance_is_cies():
    """White is L* 100; sRGB's red is (53.2, 80.1, 67.2)."""
    np.testing.assert_allclose(lab("#FFFFFF", SEEN["all"]), [100, 0, 0], atol=0.1)
    np.testing.assert_allclose(lab("#FF0000", SEEN["all"]), [53.2, 80.1, 67.2], atol=0.1)
    assert apart("#FF0000", "#7F7F00", SEEN["deuteranopia"]) < 25  # and 76 to others


@pytest.mark.parametrize("kind", SEEN)
def test_kinds_can_be_told_apart(kind):
    for one, other in combinations(SERIES, 2):
        assert apart(one, other, SEEN[kind]) > 10, (one, other)
    assert apart(RAISES, LOWERS, SEEN[kind]) > 40
