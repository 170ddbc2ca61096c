"""Parameter files: what a good one gives, and that every damaged one is refused by name."""

from pathlib import Path

import numpy as np
import pytest

from regplug.errors import ModelError
from regplug_deepbind.parameters import read_network

PLAIN = """# deepbind 0.1
reverse_complement = 1
num_detectors = 2
detector_len = 1
has_avg_pooling = 0
num_hidden = 0
detectors = 1,2,3,4,5,6,7,8
thresholds = -1,-2
weights1 = 10,20
biases1 = 0.5
weights2 =\x20
biases2 =\x20
"""
HIDDEN = """# deepbind 0.1
reverse_complement = 0
num_detectors = 1
detector_len = 2
has_avg_pooling = 1
num_hidden = 3
detectors = 1,2,3,4,5,6,7,8
thresholds = 0
weights1 = 1,2,3,4,5,6
biases1 = 7,8,9
weights2 = 1e1,-2.5e-1,0
biases2 = 4
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "D00000.001.txt"
    path.write_bytes(text.encode("latin-1"))
    return path


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_network_without_a_hidden_layer(tmp_path: Path, line_end: str) -> None:
    network = read_network(written(tmp_path, PLAIN.replace("\n", line_end)))
    np.testing.assert_array_equal(network.detectors, [[[1, 2], [3, 4], [5, 6], [7, 8]]])
    np.testing.assert_array_equal(network.thresholds, [-1, -2])
    np.testing.assert_array_equal(network.weights1, [[10], [20]])
    np.testing.assert_array_equal(network.biases1, [0.5])
    assert network.weights2 is None
    assert (network.bias2, network.hidden) == (0, 0)
    assert (network.length, network.scan) == (1, 1)
    assert network.reverse_complement
    assert not network.average_pooling
    assert network.detectors.dtype == np.float32


def test_a_network_with_a_hidden_layer_and_mean_pooling(tmp_path: Path) -> None:
    network = read_network(written(tmp_path, HIDDEN))
    np.testing.assert_array_equal(network.weights1, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(network.biases1, [7, 8, 9])
    assert network.weights2 is not None
    np.testing.assert_array_equal(network.weights2, [10, -0.25, 0])
    assert (network.bias2, network.hidden, network.scan) == (4, 3, 3)
    assert network.average_pooling
    assert not network.reverse_complement


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param("# deepbind 0.1\n", "", "first line", id="no first line"),
        pytest.param("num_hidden = 3\n", "", "'num_hidden' is missing", id="missing size"),
        pytest.param("thresholds = 0\n", "", "'thresholds' is missing", id="missing array"),
        pytest.param("biases2 = 4\n", "", "'biases2' is missing", id="cut between lines"),
        pytest.param("biases2 = 4\n", "biases2 = 4", "truncated", id="cut in the last line"),
        pytest.param("4,5,6,7,8\n", "4,5,6,7\n", "'detectors' has 7 numbers .* 8", id="too few"),
        pytest.param("7,8,9\n", "7,8,9,1\n", "'biases1' has 4 numbers .* 3", id="too many"),
        pytest.param("biases2 = 4", "biases2 =", "'biases2' has 0 numbers .* 1", id="empty"),
        pytest.param("num_hidden = 3", "num_hidden = 2", "'weights1' has 6 .* 4", id="wrong size"),
        pytest.param("num_hidden = 3", "num_hidden = -3", "'num_hidden' is '-3'", id="negative"),
        pytest.param("detector_len = 2", "detector_len = 2.0", "'2.0'", id="not whole"),
        pytest.param("detector_len = 2", "detector_len = 0", "'detector_len' is 0", id="zero"),
        pytest.param("has_avg_pooling = 1", "has_avg_pooling = 2", "not 0 or 1", id="not a flag"),
        pytest.param("7,8,9", "7,x,9", "number 2 of 'biases1' is 'x'", id="not a number"),
        pytest.param("7,8,9", "7,,9", "number 2 of 'biases1' is ''", id="no number"),
        pytest.param("7,8,9", "7,nan,9", "number 2 of 'biases1' is 'nan'", id="nan"),
        pytest.param("7,8,9", "7,8,-inf", "number 3 of 'biases1' is '-inf'", id="infinite"),
        pytest.param("7,8,9", "7,8,1e39", "number 3 of 'biases1' is '1e39'", id="not float32"),
        pytest.param("biases2 = 4", "biases3 = 4", "unknown key 'biases3'", id="unknown key"),
        pytest.param("biases2 = 4", "biases1 = 4", "repeats the key 'biases1'", id="repeated key"),
        pytest.param("biases2 = 4", "biases2 4", "line 12 is not 'key = value'", id="no equals"),
        pytest.param("biases2 = 4", "biases2 = \xb9", "not a text file", id="not text"),
        pytest.param(HIDDEN, "", "it is empty", id="empty file"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in HIDDEN
    path = written(tmp_path, HIDDEN.replace(old, new))
    with pytest.raises(ModelError, match=fault) as caught:
        read_network(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"D99999\.001\.txt: it cannot be read"):
        read_network(tmp_path / "D99999.001.txt")


@pytest.mark.data
def test_every_published_file_is_read(data: Path) -> None:
    networks = [read_network(path) for path in (data / "deepbind_v011" / "params").glob("*.txt")]
    assert len(networks) == 927
    assert {network.length for network in networks} == {14, 16, 20, 24, 32, 36}
    assert {network.hidden for network in networks} == {0, 32}
    assert sum(network.average_pooling for network in networks) == 333
    assert sum(network.reverse_complement for network in networks) == 683
