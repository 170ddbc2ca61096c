"""`--engine torch`: models run by PyTorch in this process, on the CPU or a GPU.

    codes ─Embedded.predict→ predictions, of the same card and graph, to 1e-5

`torch:tf32` lets a GPU multiply in TF32, and `torch:bf16` computes in bfloat16, on a CPU too.
"""

from regplug.errors import BackendError
from regplug.files.extras import needs
from regplug.hooks.hookspecs import hookimpl
from regplug.models.embedded import Embedded, folder_of
from regplug.scoring.backend import Backend, BackendOptions

PRECISIONS = ("", "bf16", "tf32")


@hookimpl
def regplug_open_backend(location: str, model: str, options: BackendOptions) -> Backend | None:
    """Open a model of a repository folder."""
    if options.library != "torch":
        return None
    folder = folder_of(location, model)
    if folder is None:
        return None
    if options.precision not in PRECISIONS:
        raise BackendError(
            f"no engine {options.engine}: there are torch, torch:bf16 and, on a GPU, torch:tf32"
        )
    with needs("torch"):
        from regplug_torch.library import Torch
    return Embedded(folder, device=options.device, library=Torch(options))
