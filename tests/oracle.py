"""A slow, literal scorer of one ALT at a time: the rules of windows and alleles, written out.

It knows nothing of regplug's scoring: contigs and alleles are strings, an allele is what the whole
contig reads with it, and windows are cut out of that. Only `Predict`, what a model says of a window
as letters, comes from outside.
"""

import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import NamedTuple

from tests.structural_oracle import Altered, altered, is_structural, is_told, turned, unsure

NONE: Mapping[str, str] = {}
JUNCTIONS = "junctions"
Predict = Callable[[str], list[float]]  # a window's letters, A C G T N → a score per target


class Oracle(NamedTuple):
    """A model, as the rules see it.

    Attributes:
        width: bases that it reads.
        predict: what it says of as many letters.
        genes: for a model of RNA: (contig, first, last, strand), 1-based and inclusive; else None.
        centred: whether the middle base of the longer allele lies in the column.
    """

    width: int
    predict: Predict
    genes: list[tuple[str, int, int, str]] | None = None
    centred: bool = False


class Answer(NamedTuple):
    """What must be written for an ALT: its status, and scores of REF and ALT if it has any."""

    status: str
    ref: list[float]
    alt: list[float]


def plain(letters: str) -> str:
    """Return letters as models see them: upper case, U is T, and N for all but A, C, G, T."""
    return re.sub("[^ACGT]", "N", letters.upper().replace("U", "T"))


def fault(contigs, chrom: str, pos: int, ref: str, alt: str, info: Mapping[str, str] = NONE) -> str:
    """Return what is wrong with an ALT of a VCF before any model is asked, or ok; `pos` 1-based.

    `info` is what INFO says of this ALT.
    """
    if alt == ".":
        return "missing"
    if alt == "*":
        return "star"
    of_bases = not re.search("[^ACGTUNRYSWKMBDHV]", alt.upper())
    if not of_bases and not (is_structural(alt) and is_told(alt, info)):
        return "symbolic"
    contig = contig_of(contigs, chrom)
    if contig is None:
        return "unknown_contig"
    start, end = pos - 1, pos - 1 + len(ref)
    if start < 0 and not of_bases:
        return "bad_span"
    if start < 0 or end > len(contig):
        return "ref_mismatch"
    pairs = zip(plain(contig[start:end]), plain(ref), strict=True)
    if any(there != base and (of_bases or base != "N") for there, base in pairs):
        return "ref_mismatch"
    if of_bases:
        return "ambiguous" if _puts_in_unknown(contig, start, ref, alt) else "ok"
    made = _made(contigs, contig, (chrom, pos, ref, alt), info)
    return made if isinstance(made, str) else "ok"


def _made(contigs, contig: str, record, info: Mapping[str, str]) -> Altered | str:
    """Return what a contig reads with an ALT that is no sequence, or what is wrong with that."""
    before = plain(contig)
    made = altered(before, record, info, lambda name: contig_of(contigs, name) is contig)
    if isinstance(made, str):
        return made
    return "imprecise" if unsure(info) > _loose(before, made) else made


def _loose(before: str, made: Altered) -> int:
    """Return over how many bases what is replaced can be moved, and the contig reads the same."""
    right = _head(before, made) - made.start if made.left else 0
    left = _tail(before, made) - (len(before) - made.end) if made.right else 0
    return right + left


def _head(before: str, made: Altered) -> int:
    """Return how many bases of the contig stay as they were, from its begin on."""
    return made.end if before == made.letters else _alike(before, made.letters)


def _tail(before: str, made: Altered) -> int:
    """Return how many bases of the contig stay as they were, back from its end."""
    same = before == made.letters
    return len(before) - made.start if same else _alike(before[::-1], made.letters[::-1])


def _puts_in_unknown(contig: str, start: int, ref: str, alt: str) -> bool:
    """Tell whether ALT has an unknown base more than the contig without it, or in another place."""
    _, ref, alt = normalised(contig, start, ref, alt)
    if alt in (ref[: len(alt)], ref[len(ref) - len(alt) :]):  # it takes bases away
        return False
    if alt.startswith(ref):
        return "N" in alt[len(ref) :]
    if alt.endswith(ref):
        return "N" in alt[: len(alt) - len(ref)]
    return "N" in alt


def contig_of(contigs: Mapping[str, str], chrom: str) -> str | None:
    """Return the letters of a contig, which may be written with or without chr."""
    bare = chrom.removeprefix("chr")
    return next((contigs[name] for name in (chrom, bare, f"chr{bare}") if name in contigs), None)


