"""Files of BPNet's family → a Triton model of two outputs.

chrombpnet_nobias.h5 ─read_net→ Net ─models.imported→ <name>
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from regplug.errors import ModelError
from regplug.hooks.about import About, Strand
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN
from regplug.models.foreign import Net
from regplug.models.imported import Imported, import_nets
from regplug.scoring.card import Target
from regplug_bpnet.bpnet_lite import bpnet_lite_net
from regplug_bpnet.cherimoya import cherimoya_net
from regplug_bpnet.heads import KINDS
from regplug_bpnet.keras_files import read_keras_file
from regplug_bpnet.state import read_state

KERAS = (".h5", ".hdf5", ".keras")
TORCH = (".torch", ".pt", ".pth", ".ckpt", ".safetensors")
TARGET = "counts"  # the label of a model's only target, if none is named


def read_net(
    path: Path,
    *,
    window: int | None = None,
    profile: int | None = None,
    basepairnet: bool = False,
) -> Net:
    """Return the network in a file, of Keras or PyTorch by its suffix.

    Args:
        path: of the file.
        window: bases that it reads, where the file does not tell; of PyTorch's 2,114 if it is not
            told here either.
        profile: bases that a network of PyTorch's predicts, if not those that are usual.
        basepairnet: whether a state dict is of bpnet-lite's BasePairNet.

    Raises:
        ModelError: it cannot be read, or is of another family.
        MissingLibraryError: h5py, or torch, is not installed.
    """
    if path.suffix in KERAS:
        return read_keras_file(path, window=window)
    if path.suffix not in TORCH:
        raise ModelError(f"what is {path}? Files end in {', '.join((*KERAS, *TORCH))}")
    state = read_state(path)
    if state.config:
        return cherimoya_net(state, window=window, profile=profile)
    return bpnet_lite_net(state, window=window, profile=profile, basepairnet=basepairnet)


def import_bpnet(
    files: Sequence[Path],
    repo: Path,
    about: About,
    *,
    profile: int | None = None,
    basepairnet: bool = False,
    golden: Path | None = None,
    measuring: Measuring = PLAIN,
) -> Imported:
    """Write the model of files, folds whose answers are averaged, into `repo`.

    Args:
        files: as `read_net` has them.
        repo: the model repository.
        about: what the card says that the files do not.
        profile: as in `read_net`.
        basepairnet: as in `read_net`.
        golden: as in `import_nets`.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: as `read_net` and `import_nets`.
        MissingLibraryError: h5py is not installed.
    """
    if about.strand == "forward":
        raise ModelError("networks of the family read DNA: --strand is mean, max or none")
    nets = [
        read_net(path, window=about.window, profile=profile, basepairnet=basepairnet)
        for path in files
    ]
    for net in nets:
        _check_tracks(net, about.strand)
    targets = about.targets or ((Target(TARGET),) if nets[0].targets == 1 else ())
    about = replace(
        about,
        outputs=KINDS,
        targets=targets,
        unknown=0.0 if about.unknown is None else about.unknown,  # as all of them were trained
        doc=about.doc or f"{files[0].name}: natural logarithm of reads, and where they lie",
    )
    return import_nets(
        nets, repo, about, command="bpnet", family="bpnet", golden=golden, measuring=measuring
    )


def _check_tracks(net: Net, strand: Strand) -> None:
    """Check that it is known what the rows of a profile are, where strands are joined.

    Raises:
        ModelError: they may be targets, or the strands of one.
    """
    counts, profile = (head.shape for head in net.heads)
    if strand != "none" and counts[0] > 1 and len(profile) < 3:
        raise ModelError(
            f"{net.called} has counts and profiles of {counts[0]} tracks each, and does not tell "
            "whether they are strands: --strand none reads the sequence as it stands"
        )
