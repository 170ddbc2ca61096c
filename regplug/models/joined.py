"""Nets → one graph: codes (n, width) uint8 → scores (n, targets) float32, or several outputs.

    codes ─strands→ letters ─each Net→ answers ─mean over the nets→ ─strands joined→ scores

Each output is joined by itself; a profile of the other strand is turned round first. Of log counts
the mean of both strands is that of the counts, as of counts that are no logarithms, and the mean
over the nets that of the logarithms: so fold changes of folds have one.

The operators that are put around the nets have one form in all versions of ONNX from 13 on.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from onnx import ModelProto, TensorProto, helper

from regplug.errors import ModelError
from regplug.hooks.about import Strand
from regplug.models.foreign import Net
from regplug.models.graphs import at_opset
from regplug.models.onnx_builder import Builder
from regplug.scoring.outputs import Output


class Reading(NamedTuple):
    """How nets read a sequence.

    Attributes:
        strand: "mean" or "max" of both strands; "forward" or "none": the sequence as it stands.
        letters: which letter each of the four channels is of, or each of the codes 0 to 3.
        unknown: each channel at an unknown base, or its code.
    """

    strand: Strand = "mean"
    letters: str = "ACGT"
    unknown: float | None = None  # 0.25; of codes 4

    @property
    def both(self) -> bool:
        """Tell whether both strands are read."""
        return self.strand in ("mean", "max")


def joined(nets: Sequence[Net], reading: Reading, *, sigmoid: bool = False) -> ModelProto:
    """Return the graph of nets that are alike; `sigmoid`: their answers are logits.

    Raises:
        ModelError: their windows or outputs differ, operators cannot be made of one version, or the
            strands of a profile cannot be joined.
    """
    first = nets[0]
    for net in nets[1:]:
        if (net.window, net.targets) != (first.window, first.targets):
            raise ModelError(
                f"{net.called} reads {net.window} bases and has {net.targets} targets, "
                f"{first.called} {first.window} and {first.targets}: they are no ensemble"
            )
        if net.heads != first.heads:
            raise ModelError(
                f"{net.called} has outputs of other shapes than {first.called}: no ensemble"
            )
    version = max(_version(net.model) for net in nets)
    graph = Builder()
    codes = graph.known("codes")
    if reading.both:
        codes = graph.both_strands(codes, first.window)
    members = []
    for net in nets:
        model = net.model
        if _version(model) < version:
            model = at_opset(model, version, net.called)
        answers = [
            graph.op("Cast", graph.reshape(answer, -1, *head.shape), to=TensorProto.FLOAT)
            for answer, head in zip(
                graph.include(model, _letters(graph, codes, net, reading)), net.heads, strict=True
            )
        ]
        members.append([graph.op("Sigmoid", answers[0]), *answers[1:]] if sigmoid else answers)
    for number, head in enumerate(first.heads):
        answers = [answers[number] for answers in members]
        each = reading.both and is_of_counts(head, reading.strand)
        if each:
            answers = [_both_strands(graph, answer, head, reading.strand) for answer in answers]
        answer = graph.op("Mean", *answers) if len(answers) > 1 else answers[0]
        if reading.both and not each:
            answer = _both_strands(graph, answer, head, reading.strand)
        graph.name(head.name, answer)
    return graph.model(
        "imported",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", first.window])],
        [
            helper.make_tensor_value_info(head.name, TensorProto.FLOAT, ["n", *head.shape])
            for head in first.heads
        ],
        doc="codes A C G T = 0 1 2 3, anything else unknown",
    )


def turned_axes(head: Output, strand: Strand) -> tuple[int, ...]:
    """Return the axes of an output's answers (n, *shape) that run backwards on the other strand.

    In a profile they are the bases and, where there are two of them, the strands. One of three axes
    is (targets, strands, bases).

    Raises:
        ModelError: a profile whose axes may be something else, or is to be joined by a maximum.
    """
    if head.kind != "profile_logits":
        return ()
    if len(head.shape) == 3 and head.shape[1] <= 2 and strand != "max":
        return 2, 3
    sizes = sorted(size for size in head.shape if size > 1)
    if strand == "max" or not sizes or sizes[:-1] not in ([], [2]):
        raise ModelError(
            f"the strands of the profile {head.name}, {head.shape}, cannot be joined: that is the "
            "mean of (bases) or (2 strands, bases); say --strand none to read one"
        )
    return tuple(axis for axis, size in enumerate(head.shape, start=1) if size > 1)


def is_of_counts(head: Output, strand: Strand) -> bool:
    """Tell whether an output's strands are averaged as counts, though it answers logarithms."""
    return head.kind == "log_count" and strand == "mean"


def _both_strands(graph: Builder, answer: str, head: Output, strand: Strand) -> str:
    """Return the joined answers (n, *shape) of those to both strands, (2n, *shape)."""
    strands = graph.reshape(answer, 2, -1, *head.shape)
    plus, minus = (graph.op("Gather", strands, graph.constant(i, np.int64), axis=0) for i in (0, 1))
    for axis in turned_axes(head, strand):
        backwards = graph.ints(*range(head.shape[axis - 1])[::-1])
        minus = graph.op("Gather", minus, backwards, axis=axis)
    if is_of_counts(head, strand):  # ln((e^plus + e^minus) / 2), from the larger one on
        larger = graph.op("Max", plus, minus)
        parts = [graph.op("Exp", graph.op("Sub", side, larger)) for side in (plus, minus)]
        return graph.op("Add", larger, graph.op("Log", graph.op("Mean", *parts)))
    return graph.op(strand.capitalize(), plus, minus)


def _letters(graph: Builder, codes: str, net: Net, reading: Reading) -> str:
    """Return what a net reads, (n, *net.shape), of int32 codes (n, window)."""
    kind = net.model.graph.input[0].type.tensor_type.elem_type
    if "c" in net.layout:
        unknown = 0.25 if reading.unknown is None else reading.unknown
        letters = graph.one_hot(codes, reading.letters, unknown)  # (n, 4, 1, window)
        if net.layout.index("c") > net.layout.index("l"):
            letters = graph.op("Transpose", letters, perm=[0, 3, 2, 1])
    else:
        unknown = 4 if reading.unknown is None else reading.unknown
        numbers = [*(reading.letters.index(letter) for letter in "ACGT"), unknown]
        letters = graph.op("Gather", graph.constant(numbers, np.float32), codes)
    return graph.op("Cast", graph.reshape(letters, -1, *net.shape), to=kind)


def _version(model: ModelProto) -> int:
    return max(int(o.version) for o in model.opset_import if o.domain in ("", "ai.onnx"))
