"""A Keras model's files → a Triton model, without Keras.

model.json, weights.h5 ─read_keras→ Net ─models.imported→ <name>
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from regplug.hooks.about import About
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN
from regplug.models.imported import Imported, import_nets
from regplug.models.keras.files import members
from regplug.models.keras.reading import read_keras


def import_keras(
    files: Sequence[Path],
    repo: Path,
    about: About,
    *,
    backend: str = "",
    golden: Path | None = None,
    measuring: Measuring = PLAIN,
) -> Imported:
    """Write the model of Keras's files into `repo`.

    Args:
        files: an architecture (.json) and weights, or files that hold both; several networks are
            an ensemble.
        repo: the model repository.
        about: what the card says that the files do not.
        backend: as in `read_keras`.
        golden: as in `import_nets`.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: as `read_keras` and `import_nets`.
        MissingLibraryError: h5py is not installed.
    """
    nets = [
        read_keras(
            *pair, backend=backend, window=about.window, head=about.head, outputs=about.outputs
        )
        for pair in members(files)
    ]
    about = replace(about, doc=about.doc or f"Keras model {files[0].name}: its outputs")
    return import_nets(nets, repo, about, command="keras", golden=golden, measuring=measuring)
