"""Motif files in MEME's format: Motifs ⇄ text."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regplug.errors import UNREADABLE, MotifError
from regplug.files.lines import lines_in
from regplug.motifs.motif import Frequencies, Motif

DNA, RNA = "ACGT", "ACGU"
ROUNDING = 0.02  # how far from 1 the sum of a row may be


def write_meme(path: Path, motifs: Sequence[Motif], *, letters: str = DNA) -> None:
    """Write the motifs that have a position; `letters` is DNA (both strands) or RNA (forward)."""
    text = [
        "MEME version 5\n",
        f"ALPHABET= {letters}\n",
        f"strands: {'+ -' if letters == DNA else '+'}\n",
        "Background letter frequencies",
        " ".join(f"{letter} 0.25" for letter in letters) + "\n",
    ]
    for motif in motifs:
        if not motif.width:
            continue
        text.append(f"MOTIF {motif.name} {motif.also}".rstrip() + "\n")
        text.append(
            f"letter-probability matrix: alength= 4 w= {motif.width} nsites= {motif.sites} E= 0"
        )
        text += [" ".join(f"{share:.6f}" for share in row) for row in motif.frequencies]
        text.append("")
    path.write_text("\n".join(text) + "\n")


def read_meme(path: Path) -> tuple[str, list[Motif]]:
    """Return the letters, DNA or RNA, and the motifs of a file.

    Raises:
        MotifError: the file is missing, of another alphabet, damaged, or has no motif.
    """
    try:
        lines = [line.strip() for line in lines_in(path)]
    except UnicodeDecodeError as error:
        raise _fault(path, "it is not a text file") from error
    except UNREADABLE as error:
        raise _fault(path, f"it cannot be read: {error}") from error
    if not lines or not lines[0].startswith("MEME version"):
        raise _fault(path, "the first line is not 'MEME version <number>'")
    starts = [number for number, line in enumerate(lines) if line.split()[:1] == ["MOTIF"]]
    if not starts:
        raise _fault(path, "it has no line MOTIF")
    letters = _letters(path, lines[: starts[0]])
    ends = [*starts[1:], len(lines)]
    motifs = [
        _motif(path, start + 1, lines[start:end]) for start, end in zip(starts, ends, strict=True)
    ]
    return letters, motifs


def _letters(path: Path, head: list[str]) -> str:
    """Return the alphabet that the lines before the first motif name; DNA if none."""
    for line in head:
        if line.startswith("ALPHABET"):
            letters = line.removeprefix("ALPHABET").lstrip(" =").strip('"')
            known = {"ACGT": DNA, "DNA": DNA, "ACGU": RNA, "RNA": RNA}
            if letters not in known:
                raise _fault(path, f"its alphabet is {letters}, neither {DNA} nor {RNA}")
            return known[letters]
    return DNA


def _motif(path: Path, number: int, lines: list[str]) -> Motif:
    """Return the motif in lines, of which the first is `number` of the file."""
    _, *names = lines[0].split()
    head = next((i for i, line in enumerate(lines) if line.startswith("letter-probability")), None)
    if not names or head is None:
        raise _fault(path, f"the motif at line {number} has no name or no matrix")
    rows: list[Frequencies] = []
    for line_number, line in enumerate(lines[head + 1 :], start=number + head + 1):
        if line.startswith(("URL", "MOTIF", "//")) or (rows and not line):
            break
        if line:
            rows.append(_row(path, line_number, line))
    width = _promised(path, lines[head], "w", len(rows))
    if not rows or len(rows) != width:
        raise _fault(path, f"{names[0]} has {len(rows)} rows where its matrix asks for {width:g}")
    sites = round(_promised(path, lines[head], "nsites", 0))
    return Motif(names[0], np.array(rows), sites, " ".join(names[1:]))


def _promised(path: Path, line: str, key: str, default: int) -> float:
    """Return the number in `key= number` in a line `letter-probability matrix`, else `default`."""
    found = re.search(rf"\b{key}= *([0-9.]+)\b", line)
    if found and not (_is_number(found[1]) and math.isfinite(float(found[1]))):
        raise _fault(path, f"{key}= {found[1][:20]} is no number of things")
    return float(found[1]) if found else default


def _row(path: Path, number: int, line: str) -> Frequencies:
    """Return a row of four frequencies that sum to 1, shape (4,)."""
    items = line.split()
    if len(items) != 4 or not all(map(_is_number, items)):
        raise _fault(path, f"line {number} is not four numbers")
    row = np.array(items, np.float64)
    if not (row >= 0).all() or abs(row.sum() - 1) > ROUNDING:
        raise _fault(path, f"line {number} is not four frequencies that sum to 1")
    shares: Frequencies = row / row.sum()
    return shares


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fault(path: Path, what: str) -> MotifError:
    return MotifError(f"motif file {path}: {what}. Give a file in MEME's motif format.")
