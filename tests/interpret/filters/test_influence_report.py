"""The heat map shows each filter's influence as it is, all on one scale."""

import numpy as np
import pytest

from regplug.interpret.filters.influence import Influence
from regplug.interpret.filters.influence_report import Marked, _heatmap, _scatter

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

VALUES = np.array([[0.5, -2.0, 0.1], [0.001, 0.002, -0.001], [0.0, 0.0, 0.0], [1.0, 0.3, 0.2]])
FILTERS = [Marked("0", 9, "CTCF"), Marked("1", 3, ""), Marked("2", 4, ""), Marked("3", 5, "REST")]
INFLUENCE = Influence(VALUES, np.abs(VALUES), None)


def test_a_filter_of_little_influence_is_pale():
    figure = _heatmap(FILTERS, INFLUENCE, ["A", "B", "C"])
    (axis,) = (axis for axis in figure.axes if axis.images)
    (image,) = axis.images
    assert image.get_clim() == (-2, 2)
    names = [label.get_text() for label in axis.get_yticklabels()]
    targets = [label.get_text() for label in axis.get_xticklabels()]
    rows = [["0 CTCF", "1", "2", "3 REST"].index(name) for name in names]
    assert sorted(rows) == [0, 1, 3]  # the filter of no influence is not drawn
    expected = VALUES[np.ix_(rows, ["ABC".index(target) for target in targets])]
    np.testing.assert_array_equal(image.get_array(), expected)


def test_the_scatter_counts_the_filters_that_are_like_known_motifs():
    (legend,) = _scatter(FILTERS, INFLUENCE.overall).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "like a known motif: 2 of 4 (50%)",
        "like none: 2 of 4 (50%)",
    ]
