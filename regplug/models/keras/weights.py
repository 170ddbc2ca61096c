"""A file of Keras weights → the arrays of one layer after the other, checked and then read.

    weights.h5 ─open_weights→ WeightFile ─take→ arrays of the next layer that has some

Keras itself finds a layer's weights by its place among the layers that have any, and so do we. Only
plain datasets in the file itself are read: a link may lead to any file of the machine.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.files.extras import needs

Array = NDArray[np.float32]
Shape = tuple[int, ...]
_OF_KERAS_3 = ("layers", "_layer_checkpoint_dependencies")
MOST = 2**28  # numbers in all: a model.onnx cannot exceed 2 GB


class WeightFile:
    """The weights in an open file.

    Attributes:
        version: the generation of Keras that wrote it: 0 (0.3), 1 or 2, which 3 is like.
        backend: "theano", "tensorflow" ..., or "" where the file does not say.
    """

    def __init__(self, root: Any, kinds: Sequence[str] = ()) -> None:
        """Find the layers in an h5py.File, or in the group that holds weights alone.

        Args:
            root: of the file.
            kinds: the classes of the architecture's layers, by which Keras 3 calls their weights.

        Raises:
            ModelError: the file holds no weights as Keras 0.3 to 3 writes them.
        """
        top = _child(root, "model_weights") if "model_weights" in root else root
        said = _text(top.attrs.get("keras_version", root.attrs.get("keras_version", "1")))
        self.backend = _text(top.attrs.get("backend", root.attrs.get("backend", "")))
        if "nb_layers" in top.attrs:
            self.version = 0
            groups = [_child(top, f"layer_{i}") for i in range(_count(top, "nb_layers"))]
            layers = [
                [_child(group, f"param_{i}") for i in range(_count(group, "nb_params"))]
                for group in groups
            ]
        elif "layer_names" in top.attrs or "layer_names0" in top.attrs:
            self.version = 1 if said.startswith("1") else 2
            groups = [_child(top, name) for name in _names(top, "layer_names")]
            layers = [
                [_descend(group, name) for name in _names(group, "weight_names")]
                for group in groups
            ]
        elif inside := [name for name in _OF_KERAS_3 if name in top]:
            self.version = 2
            layers = _by_class(_child(top, inside[0]), kinds)
        else:
            raise ModelError("it names no layers, as files of Keras 0.3 to 3 do")
        self._layers = [layer for layer in layers if layer]
        self._next = self._numbers = 0

    def take(self, title: object, wanted: Sequence[Sequence[Shape]]) -> list[Array]:
        """Return the arrays of the next layer that has some.

        Args:
            title: of the layer, for messages.
            wanted: per array the shapes that it may have.

        Raises:
            ModelError: there are no more layers, other arrays, or a number that is not finite.
        """
        if self._next == len(self._layers):
            raise ModelError(f"the file has weights of {self._next} layers, none for {title}")
        datasets = self._layers[self._next]
        self._next += 1
        if len(datasets) != len(wanted):
            raise ModelError(f"{title} has {len(datasets)} arrays, where {len(wanted)} belong")
        return [
            self._read(title, dataset, shapes)
            for dataset, shapes in zip(datasets, wanted, strict=True)
        ]

    def check_all_taken(self) -> None:
        """Check that no layer's weights are left.

        Raises:
            ModelError: the file has more than the architecture.
        """
        if self._next < len(self._layers):
            left = self._layers[self._next][0].name
            raise ModelError(
                f"it has weights of {len(self._layers)} layers, the architecture {self._next} with "
                f"weights; {left} is left"
            )

    def _read(self, title: object, dataset: Any, shapes: Sequence[Shape]) -> Array:
        where = f"{title}: {dataset.name}"
        if not hasattr(dataset, "shape"):
            raise ModelError(f"{where} is a group, where an array belongs")
        if tuple(dataset.shape or ()) not in shapes:
            raise ModelError(
                f"{where} has shape {dataset.shape}, where {' or '.join(map(str, shapes))} fits"
            )
        self._numbers += prod(dataset.shape)
        if self._numbers > MOST:
            raise ModelError(f"{where} makes it more than {MOST:,} numbers, too many for a model")
        with np.errstate(over="ignore"):  # inf is refused below
            array = np.asarray(dataset[()], np.float32)
        if not np.isfinite(array).all():
            raise ModelError(f"{where} holds a number that is not finite")
        return array


def _by_class(group: Any, kinds: Sequence[str]) -> list[list[Any]]:
    """Return the layers' arrays as Keras 3 keeps them: conv1d/vars/0, conv1d_1/vars/0 ..."""
    seen: Counter[str] = Counter()
    layers = []
    for kind in kinds:
        name = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind))
        name = name.lower()
        called = f"{name}_{seen[name]}" if seen[name] else name
        seen[name] += 1
        found = _child(group, called) if called in group else None
        arrays = _child(found, "vars") if found is not None and "vars" in found else ()
        layers.append([_child(arrays, str(i)) for i in range(len(arrays))])
    return layers


