"""The folder that `regplug motifs` writes: Learned motifs, Matches ─write_motif_report→ files.

motifs.meme    the motifs
motifs.tsv     a row per filter: sites, consensus, information, best match; it is named if q < 0.1
               and p is below shuffled_p, which one in 40 random orders of its columns reaches
matches.tsv    every match with q < 0.1
logos/         <target>_<filter>.png and .svg
overview.*     each target's clearest filters; of a model, those with the largest influence

Of a model also influence.tsv, influence_scatter and influence_heatmap (`influence_report`), and in
motifs.tsv its filters' influence, how far scores move without them, and the loss without them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from regplug.files.figures import names_of
from regplug.files.output import check_folder, complete
from regplug.interpret.filters.influence import Influence, mean_over_targets
from regplug.interpret.filters.influence_report import FILES as INFLUENCE_FILES
from regplug.interpret.filters.influence_report import Marked, cell, write_influence
from regplug.motifs.logos import draw_logo, draw_overview
from regplug.motifs.matches import REPORTED, Matches
from regplug.motifs.meme import DNA, write_meme
from regplug.motifs.motif import Motif, information

SHOWN_FILTERS, SHOWN_TARGETS = 4, 24  # of the overview
SHOWN_OF_MODEL = 32  # filters

FILES = (
    {"motifs.meme", "motifs.tsv", "matches.tsv", "logos"} | names_of("overview") | INFLUENCE_FILES
)
_MATCH = ("match", "match_name", "p", "q", "shuffled_p", "known_motifs")


class Learned(NamedTuple):
    """What a filter of a target's network, or of a model, has learned.

    Attributes:
        target: label, or the model's name.
        filter: its number from 0; in an ensemble after the member's from 1, such as 2.17.
        motif: under a name fit for files.
        bits: information of all its positions.
    """

    target: str
    filter: str
    motif: Motif
    bits: float


def motifs_of_target(target: str, motifs: Sequence[Motif], *, gc: float = 0.5) -> list[Learned]:
    """Return a target's motifs, in the order of its filters, under names fit for files."""
    bits = [float(information(motif.frequencies, gc=gc).sum()) for motif in motifs]
    return learned_of(target, motifs, bits, list(map(str, range(len(motifs)))))


def learned_of(
    target: str, motifs: Sequence[Motif], bits: Sequence[float], filters: Sequence[str]
) -> list[Learned]:
    """Return motifs with the names of their filters, under names fit for files."""
    word = re.sub(r"[^\w.-]", "-", target)
    return [
        Learned(target, filter, replace(motif, name=f"{word}_{filter}"), motif_bits)
        for motif, motif_bits, filter in zip(motifs, bits, filters, strict=True)
    ]


