"""Torch7 files: what the format says, and what is refused."""

import struct

import numpy as np
import pytest

from regplug.errors import ModelError
from regplug_basset.importer import read_network
from regplug_basset.torch7 import TorchObject, read_torch7
from tests.plugins.basset.toys import Object, lua_modules, random_state, write_convnet, write_torch7

# `torch.save("x.t7", {hello = 123})` of Torch7 writes these bytes: a table (3), number 1, of one
# item; a string (2) of 5 letters; a number (1).
HELLO = (
    struct.pack("<iii", 3, 1, 1) + struct.pack("<ii", 2, 5) + b"hello" + struct.pack("<id", 1, 123)
)


def read(tmp_path, content):
    path = tmp_path / "x.t7"
    path.write_bytes(content)
    return read_torch7(path)


def test_a_table_byte_by_byte(tmp_path):
    assert read(tmp_path, HELLO) == {"hello": 123.0}


def test_all_kinds_come_back(tmp_path):
    numbers = np.arange(24, dtype=np.float32)
    path = tmp_path / "x.t7"
    shared = {"deep": None}
    shared["itself"] = shared
    things = {
        1: True, 2: "é\xff", "nothing": None, "again": shared, "same": shared,
        "object": Object("nn.Linear", {"p": 0.5}),
        "whole": numbers, "part": numbers[4:16].reshape(3, 4).T, "empty": np.empty(0),
    }  # fmt: skip
    write_torch7(path, things)
    found = read_torch7(path)
    assert (found[1], found[2], found["nothing"]) == (True, "é\xff", None)
    assert found["again"] is found["same"]
    assert found["again"]["itself"] is found["again"]
    assert isinstance(found["object"], TorchObject)
    assert (found["object"].typename, found["object"].fields) == ("nn.Linear", {"p": 0.5})
    for name in ("whole", "part", "empty"):
        np.testing.assert_array_equal(found[name], things[name])
        assert found[name].dtype == things[name].dtype
    assert np.shares_memory(found["whole"], found["part"])


def test_functions_are_passed_over(tmp_path):
    code = struct.pack("<ii", 2, 4) + b"\x1bLua"
    upvalues = struct.pack("<iii", 3, 2, 0)
    function = struct.pack("<ii", 8, 1) + code[4:] + upvalues
    two = struct.pack("<iii", 3, 5, 2) + struct.pack("<id", 1, 1) + function
    assert read(tmp_path, two + struct.pack("<id", 1, 2) + struct.pack("<id", 1, 7)) == {
        1: None,
        2: 7,
    }


def tensor(size, step, start, held, kind=b"torch.FloatTensor"):
    storage = struct.pack("<iii", 4, 2, 3) + b"V 1" + struct.pack("<i", 18) + b"torch.FloatStorage"
    return (
        struct.pack("<iii", 4, 1, 3) + b"V 1" + struct.pack("<i", len(kind)) + kind
        + struct.pack("<iqqq", 1, size, step, start) + storage + struct.pack("<q", held)
        + b"\0" * 4 * max(min(held, 9), 0)
    )  # fmt: skip


def test_a_tensor_byte_by_byte(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, tensor(2, 1, 1, 2)), np.zeros(2, np.float32))
    assert read(tmp_path, tensor(9, 0, 1, 2)) is None  # nine times the same number


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "byte 0 asks for 4 more and 0 are left"),
        (b"4\n1\n3\nV 1\n", "no object starts at byte 0"),  # Torch7's text form
        (b"PK\x03\x04" + b"\0" * 99, "no object starts at byte 0"),
        (HELLO + b"\0", "1 bytes are left over"),
        (struct.pack("<iii", 3, 1, -1), "a table of -1 items"),
        (struct.pack("<iii", 3, 1, 2**31 - 1), "are left"),
        (struct.pack("<ii", 2, 2**31 - 1), "asks for 2147483647 more"),
        (struct.pack("<ii", 2, -1), "asks for -1 more"),
        (b"".join(struct.pack("<iii", 3, i, 1) for i in range(9999)), "recursion"),
        (tensor(3, 1, 1, 2), "reaches beyond its storage"),
        (tensor(2, 1, 2, 2), "reaches beyond its storage"),
        (tensor(2, 1, 0, 2), "reaches beyond its storage"),
        (tensor(2, -1, 2, 2), "reaches beyond its storage"),
        (tensor(-1, 1, 1, 2), "reaches beyond its storage"),
        (tensor(2, 1, 1, 2**61), "are left"),
        (tensor(1, 2**62, 1, 2), "too large"),
        (tensor(2, 1, 1, -5), "asks for -20 more"),
        (tensor(2, 1, 1, 2, b"torch.DoubleTensor"), "no storage of its type"),
        (tensor(2, 1, 1, 2, b"torch.ComplexTensor"), "torch.ComplexTensor is not known"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, content, message):
    with pytest.raises(ModelError, match=message):
        read(tmp_path, content)


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    whole = tmp_path / "whole.th"
    write_convnet(whole, lua_modules(random_state()))
    content = whole.read_bytes()
    for size in np.random.default_rng(0).integers(0, len(content), 40):
        with pytest.raises(ModelError, match=r"x\.t7|no Torch7 binary file"):
            read(tmp_path, content[:size])


