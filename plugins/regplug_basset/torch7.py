"""Torch7's binary files → Python objects: numbers, strings, tables, tensors and other objects.

The format is that of torch7's File.lua, and of the `write` of its tensors and storages. Nothing in
a file is ever run: a function's bytes are passed over.
"""

import re
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from regplug.errors import ModelError

_NIL, _NUMBER, _STRING, _TABLE, _TORCH, _BOOLEAN, _FUNCTION, *_FUNCTIONS_BY_NUMBER = range(9)
_KINDS = {
    "Byte": "u1", "Char": "i1", "Short": "<i2", "Int": "<i4", "Long": "<i8", "Half": "<f2",
    "": "<f4", "Float": "<f4", "Double": "<f8",
}  # fmt: skip


@dataclass(eq=False)
class TorchObject:
    """An object of a Lua class: `fields` by name, if it holds a table."""

    typename: str
    fields: dict[Any, Any] = field(default_factory=dict)


def read_torch7(path: Path) -> Any:
    """Return the object in a file: None, float, bool, str, dict, array or TorchObject.

    Strings are latin-1, so that any bytes come back; numbers are float, also as keys.

    Raises:
        ModelError: the file cannot be read, is cut off, or is of another format.
    """
    try:
        reader = _Reader(data := path.read_bytes())
        found = reader.object()
        if reader.at < len(data):
            raise ValueError(f"{len(data) - reader.at} bytes are left over")
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"no Torch7 binary file that can be read: {error}") from error
    return found


class _Reader:
    """Reads objects in turn; an object that occurs again stands in the file as its number only."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = memoryview(data), 0
        self._objects: dict[int, Any] = {}

    def object(self) -> Any:
        kind = self._int()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return float(self._numbers("<f8", 1)[0])
        if kind == _STRING:
            return self._string()
        if kind == _BOOLEAN:
            return self._int() != 0
        if kind == _FUNCTION:
            return self._pass_over_function()
        if kind not in (_TABLE, _TORCH, *_FUNCTIONS_BY_NUMBER):
            raise ValueError(f"no object starts at byte {self.at - 4}")
        number = self._int()
        if number in self._objects:
            return self._objects[number]
        self._objects[number] = None
        if kind == _TABLE:
            table = self._objects[number] = {}  # known before its items, which may refer to it
            self._fill(table)
        elif kind == _TORCH:
            self._read_torch(number)
        else:
            self._pass_over_function()
        return self._objects[number]

    def _fill(self, table: dict[Any, Any]) -> None:
        """Read a table's items; those whose key is no string, number or boolean are left out."""
        size = self._int()
        if size < 0:
            raise ValueError(f"a table of {size} items")
        for _ in range(size):
            key, value = self.object(), self.object()
            if isinstance(key, str | float | bool):
                table[key] = value

    def _read_torch(self, number: int) -> None:
        typename = self._string()
        if typename.startswith("V "):  # the class's version; the oldest files have none
            typename = self._string()
        array = re.fullmatch(r"torch\.(?:Cuda)?(\w*)(Tensor|Storage)", typename)
        if array is None:
            made = self._objects[number] = TorchObject(typename)
            fields = self.object()
            made.fields = fields if isinstance(fields, dict) else {}
            return
        kind, what = array.groups()
        if kind not in _KINDS:
            raise ValueError(f"{typename} is not known")
        dtype = _KINDS[kind]
        self._objects[number] = (
            self._tensor(dtype) if what == "Tensor" else self._numbers(dtype, self._long())
        )

    def _tensor(self, dtype: str) -> NDArray[Any] | None:
        """Return a view of the tensor's storage; None for a tensor that repeats its numbers."""
        dimensions = self._int()
        sizes, strides = (self._numbers("<i8", dimensions).tolist() for _ in range(2))
        start, storage = self._long() - 1, self.object()
        if storage is None or prod(sizes) == 0 or not dimensions:
            return np.empty(0, dtype)
        if not isinstance(storage, np.ndarray) or storage.ndim != 1 or storage.dtype != dtype:
            raise ValueError(f"a tensor at byte {self.at} has no storage of its type")
        reach = start + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
        if start < 0 or min(sizes + strides) < 0 or reach >= len(storage):
            raise ValueError(f"a tensor at byte {self.at} reaches beyond its storage")
        if prod(sizes) > len(storage):
            return None
        steps = [step * storage.itemsize for step in strides]
        return as_strided(storage[start:], sizes, steps, writeable=False)

    def _pass_over_function(self) -> None:
        self._take(self._int())  # bytes of Lua code
        self.object()  # what it refers to

    def _string(self) -> str:
        return str(self._take(self._int()), "latin-1")

    def _int(self) -> int:
        return int(self._numbers("<i4", 1)[0])

    def _long(self) -> int:
        return int(self._numbers("<i8", 1)[0])

    def _numbers(self, dtype: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self._take(count * np.dtype(dtype).itemsize), dtype)

    def _take(self, size: int) -> memoryview:
        """Return the next bytes."""
        left = len(self._data) - self.at
        if not 0 <= size <= left:
            raise ValueError(f"byte {self.at} asks for {size} more and {left} are left")
        self.at += size
        return self._data[self.at - size : self.at]
