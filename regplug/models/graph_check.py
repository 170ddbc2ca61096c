"""A graph, which may be a stranger's → all there is to run, or the reason why it is not run.

A graph may say that its weights lie in other files, by any path, and onnxruntime reads them; and it
may name operators that are code of somebody's own.
"""

from collections.abc import Iterator
from typing import Any

import onnx
from onnx import defs

from regplug.errors import ModelError

OWN = ("", "ai.onnx")  # domains of ONNX's own operators


def check_graph(graph: bytes, name: object) -> None:
    """Check that a graph is whole, and of ONNX's own operators alone; it is not loaded.

    Args:
        graph: serialised.
        name: of the model, for the message.

    Raises:
        ModelError: it is no graph, reads other files, or has another operator.
    """
    try:
        model = onnx.load_model_from_string(graph)
    except Exception as error:  # protobuf's own
        raise ModelError(f"the graph of {name} is no ONNX: {error}") from error
    opset = max((it.version for it in model.opset_import if it.domain in OWN), default=0)
    if opset >= 1 << 31:
        raise ModelError(f"the graph of {name} is of opset {opset}, which there is not")
    for part in _parts(model):
        if any(isinstance(text, bytes) for text in _texts(part)):
            raise ModelError(f"the graph of {name} is damaged: a name in it is no UTF-8")
        if isinstance(part, onnx.TensorProto) and (part.external_data or part.data_location):
            raise ModelError(
                f"the graph of {name} reads another file for {part.name!r}: a graph must hold all "
                "of its weights (onnx.save_model with save_as_external_data=False)"
            )
        if isinstance(part, onnx.FunctionProto):
            raise ModelError(f"the graph of {name} defines a function, {part.name!r}: inline it")
        if isinstance(part, onnx.NodeProto) and not (
            part.domain in OWN and defs.has(part.op_type, opset, "")
        ):
            raise ModelError(
                f"the graph of {name} has an operator that is not ONNX's own in opset {opset}: "
                f"{part.domain}::{part.op_type}"
            )


def _texts(message: Any) -> Iterator[Any]:
    """Yield the texts of a message; protobuf gives bytes where they are no UTF-8."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING:
            yield from [value] if isinstance(value, (str, bytes)) else value


def _parts(message: Any) -> Iterator[Any]:
    """Yield a protobuf message and all within it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in (value,) if hasattr(value, "ListFields") else value:
                yield from _parts(part)
