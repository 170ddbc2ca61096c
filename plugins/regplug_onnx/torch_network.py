"""PyTorch networks → Nets, through ONNX.

    module.py:Network, weights.pt ─torch_module.read_module→ torch.nn.Module ─as_net→ Net
    program.pt2 ───────────────────read_program────────────→ ↗

A module is somebody's program, and a .pt2 may hold a pickle: both can do whatever the user can. The
command asks for a word on that before it calls these functions. Weights never run anything.
"""

import inspect
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import onnx

from regplug.errors import ModelError
from regplug.files.extras import needs
from regplug.hooks.about import About
from regplug.models.foreign import Net, net_of
from regplug.models.graphs import answers_of
from regplug.models.onnx_builder import OPSET
from regplug_onnx.torch_module import said

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-4  # of an answer; of those above 1, relative


class Example(NamedTuple):
    """Shape of an input (rows, ...), and whether it is of codes, whole numbers."""

    shape: tuple[int, ...]
    codes: bool


def read_program(path: Path, window: int | None) -> tuple["torch.nn.Module", Example]:
    """Return an exported program (torch.export.save) as a network, and an input of its.

    Raises:
        ModelError: it cannot be read, or has other than one input, or one of any length without
            a `window`.
        MissingLibraryError: torch is not installed.
    """
    with needs("torch"):
        import torch

    if not path.is_file():
        raise ModelError(f"there is no {path}")
    try:
        with _without_log():
            program = torch.export.load(path)
    except Exception as error:  # torch's own
        raise ModelError(
            f"{path} is no exported program ({said(error)}): torch.export.save makes one"
        ) from error
    entries = [
        node.meta["val"]
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in program.graph_signature.user_inputs
    ]
    if len(entries) != 1:
        raise ModelError(
            f"{path} has {len(entries)} inputs: one that reads a sequence is wanted, so give the "
            "others their value before it is exported"
        )
    sizes = [size if isinstance(size, int) else window for size in entries[0].shape[1:]]
    if None in sizes:
        raise ModelError(f"{path} reads sequences of any length: name one with --window")
    rows = entries[0].shape[0]
    shape = (rows if isinstance(rows, int) else 2, *(int(size or 0) for size in sizes))
    return _frozen(program.module()), Example(shape, not entries[0].dtype.is_floating_point)


def as_net(network: "torch.nn.Module", example: Example, called: str, about: About) -> Net:
    """Return a network as a Net that answers as the network does.

    Args:
        network: as it is used, not in training.
        example: an input of its.
        called: what messages call it.
        about: its layout, and which outputs are wanted; they are y, or y0, y1 ... of several.

    Raises:
        ModelError: it cannot be run or exported, or its export answers otherwise.
    """
    import torch

    entry = torch.zeros(example.shape, dtype=torch.int64 if example.codes else torch.float32)
    try:
        with torch.no_grad():
            answer = network(entry)
    except Exception as error:  # the network's own
        why = f"{called} cannot read {example.shape}: {said(error)}"
        raise ModelError(why + _advice(network, entry, about.layout)) from error
    if not isinstance(answer, (torch.Tensor, list, tuple)):
        raise ModelError(
            f"{called} answers a {type(answer).__name__}, where a tensor or several fit: write a "
            "Network in the module that returns them"
        )
    names = ["y"] if isinstance(answer, torch.Tensor) else [f"y{i}" for i in range(len(answer))]
    file = io.BytesIO()
    try:
        # A tracer warns of what it cannot follow; _check sees whether that matters.
        with warnings.catch_warnings(), _without_graph():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (entry,),
                cast(Any, file),
                dynamo=False,
                opset_version=OPSET,
                input_names=["x"],
                output_names=names,
                dynamic_axes={name: {0: "n"} for name in ("x", *names)},
            )
    except Exception as error:  # torch's own
        raise ModelError(f"{called} cannot be exported to ONNX: {said(error)}") from error
    model = onnx.load_from_string(file.getvalue())
    net = net_of(model, called, layout=about.layout, head=about.head, outputs=about.outputs)
    _check(net, network, example.shape[0], called)
    return net


def _advice(network: "torch.nn.Module", entry: "torch.Tensor", layout: str) -> str:
    """Return what to do about a network that does not run, where that is known; else nothing."""
    import torch

    with suppress(Exception), torch.no_grad():  # the network's own
        other = {"ncl": "nlc", "nlc": "ncl"}[layout]
        network(turned := entry.transpose(1, 2))
        return f"; it can read {tuple(turned.shape)}: say --layout {other}"
    with suppress(ValueError, TypeError):  # of one that has no signature
        wanted = [
            parameter.name
            for parameter in inspect.signature(network.forward).parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        if len(wanted) > 1:
            return (
                f"; it has {len(wanted)} inputs ({', '.join(wanted)}), and one that reads a "
                "sequence is wanted: write a Network in the module that gives the others a value"
            )
    for array in network.state_dict().values():
        if array.is_floating_point() and array.dtype != torch.float32:
            kind = str(array.dtype).removeprefix("torch.")
            return f"; it is of {kind}: write a function in the module that returns it as .float()"
    return ""


def _check(net: Net, network: "torch.nn.Module", rows: int, called: str) -> None:
    """Check an export on other letters than those that it was made with.

    Raises:
        ModelError: it answers otherwise than the network.
    """
    import torch

    codes = np.random.default_rng(4).integers(0, 4, (rows, net.window))
    letters = codes if "c" not in net.layout else np.eye(4, dtype=np.float32)[codes]
    if "c" in net.layout and net.layout.index("c") < net.layout.index("l"):
        letters = letters.swapaxes(1, 2)
    letters = np.ascontiguousarray(letters.reshape(rows, *net.shape))
    with torch.no_grad():
        answer: Any = network(torch.from_numpy(letters))
    for value, found in zip(
        net.model.graph.output, answers_of(net.model, letters, called), strict=True
    ):
        one = answer if value.name == "y" else answer[int(value.name.removeprefix("y"))]
        wanted = one.double().numpy()
        if not np.isfinite(wanted).all():
            raise ModelError(f"{called} answers NaN or inf to random letters")
        off = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
        if not off.max() <= TOLERANCE:
            raise ModelError(
                f"{called} answers otherwise in ONNX than in PyTorch, by {off.max():.2g}: does its "
                "forward() branch on what it reads, or on chance?"
            )


@contextmanager
def _without_graph() -> Iterator[None]:
    """Keep the exporter from writing all of a graph that it cannot export to standard output.

    It has a switch for that, and turns it on again itself.
    """
    import torch

    library, name = cast(Any, torch._C), "_jit_onnx_log"
    before = getattr(library, name, None)
    setattr(library, name, lambda *_: None)
    try:
        yield
    finally:
        setattr(library, name, before)


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep torch.export from writing the trace of an error that it raises too."""
    log = logging.getLogger("torch.export")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _frozen(program: "torch.nn.Module") -> "torch.nn.Module":
    """Return an exported program as the exporter to ONNX takes it."""
    import torch

    class Frozen(torch.nn.Module):
        """Hides the program, which cannot be told that it is not in training."""

        def __init__(self) -> None:
            super().__init__()
            self.hidden = [program.requires_grad_(False)]

        def forward(self, letters: torch.Tensor) -> Any:
            return self.hidden[0](letters)

    return Frozen().eval()
