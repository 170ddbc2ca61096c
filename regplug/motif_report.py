"""The folder that `regplug motifs` writes: Learned motifs, Matches ─write_report→ files.

motifs.meme    the motifs
motifs.tsv     a row per filter: sites, consensus, information, best match; shuffled_p is the
               smallest p of the same columns in random orders: a match with a larger p says nothing
matches.tsv    every match with q < 0.1
logos/         <target>_<filter>.png and .svg
overview.png   each target's best filters
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from regplug.logos import draw_logo, draw_overview
from regplug.matches import Matches
from regplug.meme import DNA, write_meme
from regplug.motifs import Motif
from regplug.output import check_folder, complete

REPORTED = 0.1  # matches.tsv has those with a smaller q
SHOWN_FILTERS, SHOWN_TARGETS = 4, 24  # of the overview

FILES = {"motifs.meme", "motifs.tsv", "matches.tsv", "logos", "overview.png"}
_MATCH = ("match", "match_name", "p", "q", "shuffled_p", "known_motifs")


class Learned(NamedTuple):
    """What a filter of a target's network has learned; filters count from 0."""

    target: str
    filter: int
    motif: Motif


def named(target: str, motifs: Sequence[Motif]) -> list[Learned]:
    """Return a target's motifs, in the order of its filters, under names fit for files."""
    word = re.sub(r"[^\w.-]", "-", target)
    return [
        Learned(target, index, replace(motif, name=f"{word}_{index}"))
        for index, motif in enumerate(motifs)
    ]


def write_report(
    folder: Path,
    learned: Sequence[Learned],
    matches: Matches | None,
    *,
    letters: str = DNA,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the folder, replacing an earlier report; without `matches`, best matches are `.`.

    Raises:
        OutputError: it holds other things, or cannot be written.
        MotifError: a library for the logos is not installed.
    """
    check_folder(folder, FILES)
    speaking = [one for one in learned if one.motif.width]
    with complete(folder.absolute()) as partial:
        (partial / "logos").mkdir(parents=True)
        write_meme(partial / "motifs.meme", [one.motif for one in learned], letters=letters)
        _write_table(partial / "motifs.tsv", _filters(learned, matches, letters))
        _write_table(partial / "matches.tsv", _matches(learned, matches))
        for done, one in enumerate(speaking, start=1):
            title = f"{one.target} filter {one.filter}, {one.motif.sites} sites"
            stem = partial / "logos" / one.motif.name
            draw_logo(one.motif, stem, letters=letters, title=title)
            progress(done, len(speaking))
        if speaking:
            draw_overview(_overview(learned, matches), partial / "overview.png", letters=letters)


def _filters(
    learned: Sequence[Learned], matches: Matches | None, letters: str
) -> Iterator[Sequence[object]]:
    """Yield the rows of motifs.tsv; what there is not is `.`."""
    yield ["target", "filter", "nsites", "consensus", "information", *_MATCH]
    for row, (target, index, motif) in enumerate(learned):
        bits = f"{motif.information.sum():.2f}"
        best = _best(matches, row) if matches and motif.width else ["."] * len(_MATCH)
        yield [target, index, motif.sites, motif.consensus(letters) or ".", bits, *best]


def _best(matches: Matches, row: int) -> list[str]:
    """Return the cells of a motif's best match, whatever its q."""
    return _cells(matches, row, int(matches.ranked(row)[0]))


def _matches(learned: Sequence[Learned], matches: Matches | None) -> Iterator[Sequence[object]]:
    """Yield the rows of matches.tsv, best first for each filter."""
    yield ["target", "filter", *_MATCH]
    if matches is None:
        return
    for row, (target, index, _) in enumerate(learned):
        for column in matches.ranked(row):
            if matches.q[row, column] >= REPORTED:
                break
            yield [target, index, *_cells(matches, row, int(column))]


def _cells(matches: Matches, row: int, column: int) -> list[str]:
    """Return the cells of a motif's match with a known one, in the order of _MATCH."""
    known = matches.known[column]
    numbers = (matches.p[row, column], matches.q[row, column], matches.shuffled[row])
    return [known.name, known.also or ".", *(f"{one:.3g}" for one in numbers), matches.title]


def _overview(
    learned: Sequence[Learned], matches: Matches | None
) -> list[tuple[str, list[tuple[Motif, str]]]]:
    """Return the first targets' best filters, with their titles.

    Those come first whose match is better than shuffled ones by the largest factor; then the
    others, by information.
    """
    targets: dict[str, list[tuple[float, float, Motif, str]]] = {}
    for row, (target, index, motif) in enumerate(learned):
        if not motif.width:
            continue
        factor, title = 1.0, f"filter {index}"
        if matches and matches.ordered(row):
            name, also, p, q, shuffled, _ = _best(matches, row)
            factor = float(p) / float(shuffled)
            title += f": {name if also == '.' else also}, q = {q}" if float(q) < REPORTED else ""
        bits = -float(motif.information.sum())
        targets.setdefault(target, []).append((factor, bits, motif, title))
    rows = []
    for target, found in list(targets.items())[:SHOWN_TARGETS]:
        found.sort(key=lambda entry: entry[:2])
        rows.append((target, [entry[2:] for entry in found[:SHOWN_FILTERS]]))
    return rows


def _write_table(path: Path, rows: Iterator[Sequence[object]]) -> None:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
