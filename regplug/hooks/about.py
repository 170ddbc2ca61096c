"""What the user says of other people's networks, and their weights do not.

notes.toml ─read_notes→ About ─models.imported→ card.json
                           ─noted→ the card of a model that is there
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from regplug.errors import UNREADABLE, ModelError
from regplug.scoring.card import NOT_STATED, ModelCard, Target
from regplug.scoring.outputs import Kind, Scale

Strand = Literal["mean", "max", "forward", "none"]
_RESERVED = re.compile(
    r"\bnc(?![a-z])|non[- ]?comm?ercial|\bno[nt]?\b[\w ]{0,20}\bcomm?ercial|academic|"
    r"research[- ]only|research (use|purposes)|evaluation only",
    re.I,
)
_TEXTS = ("trained_on", "cite_as", "notice")  # that may be said of a model that is there


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a card says that the weights do not.

    Attributes:
        name: of the model.
        version: of the model.
        scale: of the answers; None: as the network tells, else "score".
        strand: which strands are read, and how they are joined.
        letters: which letter each of the four channels is of, or each of the codes 0 to 3.
        unknown: each channel at an unknown base, or its code; None: 0.25, or code 4.
        sigmoid: whether the answers are logits, to be made probabilities.
        window: bases that are read, where the network does not tell.
        layout: the axes of the input, where their sizes do not tell.
        head: the output that is wanted, where there are several.
        outputs: those that are wanted, where they are several, and what each is (a kind of a card).
        targets: in order; none: t0, t1 ...
        license: of the weights.
        cite_as: the publication.
        assembly: of the training data.
        trained_on: the training data.
        doc: what the answers are.
        notice: what the licence asks users to be told.
    """

    name: str = ""
    version: str = "1"
    scale: Scale | None = None
    strand: Strand = "mean"
    letters: str = "ACGT"
    unknown: float | None = None
    sigmoid: bool = False
    window: int | None = None
    layout: str = ""
    head: str = ""
    outputs: dict[str, Kind] = {}
    targets: tuple[Target, ...] = ()
    license: str = NOT_STATED
    cite_as: str = ""
    assembly: str = ""
    trained_on: str = ""
    doc: str = ""
    notice: str = ""

    def __post_init__(self) -> None:
        if sorted(self.letters) != list("ACGT"):
            raise ValueError(f"letters are A, C, G and T in some order, not {self.letters}")
        if self.layout and not re.fullmatch(r"n1*(c?1*l|l1*c)1*", self.layout):
            raise ValueError(
                f"a layout is n and an order of c (letters), l (bases) and 1, not {self.layout}"
            )


def check_license(license: str, *, accepted: bool) -> None:
    """Check that the user knows what the weights' licence keeps back.

    Raises:
        ModelError: it is not free for all, and was not accepted.
    """
    if _RESERVED.search(license) and not accepted:
        raise ModelError(
            f"the weights' licence is {license}, which does not allow every use: if it allows "
            "yours, say --accept-license"
        )


def check_name(name: str) -> None:
    """Check the name of a model, which is also that of a folder.

    Raises:
        ModelError: it has other characters than letters, digits, _ . and -.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ModelError(
            f"{name!r} is no name for a model: give one of letters, digits, _ . - (--name)"
        )


def read_notes(path: Path) -> About:
    """Return what a file of notes says.

    Raises:
        ModelError: it cannot be read, or has a key that is not known.
    """
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=dict[str, Any])
        targets = found.get("targets", [])
        found["targets"] = [_target(e) for e in targets] if isinstance(targets, list) else targets
        return msgspec.convert(found, About)
    except UNREADABLE as error:
        raise ModelError(f"the notes in {path} cannot be read: {error}") from error


def noted(card: ModelCard, notes: About, *, source: Path) -> ModelCard:
    """Return the card with what notes say of its targets and data; what they do not name stays.

    Args:
        card: of a model that is there.
        notes: targets in any order, of which some may be missing; trained_on, cite_as, notice.
        source: of the notes, for messages.

    Raises:
        ModelError: the notes are of another model, of a target that it has not, or say other
            things, which only `models import` takes.
    """
    if notes.name not in ("", card.name):
        raise ModelError(f"the notes in {source} are of {notes.name}, not of {card.name}")
    if replace(notes, name="", targets=(), **dict.fromkeys(_TEXTS, "")) != About():
        raise ModelError(
            f"{source}: of a model that is there, notes name [[targets]], trained_on, cite_as and "
            "notice alone"
        )
    for target in notes.targets:
        if target.label not in card.labels:
            raise ModelError(f"{source}: {card.name} has no target {target.label}")
    said = {target.label: target.about for target in notes.targets}
    targets = (replace(t, about=t.about | said.get(t.label, {})) for t in card.targets)
    texts = {name: text for name in _TEXTS if (text := getattr(notes, name))}
    return replace(card, targets=tuple(targets), **texts)


def _target(entry: Any) -> Mapping[str, Any]:
    """Return a target with all keys but its label under `about`.

    Raises:
        ValueError: it has no label, or an ontology ID that is none.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("label"), str):
        raise ValueError('each of [[targets]] needs a label = "..."')
    about = {key: value for key, value in entry.items() if key != "label"}
    for identity in filter(None, re.split(r"[\s,]+", str(about.get("ontology", "")))):
        if not re.fullmatch(r"(CL|UBERON|EFO|CLO):\d{7}", identity):
            raise ValueError(f"{identity} is no ID of CL, UBERON, EFO or CLO, such as CL:0000236")
    return {"label": entry["label"], "about": about}
