"""Letters of logos fill their boxes, and are the font's."""

import pytest

from regplug.motifs.glyphs import COLOURS, draw_base

pytest.importorskip("matplotlib")


@pytest.mark.parametrize("base", "ACGTU")
def test_a_letter_fills_its_box(base):
    from matplotlib.colors import to_hex
    from matplotlib.figure import Figure
    from matplotlib.textpath import TextPath

    axis = Figure().subplots()
    patch = draw_base(axis, base, 7, 0.5, 1.25)
    assert patch.get_path().get_extents().extents == pytest.approx([6.525, 0.5, 7.475, 1.75])
    assert to_hex(patch.get_facecolor()) == COLOURS[base]
    assert list(axis.patches) == [patch]
    drawn = TextPath((0, 0), base, size=1, prop={"family": "sans", "weight": "bold"})
    assert patch.get_path().codes.tolist() == drawn.codes.tolist()


def test_a_base_without_height_has_no_letter():
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    assert draw_base(axis, "A", 0, 0, 0.0) is None
    assert not axis.patches
