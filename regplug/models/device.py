"""What a model in process runs on: the CPU, or a GPU by the CUDA build of onnxruntime.

Where onnxruntime cannot use a GPU it goes on with the CPU, and says little; here that is an error.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import onnxruntime

from regplug.errors import BackendError

CPU = "cpu"
_CUDA = "CUDAExecutionProvider"
_BUILD = "'onnxruntime-gpu[cuda,cudnn]'"
# The same sequence gives the same answer each time, and one as near to the CPU's as may be:
# HEURISTIC picks an algorithm by the shape, where the default takes the one that was faster just
# now, and TF32 has 10 bits of the 23 that float32 keeps.
_OPTIONS = {
    "use_tf32": 0,
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",
}


def providers(device: str) -> Sequence[Any]:
    """Return what onnxruntime is to run a graph by, the first that can.

    Args:
        device: cpu, cuda or cuda:N, as in `BackendOptions`.

    Raises:
        BackendError: onnxruntime is installed for the CPU alone.
    """
    if device == CPU:
        return ["CPUExecutionProvider"]
    if _CUDA not in onnxruntime.get_available_providers():
        raise BackendError(f"--device {device}: {_why_not()} (both bring the module onnxruntime)")
    load_libraries()
    number = int(device.partition(":")[2] or 0)
    return [(_CUDA, {"device_id": number, **_OPTIONS}), "CPUExecutionProvider"]


@cache
def load_libraries() -> None:
    """Load CUDA and cuDNN from where pip puts them, which onnxruntime does not do by itself."""
    os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")  # cuDNN's own graphs heed only this
    if hasattr(onnxruntime, "preload_dlls"):  # from 1.21 on
        with redirect_stdout(sys.stderr):  # it prints what it misses, and a VCF may go to stdout
            onnxruntime.preload_dlls()


def check_used(session: Any, device: str) -> None:
    """Check that a session runs where it was told to.

    Raises:
        BackendError: it would run on the CPU in place of the GPU.
    """
    if device == CPU or _CUDA in session.get_providers():
        return
    built = getattr(onnxruntime, "cuda_version", "") or "12 or 13"
    raise BackendError(
        f"--device {device}: onnxruntime {onnxruntime.__version__} cannot use that GPU; what it "
        "says of that stands above. It needs an NVIDIA GPU with a driver (nvidia-smi), CUDA "
        f"{built} and cuDNN 9 (pip install {_BUILD}); or leave --device out"
    )


def _why_not() -> str:
    try:
        version("onnxruntime-gpu")
    except PackageNotFoundError:
        return (
            "this onnxruntime runs on the CPU alone: pip uninstall onnxruntime, then pip install "
            + _BUILD
        )
    return (
        "onnxruntime and onnxruntime-gpu are both installed, and the first is in the way: pip "
        f"uninstall onnxruntime onnxruntime-gpu, then pip install {_BUILD}"
    )
