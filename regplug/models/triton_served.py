"""What a server has under a model's name, checked against the model's card."""

from pathlib import Path
from typing import Any, NamedTuple

from regplug.errors import BackendError, ModelError
from regplug.models.triton_client import Client, Refused
from regplug.models.tuning import PRECISION
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard, card_from_json


class Served(NamedTuple):
    """A model as a server has it.

    Attributes:
        card: the model's.
        max_batch_size: how many rows it takes at once.
        versions: that it names.
        precision: in what numbers it is computed, where not in float32, or "".
    """

    card: ModelCard
    max_batch_size: int
    versions: tuple[str, ...]
    precision: str


def describe(client: Client, location: str, model: str, options: BackendOptions) -> Served:
    """Return what the server has as `model`.

    Raises:
        BackendError: it has no card, or is not the model that the card describes.
        ModelError: the card is damaged.
        Unavailable, Refused: as `client` raises.
    """
    where = f"{model} on {location}"
    try:
        config = client.config(model)
    except Refused as error:  # an Open Inference server that is not Triton
        if not options.card:
            raise BackendError(f"{where} has no card ({error}): give --card FILE") from error
        config = {}
    card = card_in(options.card) if options.card else card_of(config, where)
    if card is None:
        raise BackendError(f"{where} carries no card: give --card FILE")
    max_batch_size = int(config.get("max_batch_size", 0)) if config else card.max_batch_size
    if max_batch_size < 1:
        raise BackendError(f"{where} takes no batches: set max_batch_size in its config.pbtxt")
    metadata = client.metadata(model)
    _check(card, model, config, metadata, where)
    versions = tuple(sorted(map(str, metadata.get("versions") or ())))
    return Served(card, max_batch_size, versions, _parameter(config, PRECISION))


def _check(
    card: ModelCard, model: str, config: dict[str, Any], metadata: dict[str, Any], where: str
) -> None:
    """Raise BackendError if `metadata` or `config` are of another model than `card`."""
    window = -1 if card.window is None else card.window
    inputs = metadata.get("inputs", [])
    outputs = {output["name"]: output for output in metadata.get("outputs", [])}
    for what, promised, found in (
        ("the name", card.name, model),
        ("the input", f"codes UINT8 [-1, {window}]", ", ".join(map(_tensor, inputs))),
        *(
            (
                "the output",
                f"{output.name} FP32 [-1, {', '.join(map(str, output.shape))}]",
                _tensor(outputs[output.name]) if output.name in outputs else "",
            )
            for output in card.answers
        ),
        ("the sha256", card.sha256, _parameter(config, "model_sha256") or card.sha256),
    ):
        if promised != found:
            raise BackendError(
                f"{where} is another model than its card tells of: {what} is {found or 'missing'}, "
                f"the card has {promised}; check the address, or export the model again"
            )


def _tensor(served: dict[str, Any]) -> str:
    shape = ", ".join(str(size) for size in served.get("shape", []))
    return f"{served['name']} {served['datatype']} [{shape}]"


def card_of(config: dict[str, Any], where: str) -> ModelCard | None:
    """Return the card in a model's configuration (`where`, for the message), or None.

    Raises:
        ModelError: it is damaged.
    """
    text = _parameter(config, "regplug_card")
    return card_from_json(text, source=where) if text else None


def card_in(path: str) -> ModelCard:
    """Return the card in a file that the user gives.

    Raises:
        ModelError: it cannot be read, or is damaged.
    """
    try:
        return card_from_json(Path(path).read_bytes(), source=path)
    except OSError as error:
        raise ModelError(f"cannot read the card {path}: {error.strerror}") from error


def _parameter(config: dict[str, Any], key: str) -> str:
    return str(config.get("parameters", {}).get(key, {}).get("string_value", ""))
