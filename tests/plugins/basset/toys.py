"""Small Basset networks of random weights, as the files in which people have them."""

import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regplug.hooks.measuring import Measuring
from regplug.models.stack import StackNetwork, StackShape
from regplug_basset.importer import import_basset
from regplug_basset.state_dict import CONVS, DENSE, LAST, POOLS
from regplug_basset.weights import Weights, to_network
from tests.plugins.basset.reference import State

FILTERS, SIZES, UNITS, TARGETS = (6, 5, 4), (19, 11, 7), (8, 7), 3


def random_state(seed: int = 0, *, same: bool = False, full: bool = False) -> State:
    """Return a state dict of the Kipoi port; `full` as wide as the published network."""
    rng = np.random.default_rng(seed)
    published = (300, 200, 200), (1000, 1000), 164
    filters, units, targets = published if full else (FILTERS, UNITS, TARGETS)
    bins, state = 13 if same else 10, {}

    def layer(name: str, *shape: int) -> None:
        scale = (5 if name == LAST else 2) / np.sqrt(np.prod(shape[1:]))
        state[f"{name}.weight"] = (scale * rng.normal(size=shape)).astype(np.float32)
        state[f"{name}.bias"] = rng.normal(size=shape[0]).astype(np.float32)

    def norm(name: str, size: int) -> None:
        for leaf, values in (
            ("weight", rng.uniform(-1, 2, size)),
            ("bias", rng.normal(size=size)),
            ("running_mean", rng.normal(size=size)),
            ("running_var", rng.uniform(0.5, 3, size)),
        ):
            state[f"{name}.{leaf}"] = values.astype(np.float32)

    for i, before in enumerate((4, *filters[:-1])):
        layer(str(4 * i), filters[i], before, SIZES[i], 1)
        norm(str(4 * i + 1), filters[i])
    for i, before in enumerate((filters[-1] * bins, units[0])):
        layer(f"{13 + 4 * i}.1", units[i], before)
        norm(str(14 + 4 * i), units[i])
    layer(LAST, targets, units[-1])
    return state


def network_of(state: State) -> StackNetwork:
    return to_network(Weights(state, CONVS, DENSE, LAST, POOLS), width=600)


def tiny_network(
    weight: np.ndarray, *, width: int, pool: int, last: float, **shape: Any
) -> StackNetwork:
    """Return filters `weight` (filters, 4, size), one pool, and `last` times every bin's value."""
    filters, _, size = weight.shape
    made = StackShape(
        targets=1, width=width, filters=(filters,), sizes=(size,), pools=(pool,), dense=(), **shape
    )
    arrays = {name: np.zeros(shape, np.float32) for name, shape in made.arrays().items()}
    arrays["convs.0.weight"] = weight.astype(np.float32)
    arrays["conv_norms.0.weight"] += 1
    arrays["conv_norms.0.running_var"] += 1 - 1e-5
    arrays["last.weight"] += last
    return StackNetwork(made, arrays)


def basset_model(repo: Path, name: str) -> None:
    """Write the model of a small network."""
    from safetensors.numpy import save_file

    weights = repo / f"{name}.safetensors"
    save_file(random_state(), weights)
    import_basset(
        weights, repo, name=name, labels=None, width=600, license="", measuring=Measuring(3)
    )
    weights.unlink()


class Object(NamedTuple):
    """An object of a Lua class."""

    typename: str
    fields: dict[str, Any]


