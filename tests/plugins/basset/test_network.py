import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.models.stack import StackNetwork, StackShape
from tests.plugins.basset.toys import network_of, random_state


@pytest.mark.parametrize(
    ("form", "bins", "parameters"), [("valid", 10, 4_135_064), ("same", 13, 4_735_064)]
)
def test_the_published_sizes(form, bins, parameters):
    """Of the published weights, and of what convnet.lua builds today."""
    shape = StackShape(targets=164, form=form)
    assert shape.bins == bins
    assert shape.arrays()["dense.0.weight"] == (1000, 200 * bins)
    assert shape.parameters == parameters


def test_bins_of_other_widths():
    assert StackShape(targets=1, width=1000, form="same").bins == 21  # 334, 84, 21
    assert StackShape(targets=1, width=1000).bins == 18  # 982 / 3 = 327, 317 / 4 = 79, 73 / 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pools": (3, 4)}, "as many"),
        ({"form": "same", "sizes": (18, 11, 7)}, "odd"),
        ({"width": 150}, "no bins"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        StackShape(targets=1, **wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"last.bias": None}, "missing: last.bias"),
        ({"extra": np.ones(1)}, "unknown: extra"),
        ({"last.bias": np.ones(4)}, r"last.bias has shape \(4,\), where \(3,\) fits"),
        ({"last.bias": np.array([1, np.nan, 0])}, "last.bias holds a number that is not finite"),
        ({"conv_norms.0.running_var": np.full(6, -1)}, "running_var holds a variance below 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    right = network_of(random_state())
    arrays = {name: array for name, array in (right.arrays | change).items() if array is not None}
    with pytest.raises(ModelError, match=message):
        StackNetwork(right.shape, arrays)
