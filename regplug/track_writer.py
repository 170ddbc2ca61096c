"""What makes a view of finished tracks: a hub, an IGV session, a page."""

from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from regplug.genome import Genome
from regplug.variant import Interval, Variant

Kind = Literal["score", "ref", "alt", "difference", "gain", "loss"]


class TrackFile(NamedTuple):
    """A finished bigWig in the output folder.

    Attributes:
        path: of the file.
        model: the card's name.
        target: its label, as on the card.
        kind: what its values are.
        low: the smallest value in the file.
        high: the largest.
    """

    path: Path
    model: str
    target: str
    kind: Kind
    low: float
    high: float


class TrackSet(NamedTuple):
    """All tracks of a run.

    Attributes:
        folder: which holds them.
        tracks: in the order of the targets; of one target, in that of the kinds.
        assembly: of the FASTA, such as hg38, or None if nobody told.
        genome: for reference bases.
        regions: what the tracks cover.
        variants: of --vcf, as they stand there; else empty.
        differences: ALT - REF at the variants, shape (variants, tracks of kind "difference" in
            their order); NaN where there is no score.
    """

    folder: Path
    tracks: tuple[TrackFile, ...]
    assembly: str | None
    genome: Genome
    regions: tuple[Interval, ...]
    variants: tuple[Variant, ...]
    differences: NDArray[np.float32]


class TrackWriter(Protocol):
    """Writes a view of finished tracks; `name` becomes the option `--NAME`, with its `help`."""

    name: str
    help: str

    def write(self, made: TrackSet) -> Path:
        """Write the view into `made.folder`; return the file that the user opens."""
