"""`--engine openvino`: models run by OpenVINO on the CPU, of Intel and of others.

    codes ─Embedded.predict→ predictions, of the same card and graph, to 1e-5

`openvino:bf16` computes in bfloat16, where the processor can.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from regplug.errors import BackendError, ModelError
from regplug.files.extras import needs
from regplug.hooks.hookspecs import hookimpl
from regplug.models.embedded import Embedded, folder_of
from regplug.scoring.backend import Array, Backend, BackendOptions

_PRECISIONS = {"": "f32", "bf16": "bf16"}


@cache
def _core() -> Any:
    """Return what compiles graphs, the same for all: it stays as long as the process.

    Its end frees the stack that it has given to handlers of signals, and the next signal would be a
    segmentation fault.
    """
    import openvino

    return openvino.Core()


class OpenVino:
    """The library, as `models.library.Library` has it."""

    together = True

    def __init__(self, options: BackendOptions) -> None:
        """Load it.

        Raises:
            MissingLibraryError: it is not installed.
            BackendError: it is no engine for that device or precision.
        """
        if options.device != "cpu":
            raise BackendError(f"--engine {options.engine} runs on the CPU, not {options.device}")
        if options.precision not in _PRECISIONS:
            raise BackendError(f"no engine {options.engine}: there are openvino and openvino:bf16")
        with needs("openvino"):
            import openvino
        self._core = _core()
        self.precision = options.precision
        numbers = _PRECISIONS[options.precision]
        self.engine = f"openvino {openvino.__version__.partition('-')[0]} on cpu, {numbers}"
        self._how: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": numbers,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
        }
        if options.threads:
            self._how["INFERENCE_NUM_THREADS"] = options.threads

    def open(self, onnx: bytes, name: object) -> "_Session":
        """Return a graph, ready to run, as `Library.open`."""
        try:
            return _Session(self._core.compile_model(self._core.read_model(onnx), "CPU", self._how))
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot load {name}: {error}") from error


class _Session:
    """A compiled graph, as `models.library.Session`."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Any], /) -> list[Array]:
        found = self._request.infer(dict(inputs))
        return [found[name] for name in outputs]


@hookimpl
def regplug_open_backend(location: str, model: str, options: BackendOptions) -> Backend | None:
    """Open a model of a repository folder."""
    if options.library != "openvino":
        return None
    folder = folder_of(location, model)
    return Embedded(folder, library=OpenVino(options)) if folder else None
