"""Other people's Basset weights → a Triton model.

file ─read_network→ StackNetwork ─export_basset→ <name>
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from regplug.errors import ModelError
from regplug.files.version import VERSION
from regplug.hooks.labels import labels_of
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN, export_model
from regplug.models.stack import StackNetwork, rows_per_call
from regplug.models.stack_graph import stack_graph
from regplug.scoring.card import ModelCard, Target
from regplug_basset.state_dict import SAFETENSORS, TORCH, read_state_dict
from regplug_basset.torch7_network import SUFFIXES as TORCH7
from regplug_basset.torch7_network import read_torch7_network
from regplug_basset.weights import to_network

SUFFIXES = TORCH7 + TORCH + SAFETENSORS
CITE = "Kelley, Snoek and Rinn 2016, Genome Research 26:990, doi:10.1101/gr.200535.115"


def read_network(path: Path, *, width: int) -> StackNetwork:
    """Return the network in a file, which reads `width` bases.

    Raises:
        ModelError: the file cannot be read, or holds another network.
    """
    if path.suffix not in SUFFIXES:
        raise ModelError(
            f"{path}: weights come as Torch7 file ({', '.join(TORCH7)}) or state dict "
            f"({', '.join(TORCH + SAFETENSORS)}), not {path.suffix or 'without a suffix'}"
        )
    read = read_torch7_network if path.suffix in TORCH7 else read_state_dict
    try:
        return to_network(read(path), width=width)
    except ModelError as error:
        raise ModelError(f"{path} is no Basset network: {error}") from error


def import_basset(
    path: Path,
    repo: Path,
    *,
    name: str,
    labels: Path | None,
    width: int,
    license: str,
    measuring: Measuring = PLAIN,
) -> ModelCard:
    """Write the model of a weights file into `repo`; return its card.

    Args:
        path: the weights.
        repo: the model repository.
        name: the model's.
        labels: a file of the targets' names; if None they are t0, t1 ..., as in Basset.
        width: bases that the network reads.
        license: of the weights.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: the weights or names cannot be read, or do not fit each other.
        OutputError: the model cannot be written.
    """
    network = read_network(path, width=width)
    targets = network.shape.targets
    names = labels_of(labels, targets, path)
    card = card_of(network, name, names, license=license)
    return export_basset(repo, card, network, measuring)


def card_of(network: StackNetwork, name: str, labels: Sequence[str], *, license: str) -> ModelCard:
    """Return the card of an imported network; batch limit and measured values are not filled in."""
    return ModelCard(
        name=name,
        version="1",
        family="basset",
        window=network.shape.width,
        targets=tuple(map(Target, labels)),
        strand="mean",
        output_scale="probability",
        max_batch_size=1,
        sha256="",
        doc=f"Basset, {network.shape.form} convolutions, {network.shape.parameters:,} parameters: "
        "probability of accessible chromatin, mean of both strands",
        cite_as=CITE,
        license=license,
        created_by=f"regplug {VERSION} models import basset",
    )


def export_basset(
    repo: Path,
    card: ModelCard,
    network: StackNetwork,
    measuring: Measuring = PLAIN,
) -> ModelCard:
    """Write a network's model; return its card with batch limit and measured values filled in."""
    card = replace(
        card, max_batch_size=rows_per_call(network.shape.filters[0] * network.shape.width)
    )
    onnx = stack_graph(network).SerializeToString()
    return export_model(repo, card, onnx, measuring)
