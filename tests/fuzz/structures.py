"""Damage to files by their structure: what bytes changed at random would hardly ever make."""

import base64
import io
import json
import sqlite3
import warnings
import zlib
from collections.abc import Callable
from contextlib import closing
from random import Random

import numpy as np
import onnx

from tests.fuzz.mutate import BYTES, NUMBERS
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


def sqlite(data: bytes, random: Random) -> bytes:
    """Return an SQLite file with values of other types, another table, or a program in it."""
    try:
        with closing(sqlite3.connect(":memory:")) as file:
            file.deserialize(data)
            names = file.execute("SELECT name FROM sqlite_master").fetchall()
            (table,) = random.choice(names or [("answers",)])
            value = random.choice(["1", "NULL", "'text'", "zeroblob(3)", "2.5", "zeroblob(40)"])
            changes = [
                f"UPDATE {table} SET value = {value}",
                f"UPDATE OR IGNORE {table} SET key = {value}",
                f"PRAGMA user_version = {random.choice(NUMBERS[:6])}",
                f"PRAGMA application_id = {random.choice(NUMBERS[:6])}",
                f"CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END",
                f"CREATE VIEW v AS SELECT * FROM {table}",
                f"ALTER TABLE {table} ADD COLUMN more",
                f"DROP TABLE {table}",
            ]
            file.execute(random.choice([*changes[:1] * 4, *changes]))
            file.commit()
            return bytes(file.serialize())
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data


def background(data: bytes, random: Random) -> bytes:
    """Return a card whose background has a number of its arrays or of its list changed."""
    try:
        card = json.loads(data)
        found = card["background"]
        raw = zlib.decompress(base64.b64decode(found["data"]))
        of = random.choice(found["sets"])
        if random.random() < 0.5:
            raw = random.choice(BYTES)(raw, random)
            found["data"] = base64.b64encode(zlib.compress(raw)).decode()
        else:
            of[random.choice(list(of))] = random.choice([*NUMBERS, "snv", "random", None, 2.5])
        return json.dumps(card).encode()
    except Exception:  # noqa: BLE001 - it is damaged already
        return data


def state_dict(data: bytes, random: Random) -> bytes:
    """Return a file of torch's with a tensor, a name or a setting changed, or of other things."""
    import torch

    try:
        found = torch.load(io.BytesIO(data), weights_only=True)
        of = random.choice([one for one in (found, *found.values()) if isinstance(one, dict)])
        name = random.choice(list(of))
        old = of[name] if torch.is_tensor(of[name]) else torch.zeros(3)
        changes: list[Callable[[], object]] = [
            lambda: of.pop(name),
            lambda: of.__setitem__(name, random.choice([*NUMBERS, "x", None, [], {}, 2.5])),
            lambda: of.__setitem__(name, old.reshape(-1)[:-1].clone()),
            lambda: of.__setitem__(name, old.double() * float("nan")),
            lambda: of.__setitem__(name, old.to(random.choice([torch.int64, torch.complex64]))),
            lambda: of.__setitem__(name, old.reshape(-1)[:1].expand(2**40)),
            lambda: of.__setitem__(name, old.to_sparse()),
            lambda: of.__setitem__(name, torch.empty(2**20, device="meta")),
            lambda: of.__setitem__(name, torch.quantize_per_tensor(old, 0.1, 0, torch.qint8)),
            lambda: of.__setitem__(random.choice(["other", 7, b"\xff"]), of.pop(name)),
        ]
        random.choice(changes)()
        raw = io.BytesIO()
        torch.save(found, raw)
        return raw.getvalue()
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data
