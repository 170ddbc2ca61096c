"""The folder that `regplug explain` writes: Explained ─write_report→ files.

map.png, map.svg   the picture
map.tsv            a row per base: what each base there adds to the score, and
                     loss    score - the lowest with another base (Basset)
                     gain    the highest with another base - score (Basset)
                     height  of DeepBind's letters
                   allele: REF's map (ref), ALT's (alt); an inserted base has the position of the
                   base before it, and `.` in the column ref
motifs.tsv         known motifs at the variant that FIMO reports (p_placement < 1e-4), best first
loss.bw, gain.bw   of REF's map; with several targets loss_<TARGET>.bw, gain_<TARGET>.bw
"""

import errno
import math
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from regplug.codes import decode
from regplug.errors import MotifError
from regplug.explain_picture import Explained, Style, draw
from regplug.hits import Hit
from regplug.mutation_map import Column
from regplug.output import check_folder, complete

REPORTED = 1e-4  # p of a placement, FIMO's own threshold
LAST = struct.pack("<I", 0x888FFC26)  # a bigWig ends as it begins

_FILES = {"map.png", "map.svg", "map.tsv", "motifs.tsv", "loss.bw", "gain.bw"}


def check_output(folder: Path) -> None:
    """Raise OutputError if `folder` cannot be made, or holds other things than a report.

    Raises:
        MotifError: a library is not installed.
    """
    check_folder(folder, _FILES | {path.name for path in folder.glob("[lg]*_*.bw")})
    for library in ("logomaker", "matplotlib", "memelite", "pyBigWig", "pyjaspar", "scipy"):
        if find_spec(library) is None:
            raise MotifError(f"explain needs {library}: pip install 'regplug[explain]'")


def write_report(
    folder: Path,
    shown: Sequence[Explained],
    hits: Sequence[Hit],
    *,
    lengths: Mapping[str, int],
    style: Style = "basset",
) -> None:
    """Write the folder, replacing an earlier report; `lengths` are those of the contigs.

    Raises:
        OutputError: it holds other things, or cannot be written.
    """
    check_output(folder)
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        draw(shown, [partial / "map.png", partial / "map.svg"], style=style)
        _write_table(partial / "map.tsv", _bases(shown))
        if shown[0].explanation.variant:
            _write_table(partial / "motifs.tsv", _motifs(hits))
        for one, ending in zip(shown, _endings([one.target for one in shown]), strict=True):
            made = one.explanation.ref
            for name, values in (("loss", made.loss), ("gain", made.gain)):
                contig = (made.interval.chrom, lengths[made.interval.chrom])
                _write_bigwig(partial / f"{name}{ending}.bw", contig, made.interval.start, values)


def _endings(targets: Sequence[str]) -> list[str]:
    """Return what names each target's files; none where there is one."""
    if len(targets) == 1:
        return [""]
    words = [re.sub(r"[^\w.-]", "-", target) for target in targets]
    return [
        f"_{word}" if words.count(word) == 1 else f"_{word}_{number}"
        for number, word in enumerate(words, start=1)
    ]


def _bases(shown: Sequence[Explained]) -> Iterator[Sequence[object]]:
    yield [
        *("target", "allele", "chrom", "pos", "ref", "base"),
        *("A", "C", "G", "T", "loss", "gain", "height"),
    ]
    for one in shown:
        explanation = one.explanation
        interval, letters = explanation.ref.interval, decode(explanation.ref.codes)
        own = dict(zip(explanation.places("ref").tolist(), letters, strict=True))
        for allele, made in explanation.maps.items():
            places = explanation.places(allele)
            yield from zip(
                [one.target] * len(places),
                [allele] * len(places),
                [interval.chrom] * len(places),
                explanation.positions[places],
                [own.get(place, ".") for place in places.tolist()],
                decode(made.codes),
                *made.differences.T,
                made.loss,
                made.gain,
                made.height,
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
    """Return float32's shortest digits, `.` for what there is not."""
    return "." if isinstance(value, np.floating) and math.isnan(value) else str(value)


def _write_bigwig(path: Path, contig: tuple[str, int], start: int, values: Column) -> None:
    """Write a value per base of a contig (name, length), from the 0-based `start` on.

    Raises:
        OSError: the file is not complete: libBigWig itself does not tell when a disk is full.
    """
    import pyBigWig

    known = np.flatnonzero(~np.isnan(values))
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader([contig])
        starts = known + start
        file.addEntries([contig[0]] * len(known), starts, ends=starts + 1, values=values[known])
    if not path.read_bytes().endswith(LAST):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
