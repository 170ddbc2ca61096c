"""A model directory → <name>_variants beside it: the graph for variants, as Triton reads it.

It is an ordinary model of Triton's, without a card of its own: its configuration says of which
graph it was made, and a client takes it for that model's alone.
"""

from pathlib import Path
from typing import Any

import msgspec
import onnx
from onnx import ModelProto

from regplug.errors import ModelError
from regplug.files.output import complete
from regplug.models.repository import read_card, read_onnx
from regplug.models.tuning import Tuning
from regplug.models.variants.graph import ALT, BLOCK, OF, SIZES, STARTS, sizes_of, variants_graph
from regplug.scoring.alleles import column
from regplug.scoring.card import ModelCard
from regplug.scoring.stretches import Sizes

MADE_OF = "regplug_variants_of"  # parameter: the sha256 of the model's own graph


def served_name(card: ModelCard) -> str:
    """Return the name under which a server has a model's graph for variants."""
    return f"{card.name}_variants"


def graph_of(folder: Path, card: ModelCard) -> ModelProto | None:
    """Return the graph for variants of the model in `folder`; None where windows share nothing.

    Raises:
        ModelError: as `read_onnx`.
    """
    if card.window is None:
        return None
    return variants_graph(onnx.load_from_string(read_onnx(folder, card)), column(card.window))


def write_variants(folder: Path) -> Path:
    """Write <name>_variants/ beside the model directory `folder`, and return its path.

    Raises:
        ModelError: there is no such model, or its windows share nothing.
        OutputError: the folder cannot be written.
    """
    card = read_card(folder)
    made = graph_of(folder, card)
    if made is None:
        raise ModelError(
            f"{card.name} has no graph for variants: its windows share no convolution, so it "
            "scores window by window"
        )
    target = folder.parent / served_name(card)
    if (target / "card.json").exists():
        raise ModelError(f"{target} is a model of its own: give that another name")
    with complete(target) as partial:
        (partial / "1").mkdir(parents=True)
        (partial / "1" / "model.onnx").write_bytes(made.SerializeToString())
        (partial / "config.pbtxt").write_text(_config(card, sizes_of(made)))
    return target


def sizes_in(config: dict[str, Any], card: ModelCard) -> Sizes | None:
    """Return what a request costs, from a server's configuration of <name>_variants.

    None where that was made of another graph than the card's.
    """
    parameters = {
        key: value.get("string_value", "") for key, value in config.get("parameters", {}).items()
    }
    if not card.sha256 or parameters.get(MADE_OF) != card.sha256:
        return None
    try:
        return msgspec.json.decode(parameters.get(SIZES, ""), type=Sizes)
    except msgspec.DecodeError:
        return None


def _config(card: ModelCard, sizes: Sizes) -> str:
    kinds = {BLOCK: "UINT8", STARTS: "INT64", OF: "INT64", ALT: "UINT8"}
    inputs = "".join(
        f'input [ {{ name: "{name}" data_type: TYPE_{kind} dims: [ -1 ] }} ]\n'
        for name, kind in kinds.items()
    )
    outputs = "".join(
        f'output [ {{ name: "{output.name}" data_type: TYPE_FP32 '
        f"dims: [ -1, {', '.join(map(str, output.shape))} ] }} ]\n"
        for output in card.answers
    )
    text = msgspec.json.encode(sizes).decode().replace('"', '\\"')
    return (
        f'name: "{served_name(card)}"\nbackend: "onnxruntime"\nmax_batch_size: 0\n{inputs}{outputs}'
        f'parameters {{ key: "{MADE_OF}" value {{ string_value: "{card.sha256}" }} }}\n'
        f'parameters {{ key: "{SIZES}" value {{ string_value: "{text}" }} }}\n'
        f"{Tuning().instance_lines()}"
    )
