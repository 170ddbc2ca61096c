"""Parts of a graph, to run by themselves: ModelProto, Filters ─part→ ONNX.

`part` cuts a graph. `larger_first`, `with_logits` and `tapped` change it first, so that the larger
of two filters stands at every base, scores before the sigmoid can be had, and what a filter adds
can be taken off.
"""

from collections.abc import Sequence

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from regplug.interpret.filters.find import Filters, refused
from regplug.scoring.card import ModelCard

# Nodes that may stand between a sigmoid and the scores: they move, add up or scale values.
_MOVE = {"Concat", "Gather", "Identity", "Mean", "ReduceMean", "ReduceSum", "Reshape", "Slice"}
_MOVE |= {"Split", "Squeeze", "Transpose", "Unsqueeze", "Add", "Sum", "Mul", "Div"}


def tap(member: Filters) -> list[str]:
    """Return the names of the inputs that `tapped` adds for a member with a `next`."""
    return [f"{member.next}/{word}" for word in ("base", "lost", "index")]


def tapped(model: ModelProto, members: Sequence[Filters]) -> ModelProto:
    """Return the model with each member's `next` computed as its full value less a filter's part.

    A convolution is a sum over filters, so what a filter adds can be subtracted without running the
    others again: `next` = `next/base` - the convolution of `next/lost` (rows, 1, ...) with the
    weights of filter `next/index` (1,).
    """
    copy, nexts = ModelProto(), {member.next for member in members} - {""}
    copy.CopyFrom(model)
    copy.graph.ClearField("node")
    for node in model.graph.node:
        name = node.output[0]
        if name not in nexts:
            copy.graph.node.append(node)
            continue
        weights, less = f"{name}/weights", f"{name}/less"
        pick = helper.make_node("Gather", [node.input[1], f"{name}/index"], [weights], axis=1)
        convolution = NodeProto()
        convolution.CopyFrom(node)
        convolution.input[:], convolution.output[:] = [f"{name}/lost", weights], [less]
        subtract = helper.make_node("Sub", [f"{name}/base", less], [name])
        copy.graph.node.extend([pick, convolution, subtract])
    return copy


def with_logits(model: ModelProto, card: ModelCard) -> tuple[ModelProto, str]:
    """Return the model with a second output, its scores without their sigmoid; and its name.

    Raises:
        ModelError: the scores do not come from a sigmoid.
    """
    copy = ModelProto()
    copy.CopyFrom(model)
    makers = {name: node for node in copy.graph.node for name in node.output}
    tail, waiting, found = (
        set[str](),
        [card.main.name],
        False,
    )  # tail: tensors from sigmoids to scores
    while waiting:
        name = waiting.pop()
        node = makers.get(name)
        if node is None or name in tail:
            continue
        tail.update(node.output)
        found |= node.op_type == "Sigmoid"
        if node.op_type in _MOVE:
            waiting += node.input
        elif node.op_type not in ("Sigmoid", "Constant", "Shape"):
            raise refused(card, f"its probabilities come from {node.op_type}, not a sigmoid")
    if not found:
        raise refused(card, "its probabilities come from no sigmoid")
    for node in list(copy.graph.node):
        if tail.isdisjoint(node.output):
            continue
        twin = copy.graph.node.add()
        twin.CopyFrom(node)
        twin.name = f"{node.name}/logits"
        if node.op_type == "Sigmoid":
            twin.op_type = "Identity"
        else:
            twin.input[:] = [f"{name}/logits" if name in tail else name for name in node.input]
        twin.output[:] = [f"{name}/logits" for name in node.output]
    return copy, f"{card.main.name}/logits"


def larger_first(model: ModelProto) -> ModelProto:
    """Return the model with the larger of equal MaxPools as the MaxPool of what is larger.

    These are the same numbers, but which of two filters counts is known at every base.
    """
    copy, makers = ModelProto(), {name: node for node in model.graph.node for name in node.output}
    copy.CopyFrom(model)
    copy.graph.ClearField("node")
    gone = set[str]()
    for node in model.graph.node:
        pools = [makers.get(name) for name in node.input]
        alike = {tuple(a.SerializeToString() for a in pool.attribute) for pool in pools if pool}
        if node.op_type != "Max" or len(alike) != 1 or not all(map(_is_max_pool, pools)):
            copy.graph.node.append(node)
            continue
        gone.update(node.input)
        larger = f"{node.output[0]}/larger"
        inputs = [pool.input[0] for pool in pools if pool]
        copy.graph.node.append(helper.make_node("Max", inputs, [larger], name=larger))
        pooled = copy.graph.node.add()
        pooled.CopyFrom(makers[node.input[0]])
        pooled.input[:], pooled.output[:] = [larger], node.output
    read = {name for node in copy.graph.node for name in node.input}
    read.update(value.name for value in model.graph.output)
    for node in [node for node in copy.graph.node if gone.intersection(node.output)]:
        if read.isdisjoint(node.output):
            copy.graph.node.remove(node)
    return copy


def _is_max_pool(node: NodeProto | None) -> bool:
    return node is not None and node.op_type == "MaxPool"


def part(model: ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """Return the part of the graph that computes `outputs` from `inputs`, serialised.

    Inputs that the outputs do not depend on are left out.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    needed, waiting = set[str](), list(outputs)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            if name not in inputs and name in makers:
                waiting += makers[name].input
    made = needed - set(inputs)
    known = {tensor.name: tensor for tensor in model.graph.input}
    graph = helper.make_graph(
        [node for node in model.graph.node if not made.isdisjoint(node.output)],
        model.graph.name,
        [known.get(name) or _value(name) for name in inputs if name in needed],
        [_value(name) for name in outputs],
        [tensor for tensor in model.graph.initializer if tensor.name in needed],
    )
    whole = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx: bytes = whole.SerializeToString()
    return onnx


def _value(name: str) -> ValueInfoProto:
    kind = TensorProto.INT64 if name.endswith("/index") else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, None)