def write_motif_report(
    folder: Path,
    learned: Sequence[Learned],
    matches: Matches | None,
    *,
    letters: str = DNA,
    influence: Influence | None = None,
    targets: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the folder, replacing an earlier report.

    Args:
        folder: that appears when it is complete.
        learned: the filters' motifs.
        matches: of these, in the same order; None: best matches are `.`.
        letters: of the motifs' columns, DNA or RNA.
        influence: of the filters on a model's targets, in the same order; None for other networks.
        targets: the model's labels.
        progress: called with the number of logos drawn, and of all.

    Raises:
        OutputError: it holds other things, or cannot be written.
        MissingLibraryError: a library for the logos is not installed.
    """
    check_folder(folder, FILES)
    drawn = [entry for entry in learned if entry.motif.width]
    with complete(folder.absolute()) as partial:
        (partial / "logos").mkdir(parents=True)
        write_meme(partial / "motifs.meme", [entry.motif for entry in learned], letters=letters)
        _write_table(partial / "motifs.tsv", _filters(learned, matches, letters, influence))
        _write_table(partial / "matches.tsv", _matches(learned, matches))
        for done, entry in enumerate(drawn, start=1):
            title = f"{entry.target} filter {entry.filter}, {entry.motif.sites} sites"
            stem = partial / "logos" / entry.motif.name
            draw_logo(entry.motif, stem, letters=letters, title=title)
            progress(done, len(drawn))
        if drawn:
            rows = _overview(learned, matches, influence)
            draw_overview(rows, partial / "overview", letters=letters)
        if influence:
            write_influence(partial, marked(learned, matches), influence, targets)


def marked(learned: Sequence[Learned], matches: Matches | None) -> list[Marked]:
    """Return the filters with the names of the known motifs that they are like."""
    return [
        Marked(entry.filter, entry.bits, _known(matches, row)) for row, entry in enumerate(learned)
    ]


def _known(matches: Matches | None, row: int) -> str:
    """Return the name of the known motif that a filter is like, "" if none."""
    if matches is None or not (alike := matches.like(row)):
        return ""
    best = matches.known[alike[0]]
    return best.also or best.name


def _filters(
    learned: Sequence[Learned],
    matches: Matches | None,
    letters: str,
    influence: Influence | None,
) -> Iterator[Sequence[object]]:
    """Yield the rows of motifs.tsv; an empty cell is `.`."""
    measured = _measured(influence) if influence else {}
    yield ["target", "filter", "nsites", "consensus", "information", *measured, *_MATCH]
    for row, (target, index, motif, bits) in enumerate(learned):
        best = _best(matches, row) if matches and motif.width else ["."] * len(_MATCH)
        numbers = [f"{bits:.2f}", *(cells[row] for cells in measured.values())]
        yield [target, index, motif.sites, motif.consensus(letters) or ".", *numbers, *best]


def _measured(influence: Influence) -> dict[str, list[str]]:
    """Return the columns that influence adds to motifs.tsv."""
    empty = ["."] * len(influence.targets)
    return {
        "influence": [*map(cell, influence.overall)],
        "moved": [*map(cell, mean_over_targets(influence.moved))],
        "loss": empty if influence.loss is None else [*map(cell, influence.loss)],
    }


def _best(matches: Matches, row: int) -> list[str]:
    """Return the cells of a motif's best match, without its names if the motif is not like it."""
    cells = _cells(matches, row, int(matches.ranked(row)[0]))
    return cells if matches.like(row) else [".", ".", *cells[2:]]


def _matches(learned: Sequence[Learned], matches: Matches | None) -> Iterator[Sequence[object]]:
    """Yield the rows of matches.tsv, best first for each filter."""
    yield ["target", "filter", *_MATCH]
    if matches is None:
        return
    for row, (target, index, *_) in enumerate(learned):
        for column in matches.ranked(row):
            if matches.q[row, column] >= REPORTED:
                break
            yield [target, index, *_cells(matches, row, int(column))]


def _cells(matches: Matches, row: int, column: int) -> list[str]:
    """Return the cells of a motif's match with a known one, in the order of _MATCH."""
    known = matches.known[column]
    numbers = (matches.p[row, column], matches.q[row, column], matches.shuffled[row])
    cells = (f"{number:.3g}" for number in numbers)
    return [known.name, known.also or ".", *cells, matches.title]


def _overview(
    learned: Sequence[Learned], matches: Matches | None, influence: Influence | None
) -> list[tuple[str, list[tuple[Motif, str]]]]:
    """Return rows of filters, each with its title: a row per target, or several of a model.

    Of a target those come first that are clearest, information × sites; of a model those that have
    the largest influence.
    """
    targets: dict[str, list[tuple[float, Motif, str]]] = {}
    for row, (target, index, motif, _) in enumerate(learned):
        if not motif.width:
            continue
        title = f"filter {index}"
        if matches and (known := _known(matches, row)):
            title += f": {known}, q = {matches.q[row].min():.3g}"
        weight = motif.clarity if influence is None else float(influence.overall[row])
        targets.setdefault(target, []).append((weight, motif, title))
    rows = []
    for target, found in list(targets.items())[:SHOWN_TARGETS]:
        found.sort(key=lambda entry: -entry[0])
        shown = SHOWN_FILTERS if influence is None else SHOWN_OF_MODEL
        logos = [entry[1:] for entry in found[:shown]]
        starts = range(0, len(logos), SHOWN_FILTERS)
        rows += [(target, logos[start : start + SHOWN_FILTERS]) for start in starts]
    return rows


def _write_table(path: Path, rows: Iterator[Sequence[object]]) -> None:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
