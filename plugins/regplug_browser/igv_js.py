"""TrackSet ─session, tracks→ the dictionaries that igv.js reads, in a session file or in our page.

Source: the track and reference options of igv.org/doc/igvjs.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regplug.hooks.track_writer import TrackFile, TrackSet
from regplug_browser.assembly import IGV_HAS, assembly_of
from regplug_browser.bases import why_not
from regplug_browser.panels import (
    BELOW_ZERO,
    COLORS,
    MEANS,
    Panel,
    contig,
    first_view,
    kind_name,
    named,
    panels,
    rgb,
)

HEIGHT = 60  # pixels
NO_MARKUP = str.maketrans("<>", "‹›")  # igv.js puts names into its page as HTML


def tracks(made: TrackSet, url: Callable[[Path], str]) -> list[dict[str, Any]]:
    """Return the variants, if any, and below them the panels; `url` gives a bigWig's address."""
    rows = [_panel(panel, url, order) for order, panel in enumerate(panels(made), start=2)]
    return [_variants(made), *rows] if made.variants else rows


def session(made: TrackSet) -> dict[str, Any]:
    """Return a session that igv.js loads from the folder of the tracks, over HTTP."""
    name = assembly_of(made)
    known = {"genome": name} if name in IGV_HAS else {"reference": _reference(made)}
    return known | {
        "locus": str(first_view(made)),
        "tracks": [{"type": "sequence", "order": 0}, *tracks(made, lambda path: path.name)],
    }


def own_reference(made: TrackSet, url: str) -> dict[str, Any]:
    """Return the genome that consists of the bases at `url`, a sparse FASTA."""
    name = (assembly_of(made) or made.genome.path.name).translate(NO_MARKUP)
    return {"id": name, "name": name, "fastaURL": url, "indexed": False, "wholeGenomeView": False}


def _reference(made: TrackSet) -> dict[str, Any]:
    """Return reference.fa, or where it would be too large the user's FASTA, by a relative path."""
    if not why_not(made):
        return own_reference(made, "reference.fa")
    fasta = os.path.relpath(made.genome.path, made.folder)
    indices = {"indexed": True, "indexURL": f"{fasta}.fai"}
    if Path(f"{made.genome.path}.gzi").is_file():
        indices["compressedIndexURL"] = f"{fasta}.gzi"
    return own_reference(made, fasta) | indices


def _panel(panel: Panel, url: Callable[[Path], str], order: int) -> dict[str, Any]:
    limits = {"min": panel.low, "max": panel.high, "autoscale": False}
    place = {"name": panel.name.translate(NO_MARKUP), "height": HEIGHT, "order": order}
    files = [_file(file, url) | limits for file in panel.files]
    if len(files) == 1:
        return files[0] | place
    lines = [file | {"graphType": "line"} for file in files]  # bars would hide each other
    return {"type": "merged", "alpha": 1, "tracks": lines} | limits | place


def _file(file: TrackFile, url: Callable[[Path], str]) -> dict[str, Any]:
    return {
        "type": "wig",
        "format": "bigwig",
        "url": url(file.path),
        "name": f"{file.target} {kind_name(file)}".strip().translate(NO_MARKUP),
        "color": f"rgb({rgb(COLORS[file.kind])})",
        "altColor": f"rgb({rgb(BELOW_ZERO[file.kind])})",
        "windowFunction": "mean" if file.kind in MEANS else "max",
    }


def _variants(made: TrackSet) -> dict[str, Any]:
    return {
        "type": "annotation",
        "name": "variants",
        "order": 1,
        "height": 40,
        "displayMode": "SQUISHED",
        "color": "rgb(0,0,0)",
        "features": [
            {
                "chr": contig(made, variant.chrom),
                "start": variant.start,
                "end": variant.interval.end,
                "name": f"{named(made, index)} {variant.ref}>{variant.alt}".strip().translate(
                    NO_MARKUP
                ),
            }
            for index, variant in enumerate(made.variants)
        ],
    }
