"""TrackSet ─panels→ which files a browser shows together, and where it opens."""

from typing import NamedTuple
from urllib.parse import quote

import numpy as np
from msgspec.structs import replace

from regplug.files import colours
from regplug.files.colours import GREY, LOWERS, RAISES
from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackFile, TrackSet
from regplug_browser.assembly import IGV_HAS, assembly_of

COLORS = {"score": RAISES, "ref": GREY, "alt": LOWERS, "difference": RAISES}  # of values above 0
BELOW_ZERO = COLORS | {"score": LOWERS, "difference": LOWERS}
MEANS = {"difference"}  # drawn as means when zoomed out; other kinds as maxima, which keep peaks
NAMES = {"score": "", "ref": "REF", "alt": "ALT", "difference": "ALT-REF"}
UCSC = "https://genome.ucsc.edu/cgi-bin/hgTracks"
FLANK = 50  # bases shown on each side of a variant; few enough for letters to be legible


def rgb(colour: str) -> str:
    """Return a colour as UCSC and IGV write it."""
    return ",".join(map(str, colours.rgb(colour)))


class Panel(NamedTuple):
    """What a browser shows in a row: a file, or REF's and ALT's overlaid.

    Attributes:
        files: the file or both.
        low: lower end of the scale, the smallest value or 0.
        high: upper end, the largest value or 0; 1 if that would be `low`.
    """

    files: tuple[TrackFile, ...]
    low: float
    high: float

    @property
    def name(self) -> str:
        """Return the panel's name: the target and the kinds of value shown."""
        kinds = "/".join(kind_name(file) for file in self.files)
        return f"{self.files[0].target} {kinds}".strip()


def kind_name(file: TrackFile) -> str:
    """Return what the values of a file are; "" for scores."""
    return NAMES[file.kind]


def panels(made: TrackSet) -> list[Panel]:
    """Return the panels, in the order of their first tracks."""
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
    """Return a variant's REF and FLANK bases on both sides, inside its contig."""
    variant = made.variants[index]
    chrom = contig(made, variant.chrom)
    end = min(variant.interval.end + FLANK, made.genome.lengths.get(chrom, 1 << 40))
    return Interval(chrom, max(0, variant.start - FLANK), end)


def strongest(made: TrackSet) -> int:
    """Return the index of the first of a ranking, else of the largest |difference|, else 0."""
    if made.facts:
        return 0
    sizes = np.abs(made.differences)
    return 0 if np.isnan(sizes).all() else int(np.nanargmax(sizes)) // sizes.shape[1]


def named(made: TrackSet, index: int) -> str:
    """Return a variant's ID, or "" where it has none."""
    return made.ids[index] if made.ids else ""


def browser_links(made: TrackSet, index: int) -> dict[str, str]:
    """Return the addresses that show a variant: in UCSC's browser, and in an IGV that runs."""
    where, assembly = around(made, index), assembly_of(made)
    locus = quote(str(where), safe=":")
    links = {"IGV": f"http://localhost:60151/goto?locus={locus}"}
    if assembly in IGV_HAS:
        chrom = where.chrom if where.chrom.startswith("chr") else f"chr{where.chrom}"
        place = quote(str(replace(where, chrom="chrM" if chrom == "chrMT" else chrom)), safe=":")
        links["UCSC"] = f"{UCSC}?db={assembly}&position={place}"
    return links


def contig(made: TrackSet, chrom: str) -> str:
    """Return a contig's name as the tracks have it, the FASTA's."""
    return made.genome.contig(chrom) or chrom