def normalised(contig: str, start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Return the allele trimmed and left-aligned: 0-based start, REF, ALT.

    What the whole contig reads with ALT is compared with what it reads without: what both end in is
    left off, then what both begin with, and one base of each is kept.
    """
    before, ref, alt = plain(contig), plain(ref), plain(alt)
    return trimmed(before, before[:start] + alt + before[start + len(ref) :], start)


def trimmed(before: str, after: str, start: int) -> tuple[int, str, str]:
    """Return the allele that makes `after` of a contig; if they are one, its base at `start`."""
    if before == after:
        return start, before[start], before[start]
    shorter = min(len(before), len(after))
    tail = min(_alike(before[::-1], after[::-1]), shorter - 1)
    head = min(_alike(before, after), shorter - tail - 1)
    return head, before[head : len(before) - tail], after[head : len(after) - tail]


def _alike(left: str, right: str) -> int:
    """Return how many letters both begin with."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def answer(model: Oracle, contigs, chrom: str, pos: int, ref: str, alt: str, info=NONE) -> Answer:
    """Return what `model` must write for an ALT, of which INFO says `info`."""
    status = fault(contigs, chrom, pos, ref, alt, info)
    if status != "ok":
        return Answer(status, [], [])
    contig = contig_of(contigs, chrom) or ""
    before, start, end = plain(contig), pos - 1, pos - 1 + len(ref)
    if is_structural(alt):
        made = _made(contigs, contig, (chrom, pos, ref, alt), info)
    else:
        made = Altered(before[:start] + plain(alt) + before[end:], start, end)
    if made.left and made.right:
        anchor = max(0, made.start - 1) if is_structural(alt) else start
        start, put_out, _ = trimmed(before, made.letters, anchor)  # there if nothing changes
        end = start + len(put_out)
    strands = [s for s in "+-" if _in_a_gene(model.genes, chrom, start, end, s)]
    if model.genes is None:
        strands = ["+"]
    answers = [_on_strand(model, before, made, start, strand) for strand in strands]
    if not answers:
        return Answer("no_transcript", [], [])
    scored = [one for one in answers if one.ref]
    return _larger(scored) if scored else answers[0]


def _in_a_gene(genes, chrom: str, start: int, end: int, strand: str) -> bool:
    """Tell whether a gene on `strand` covers a base of the 0-based start to end."""
    return any(
        name.removeprefix("chr") == chrom.removeprefix("chr")
        and on == strand
        and first - 1 < end
        and last > start
        for name, first, last, on in genes or []
    )


def _larger(answers: list[Answer]) -> Answer:
    """Return, per target, the scores with the larger difference, the first if both have.

    They are of strands, + first, or of junctions.

    Differences are equal that are so up to the rounding of four predictions.
    """
    refs, alts = [], []
    for target in range(len(answers[0].ref)):
        sizes = [abs(one.alt[target] - one.ref[target]) for one in answers]
        largest = max(abs(side[target]) for one in answers for side in (one.ref, one.alt))
        best = answers[sizes[-1] - sizes[0] > 4e-5 * max(1, largest)]
        refs.append(best.ref[target])
        alts.append(best.alt[target])
    return Answer(answers[0].status, refs, alts)


def _on_strand(model: Oracle, before: str, made: Altered, start: int, strand: str) -> Answer:
    """Return the answer for what is made of the contig `before`, read on `strand`."""
    width, after = model.width, made.letters
    if width < 2:
        return Answer("too_long", [], [])
    column = width // 2 - 1 if width % 2 == 0 else width // 2
    left = column if strand == "+" else width - 1 - column  # bases before the column
    if made.left and made.right:
        start, ref, alt = trimmed(before, after, start)
        if max(len(ref), len(alt)) <= width // 2 and not made.gap:
            # A window is where it begins in the contig that has the allele. In the first placing,
            # the allele's first base is in the column; if lengths differ, in the second its last.
            middle = (max(len(ref), len(alt)) - 1) // 2 if model.centred else 0
            places = [(start + middle - left,) * 2]
            if len(ref) != len(alt):
                back = left + middle
                places.append((start + len(ref) - 1 - back, start + len(alt) - 1 - back))
            return _of_windows(model, (before, after), places, strand)
    places = []
    if made.left:  # the last base that is alike, read from the left, is in the column
        places.append((_head(before, made) - 1 - left,) * 2)
    if made.right:  # the last base that is not alike, so before the first that is
        tail = _tail(before, made)
        places.append(tuple(len(letters) - tail - 1 - left for letters in (before, after)))
    return _of_windows(model, (before, after), places, strand, junctions=True)


def _of_windows(model: Oracle, contigs, places, strand: str, *, junctions: bool = False) -> Answer:
    """Return the answer of windows of REF and ALT that begin there in their contigs."""
    for pair in places:
        for at, letters in list(zip(pair, contigs, strict=True))[: 2 if junctions else 1]:
            inside = letters[max(0, at) : max(0, at + model.width)]
            if inside.count("N") > len(inside) / 10:
                return Answer("mostly_n", [], [])
    rows = [
        [
            model.predict(_cut(letters, at, model.width, strand))
            for letters, at in zip(contigs, pair, strict=True)
        ]
        for pair in places
    ]
    if junctions:
        return _larger([Answer(JUNCTIONS, ref, alt) for ref, alt in rows])
    return Answer("ok", *(_means(list(side)) for side in zip(*rows, strict=True)))


def _cut(letters: str, start: int, width: int, strand: str) -> str:
    """Return a window, N outside of `letters`, as it reads on `strand`."""
    window = "".join(
        letters[at] if 0 <= at < len(letters) else "N" for at in range(start, start + width)
    )
    return window if strand == "+" else turned(window)


def _means(rows: list[list[float]]) -> list[float]:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]
