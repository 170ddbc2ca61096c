"""TrackSet ─Hub.write→ hub.txt: a track hub in one file for the UCSC Genome Browser.

Rules: genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html; the labels' limits are UCSC's.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from regplug.errors import OutputError
from regplug.files.output import complete
from regplug.genome.assembly import LENGTHS
from regplug.hooks.track_writer import TrackFile, TrackSet
from regplug_browser.assembly import IGV_HAS, assembly_of
from regplug_browser.panels import (
    BELOW_ZERO,
    COLORS,
    MEANS,
    UCSC,
    Panel,
    contig,
    first_view,
    kind_name,
    panels,
    rgb,
)

SHORT, LONG = 17, 80  # characters of a shortLabel and a longLabel
Stanza = list[tuple[str, str]]  # of hub.txt: its settings, name and value


class Hub:
    """Writes hub.txt beside the bigWigs; the folder goes to a web server as it is."""

    name = "hub"
    help = "Write hub.txt, for the UCSC Genome Browser."

    def check(self, planned: TrackSet) -> None:
        """Refuse what UCSC cannot show.

        Raises:
            OutputError: the assembly is unknown, or UCSC names its contigs otherwise.
        """
        _assembly(planned)

    def write(self, made: TrackSet) -> Path:
        """Write hub.txt and return its path; the line `email` has what $EMAIL says.

        Raises:
            OutputError: as `check`, or the file cannot be written.
        """
        assembly = _assembly(made)
        path = made.folder / "hub.txt"
        with complete(path) as partial:
            partial.write_text(_text(made, assembly), encoding="utf-8")
        return path


def _assembly(made: TrackSet) -> str:
    """Return the assembly that UCSC shows the tracks on, or raise OutputError."""
    assembly = assembly_of(made)
    if assembly is None:
        raise OutputError(
            f"UCSC needs the assembly's name, and the contigs of {made.genome.path.name} are "
            f"not as long as those of {', '.join(LENGTHS)}: name it with --assembly, or use "
            "--page"
        )
    chroms = {place.chrom for place in made.regions} | {place.chrom for place in made.variants}
    names = {contig(made, chrom) for chrom in chroms} & made.genome.lengths.keys()
    foreign = sorted(name for name in names if not name.startswith("chr"))
    if assembly in IGV_HAS and foreign:
        raise OutputError(
            f"UCSC has no contig {foreign[0]} in {assembly}: its names begin with chr; "
            "score with a FASTA that has them"
        )
    return assembly


def _text(made: TrackSet, assembly: str) -> str:
    models = ", ".join(dict.fromkeys(file.model for file in made.tracks))
    head: Stanza = [
        ("hub", "regplug"),
        ("shortLabel", label(models, limit=SHORT)),
        ("longLabel", label(f"regplug: {models}", limit=LONG)),
        ("useOneFile", "on"),
        ("email", label(os.environ.get("EMAIL") or "nobody@example.org", limit=LONG)),
    ]
    where = quote(str(first_view(made)), safe=":")
    address = f"{UCSC}?db={quote(assembly)}&position={where}"
    comment = f"# Put this folder on a web server, and open\n# {address}&hubUrl=URL/hub.txt\n"
    stanzas = [head, [("genome", label(assembly, limit=LONG))], *_tracks(panels(made))]
    return comment + "\n".join(
        "".join(f"{setting} {value}\n" for setting, value in stanza) for stanza in stanzas
    )


def _tracks(rows: Iterable[Panel]) -> Iterable[Stanza]:
    """Yield a stanza per track; REF and ALT stand in a container, which overlays them."""
    taken: set[str] = set()
    for number, panel in enumerate(rows, start=1):
        display: Stanza = [
            ("visibility", "full"),
            ("autoScale", "off"),
            ("viewLimits", f"{panel.low:.6g}:{panel.high:.6g}"),
            ("alwaysZero", "on"),
            ("yLineOnOff", "on"),
            ("maxHeightPixels", "100:48:8"),
            ("priority", str(number)),
        ]
        if len(panel.files) == 1:
            yield _track(panel.files[0], taken) + display
            continue
        first = panel.files[0]
        name = _unique(f"{first.model}_{first.target}_alleles", taken)
        yield [
            ("track", name),
            ("container", "multiWig"),
            ("aggregate", "transparentOverlay"),
            ("showSubtrackColorOnUi", "on"),
            ("type", f"bigWig {panel.low:.6g} {panel.high:.6g}"),
            *_labels(first, "REF/ALT"),
            *display,
        ]
        for file in panel.files:
            yield [*_track(file, taken), ("parent", f"{name} on")]


def _track(file: TrackFile, taken: set[str]) -> Stanza:
    return [
        ("track", _unique(f"{file.model}_{file.target}_{file.kind}", taken)),
        ("type", f"bigWig {file.low:.6g} {file.high:.6g}"),
        ("bigDataUrl", quote(file.path.name)),
        *_labels(file, kind_name(file)),
        ("color", rgb(COLORS[file.kind])),
        ("altColor", rgb(BELOW_ZERO[file.kind])),
        ("windowingFunction", "mean" if file.kind in MEANS else "maximum"),
    ]


def _labels(file: TrackFile, kind: str) -> Stanza:
    room = SHORT - len(kind) - 1 if kind else SHORT
    return [
        ("shortLabel", f"{label(file.target, limit=room)} {kind}".strip()),
        ("longLabel", label(f"{kind or 'score'} of {file.target} by {file.model}", limit=LONG)),
    ]


def label(text: str, *, limit: int) -> str:
    """Return `text` on one line, cut to `limit` characters."""
    return " ".join(text.split())[:limit].rstrip()


def _unique(name: str, taken: set[str]) -> str:
    """Return `name` in characters that UCSC allows, beginning with a letter, and not in `taken`."""
    stem = "rp_" + re.sub(r"[^A-Za-z0-9_]", "_", name)
    number, found = 2, stem
    while found in taken:
        found, number = f"{stem}_{number}", number + 1
    taken.add(found)
    return found
