"""The pictures show the curves of the table, and stay readable with many targets."""

import numpy as np
import pytest
from sklearn.metrics import auc

from regplug.data.measure.figures import (
    GREY,
    calibration_figure,
    precision_figure,
    ranked,
    roc_figure,
)
from regplug.data.measure.sites import Predicted, measure_targets
from regplug.files.figures import save_figure

pytestmark = pytest.mark.slow


def toy(targets, n=3000, name=r"$\no$"):
    """Return predictions that are the better the later the target; every second score is tied."""
    rng = np.random.default_rng(1)
    scores = rng.random((n, targets)).astype(np.float32)
    scores[::2] = np.round(scores[::2], 2)
    power = np.linspace(0.5, 3, targets)
    opened = (rng.random((n, targets)) < scores**power * 0.6).astype(np.uint8)
    predicted = Predicted([f"{name} {i}" for i in range(targets)], scores, opened, True)
    return predicted, list(measure_targets(predicted, bootstraps=0))


def curves(figure, axis=0):
    """Return the lines of a panel that are no guide: not dashed, not dotted."""
    return [line for line in figure.axes[axis].lines if line.get_linestyle() == "-"]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_curves_have_the_areas_of_the_table():
    predicted, tests = toy(4)
    for line, test in zip(curves(roc_figure(predicted, tests)), tests, strict=True):
        assert auc(*line.get_data()) == pytest.approx(test.auroc.value, abs=0.003)
    for line, test in zip(curves(precision_figure(predicted, tests)), tests, strict=True):
        recall, precision = line.get_data()
        area = -np.diff(recall) @ precision[:-1]  # as "steps-post" draws it
        assert area == pytest.approx(test.auprc.value, abs=0.003)
        assert line.get_drawstyle() == "steps-post"


def test_base_rates_are_dashed():
    predicted, tests = toy(3)
    figure = precision_figure(predicted, tests)
    dashed = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert dashed == [test.positives / 3000 for test in tests]


def test_the_reliability_is_that_of_the_bins():
    predicted, tests = toy(2)
    figure = calibration_figure(predicted, tests)
    for line, test in zip(curves(figure), tests, strict=True):
        np.testing.assert_array_equal(
            line.get_data(), (*test.calibration[2:], test.calibration.observed)
        )
    counts = [patch.get_data().values.sum() for patch in figure.axes[1].patches]
    assert counts == [3000, 3000]


@pytest.mark.parametrize("draw", [roc_figure, precision_figure, calibration_figure])
def test_few_targets_have_a_colour_and_a_label_each(draw, tmp_path):
    predicted, tests = toy(8)
    figure = draw(predicted, tests)
    assert len({line.get_color() for line in curves(figure)}) == 8
    assert len(legend(figure)) == 9
    save_figure(figure, tmp_path / "x.svg")  # were names mathematics, these would raise


@pytest.mark.parametrize("draw", [roc_figure, precision_figure, calibration_figure])
def test_of_many_targets_three_stand_out(draw):
    predicted, tests = toy(21, n=500)
    figure = draw(predicted, tests)
    colours = [line.get_color() for line in curves(figure)]
    assert colours[:18] == [GREY] * 18
    assert GREY not in colours[18:]
    assert len(colours) == 21
    assert [label.rpartition(" ")[2] for label in legend(figure)[:3]] == ["best", "median", "worst"]
    assert len(legend(figure)) == 5


@pytest.mark.parametrize("draw", [roc_figure, precision_figure, calibration_figure])
@pytest.mark.parametrize("name", ["K", "GM12878 B-lymphocyte, a rather long name"])
def test_all_lies_inside_the_picture(draw, name):
    figure = draw(*toy(3, n=100, name=name))
    figure.draw_without_rendering()
    boxes = [one.get_tightbbox() for one in (*figure.axes, *figure.legends)]
    for box in boxes:
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
    assert max(box.x1 for box in boxes[:-1]) <= boxes[-1].x0  # the legend is beside the panels


def test_ranks_by_hand():
    values = [0.5, np.nan, 0.9, 0.7, 0.6, 0.8, 0.95, 0.65, 0.55, 0.75]  # nine of them
    lines = ranked("abcdefghij", values)
    assert [line.at for line in lines] == [2, 4, 5, 7, 8, 9, 6, 3, 0]
    labels = [line.label for line in lines[6:]]
    assert labels == ["0.950 g, best", "0.700 d, median", "0.500 a, worst"]
    assert ranked("abcdefghij", values, lower=True)[6].label == "0.500 a, best"
    assert [line.at for line in ranked("abc", [0.5, np.nan, 0.4])] == [0, 2]
