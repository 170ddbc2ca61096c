"""Damage to files by their structure: what bytes changed at random would hardly ever make."""

import io
import warnings
from collections.abc import Callable
from random import Random

import numpy as np
import onnx

from tests.fuzz.mutate import NUMBERS
from tests.fuzz.world import npy

ODD_TYPES = ["f2", "f8", "i8", "u1", "S5", "U3", "?", "c8", ">f4"]


def graph(data: bytes, random: Random) -> bytes:
    """Return an ONNX graph with a node, a shape or an array changed in its structure."""
    try:
        return _changed(onnx.load_from_string(data), random)
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data


def _changed(model: onnx.ModelProto, random: Random) -> bytes:
    known = onnx.numpy_helper.to_array(random.choice(model.graph.initializer))
    node = random.choice(model.graph.node or [onnx.NodeProto()])
    array = random.choice(model.graph.initializer or [onnx.TensorProto()])
    changes: list[Callable[[], object]] = [
        lambda: setattr(
            node, "op_type", random.choice(["Loop", "If", "Gather", "Nothing", "Relu"])
        ),
        lambda: setattr(node, "domain", "com.example"),
        lambda: node.input.append(random.choice(["codes", "nowhere", ""])),
        lambda: node.input and node.input.pop(),
        lambda: array.CopyFrom(onnx.numpy_helper.from_array(_odd(known, random), array.name)),
        lambda: array.CopyFrom(onnx.numpy_helper.from_array(known * 1e30, array.name)),
        lambda: node.attribute and node.attribute.pop(),
        lambda: node.attribute.add(name="axis", type=2, i=random.choice(NUMBERS[:-3])),
        lambda: array.dims.append(random.choice(NUMBERS[:-3])),
        lambda: setattr(array, "data_type", random.randrange(25)),
        lambda: setattr(array, "data_location", onnx.TensorProto.EXTERNAL),
        lambda: array.external_data.add(key="location", value="/etc/hostname"),
        lambda: model.opset_import.add(domain="", version=random.choice([1, 99, -1])),
        lambda: setattr(model, "ir_version", random.choice([0, 3, 999])),
        lambda: model.graph.node.append(node),
        lambda: model.graph.input.pop(),
        lambda: model.graph.output.pop(),
    ]
    random.choice(changes)()
    return bytes(model.SerializeToString())


def array(data: bytes, random: Random) -> bytes:
    """Return a .npy file with an array of another type, shape or content; at times pickled."""
    try:
        old = np.load(io.BytesIO(data), allow_pickle=False)
        if random.random() > 0.2:
            return npy(_odd(old, random))
        raw = io.BytesIO()
        np.save(raw, old.astype(object), allow_pickle=True)
        return raw.getvalue()
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data


def zipped(data: bytes, random: Random) -> bytes:
    """Return an .npz with an array changed, left out, or called otherwise."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        name = random.choice(list(arrays))
        old = arrays.pop(name)
        if random.random() < 0.9:
            arrays[random.choice([name] * 8 + ["other"])] = _odd(old, random)
        raw = io.BytesIO()
        np.savez(raw, **arrays)
        return raw.getvalue()
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data


def _odd(old: np.ndarray, random: Random) -> np.ndarray:
    """Return an array with a value, its type or its shape changed."""
    value = random.choice([-1, 0, 1, 4, 5, 255, float("nan"), float("inf")])
    changes: list[Callable[[], np.ndarray]] = [
        lambda: np.where(np.arange(old.size).reshape(old.shape) == 0, value, old),
        lambda: np.where(np.arange(old.size).reshape(old.shape) == 0, value, old).astype(old.dtype),
        lambda: old.astype(random.choice(ODD_TYPES)),
        lambda: old.reshape(-1)[:-1],
        lambda: old[:0],
        lambda: np.stack([old, old]),
        lambda: np.asfortranarray(old),
    ]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return random.choice(changes)()


def hdf5(data: bytes, random: Random) -> bytes:
    """Return an HDF5 file with a dataset gone, or a link, or of another type, shape or content."""
    import h5py

    raw = io.BytesIO(data)
    try:
        with h5py.File(raw, "r+") as file:
            names: list[str] = []
            file.visit(names.append)
            name = random.choice(names)
            old = file[name]
            array = old[...] if isinstance(old, h5py.Dataset) else np.zeros(3, np.uint8)
            attributes = dict(old.attrs)
            del file[name]
            new: list[Callable[[], object]] = [
                lambda: None,
                lambda: file.create_group(name),
                lambda: file.__setitem__(name, h5py.ExternalLink("/etc/hostname", "/x")),
                lambda: file.__setitem__(name, h5py.SoftLink("/")),
                lambda: file.__setitem__(name, array.astype(random.choice(ODD_TYPES))),
                lambda: file.__setitem__(name, array.reshape(-1)[:-1]),
                lambda: file.__setitem__(name, np.stack([array, array])),
                lambda: file.create_dataset(name, (2**40,), "u1", chunks=(1024,)),
                lambda: file.create_dataset(name, data=h5py.Empty("f4")),
            ]
            random.choice(new)()
            if name in file and isinstance(file[name], h5py.Dataset | h5py.Group):
                for key, value in attributes.items():
                    file[name].attrs[key] = random.choice([value, value, 7, b"\xff"])
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data
    return raw.getvalue()
