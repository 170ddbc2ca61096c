"""What is asked of `track`, and what it returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from regplug.api.models import OpenModel
from regplug.api.progress import Bar
from regplug.errors import ModelError
from regplug.hooks.track_writer import TrackFile, TrackWriter
from regplug.scoring.adapter import FEW_TARGETS, chosen_targets
from regplug.scoring.card import ModelCard
from regplug.vcf.annotate import Tally

Format = Literal["bigwig", "bedgraph"]


@dataclass(frozen=True)
class Asked:
    """What tracks along regions and around variants both need; see `track.track`."""

    model: OpenModel
    targets: tuple[str, ...]  # as the user named them; none: all
    output: Path  # folder
    step: int | None  # bases from value to value; None: the default
    file_format: Format
    assembly: str | None  # what browsers call the genome; None: not known
    bar: Bar
    views: Sequence[TrackWriter]
    strands: bool = False  # whether each strand of a profile has a track of its own


@dataclass(frozen=True)
class Tracks:
    """What a run wrote.

    Attributes:
        folder: that holds it.
        files: the tracks, in the order of the targets.
        views: name → the file to open.
        tally: how many ALTs got which status; None without variants.
        renamed: contigs, as the VCF calls them → as the FASTA does.
        left_out: contigs of the whole genome that are shorter than the window.
        window: bases that the model reads.
    """

    folder: Path
    files: tuple[TrackFile, ...]
    views: dict[str, Path] = field(default_factory=dict)
    tally: Tally | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    window: int = 0


def target_places(card: ModelCard, asked: Asked) -> list[int]:
    """Return the indices, among the model's targets, of those to write.

    Args:
        card: of what runs: the model, or its companion for sequences.
        asked: what the user asked for.

    Raises:
        ModelError: a target is unknown, or none is named and the model has more than FEW_TARGETS;
            or the model reads the transcribed strand.
    """
    name = asked.model.card.name
    if card.strand == "forward":
        raise ModelError(
            f"{name} reads the transcribed strand, and a track has none: "
            "regplug profile draws it around exons"
        )
    targets = chosen_targets(card, list(dict.fromkeys(asked.targets)))
    if not targets:
        raise ModelError(
            f"{name} has {len(card.targets)} targets, more than {FEW_TARGETS}: choose with "
            f"--targets (regplug models show {name} lists them)"
        )
    return targets
