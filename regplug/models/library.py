"""An ONNX graph ─Library.open→ Session: what runs graphs in this process.

By default onnxruntime; plugins bring others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import onnxruntime

from regplug.errors import ModelError
from regplug.models.device import CPU, check_used, providers
from regplug.scoring.backend import Array
from regplug.scoring.card import ModelCard


class Session(Protocol):
    """A graph that is ready to run."""

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Any], /) -> list[Array]:
        """Return the named outputs for the inputs, arrays by name."""


class Library(Protocol):
    """What runs graphs in this process.

    Attributes:
        engine: its name, its version, the device and the precision.
        precision: in what numbers it computes where it was asked for others than float32, or "".
        together: whether SNVs are scored together, by a graph of many lookups.
    """

    engine: str
    precision: str
    together: bool

    def open(self, onnx: bytes, name: object) -> Session:
        """Return a graph, ready to run; `name` is for messages.

        Raises:
            ModelError: the library cannot run it.
        """


class OnnxRuntime:
    """The library that runs models unless another is asked for.

    Attributes:
        engine: as `Library`.
        precision: as `Library`.
        together: as `Library`; on the CPU.
    """

    precision = ""

    def __init__(self, threads: int, device: str) -> None:
        self.together = device == CPU
        self.engine = f"onnxruntime {onnxruntime.__version__} on {device}"
        self._threads, self._device = threads, device

    def open(self, onnx: bytes, name: object) -> Session:
        """Return a graph, ready to run, as `Library.open`."""
        session: Session = open_session(onnx, name, threads=self._threads, device=self._device)
        return session


def open_session(onnx: bytes, name: object, *, threads: int = 0, device: str = CPU) -> Any:
    """Return onnxruntime's session of a graph.

    Args:
        onnx: the graph, serialised.
        name: of the graph, for the message.
        threads: of the CPU; 0 for all cores.
        device: cpu, cuda or cuda:N.

    Raises:
        ModelError: onnxruntime cannot load it.
        BackendError: onnxruntime cannot use the device.
    """
    wanted = providers(device)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is an error is raised, and not printed too
    # Waiting threads that spin halve the speed of a machine that has other work (measured).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.use_deterministic_compute = device != CPU
    try:
        session = onnxruntime.InferenceSession(onnx, options, providers=wanted, enable_fallback=0)
    except Exception as error:
        raise ModelError(f"onnxruntime cannot load {name}: {error}") from error
    check_used(session, device)
    return session


def check_shapes(session: Any, card: ModelCard) -> None:
    """Check that a graph reads and gives what its card says, before memory is asked for.

    Raises:
        ModelError: it does not.
    """
    wanted: list[tuple[str, Any, str, tuple[int | None, ...]]] = [
        ("input", session.get_inputs(), "codes", (card.window,))
    ]
    wanted += [
        ("output", session.get_outputs(), output.name, output.shape) for output in card.answers
    ]
    for what, tensors, name, promised in wanted:
        shape = next((tensor.shape for tensor in tensors if tensor.name == name), None)
        if shape is None or len(shape) != 1 + len(promised):
            raise ModelError(
                f"the graph of {card.name} has no {what} {name} of {1 + len(promised)} dimensions"
            )
        for size, kept in zip(shape[1:], promised, strict=True):
            if isinstance(size, int) and size != kept:
                raise ModelError(
                    f"the {what} {name} of {card.name} has {size} columns in the graph, "
                    f"{kept or 'any'} in the card: export the model again"
                )
