"""A model's card: what scoring must know of a model, and what its users want to know."""

import json
import re
from typing import Literal

import msgspec

from regplug.errors import UNREADABLE, ModelError
from regplug.scoring.background import Background
from regplug.scoring.measured import AlongFigure, VariantFigure
from regplug.scoring.outputs import KINDS, Output, fault_of
from regplug.scoring.peaks import Peaks

LARGEST_WINDOW = 1 << 20  # bases; the largest published models read half as many
MOST_TARGETS = MOST_ROWS = 1 << 16
LONGEST_NAME = 200  # letters of a label, or of another text in a header
_NAME = re.compile(r"[\w+-][\w.+-]*")
NOT_STATED = "not stated"  # a licence that nobody told
# Keys that a card has only where there is something to tell.
_IF_ANY = ("precision", "outputs", "along", "variants", "background", "peaks")


class CardError(ModelError, ValueError):
    """What no card can say; msgspec tells where it stands, as of any ValueError."""


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of the things that a model predicts.

    Attributes:
        label: its name, unique in the model; imported targets are `<PROTEIN>_<ID>`.
        spread: standard deviation of its difference over 10,000 random SNVs; None if not measured.
        about: what else is known, key → value: protein, species, experiment, cell, tissue, assay,
            ontology (IDs of CL, UBERON, EFO, CLO), accession, AUC ...
        scan: the length of its sub-window in bases, where that is not the card's.
    """

    label: str
    spread: float | None = None
    about: dict[str, str] = {}
    scan: int | None = None


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A model's card, stored as card.json and in the server's model configuration.

    Attributes:
        name: the model's name, and that of its directory.
        version: the project's own version of the model.
        family: names the adapter that knows what the numbers mean.
        window: bases that the graph reads, or None if it reads sequences of any length.
        targets: what it predicts, in order.
        strand: how the graph joins the strands; "forward" reads the transcribed strand only,
            "none" a sequence as it stands, of a genome its plus strand.
        output_scale: "probability" (0 to 1), "positive" (above 0) or "score" (any number).
        max_batch_size: rows in one request; keeps the memory of a call bounded.
        scan: the length of DeepBind's longest sub-window, or None if the input is one window.
        companion: the model with the same weights that reads sequences of any length, or None.
        default: True if `regplug annotate` runs it where no model is named.
        unknown_base: the value of each of the four channels at an unknown base.
        assembly: the assembly of the training data, or several with commas between.
        doc: what the scores are.
        trained_on: the training data.
        metrics: how good it is: name of a metric → value.
        cite_as: the publication.
        license: of the weights.
        notice: what the licence asks users to be told.
        created_by: version of regplug and command that made the model.
        precision: in what numbers the graph computes, such as int8; "" for float32.
        outputs: of the graph, where it has others than `scores`, of shape (targets,). Variants are
            scored by the first of that shape.
        along: how well it finds what is open along a genome, beside baselines.
        variants: how well it predicts measured effects of variants, beside a baseline.
        background: its scores on background variants, which tell how rare a change is.
        peaks: its scores at peaks, which tell how active an allele is.
        sha256: of model.onnx.
    """

    name: str
    version: str
    family: str
    window: int | None
    targets: tuple[Target, ...]
    strand: Literal["mean", "max", "forward", "none"]
    output_scale: Literal["probability", "positive", "score"]
    max_batch_size: int
    sha256: str
    scan: int | None = None
    companion: str | None = None
    default: bool = False
    unknown_base: float = 0.25
    assembly: str = ""
    doc: str = ""
    trained_on: str = ""
    metrics: dict[str, float] = {}
    cite_as: str = ""
    license: str = ""
    notice: str = ""
    created_by: str = ""
    precision: str = ""
    outputs: tuple[Output, ...] = ()
    along: tuple[AlongFigure, ...] = ()
    variants: tuple[VariantFigure, ...] = ()
    background: Background | None = None
    peaks: Peaks | None = None

    def __post_init__(self) -> None:
        labels = [target.label for target in self.targets]
        if not labels:
            raise CardError("a card needs a target")
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            raise CardError(f"two targets are called {twice}")
        if len(labels) > MOST_TARGETS:
            raise CardError(f"{len(labels)} targets are more than {MOST_TARGETS}")
        for label in labels:
            _check_text("the label", label)
        names = {"name": self.name, "version": self.version, "companion": self.companion or "none"}
        for what, name in names.items():
            if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
                raise CardError(f"the {what} {name[:40]!r} is not of letters, digits, _ . + and -")
        if not re.fullmatch("[0-9a-f]{0,64}", self.sha256):
            raise CardError("the sha256 is not of hexadecimal digits")
        if not re.fullmatch("[a-z0-9]{0,16}", self.precision):
            raise CardError("the precision is not of small letters and digits")
        if not 1 <= self.max_batch_size <= MOST_ROWS:
            raise CardError(f"max_batch_size must be from 1 to {MOST_ROWS}")
        for width in (self.window, self.scan, *(target.scan for target in self.targets)):
            if width is not None and not 1 <= width <= LARGEST_WINDOW:
                raise CardError(f"window and scan must be from 1 to {LARGEST_WINDOW} bases")
        if self.outputs and (fault := fault_of(self.outputs, len(labels), self.output_scale)):
            raise CardError(fault)

    @property
    def labels(self) -> list[str]:
        """Return the targets' labels, in order."""
        return [target.label for target in self.targets]

    @property
    def answers(self) -> tuple[Output, ...]:
        """Return the graph's outputs; `scores` where the card lists none."""
        return self.outputs or (Output("scores", (len(self.targets),), KINDS[self.output_scale]),)

    @property
    def main(self) -> Output:
        """Return the output that variants are scored by: the first of shape (targets,)."""
        return next(output for output in self.answers if output.shape == (len(self.targets),))


def _check_text(what: str, text: str) -> None:
    """Raise CardError if a line of text cannot stand in a header, a table or a page."""
    if not text.isprintable() or not 1 <= len(text) <= LONGEST_NAME:
        raise CardError(
            f"{what} {text[:40]!r} is empty, over {LONGEST_NAME} letters, or has one that cannot "
            "be printed"
        )


def as_label(name: str) -> str:
    """Return a name as a target's label: what INFO cannot hold (space , ; =) becomes `-`."""
    return re.sub(r"[\s,;=]+", "-", name)


def read_width(card: ModelCard) -> int:
    """Return how many bases a model reads for the value of one base: its window, or its scan.

    Raises:
        ModelError: the model reads sequences of any length as a whole.
    """
    width = card.window or card.scan
    if width is None:
        raise ModelError(
            f"{card.name} reads a sequence as a whole, so a base has no score of its own: "
            "take a model with a window or a scan (regplug models show NAME)"
        )
    return width


def card_to_json(card: ModelCard) -> str:
    """Return the card as JSON, indented, ASCII only; keys of _IF_ANY only where they have content.

    So a card from before there were such keys has the same text, and so has config.pbtxt.
    """
    kept = {key: v for key, v in msgspec.to_builtins(card).items() if v or key not in _IF_ANY}
    return json.dumps(kept, indent=1) + "\n"


def card_from_json(text: str | bytes, *, source: str) -> ModelCard:
    """Return the card in `text`.

    Raises:
        ModelError: it is no JSON, misses a key, or has an unknown one; the message names `source`.
    """
    try:
        return msgspec.json.decode(text, type=ModelCard)
    except UNREADABLE as error:
        raise ModelError(f"the card of {source} is damaged: {error}") from error
