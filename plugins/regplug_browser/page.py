"""TrackSet ─Page.write→ page.html: tracks, variants, mutation maps and profiles in one file.

Everything is inside, igv.js too, and the page's Content-Security-Policy forbids the network. Only
scripts whose hashes stand in the policy run, so markup in a name is shown and never run.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from regplug.errors import OutputError
from regplug.files.colours import LOWERS, RAISES, rgb
from regplug.files.output import complete
from regplug.genome.codes import decode
from regplug.hooks.track_writer import Changes, Profile, TrackFile, TrackSet
from regplug_browser import igv_js
from regplug_browser.bases import sparse_fasta, why_not
from regplug_browser.panels import around, browser_links, contig, first_view, named, strongest

LARGEST = 24_000_000  # bytes of bigWig in a page
ROWS = 5_000  # variants in its table
MAPPED = 50  # variants with the largest differences, which get mutation maps and profiles
Json = dict[str, Any]


class Page:
    """Writes page.html, which a browser opens from the disk."""

    name = "page"
    help = "Write page.html: tracks, variants and their mutation maps, without a network."

    def check(self, planned: TrackSet) -> None:
        """Refuse more than a page can hold, as far as that can be told without the tracks.

        Raises:
            OutputError: there is more.
        """
        _check_size(planned)

    def write(self, made: TrackSet) -> Path:
        """Write the page and return its path.

        Raises:
            OutputError: there is more than a page can hold, or it cannot be written.
        """
        _check_size(made)
        path = made.folder / "page.html"
        page = _page(made)
        with complete(path) as partial:
            partial.write_text(page, encoding="utf-8")
        return path


def _check_size(made: TrackSet) -> None:
    """Raise OutputError if a page cannot hold the tracks, their bases or the variants."""
    size = sum(file.path.stat().st_size for file in made.tracks)
    other = "use --igv or --hub, or fewer regions or --targets"
    if reason := why_not(made):
        raise OutputError(f"{reason}: {other}")
    if size > LARGEST:
        raise OutputError(
            f"the tracks are {size / 1e6:.0f} MB, and a page holds {LARGEST // 1_000_000}: {other}"
        )
    if len(made.variants) > ROWS:
        raise OutputError(
            f"there are {len(made.variants):,} variants, and a page's table holds {ROWS:,}: {other}"
        )


def _page(made: TrackSet) -> str:
    models = ", ".join(dict.fromkeys(file.model for file in made.tracks))
    what = "leading variants" if made.facts else models
    igv, script = _part("igv.min.js"), _part("page.js")
    return Template(_part("page.html")).substitute(
        title=html.escape(f"regplug: {what}"),
        hashes=" ".join(f"'sha256-{_sha256(text)}'" for text in (igv, script)),
        raises=RAISES,
        lowers=LOWERS,
        css=_part("page.css"),
        license=html.escape(_part("igv.LICENSE")),
        data=_json(_data(made)),
        mapped=MAPPED,
        igv=igv,
        script=script,
    )


def _part(name: str) -> str:
    return files("regplug_browser").joinpath(name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    """Return the hash of a script as a Content-Security-Policy has it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: Json) -> str:
    """Return JSON that may stand in a script element: without <, which begins the tag to end it."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")


def _data(made: TrackSet) -> Json:
    fasta = sparse_fasta(made)
    columns = [file for file in made.tracks if file.kind == "difference"]
    rows = [_variant(made, index) for index in range(len(made.variants))]
    _add_pictures(made, columns, rows)
    facts = [{"target": f.target, "cells": _cells(f.cells)} for f in made.facts]
    return {
        "igv": {
            "reference": igv_js.own_reference(made, _data_url(fasta.encode())),
            "locus": str(first_view(made)),
            "tracks": igv_js.tracks(made, lambda path: _data_url(path.read_bytes())),
        },
        "raises": rgb(RAISES),
        "lowers": rgb(LOWERS),
        "about": list(made.about),
        "facts": facts,
        "columns": [file.target for file in columns],
        "variants": rows,
        "first": strongest(made) if made.variants else None,
    }


def _data_url(content: bytes) -> str:
    return f"data:application/octet-stream;base64,{base64.b64encode(content).decode()}"


def _variant(made: TrackSet, index: int) -> Json:
    """Return a row of the table."""
    variant, differences = made.variants[index], made.differences[index]
    best = None if np.isnan(differences).all() else int(np.nanargmax(np.abs(differences)))
    return {
        "chrom": contig(made, variant.chrom),
        "pos": variant.pos,
        "id": named(made, index),
        "ref": variant.ref,
        "alt": variant.alt,
        "locus": str(around(made, index)),
        "links": browser_links(made, index),
        "best": best,
        "differences": _numbers(differences),
    }


def _add_pictures(made: TrackSet, columns: list[TrackFile], rows: list[Json]) -> None:
    """Add maps and profiles of their best target to the first rows: of a ranking, or by difference.

    What maps and profiles differ by, the normalised alleles, is their `mark`.
    """
    scored = [index for index, row in enumerate(rows) if made.facts or row["best"] is not None]
    if not made.facts:
        scored.sort(key=lambda index: -abs(rows[index]["differences"][rows[index]["best"]]))
    for index in scored[:MAPPED]:
        variant, best = made.variants[index], rows[index]["best"]
        target = "" if best is None else columns[best].target
        if profile := made.profiles and made.profiles(variant, target):
            rows[index]["profile"] = _profile(profile)
        if maps := made.maps and made.maps(variant, target):
            rows[index]["maps"] = [
                _map(allele, changes) for allele, changes in zip(("REF", "ALT"), maps, strict=True)
            ]
        if profile or maps:
            mark = variant.normalized(made.genome)
            rows[index]["mark"] = {"pos": mark.pos, "REF": len(mark.ref), "ALT": len(mark.alt)}


def _map(allele: str, changes: Changes) -> Json:
    """Return the mutation map of an allele; `start` is 1-based."""
    return {
        "name": allele,
        "start": changes.interval.start + 1,
        "bases": decode(changes.codes),
        "score": _numbers(np.array([changes.score]))[0],
        "percentile": changes.percentile,
        "differences": [_numbers(row) for row in changes.differences],
    }


def _profile(profile: Profile) -> Json:
    """Return what is predicted at each base; `start` is 1-based."""
    start = profile.interval.start + 1
    return {"start": start, "REF": _numbers(profile.ref), "ALT": _numbers(profile.alt)}


def _cells(cells: Mapping[str, str | float | None]) -> Json:
    """Return cells of a table; numbers have three digits."""
    return {
        name: float(f"{cell:.3g}") if isinstance(cell, float) else cell
        for name, cell in cells.items()
    }


def _numbers(values: np.ndarray[Any, Any]) -> list[float | None]:
    """Return numbers with four digits, None for nan."""
    return [None if np.isnan(value) else float(f"{value:.4g}") for value in values]
