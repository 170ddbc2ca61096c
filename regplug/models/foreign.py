"""A graph that others made → a Net: a graph of one input, whose axes and outputs are known.

    FILE.onnx ─graphs.read_graph→ ModelProto ─net_of→ Net ─joined→ codes → scores

What an axis is for is told by a layout: `n` rows, `c` letters, `l` bases, `1` an axis of one. Where
sizes are fixed the file tells: (n, 4, 600) is `ncl`, (n, 600, 4) `nlc`, (n, 4, 1, 600) `nc1l`, and
(n, 600) are codes, `nl`.
"""

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, shape_inference

from regplug.errors import ModelError
from regplug.models.graphs import answers_of, plain, replace
from regplug.scoring.outputs import Kind, Output

WIDEST = 2**20  # bases
_SAME_NUMBERS = ("Cast", "Flatten", "Identity", "Reshape", "Squeeze")
_INTEGERS = (TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32, TensorProto.INT64)
_NUMBERS = {
    TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, *_INTEGERS,
}  # fmt: skip


class Net(NamedTuple):
    """A network as others made it: letters (or codes) in, a row of answers out, or several.

    Attributes:
        model: its graph; one input (rows, *shape), and the `heads` as outputs.
        layout: what the axes of the input are for.
        shape: of one row of the input.
        window: bases that it reads.
        heads: what it answers to a row, first a number for each target.
        largest: numbers that its largest layer gives for a row.
        probability: whether its answers come from a sigmoid or softmax.
        called: what messages call it.
    """

    model: ModelProto
    layout: str
    shape: tuple[int, ...]
    window: int
    heads: tuple[Output, ...]
    largest: int
    probability: bool
    called: str

    @property
    def targets(self) -> int:
        """Return how many numbers the first head has."""
        return self.heads[0].shape[0]


def net_of(
    model: ModelProto,
    called: str,
    *,
    window: int | None = None,
    layout: str = "",
    head: str = "",
    outputs: Mapping[str, Kind] | None = None,
) -> Net:
    """Return a graph as a Net.

    Args:
        model: the graph; its input's first axis are rows, one at a time if it is fixed.
        called: what messages call it.
        window: bases that it reads; needed where its input has no fixed length.
        layout: what the axes of its input are for, if their sizes do not tell.
        head: its output that is wanted; needed where it has several and there are no `outputs`.
        outputs: those that are wanted, and what they are. Targets are the numbers of the first that
            is a vector and no profile.

    Raises:
        ModelError: it has two inputs, does not read DNA, needs an argument above, or cannot be run.
    """
    model = plain(model, called)
    graph = model.graph
    entry = _only_input(graph, called)
    sizes, layout = _axes(entry, layout, called)
    window = _window(sizes[layout.index("l") - 1], window, called)
    known = {"c": 4, "1": 1, "l": window}
    shape = tuple(known[axis] for axis in layout[1:])
    kind = entry.type.tensor_type.elem_type
    names = [value.name for value in graph.output]
    wanted = [_head(names, name, called) for name in outputs or [head]]
    entry = helper.make_tensor_value_info(entry.name, kind, ["n", *shape])
    replace(graph.input, [entry])
    answers = [value for name in wanted for value in graph.output if value.name == name]
    for answer in answers:
        answer.type.tensor_type.ClearField("shape")
    replace(graph.output, answers)
    del graph.value_info[:]  # shapes of the rows that it was exported with
    shapes = _shapes(model, shape, kind, called)
    if outputs:
        heads = _named(dict(zip(wanted, shapes, strict=True)), outputs, called)
        first = {value.name: value for value in graph.output}
        replace(graph.output, [first[name] for name in heads])
    else:
        heads = {head: Output("scores", (_targets(shapes[0], called),), "score")}
    largest, probability = _largest(model, shape), _is_probability(model)
    return Net(model, layout, shape, window, tuple(heads.values()), largest, probability, called)


def _only_input(graph: Any, called: str) -> ValueInfoProto:
    if len(graph.input) != 1:
        names = ", ".join(value.name for value in graph.input) or "none"
        raise ModelError(
            f"{called} has {len(graph.input)} inputs ({names}): one that reads a sequence is "
            "wanted, so give the others their value before it is exported"
        )
    entry = graph.input[0]
    if entry.type.tensor_type.elem_type not in _NUMBERS:
        kind = TensorProto.DataType.Name(entry.type.tensor_type.elem_type)
        raise ModelError(
            f"{called} reads {kind} in {entry.name}, no numbers for letters: export it in float32"
        )
    return entry


def _head(names: Sequence[str], head: str, called: str) -> str:
    if not names:
        raise ModelError(f"{called} has no output")
    if not head and len(names) == 1:
        return names[0]
    if head not in names:
        asked = f"no output {head}" if head else f"{len(names)} outputs"
        raise ModelError(f"{called} has {asked}: choose with --head {' or '.join(names)}")
    return head


