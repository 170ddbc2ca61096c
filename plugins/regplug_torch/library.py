"""A graph, node by node in PyTorch: Torch.open → a session."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from regplug.errors import BackendError, ModelError
from regplug.scoring.backend import Array, BackendOptions
from regplug_torch.operators import OPERATORS


class Torch:
    """The library, as `models.embedded.Library` has it."""

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
    """The nodes of a graph, as `models.embedded.Session`."""

    def __init__(self, graph: bytes, name: object, device: str, *, bf16: bool) -> None:
        self._graph, self._device, self._bf16 = onnx.load_from_string(graph).graph, device, bf16
        known = {node.op_type for node in self._graph.node}
        if unknown := sorted(known - OPERATORS.keys()):
            raise ModelError(
                f"--engine torch cannot run {', '.join(unknown)}, which {name} has: leave it out"
            )
        self._steps = [
            (OPERATORS[node.op_type], node.input, node.output, _attributes(node))
            for node in self._graph.node
        ]
        self._held = {each.name: self._tensor(numpy_helper.to_array(each))
                      for each in self._graph.initializer}  # fmt: skip
        self._last = {name: at for at, step in enumerate(self._steps) for name in step[1]}

    def _tensor(self, array: Array) -> torch.Tensor:
        """Return an array as a tensor: shapes and axes stay on the CPU."""
        tensor = torch.from_numpy(np.array(array))
        return tensor if tensor.dtype == torch.int64 else tensor.to(self._device)

    @torch.inference_mode()
    def run(self, outputs: Sequence[str], inputs: Mapping[str, Any], /) -> list[Array]:
        values = self._held | {name: self._tensor(array) for name, array in inputs.items()}
        kind = torch.device(self._device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self._bf16):
            for at, (operator, given, made, attributes) in enumerate(self._steps):
                found = operator([values[name] if name else None for name in given], attributes)
                several = found if isinstance(found, tuple) else (found,)
                values |= zip(made, several, strict=False)
                for name in given:  # what nobody reads any more frees its memory
                    if name and self._last[name] == at and name not in outputs:
                        values.pop(name, None)
        return [values[name].to("cpu", torch.float32).numpy() for name in outputs]


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    of_node = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {"num_outputs": len(node.output)} | of_node if node.op_type == "Split" else of_node
