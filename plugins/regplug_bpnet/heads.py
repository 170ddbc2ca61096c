"""A Net of two answers, whatever they are called → one of `log_counts` and `profile`.

    Net ─counts_and_profile→ Net whose heads are log_counts (targets,), profile (strands, bases)

The profile is the larger of the two. Keras has its bases first; of one strand it is (bases,).
"""

from collections.abc import Sequence
from math import prod

from onnx import TensorProto, helper

from regplug.errors import ModelError
from regplug.models.foreign import Net, net_of
from regplug.models.onnx_builder import Builder
from regplug.scoring.outputs import Kind

COUNTS, PROFILE = "log_counts", "profile"
KINDS: dict[str, Kind] = {COUNTS: "log_count", PROFILE: "profile_logits"}


def counts_and_profile(net: Net) -> Net:
    """Return a Net with the names, shapes and order that all models of the family have.

    Raises:
        ModelError: it has other than two outputs, or they are no counts and profile of the window's
            middle.
    """
    if len(net.heads) != 2:
        names = ", ".join(head.name for head in net.heads)
        raise ModelError(
            f"{net.called} has {len(net.heads)} outputs ({names}), where log counts and a profile "
            "belong"
        )
    places = sorted(range(2), key=lambda place: prod(net.heads[place].shape))
    counts, profile = (net.heads[place].shape for place in places)
    sizes = [size for size in profile if size > 1]
    bases, targets = max(sizes, default=1), prod(counts)
    if len(sizes) > 2 or max(counts) < targets or bases <= targets:
        raise ModelError(
            f"{net.called} answers shapes {counts} and {profile}: log counts of shape (targets,) "
            "and a profile of shape (bases,) or (bases, strands) are read"
        )
    check_middle(net.window, bases, net.called)
    graph = Builder()
    answers = graph.include(net.model, "letters")
    log_counts = graph.reshape(answers[places[0]], -1, targets)
    logits = graph.reshape(answers[places[1]], -1, *sizes)
    if len(sizes) == 2 and sizes[0] == bases:
        logits, sizes = graph.op("Transpose", logits, perm=[0, 2, 1]), sizes[::-1]
    return finished(graph, net.shape, (log_counts, targets), (logits, sizes), net.called)


def finished(
    graph: Builder,
    shape: Sequence[int],
    log_counts: tuple[str, int],
    profile: tuple[str, Sequence[int]],
    called: str,
) -> Net:
    """Return the Net of a graph that reads `letters` (n, *shape).

    Args:
        graph: with all operators.
        shape: of the letters of a row: (4, bases), or (bases, 4).
        log_counts: the tensor of log counts (n, targets), and how many targets.
        profile: the tensor of logits (n, *sizes), and the sizes.
        called: what messages call it.
    """
    tensors = {COUNTS: (log_counts[0], [log_counts[1]]), PROFILE: profile}
    for name, (tensor, _) in tensors.items():
        graph.name(name, tensor)
    model = graph.model(
        "bpnet",
        [helper.make_tensor_value_info("letters", TensorProto.FLOAT, ["n", *shape])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *sizes])
            for name, (_, sizes) in tensors.items()
        ],
        doc="",
    )
    layout = "ncl" if shape[0] == 4 else "nlc"
    return net_of(model, called, layout=layout, outputs=KINDS)


def check_middle(window: int, bases: int, called: str) -> None:
    """Check that a profile can lie in the middle of a window.

    Raises:
        ModelError: it is longer, or one of the two is even and the other odd.
    """
    if bases > window or (window - bases) % 2:
        raise ModelError(
            f"{called} reads {window} bases and its profile has {bases}, which do not lie in the "
            "middle of them: both must be even, or both odd"
        )
