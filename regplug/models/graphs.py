"""Graphs that others made, before anybody knows what they read: from a file, in one form, run once.

FILE.onnx ─read_graph→ ModelProto ─plain→ the same in OPSET or later, without functions
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, inliner

from regplug.errors import ModelError
from regplug.models.graph_check import OWN, check_graph
from regplug.models.library import open_session
from regplug.models.onnx_builder import OPSET

LARGEST = (
    2**31 - 2**20
)  # bytes of a file: a graph in one piece, as a server reads it, has under 2 GiB
_PADDED = ("Conv", "MaxPool", "AveragePool", "LpPool")
_SAME = (b"SAME_UPPER", b"SAME_LOWER")


def read_graph(path: Path) -> ModelProto:
    """Return the graph in a file.

    Raises:
        ModelError: it cannot be read, is no ONNX, or keeps its weights in other files.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path} has more than 2 GiB, and a model has less")
        model = onnx.load_from_string(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # protobuf's own
        raise ModelError(f"{path} is no ONNX file: {error}") from error
    if not model.graph.node:
        raise ModelError(f"{path} is no ONNX file: it holds no graph")
    return model


def plain(model: ModelProto, called: str) -> ModelProto:
    """Return a copy without functions and sparse arrays, its inputs without weights, of OPSET.

    Raises:
        ModelError: that cannot be, or it reads other files, or has operators of others.
    """
    if model.graph.sparse_initializer:
        raise ModelError(f"{called} has sparse arrays, which are not read: export it dense")
    copy = inliner.inline_local_functions(model) if model.functions else ModelProto()
    if not model.functions:
        copy.CopyFrom(model)
    check_graph(copy.SerializeToString(), called)
    version = max((o.version for o in copy.opset_import if o.domain in OWN), default=0)
    _check_version(version, copy.ir_version, called)
    _tell_pads(copy)
    weights = {array.name for array in copy.graph.initializer}
    replace(copy.graph.input, [value for value in copy.graph.input if value.name not in weights])
    copy.ir_version = max(copy.ir_version, 4)  # below it weights would have to be inputs
    new = at_opset(copy, OPSET, called) if version < OPSET else copy
    # The lowest that has these operators: a server's onnxruntime may be older than the exporter.
    new.ir_version = helper.find_min_ir_version_for(new.opset_import, ignore_unknown=True)
    return new


def _check_version(opset: int, ir_version: int, called: str) -> None:
    """Check that it is known what operators of a version are.

    Raises:
        ModelError: it is later than all that are known.
    """
    known = onnx.defs.onnx_opset_version(), onnx.IR_VERSION
    if opset > known[0] or ir_version > known[1]:
        raise ModelError(
            f"{called} is of opset {opset} in ONNX's form {ir_version}, and onnx "
            f"{onnx.__version__} knows up to {known[0]} in {known[1]}: export it with "
            f"opset_version={OPSET}"
        )


def _tell_pads(model: ModelProto) -> None:
    """Say how many elements a convolution or pool pads, where it says that sizes stay the same.

    onnxruntime refuses the latter of what is dilated (PyTorch's padding="same"). With steps of one
    the pads do not hang on the size.
    """
    sizes = {array.name: list(array.dims[2:]) for array in model.graph.initializer}
    for node in model.graph.node:
        said = {attribute.name: attribute for attribute in node.attribute}
        how = said["auto_pad"].s if "auto_pad" in said else b""
        kernel = said["kernel_shape"].ints if "kernel_shape" in said else ()
        if node.op_type == "Conv":
            kernel = kernel or sizes.get(node.input[1], ())
        steps = said["strides"].ints if "strides" in said else (1,)
        if node.op_type not in _PADDED or how not in _SAME or not kernel or {*steps} != {1}:
            continue
        apart = said["dilations"].ints if "dilations" in said else [1] * len(kernel)
        lacking = [(size - 1) * wide for size, wide in zip(kernel, apart, strict=True)]
        small, large = [each // 2 for each in lacking], [each - each // 2 for each in lacking]
        for old in {"auto_pad", "pads"} & {*said}:
            node.attribute.remove(said[old])
        pads = small + large if how == b"SAME_UPPER" else large + small
        node.attribute.append(helper.make_attribute("pads", pads))


def replace(values: Any, new: Sequence[ValueInfoProto]) -> None:
    """Put other messages into a repeated field, which has no assignment."""
    kept = [ValueInfoProto.FromString(value.SerializeToString()) for value in new]
    del values[:]
    values.extend(kept)


def at_opset(model: ModelProto, version: int, called: str) -> ModelProto:
    """Return a graph with the operators of a later version.

    Raises:
        ModelError: they cannot be converted.
    """
    try:
        return onnx.version_converter.convert_version(model, version)
    except Exception as error:  # of C++
        raise ModelError(
            f"{called} has operators of an old version, which cannot be made new: "
            f"export it with opset_version={version} ({error})"
        ) from error


def answers_of(model: ModelProto, letters: NDArray[Any], called: str) -> list[NDArray[Any]]:
    """Return what each output of a graph of one input answers to `letters` (rows, ...).

    Raises:
        ModelError: it cannot be loaded, or cannot read them.
    """
    try:
        session = open_session(model.SerializeToString(), called, threads=1)
    except ModelError as error:
        missing = re.search(r"implementation for (\w+)", str(error))
        if missing and any(array.data_type == TensorProto.DOUBLE for array in _arrays(model)):
            raise ModelError(
                f"{called} computes in float64, for which onnxruntime has no {missing[1]}: export "
                "it in float32 (model.float())"
            ) from error
        if "tensor(bfloat16)" in str(error):
            raise ModelError(
                f"{called} computes in bfloat16, which onnxruntime does not: export it in float32 "
                "(model.float())"
            ) from error
        raise
    try:
        answers = session.run(None, {model.graph.input[0].name: letters})
    except Exception as error:  # onnxruntime's own
        raise ModelError(
            f"{called} cannot read {len(letters)} sequences of shape {letters.shape[1:]} "
            f"({error}): is the window right, and was it exported for any number of rows "
            "(dynamic_axes)?"
        ) from error
    return [np.asarray(answer) for answer in answers]


def _arrays(model: ModelProto) -> list[TensorProto]:
    inside = [attribute.t for node in model.graph.node for attribute in node.attribute]
    return [*model.graph.initializer, *inside]
