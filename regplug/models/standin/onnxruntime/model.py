"""Takes the place of Triton's onnxruntime backend where the server has none: on a CPU, in tests.

Triton loads this file as <backends>/onnxruntime/model.py, in a process of its own for each model.
It accepts and refuses the same configurations as the C++ backend.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton  # type: ignore[import-not-found]

IN_CACHE = 64  # rows at once, as in process: with more, layers no longer fit a CPU's cache
TYPES = {
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(bool)": "TYPE_BOOL",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
}


class TritonPythonModel:
    """An instance of a model; Triton calls the class and these two methods by their names."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the graph, and check the configuration against it."""
        config = json.loads(args["model_config"])
        self._batches = config["max_batch_size"] > 0
        self._session = _session(Path(args["model_repository"], args["model_version"]), config)
        _check(config, "input", self._session.get_inputs())
        _check(config, "output", self._session.get_outputs())
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return a response for each request; one run of the graph serves all that are batches."""
        if not self._batches and len(requests) > 1:
            return [response for request in requests for response in self.execute([request])]
        feeds = [
            [triton.get_input_tensor_by_name(request, name).as_numpy() for name in self._inputs]
            for request in requests
        ]
        joined = [np.concatenate(parts) for parts in zip(*feeds, strict=True)]
        names = [tensor.name for tensor in self._session.get_outputs()]
        try:
            results = self._run(names, joined)
        except Exception as error:  # noqa: BLE001  an answer: the process must outlive a bad request
            refusal = triton.TritonError(str(error))
            return [triton.InferenceResponse(output_tensors=[], error=refusal) for _ in requests]
        responses, start = [], 0
        for request, arrays in zip(requests, feeds, strict=True):
            rows = slice(start, start + len(arrays[0])) if self._batches else slice(None)
            start += len(arrays[0])
            tensors = [
                triton.Tensor(name, np.ascontiguousarray(result[rows]))
                for name, result in zip(names, results, strict=True)
                if name in request.requested_output_names()
            ]
            responses.append(triton.InferenceResponse(output_tensors=tensors))
        return responses

    def _run(self, names: list[str], joined: list[Any]) -> list[Any]:
        """Return the named outputs; a batch is run in pieces, as in process."""
        rows = len(joined[0])
        if not self._batches or rows <= IN_CACHE:
            return list(self._session.run(names, dict(zip(self._inputs, joined, strict=True))))
        pieces = [
            self._run(names, [array[start : start + IN_CACHE] for array in joined])
            for start in range(0, rows, IN_CACHE)
        ]
        return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]


def _session(version: Path, config: dict[str, Any]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _parameter(config, "intra_op_thread_count")
    options.inter_op_num_threads = _parameter(config, "inter_op_thread_count")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # models share cores
    graph = version / (config.get("default_model_filename") or "model.onnx")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises bare subclasses of Exception
        raise triton.TritonModelException(f"cannot load {graph}: {error}") from error


def _parameter(config: dict[str, Any], key: str) -> int:
    """Return a number of threads from the configuration; 0, the default, means all cores."""
    return int(config.get("parameters", {}).get(key, {}).get("string_value", 0))


def _check(config: dict[str, Any], kind: str, graph: list[Any]) -> None:
    """Refuse a configuration whose names, types or shapes are not those of the graph."""
    tensors = {tensor.name: tensor for tensor in graph}
    batch = [-1] if config["max_batch_size"] > 0 else []
    for entry in config[kind]:
        name = entry["name"]
        if name not in tensors:
            raise triton.TritonModelException(f"{kind} {name} is none of {', '.join(tensors)}")
        its_type = TYPES.get(tensors[name].type, tensors[name].type)
        if its_type != entry["data_type"]:
            raise triton.TritonModelException(
                f"{kind} {name} is {entry['data_type']} in config.pbtxt, {its_type} in the graph"
            )
        shape = [size if isinstance(size, int) else -1 for size in tensors[name].shape]
        wanted = batch + [int(size) for size in entry["dims"]]
        fits = len(shape) == len(wanted) and all(
            have in (-1, want) for have, want in zip(shape, wanted, strict=True)
        )
        if not fits:
            raise triton.TritonModelException(
                f"{kind} {name} has the shape {wanted} in config.pbtxt, {shape} in the graph"
            )
    missing = sorted(set(tensors) - {entry["name"] for entry in config[kind]})
    if kind == "input" and missing:
        raise triton.TritonModelException(f"config.pbtxt lacks the input {', '.join(missing)}")
