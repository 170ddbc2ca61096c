"""A graph in PyTorch: Torch.open → a session."""

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
import torch

from regplug.errors import BackendError, ModelError
from regplug.models.torch_graph.graph import TorchGraph
from regplug.scoring.backend import Array, BackendOptions


class Torch:
    """The library, as `models.library.Library` has it."""

    together = False  # a table of rows, which is what shares work, is slower here than the rows

    def __init__(self, options: BackendOptions) -> None:
        """Choose the device, and in what numbers it computes.

        Raises:
            BackendError: there is no such device, or TF32 is asked for of a CPU.
        """
        self._device, self.precision = options.device, options.precision
        on_cpu = options.device == "cpu"
        if on_cpu and self.precision == "tf32":
            raise BackendError("TF32 is of GPUs: --engine torch:tf32 needs --device cuda")
        number = int(options.device.partition(":")[2] or 0)
        if not on_cpu and number >= torch.cuda.device_count():
            raise BackendError(
                f"--device {options.device}: PyTorch {torch.__version__} finds "
                f"{torch.cuda.device_count()} GPUs (python -m torch.utils.collect_env says why)"
            )
        if options.threads:
            torch.set_num_threads(options.threads)
        # The same sequence gives the same answer each time: no trials of what is faster just now.
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.allow_tf32 = self.precision == "tf32"
        torch.set_float32_matmul_precision("high" if self.precision == "tf32" else "highest")
        numbers = self.precision or "f32"
        self.engine = f"torch {torch.__version__} on {options.device}, {numbers}"

    def open(self, onnx: bytes, name: object) -> "_Session":
        """Return a graph, ready to run, as `Library.open`."""
        return _Session(onnx, name, self._device, bf16=self.precision == "bf16")


class _Session:
    """A graph, as `models.library.Session`."""

    def __init__(self, graph: bytes, name: object, device: str, *, bf16: bool) -> None:
        model = onnx.load_from_string(graph)
        self._kind, self._bf16 = torch.device(device).type, bf16
        self._graph = TorchGraph(model, [output.name for output in model.graph.output], device)
        if self._graph.unknown:
            raise ModelError(
                f"--engine torch cannot run {', '.join(self._graph.unknown)}, which {name} has: "
                "leave it out"
            )

    @torch.inference_mode()
    def run(self, outputs: Sequence[str], inputs: Mapping[str, Any], /) -> list[Array]:
        tensors = {name: self._graph.tensor(array) for name, array in inputs.items()}
        try:
            with torch.autocast(self._kind, torch.bfloat16, enabled=self._bf16):
                found = self._graph.run(tensors)
        except NotImplementedError as error:
            raise ModelError(f"--engine torch does not know {error}: leave it out") from error
        return [found[name].to("cpu", torch.float32).numpy() for name in outputs]
