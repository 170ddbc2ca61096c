"""TrackSet ─panels→ what a browser shows one below the other, and where it opens."""

from typing import NamedTuple

import numpy as np

from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackFile, TrackSet

Color = tuple[int, int, int]
BLUE, VERMILLION, GREY = (0, 114, 178), (213, 94, 0), (140, 140, 140)  # told apart by all eyes
COLORS: dict[str, Color] = {
    "score": BLUE,
    "ref": GREY,
    "alt": VERMILLION,
    "difference": BLUE,
}
BELOW_ZERO = COLORS | {"score": VERMILLION, "difference": VERMILLION}
MEANS = {"difference"}  # zoomed out, its mean is drawn; of all else the maximum, which keeps peaks
NAMES = {"score": "", "ref": "REF", "alt": "ALT", "difference": "ALT-REF"}
FLANK = 50  # bases shown on each side of a variant: letters can be read


def rgb(color: Color) -> str:
    """Return a colour as UCSC and IGV write it."""
    return ",".join(map(str, color))


class Panel(NamedTuple):
    """One file, or REF's and ALT's laid over each other; `low` to `high` holds 0 and all values."""

    files: tuple[TrackFile, ...]
    low: float
    high: float

    @property
    def name(self) -> str:
        """Return what stands beside the panel: the target and what is shown of it."""
        kinds = "/".join(kind_name(file) for file in self.files)
        return f"{self.files[0].target} {kinds}".strip()


def kind_name(file: TrackFile) -> str:
    """Return what the values of a file are; "" for scores."""
    return NAMES[file.kind]


def panels(made: TrackSet) -> list[Panel]:
    """Return the panels in the order of the tracks."""
    rows: dict[tuple[str, str, str], list[TrackFile]] = {}
    for file in made.tracks:
        kind = "alleles" if file.kind in ("ref", "alt") else file.kind
        rows.setdefault((file.model, file.target, kind), []).append(file)
    return [_panel(files) for files in rows.values()]


def _panel(files: list[TrackFile]) -> Panel:
    low = min(0.0, *(file.low for file in files))
    high = max(0.0, *(file.high for file in files))
    return Panel(tuple(files), low, high if high > low else 1.0)


def first_view(made: TrackSet) -> Interval:
    """Return the bases around the variant with the largest |difference|, else the first region."""
    if not made.variants:
        region = made.regions[0]
        return Interval(contig(made, region.chrom), region.start, region.end)
    return around(made, strongest(made))


def around(made: TrackSet, index: int) -> Interval:
    """Return FLANK bases on both sides of a variant, inside its contig."""
    variant = made.variants[index]
    chrom = contig(made, variant.chrom)
    end = min(variant.interval.end + FLANK, made.genome.lengths.get(chrom, 1 << 40))
    return Interval(chrom, max(0, variant.start - FLANK), end)


def strongest(made: TrackSet) -> int:
    """Return the index of the variant with the largest |difference|; 0 if none has a score."""
    sizes = np.abs(made.differences)
    return 0 if np.isnan(sizes).all() else int(np.nanargmax(sizes)) // sizes.shape[1]


def contig(made: TrackSet, chrom: str) -> str:
    """Return a contig's name as the tracks have it, the FASTA's."""
    return made.genome.contig(chrom) or chrom