def replaced(position, **fields):
    def change(modules):
        modules[position].fields.update(fields)

    return change


def exchanged(position, typename):
    def change(modules):
        modules[position] = Object(typename, modules[position].fields)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda modules: modules.pop(1), "module 2 is ReLU; in Basset it is SpatialBatchNorm"),
        (lambda modules: modules.pop(), "what follows the last module is missing; .* Sigmoid"),
        (
            lambda modules: modules.append(modules[-1]),
            r"module 24 is Sigmoid; in Basset it is miss",
        ),
        (exchanged(22, "nn.ReLU"), "module 23 is ReLU; in Basset it is Sigmoid"),
        (exchanged(0, "nn.SpatialConvolutionMap"), "module 1 is SpatialConvolutionMap"),
        (replaced(1, eps="1e-5"), "module 2 adds 1e-5 to variances"),
        (replaced(0, padW=float("nan")), "module 1 has padW = nan"),
        (replaced(1, eps=1e-3), "module 2 adds 0.001 to variances"),
        (replaced(0, dW=2), "module 1 moves by more than a base"),
        (replaced(3, dW=2), "module 4 joins 3 bins and moves by 2"),
        (replaced(3, kW="3"), "module 4 has kW = '3'"),
        (
            replaced(3, kW=4, dW=4),
            r"reads 40 numbers.*over 600 bases Basset leaves 24 \(valid",
        ),
        (replaced(0, padW=9), r"zeros at the ends \(9, 0, 0\)"),
        (replaced(0, weight=None), "missing: 1.weight"),
        (replaced(4, bias=None), "missing: 5.bias"),
        (replaced(13, weight=np.zeros((8, 41), np.float32)), "reads 41 numbers"),
        (replaced(17, weight=np.zeros((7, 9), np.float32)), r"18.weight has shape \(7, 9\)"),
        (replaced(1, running_mean=np.full(6, np.inf, np.float32)), "2.running_mean holds a number"),
    ],
)
def test_other_networks_are_refused_by_layer(tmp_path, change, message):
    modules = lua_modules(random_state())
    change(modules)
    path = tmp_path / "net.th"
    write_convnet(path, modules)
    with pytest.raises(ModelError, match=rf"net\.th is no Basset network: .*{message}"):
        read_network(path, width=600)


@pytest.mark.parametrize("thing", [{"model": 3}, {"weights": {}}, None, np.zeros(3)])
def test_no_network_at_all(tmp_path, thing):
    path = tmp_path / "net.th"
    write_torch7(path, thing)
    with pytest.raises(ModelError, match="it holds no network"):
        read_network(path, width=600)


def test_what_the_oldest_files_hold(tmp_path):
    """Filters as a matrix, norms as 1 / sqrt(variance + epsilon)."""
    state = random_state(4)
    modules = lua_modules(state)
    planes = {"weight": np.ascontiguousarray(state["0.weight"]).reshape(6, -1)}
    modules[0] = Object("nn.SpatialConvolutionMM", modules[0].fields | planes)
    variance = modules[1].fields.pop("running_var").astype(np.float64)
    modules[1].fields["running_std"] = 1 / np.sqrt(variance + 1e-5)
    path = tmp_path / "old.th"
    write_torch7(path, Object("nn.Sequential", {"modules": dict(enumerate(modules, start=1))}))
    network = read_network(path, width=600)
    np.testing.assert_array_equal(network.arrays["convs.0.weight"], state["0.weight"][..., 0])
    found = network.arrays["conv_norms.0.running_var"]
    np.testing.assert_allclose(found, state["1.running_var"], rtol=1e-5)
