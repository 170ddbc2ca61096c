"""The folder that `regplug explain` writes: Explained ─write_maps→ files.

map.png, .svg, .pdf  the picture
map.tsv            a row per base: what each base there adds to the score, and
                     loss    score - the lowest with another base (Basset)
                     gain    the highest with another base - score (Basset)
                     height  of DeepBind's letters
                   allele: REF's map (ref), ALT's (alt); an inserted base has the position of the
                   base before it, and `.` in the column ref
motifs.tsv         known motifs at the variant that FIMO reports (p_placement < 1e-4), best first
loss.bw, gain.bw   of REF's map; with several targets loss_<TARGET>.bw, gain_<TARGET>.bw
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from regplug.files.extras import needs
from regplug.files.figures import names_of, save_formats
from regplug.files.output import check_folder, complete
from regplug.genome.codes import decode
from regplug.interpret.explain.picture import Explained, maps_figure
from regplug.interpret.explain.rows import Style
from regplug.motifs.hits import Hit
from regplug.tracks.bigwig import bigwigs

REPORTED = 1e-4  # p of a placement, FIMO's own threshold

_FILES = {"map.tsv", "motifs.tsv", "loss.bw", "gain.bw"} | names_of("map")


def check_map_folder(folder: Path) -> None:
    """Check that a report can be written to `folder`.

    Raises:
        OutputError: it cannot be made, or holds other things than a report.
        MissingLibraryError: a library is not installed.
    """
    check_folder(folder, _FILES | {path.name for path in folder.glob("[lg]*_*.bw")})
    with needs("motifs"):
        import matplotlib  # noqa: F401


def write_maps(
    folder: Path,
    shown: Sequence[Explained],
    hits: Sequence[Hit],
    *,
    contigs: Mapping[str, int],
    style: Style = "basset",
) -> None:
    """Write the folder, replacing an earlier report.

    Args:
        folder: that appears when it is complete.
        shown: an explanation per target, of the same place.
        hits: of known motifs at the variant, best first; not written for a region.
        contigs: of the genome, name → length.
        style: of the picture.

    Raises:
        OutputError: it holds other things, or cannot be written.
        MotifError: a library is not installed.
    """
    check_map_folder(folder)
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        save_formats(maps_figure(shown, style=style), partial / "map")
        _write_table(partial / "map.tsv", _bases(shown))
        if shown[0].explanation.variant:
            _write_table(partial / "motifs.tsv", _motifs(hits))
        _write_bigwigs(partial, shown, contigs)


def _endings(targets: Sequence[str]) -> list[str]:
    """Return what each target's file names end in: "" for a single target, else `_<TARGET>`."""
    if len(targets) == 1:
        return [""]
    words = [re.sub(r"[^\w.-]", "-", target) for target in targets]
    return [
        f"_{word}" if words.count(word) == 1 else f"_{word}_{number}"
        for number, word in enumerate(words, start=1)
    ]


def _bases(shown: Sequence[Explained]) -> Iterator[Sequence[object]]:
    """Yield the rows of map.tsv."""
    yield [
        *("target", "allele", "chrom", "pos", "ref", "base"),
        *("A", "C", "G", "T", "loss", "gain", "height"),
    ]
    for explained in shown:
        explanation = explained.explanation
        interval, letters = explanation.ref.interval, decode(explanation.ref.codes)
        ref_letters = dict(zip(explanation.places("ref").tolist(), letters, strict=True))
        for allele, mutations in explanation.maps.items():
            places = explanation.places(allele)
            yield from zip(
                [explained.target] * len(places),
                [allele] * len(places),
                [interval.chrom] * len(places),
                explanation.positions[places],
                [ref_letters.get(place, ".") for place in places.tolist()],
                decode(mutations.codes),
                *mutations.differences.T,
                mutations.loss,
                mutations.gain,
                mutations.height,
                strict=True,
            )


def _motifs(hits: Sequence[Hit]) -> Iterator[Sequence[object]]:
    """Yield the rows of motifs.tsv; start is in bases from the variant's first."""
    yield [
        *("motif", "protein", "ref_bits", "alt_bits", "p_placement", "p", "q"),
        *("allele", "start", "strand"),
    ]
    for hit in hits:
        if hit.p_placement < REPORTED:
            numbers = (f"{number:.4g}" for number in hit[1:6])
            yield [hit.motif.name, hit.motif.also or ".", *numbers, *hit[6:]]


def _write_table(path: Path, rows: Iterable[Sequence[object]]) -> None:
    path.write_text("".join("\t".join(map(_cell, row)) + "\n" for row in rows))


def _cell(value: object) -> str:
    """Return a cell: the fewest digits that give the same float32, `.` where there is no number."""
    return "." if isinstance(value, np.floating) and math.isnan(value) else str(value)


def _write_bigwigs(folder: Path, shown: Sequence[Explained], contigs: Mapping[str, int]) -> None:
    """Write loss and gain of REF's map of each target; bases without a score are left out."""
    endings = _endings([explained.target for explained in shown])
    paths = [folder / f"{name}{ending}.bw" for ending in endings for name in ("loss", "gain")]
    maps = [explained.explanation.ref for explained in shown]
    columns = np.stack([column for ref in maps for column in (ref.loss, ref.gain)], axis=1)
    interval, known = maps[0].interval, ~np.isnan(columns).any(axis=1)
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
    with bigwigs(paths, contigs) as files:
        for start, end in edges.reshape(-1, 2):
            bases = np.arange(interval.start + start, interval.start + end + 1)
            files.write(interval.chrom, bases, columns[start:end])
