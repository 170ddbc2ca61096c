"""A slow, literal scorer of one ALT at a time: the rules of windows and alleles, written out.

It knows nothing of regplug's scoring: contigs and alleles are strings, an allele is what the whole
contig reads with it, and windows are cut out of that. Only `Predict`, what a model says of a window
as letters, comes from outside.
"""

import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import NamedTuple

Predict = Callable[[str], list[float]]  # a window's letters, A C G T N → a score per target


class Oracle(NamedTuple):
    """A model, as the rules see it.

    Attributes:
        width: bases that it reads.
        predict: what it says of as many letters.
        genes: for a model of RNA: (contig, first, last, strand), 1-based and inclusive; else None.
    """

    width: int
    predict: Predict
    genes: list[tuple[str, int, int, str]] | None = None


class Answer(NamedTuple):
    """What must be written for an ALT: its status, and scores of REF and ALT if that is ok."""

    status: str
    ref: list[float]
    alt: list[float]


def plain(letters: str) -> str:
    """Return letters as models see them: upper case, U is T, and N for all but A, C, G, T."""
    return re.sub("[^ACGT]", "N", letters.upper().replace("U", "T"))


def fault(contigs: Mapping[str, str], chrom: str, pos: int, ref: str, alt: str) -> str:
    """Return what is wrong with an ALT of a VCF before any model is asked, or ok; `pos` 1-based."""
    if alt == ".":
        return "missing"
    if alt == "*":
        return "star"
    if re.search("[^ACGTUNRYSWKMBDHV]", alt.upper()):
        return "symbolic"
    contig = contig_of(contigs, chrom)
    if contig is None:
        return "unknown_contig"
    start, end = pos - 1, pos - 1 + len(ref)
    if start < 0 or end > len(contig) or plain(contig[start:end]) != plain(ref):
        return "ref_mismatch"
    return "ambiguous" if _puts_in_unknown(contig, start, ref, alt) else "ok"


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
    if ref == alt:
        return start, ref[0], alt[0]
    after = before[:start] + alt + before[start + len(ref) :]
    shorter = min(len(before), len(after))
    tail = min(_alike(before[::-1], after[::-1]), shorter - 1)
    head = min(_alike(before, after), shorter - tail - 1)
    return head, before[head : len(before) - tail], after[head : len(after) - tail]


def _alike(left: str, right: str) -> int:
    """Return how many letters both begin with."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def answer(model: Oracle, contigs: Mapping[str, str], chrom: str, pos: int, ref: str, alt: str):
    """Return what `model` must write for an ALT."""
    status = fault(contigs, chrom, pos, ref, alt)
    if status != "ok":
        return Answer(status, [], [])
    contig = contig_of(contigs, chrom) or ""
    start, ref, alt = normalised(contig, pos - 1, ref, alt)
    if model.genes is None:
        return _on_strand(model, contig, start, ref, alt, "+")
    strands = [s for s in "+-" if _in_a_gene(model.genes, chrom, start, start + len(ref), s)]
    answers = [_on_strand(model, contig, start, ref, alt, strand) for strand in strands]
    if not answers:
        return Answer("no_transcript", [], [])
    scored = [one for one in answers if one.status == "ok"]
    return _larger(scored) if scored else answers[0]


def _in_a_gene(genes, chrom: str, start: int, end: int, strand: str) -> bool:
    """Tell whether a gene on `strand` covers a base of the 0-based start to end."""
    return any(
        name.removeprefix("chr") == chrom.removeprefix("chr")
        and on == strand
        and first - 1 < end
        and last > start
        for name, first, last, on in genes
    )


def _larger(answers: list[Answer]) -> Answer:
    """Return, per target, the scores of the strand with the larger difference, + if both have.

    Differences are equal that are so up to the rounding of four predictions.
    """
    refs, alts = [], []
    for target in range(len(answers[0].ref)):
        sizes = [abs(one.alt[target] - one.ref[target]) for one in answers]
        largest = max(abs(side[target]) for one in answers for side in (one.ref, one.alt))
        best = answers[sizes[-1] - sizes[0] > 4e-5 * max(1, largest)]
        refs.append(best.ref[target])
        alts.append(best.alt[target])
    return Answer("ok", refs, alts)


def _on_strand(model: Oracle, contig: str, start: int, ref: str, alt: str, strand: str) -> Answer:
    """Return the answer for a normalised allele, read on `strand`."""
    width = model.width
    if max(len(ref), len(alt)) > width // 2:
        return Answer("too_long", [], [])
    column = width // 2 - 1 if width % 2 == 0 else width // 2
    left = column if strand == "+" else width - 1 - column  # bases before the column
    # A window is where it begins in the contig that has the allele. In the first placing, the
    # allele's first base is in the column; if lengths differ, in the second its last base is.
    places = [(start - left, start - left)]
    if len(ref) != len(alt):
        places.append((start + len(ref) - 1 - left, start + len(alt) - 1 - left))
    before = plain(contig)
    after = before[:start] + alt + before[start + len(ref) :]
    for at, _ in places:
        inside = before[max(0, at) : max(0, at + width)]
        if inside.count("N") > len(inside) / 10:
            return Answer("mostly_n", [], [])
    refs = [model.predict(_cut(before, at, width, strand)) for at, _ in places]
    alts = [model.predict(_cut(after, at, width, strand)) for _, at in places]
    return Answer("ok", _means(refs), _means(alts))


def _cut(letters: str, start: int, width: int, strand: str) -> str:
    """Return a window, N outside of `letters`, as it reads on `strand`."""
    window = "".join(
        letters[at] if 0 <= at < len(letters) else "N" for at in range(start, start + width)
    )
    return window if strand == "+" else other_strand(window)


def other_strand(letters: str) -> str:
    """Return the reverse complement."""
    return letters[::-1].translate(str.maketrans("ACGT", "TGCA"))


def _means(rows: list[list[float]]) -> list[float]:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]