def stored_architecture(path: Path) -> str:
    """Return the JSON of the architecture in a file of model.save().

    Raises:
        ModelError: the file cannot be read, or holds weights alone.
        MissingLibraryError: h5py is not installed.
    """
    with _opened(path, path) as file:
        if "model_config" not in file.attrs:
            raise ModelError(
                "it has no architecture: name that (.json, of model.to_json()) before the weights"
            )
        return _text(file.attrs["model_config"])


@contextmanager
def open_weights(
    path: Path, kinds: Sequence[str] = (), held: io.BytesIO | None = None
) -> Iterator[WeightFile]:
    """Open a file of weights.

    Args:
        path: of the file.
        kinds: the classes of the architecture's layers.
        held: the weights, where they lie inside the file `path`.

    Raises:
        ModelError: it cannot be read, or an array that is asked for in the block does not fit.
        MissingLibraryError: h5py is not installed.
    """
    with _opened(path, held or path) as file:
        yield WeightFile(file, kinds)


@contextmanager
def _opened(path: Path, source: Path | io.BytesIO) -> Iterator[Any]:
    with needs("keras"):
        import h5py
    try:
        if isinstance(source, Path) and not h5py.is_hdf5(source):
            reason = "it is no HDF5 file" if path.is_file() else "no such file"
            raise ModelError(f"{reason}: model.save_weights('FILE.h5') in Keras makes one")
        with h5py.File(source, "r") as file:
            yield file
    except ModelError as error:
        raise ModelError(f"the weights in {path} cannot be taken: {error}") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py's, if damaged
        raise ModelError(f"the weights in {path} cannot be read: {error}") from error


def _descend(group: Any, path: str) -> Any:
    """Return the dataset at a path like `conv1d_1/kernel:0`, a plain one."""
    for name in path.split("/"):
        group = _child(group, name)
    return group


def _child(group: Any, name: str) -> Any:
    """Return what a group holds under a name, if it lies in this file as it is.

    Raises:
        ModelError: it is missing, a link, kept outside the file, or no array of numbers.
    """
    import h5py

    if not isinstance(group, h5py.Group):
        raise ModelError(f"{group.name} is no group, but holds {name}")
    where = f"{group.name.rstrip('/')}/{name}"
    link = group.get(name, getlink=True)
    if link is None:
        raise ModelError(f"{where} is missing")
    if not isinstance(link, h5py.HardLink):
        raise ModelError(f"{where} is a link, and none is followed")
    found = group[name]
    if isinstance(found, h5py.Dataset):
        if found.is_virtual or found.external:
            raise ModelError(f"{where} is kept in another file, and none is opened")
        if found.dtype.kind != "f":
            raise ModelError(f"{where} holds {found.dtype}, no floating-point numbers")
    return found


def _names(group: Any, key: str) -> list[str]:
    """Return a list of names; Keras cuts a long one into key0, key1 ..."""
    if key in group.attrs:
        return [_text(name) for name in np.ravel(group.attrs[key])]
    names: list[str] = []
    part = 0
    while f"{key}{part}" in group.attrs:
        names += [_text(name) for name in np.ravel(group.attrs[f"{key}{part}"])]
        part += 1
    return names


def _count(group: Any, key: str) -> int:
    value = group.attrs.get(key, 0)
    if not isinstance(value, (int, np.integer)) or not 0 <= value <= 10_000:
        raise ModelError(f"{group.name} has {key} {value!r}, which is no number of things")
    return int(value)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
