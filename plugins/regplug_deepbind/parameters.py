"""Published DeepBind parameter files: text lines `key = value,value,...` → `Network`.

The first line is `# deepbind <version>`; the keys are those of `_COUNTS` and `_ARRAYS`. Every size
comes from the file's own header; an array that is not as long as the header asks is refused.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.errors import ModelError
from regplug.files.lines import lines_of
from regplug_deepbind.network import Network

_FLAGS = ("reverse_complement", "has_avg_pooling")
_COUNTS = (*_FLAGS, "num_detectors", "detector_len", "num_hidden")
_ARRAYS = ("detectors", "thresholds", "weights1", "biases1", "weights2", "biases2")
_LARGEST = float(np.finfo(np.float32).max)


def read_network(path: Path) -> Network:
    """Return the network of a published parameter file.

    Raises:
        ModelError: the file cannot be read or is damaged; the message says where.
    """
    fields = _fields(path)
    header = {key: _count(path, key, fields[key]) for key in _COUNTS}
    arrays = {key: _numbers(path, key, fields[key]) for key in _ARRAYS}
    sizes = _sizes(header)
    for key, array in arrays.items():
        if array.size != sizes[key]:
            raise _fault(
                path, f"'{key}' has {array.size} numbers where the header asks for {sizes[key]}"
            )
    hidden = header["num_hidden"]
    return Network(
        detectors=arrays["detectors"].reshape(header["detector_len"], 4, header["num_detectors"]),
        thresholds=arrays["thresholds"],
        weights1=arrays["weights1"].reshape(-1, max(hidden, 1)),
        biases1=arrays["biases1"],
        weights2=arrays["weights2"] if hidden else None,
        bias2=float(arrays["biases2"][0]) if hidden else 0.0,
        reverse_complement=bool(header["reverse_complement"]),
        average_pooling=bool(header["has_avg_pooling"]),
    )


def _sizes(header: dict[str, int]) -> dict[str, int]:
    """Return how many numbers each array must have."""
    filters, hidden = header["num_detectors"], header["num_hidden"]
    features = filters * (2 if header["has_avg_pooling"] else 1)
    return {
        "detectors": header["detector_len"] * 4 * filters,
        "thresholds": filters,
        "weights1": features * max(hidden, 1),
        "biases1": max(hidden, 1),
        "weights2": hidden,
        "biases2": 1 if hidden else 0,
    }


def _fields(path: Path) -> dict[str, str]:
    """Return the text of every key; ModelError unless each known key is there once and no other."""
    lines = lines_of(_text(path))
    if not lines[0].startswith("# deepbind "):
        raise _fault(path, "the first line is not '# deepbind <version>'")
    fields: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise _fault(path, f"line {number} is not 'key = value'")
        if key not in _COUNTS + _ARRAYS:
            raise _fault(path, f"line {number} has the unknown key '{key}'")
        if key in fields:
            raise _fault(path, f"line {number} repeats the key '{key}'")
        fields[key] = value
    if missing := [key for key in _COUNTS + _ARRAYS if key not in fields]:
        raise _fault(path, f"the key '{missing[0]}' is missing")
    return fields


def _text(path: Path) -> str:
    """Return the text, which must end with a line end.

    Otherwise a file that was cut off within a number would be read, with another number.
    """
    try:
        text = path.read_bytes().decode("ascii")
    except OSError as error:
        raise _fault(path, f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _fault(path, "it is not a text file") from error
    if not text.endswith("\n"):
        raise _fault(
            path, "it is empty" if not text else "it is truncated: its last line has no end"
        )
    return text


def _count(path: Path, key: str, text: str) -> int:
    """Return a whole number of the header, checked against what the key can be."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise _fault(path, f"'{key}' is {text!r}, not a whole number")
    value = int(text)
    if key in _FLAGS and value > 1:
        raise _fault(path, f"'{key}' is {value}, not 0 or 1")
    if key in ("num_detectors", "detector_len") and value == 0:
        raise _fault(path, f"'{key}' is 0")
    return value


def _numbers(path: Path, key: str, text: str) -> NDArray[np.float32]:
    """Return the comma-separated numbers of an array, shape (count,)."""
    items = text.split(",") if text else []
    for position, item in enumerate(items, start=1):
        if not _is_float32(item):
            raise _fault(
                path, f"number {position} of '{key}' is {item.strip()!r}, not a finite float32"
            )
    return np.array([float(item) for item in items], dtype=np.float32)


def _is_float32(text: str) -> bool:
    try:
        return abs(float(text)) <= _LARGEST  # False for nan
    except ValueError:
        return False


def _fault(path: Path, what: str) -> ModelError:
    return ModelError(f"DeepBind parameter file {path}: {what}. Fetch the file again and retry.")