def lua_modules(state: State, *, same: bool = False, package: str = "nn") -> list[Object]:
    """Return the layers that convnet.lua builds, weights and buffers in one flat storage."""
    flat = np.concatenate([array.ravel() for array in state.values()])
    views, start = {}, 0
    for name, array in state.items():
        views[name] = flat[start : start + array.size].reshape(array.shape)
        start += array.size

    def of(layer: str, **fields: Any) -> dict[str, Any]:
        arrays = {
            n.rpartition(".")[2]: a for n, a in views.items() if n.rpartition(".")[0] == layer
        }
        return fields | arrays | {"train": False, "gradInput": np.empty(0, np.float32)}

    modules = []
    for i, pool in enumerate((3, 4, 4)):
        planes, depth, size, _ = state[f"{4 * i}.weight"].shape
        conv = of(
            str(4 * i), nInputPlane=depth, nOutputPlane=planes, kW=size, kH=1, dW=1, dH=1,
            padW=size // 2 if same else 0, padH=0,
        )  # fmt: skip
        conv["weight"] = conv["weight"].transpose(0, 1, 3, 2)  # (out, in, kH, kW), not contiguous
        modules += [
            Object(f"{package}.SpatialConvolution", conv),
            Object(f"{package}.SpatialBatchNormalization", of(str(4 * i + 1), eps=1e-5)),
            Object(f"{package}.ReLU", {"inplace": False}),
            Object(
                f"{package}.SpatialMaxPooling",
                {"kW": pool, "kH": 1, "dW": pool, "dH": 1, "ceil_mode": same},
            ),
        ]
    modules.append(Object("nn.Reshape", {"size": np.array([state["13.1.weight"].shape[1]])}))
    for i in (13, 17):
        modules += [
            Object("nn.Linear", of(f"{i}.1")),
            Object("nn.BatchNormalization", of(str(i + 1), eps=1e-5)),
            Object(f"{package}.ReLU", {"inplace": False}),
            Object("nn.Dropout", {"p": 0.3}),
        ]
    return [*modules, Object("nn.Linear", of("21.1")), Object(f"{package}.Sigmoid", {})]


def write_convnet(path: Path, modules: list[Object]) -> None:
    """Write what basset_train.lua saves: a ConvNet's table."""
    model = Object("nn.Sequential", {"modules": dict(enumerate(modules, start=1))})
    write_torch7(path, {"model": model, "num_targets": TARGETS, "target_type": "binary"})


def write_torch7(path: Path, thing: Any) -> None:
    """Write a Torch7 binary file, as File.lua, Tensor.c and Storage.c do."""
    numbers: dict[int, int] = {}
    kept: list[Any] = []  # so that no id is used twice

    def integer(value: int) -> bytes:
        return struct.pack("<i", value)

    def text(value: str) -> bytes:
        return integer(len(value)) + value.encode("latin-1")

    def referenced(kind: int, thing: Any, content: Any) -> bytes:
        if id(thing) in numbers:
            return integer(kind) + integer(numbers[id(thing)])
        kept.append(thing)
        numbers[id(thing)] = len(numbers) + 1
        return integer(kind) + integer(numbers[id(thing)]) + content()

    def torch(typename: str, content: bytes) -> bytes:
        return text("V 1") + text(typename) + content

    def tensor(array: np.ndarray) -> bytes:
        storage = array
        while storage.base is not None:
            storage = storage.base
        kind = {"float32": "Float", "float64": "Double", "int64": "Long"}[array.dtype.name]
        start = (array.ctypes.data - storage.ctypes.data) // array.itemsize if array.size else 0
        steps = [step // array.itemsize for step in array.strides]
        whole = referenced(
            4,
            storage,
            lambda: torch(
                f"torch.{kind}Storage", struct.pack("<q", storage.size) + storage.tobytes()
            ),
        )
        sizes = struct.pack(f"<{2 * array.ndim + 1}q", *array.shape, *steps, start + 1)
        return torch(f"torch.{kind}Tensor", integer(array.ndim) + sizes + whole)

    def table(items: dict[Any, Any]) -> bytes:
        return integer(len(items)) + b"".join(one(k) + one(v) for k, v in items.items())

    def one(thing: Any) -> bytes:
        match thing:
            case None:
                return integer(0)
            case bool():
                return integer(5) + integer(thing)
            case int() | float():
                return integer(1) + struct.pack("<d", thing)
            case str():
                return integer(2) + text(thing)
            case dict():
                return referenced(3, thing, lambda: table(thing))
            case np.ndarray():
                view = thing[...]  # an object of its own, as a tensor is beside its storage
                return referenced(4, view, lambda: tensor(view))
            case Object(typename, fields):
                return referenced(4, thing, lambda: torch(typename, one(fields)))
        raise TypeError(type(thing))

    path.write_bytes(one(thing))
