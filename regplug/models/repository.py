"""A model directory on disk: model_repo/<name>/, in process and on a Triton server alike.

<name>/config.pbtxt   what the server reads; it follows from the card alone
       card.json      the card, also in config.pbtxt as parameters.regplug_card
       targets.txt    a label per line
       golden.json    sequences and the scores they must get
       1/model.onnx   the graph
"""

import hashlib
import json
import shutil
from operator import attrgetter
from pathlib import Path

import msgspec

from regplug.errors import UNREADABLE, ModelError, OutputError
from regplug.files.lines import lines_in, lines_of
from regplug.files.output import complete
from regplug.hooks.hookspecs import hookimpl
from regplug.models.graph_check import check_graph
from regplug.models.tuning import Tuning
from regplug.scoring.card import ModelCard, card_from_json, card_to_json
from regplug.scoring.outputs import Output

GOLDEN_TOLERANCE = 1e-5  # of a score; of scores above 1, relative
_GRAPH = attrgetter("name", "sha256", "labels", "outputs")  # what belongs to a graph


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Sequences, and the scores that every backend must give them, to GOLDEN_TOLERANCE.

    Attributes:
        sequences: letters.
        scores: a row per sequence, a column per target.
        outputs: of the card's other outputs, by name: a row per sequence, its numbers in C order.
    """

    sequences: list[str]
    scores: list[list[float]]
    outputs: dict[str, list[list[float]]] = {}


@hookimpl
def regplug_model_repos() -> list[Path]:
    """Return the models that come with regplug: in the wheel, or beside the package in a clone."""
    package = Path(__file__).parents[1]
    return [
        path for path in (package / "model_repo", package.parent / "model_repo") if path.is_dir()
    ][:1]


def write_model(repo: Path, card: ModelCard, *, onnx: bytes, golden: Golden) -> Path:
    """Write the directory `repo`/<card.name>/, replacing what was there; return its path.

    Raises:
        OutputError: the folder cannot be written.
        ModelError: the card's sha256 is not that of `onnx`.
    """
    if hashlib.sha256(onnx).hexdigest() != card.sha256:
        raise ModelError(f"the card of {card.name} has the sha256 of another model")
    try:
        repo.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {repo}: {error.strerror}") from error
    with complete(repo / card.name) as folder:
        (folder / "1").mkdir(parents=True)
        (folder / "1" / "model.onnx").write_bytes(onnx)
        (folder / "card.json").write_text(card_to_json(card))
        (folder / "targets.txt").write_text("".join(f"{label}\n" for label in card.labels))
        (folder / "golden.json").write_bytes(msgspec.json.encode(golden) + b"\n")
        (folder / "config.pbtxt").write_text(promised_config(card) + Tuning().lines(card))
    return repo / card.name


def model_names(repo: Path) -> list[str]:
    """Return the names of the models in `repo`, sorted."""
    return sorted(path.parent.name for path in repo.glob("*/card.json"))


def read_card(folder: Path) -> ModelCard:
    """Return the card of the model in `folder`.

    Raises:
        ModelError: there is no card, it is damaged, or it names another model.
    """
    path = folder / "card.json"
    if not path.is_file():
        raise ModelError(f"no model at {folder}: it has no card.json")
    card = card_from_json(path.read_bytes(), source=str(folder))
    if card.name != folder.name:
        raise ModelError(f"the card in {folder} is of {card.name}: a folder has its model's name")
    return card


def read_onnx(folder: Path, card: ModelCard) -> bytes:
    """Return the graph in `folder`.

    Raises:
        ModelError: the graph is missing, not the one that the card describes, or not all that would
            be run (see `check_graph`).
    """
    path = folder / "1" / "model.onnx"
    if not path.is_file():
        raise ModelError(f"{card.name} has no 1/model.onnx: import or train it again")
    onnx = path.read_bytes()
    if hashlib.sha256(onnx).hexdigest() != card.sha256:
        raise ModelError(f"{path} is damaged or of another model: its sha256 is not the card's")
    check_graph(onnx, card.name)
    return onnx


def read_golden(folder: Path) -> Golden:
    """Return the golden scores of the model in `folder`.

    Raises:
        ModelError: they are missing or damaged.
    """
    try:
        return msgspec.json.decode((folder / "golden.json").read_bytes(), type=Golden)
    except UNREADABLE as error:
        raise ModelError(f"golden.json of {folder.name} cannot be read: {error}") from error


def check_model(folder: Path) -> ModelCard:
    """Return the card if targets.txt, config.pbtxt and model.onnx agree with it.

    Raises:
        ModelError: a file does not; the message names it, and a missing line.
    """
    card = read_card(folder)
    read_onnx(folder, card)
    try:
        labels = list(lines_in(folder / "targets.txt"))
        config = (folder / "config.pbtxt").read_text()
    except UNREADABLE as error:
        raise ModelError(f"{card.name}: its files cannot be read: {error}") from error
    if labels != card.labels:
        raise ModelError(f"{card.name}: targets.txt and card.json name other targets")
    for line in lines_of(promised_config(card)):
        if line not in config:
            raise ModelError(f"{card.name}: config.pbtxt lacks the card's line: {line[:80]}")
    return card


def rewrite_card(folder: Path, card: ModelCard) -> None:
    """Put another card of the same graph, targets and outputs into the model directory `folder`.

    In config.pbtxt only the promised lines change, so what a user has tuned stays.

    Raises:
        ModelError: the files in the folder do not agree, or the card is of another model.
        OutputError: the folder cannot be written.
    """
    old = check_model(folder)
    if _GRAPH(card) != _GRAPH(old):
        raise ModelError(f"the card in {folder} is of {old.name}, and not of that {card.name}")
    config = (folder / "config.pbtxt").read_text()
    lines = [lines_of(promised_config(of)) for of in (old, card)]
    for before, after in zip(*lines, strict=True):
        config = config.replace(before, after)
    with complete(folder.resolve()) as partial:
        shutil.copytree(folder, partial, symlinks=True)
        (partial / "card.json").write_text(card_to_json(card))
        (partial / "config.pbtxt").write_text(config)


def promised_config(card: ModelCard) -> str:
    """Return the part of config.pbtxt that must stay as it is, as it follows from the card."""
    text = card_to_json(card)
    compact = json.dumps(json.loads(text), separators=(",", ":"))
    return _PROMISED.format(
        name=card.name,
        batch=card.max_batch_size,
        shape=-1 if card.window is None else card.window,  # -1: any length
        outputs="".join(_output_line(card, output) for output in card.answers),
        sha256=card.sha256,
        card=compact.replace("\\", "\\\\").replace('"', '\\"'),
    )


def _output_line(card: ModelCard, output: Output) -> str:
    """Return an output's line of config.pbtxt; the targets' labels are those of the main one."""
    labels = ' label_filename: "targets.txt"' if output == card.main else ""
    dims = ", ".join(map(str, output.shape))
    return f'output [ {{ name: "{output.name}" data_type: TYPE_FP32 dims: [ {dims} ]{labels} }} ]\n'


_PROMISED = """\
name: "{name}"
backend: "onnxruntime"
max_batch_size: {batch}
input [ {{ name: "codes" data_type: TYPE_UINT8 dims: [ {shape} ] }} ]
{outputs}parameters {{ key: "model_sha256" value {{ string_value: "{sha256}" }} }}
parameters {{ key: "regplug_card" value {{ string_value: "{card}" }} }}
"""
