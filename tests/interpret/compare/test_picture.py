"""The picture of a set: the numbers of changes that lie together can be told apart."""

import numpy as np
import pytest

from regplug.interpret.compare.agreement import agreement, side
from regplug.interpret.compare.picture import Compared, scatter_figure

pytest.importorskip("matplotlib")


def test_numbers_of_two_changes_that_lie_together_do_not_cover_each_other():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 0.3, (2, 100)).astype(np.float32)
    one[:3], other[:3] = (4, 4.1, -4), (0.2, 0.22, 0.1)
    sides = side(one, 1.0), side(other, 1.0)
    names = [f"chr1:{at} A>C" for at in range(100)]
    figure = scatter_figure([Compared("GM12878", sides, agreement(*sides), names)], ["a", "b"])
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 5
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[:at])