def _axes(entry: ValueInfoProto, layout: str, called: str) -> tuple[list[int | None], str]:
    """Return the sizes of the input's axes after the rows', and its layout."""
    tensor = entry.type.tensor_type
    if not tensor.HasField("shape") or len(tensor.shape.dim) < 2:
        raise ModelError(f"{called} does not say which axes its input {entry.name} has")
    sizes = [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None
        for dim in tensor.shape.dim
    ][1:]
    shown = f"(n, {', '.join('?' if size is None else str(size) for size in sizes)})"
    if not layout:
        layout = "n" + "".join({4: "c", 1: "1"}.get(size or 0, "l") for size in sizes)
        if sorted(layout.replace("1", "")) not in (["c", "l", "n"], ["l", "n"]):
            raise ModelError(
                f"{called} reads {shown}, which may be several things: say which axis are the "
                "4 letters (c) and which the bases (l), as in --layout ncl or --layout nlc"
            )
        if "c" not in layout and tensor.elem_type not in _INTEGERS:
            raise ModelError(
                f"{called} reads {shown} floating-point numbers, and no letters: say --layout nl "
                "if they are codes, 0 to 3 for the letters"
            )
    elif len(layout) != len(sizes) + 1 or any(
        size is not None and size != wanted
        for size, axis in zip(sizes, layout[1:], strict=True)
        if (wanted := {"c": 4, "1": 1}.get(axis))
    ):
        raise ModelError(f"{called} reads {shown}, which is not --layout {layout}")
    return sizes, layout


def _window(size: int | None, window: int | None, called: str) -> int:
    if size is None and window is None:
        raise ModelError(f"{called} reads sequences of any length: name one with --window")
    if size is not None and window not in (None, size):
        raise ModelError(f"{called} reads {size} bases, not {window}: leave --window out")
    bases = window or size or 0
    if not 4 < bases <= WIDEST:
        raise ModelError(f"{called} reads {bases} bases: 5 to {WIDEST:,} are read")
    return bases


def _shapes(
    model: ModelProto, shape: tuple[int, ...], kind: int, called: str
) -> list[tuple[int, ...]]:
    """Return the shape of each output's answer to a row, as the graph answers three of them."""
    letters = np.zeros((3, *shape), helper.tensor_dtype_to_np_dtype(kind))
    answers = answers_of(model, letters, called)
    for answer in answers:
        if answer.ndim < 1 or answer.shape[0] != 3:
            raise ModelError(
                f"{called} answers shape {answer.shape} to three sequences: export it for any "
                "number of rows (dynamic_axes)"
            )
        if answer.dtype.kind not in "fiu":
            raise ModelError(f"{called} answers {answer.dtype} to a sequence, and no numbers")
    return [answer.shape[1:] for answer in answers]


def _targets(shape: tuple[int, ...], called: str) -> int:
    """Return how many numbers a vector has."""
    if not _is_vector(shape):
        raise ModelError(
            f"{called} answers numbers of shape {shape} to a sequence, where one number per target "
            "fits: export the part of it that does, or take it beside others (--head NAME=KIND)"
        )
    return prod(shape)


def _is_vector(shape: tuple[int, ...]) -> bool:
    return sum(size != 1 for size in shape) <= 1


def _named(
    shapes: Mapping[str, tuple[int, ...]], kinds: Mapping[str, Kind], called: str
) -> dict[str, Output]:
    """Return each of a graph's outputs as its card will list it, first that of the targets.

    Raises:
        ModelError: none is a vector of targets, or two have one name.
    """
    main = next(
        (n for n, shape in shapes.items() if _is_vector(shape) and kinds[n] != "profile_logits"),
        None,
    )
    if main is None:
        raise ModelError(
            f"{called}: variants are scored by one number per target, and no --head is such: "
            "name one that is no profile"
        )
    heads = {}
    for name in (main, *(other for other in shapes if other != main)):
        shape = (prod(shapes[name]),) if name == main else shapes[name] or (1,)
        heads[name] = Output(re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII), shape, kinds[name])
    known = [head.name for head in heads.values()]
    if len(set(known)) < len(known) or "codes" in known:
        raise ModelError(f"{called}: the outputs {', '.join(heads)} would be {', '.join(known)}")
    return heads


def _largest(model: ModelProto, shape: tuple[int, ...]) -> int:
    """Return how many numbers the largest layer gives for a row, as far as shapes can be told."""
    copy = ModelProto()
    copy.CopyFrom(model)
    copy.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    inferred = shape_inference.infer_shapes(copy, data_prop=True).graph.value_info
    sizes = [[dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in inferred]
    return max([prod(shape) * 16, *(int(prod(size)) for size in sizes)])


def _is_probability(model: ModelProto) -> bool:
    """Tell whether the answers come from a sigmoid or softmax, by whatever way leaves numbers."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    node = made_by.get(model.graph.output[0].name)
    while node is not None and node.op_type in _SAME_NUMBERS:
        node = made_by.get(node.input[0])
    return node is not None and node.op_type in ("Sigmoid", "Softmax")
