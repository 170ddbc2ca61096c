"""Pictures have the same bytes, whatever the last digits of their layout."""

import pytest

from regplug.files.figures import save_figure

figure = pytest.importorskip("matplotlib.figure")
layout_engine = pytest.importorskip("matplotlib.layout_engine")


class Shaken(layout_engine.ConstrainedLayoutEngine):
    """Moves axes by so little as the solver's last digits do."""

    def __init__(self, by):
        super().__init__()
        self.by = by

    def execute(self, fig):
        super().execute(fig)
        for axis in fig.axes:
            x, y, width, height = axis.get_position(original=True).bounds
            axis._set_position([x + self.by, y, width, height], which="original")


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_last_digits_of_the_layout_do_not_show(tmp_path, suffix):
    saved = []
    for by in (0, 1e-13):
        drawn = figure.Figure(layout=Shaken(by))
        drawn.subplots().plot([1, 2, 4])
        save_figure(drawn, tmp_path / f"picture.{suffix}")
        saved.append((tmp_path / f"picture.{suffix}").read_bytes())
    assert saved[0] == saved[1]
