"""Symbolic alleles and breakends ─edit_of→ Edit: <DEL>, <DUP>, <INV>, <INS>, and four brackets.

POS is the base before the one that changes first; END, or POS + |SVLEN|, is the last that does.
Source: VCF 4.2 to 4.5, sections 1.4 and 5. A duplication is read as a tandem copy.
"""

import re

from regplug.genome.edit import Edit, Letters, Piece, Stretch
from regplug.genome.fasta import Reference
from regplug.genome.variant import Extent, Status, Variant

_LETTER = "[ACGTUNRYSWKMBDHV]"
BASES = re.compile(f"{_LETTER}+", re.IGNORECASE)
_SYMBOL = re.compile(r"<(?P<kind>DEL|DUP|INV|INS)(?P<subtype>(?::[^<>]+)?)>")
_BREAKEND = re.compile(
    rf"(?P<before>{_LETTER}*)(?P<bracket>[][])(?P<chrom>[^<>]+):(?P<pos>\d+)(?P=bracket)"
    rf"(?P<behind>{_LETTER}*)",
    re.IGNORECASE,
)
_UNKNOWN_LENGTH = 1 << 20  # bases between the two ends of an insertion of which no more is known


def is_structural(alt: str) -> bool:
    """Tell whether an ALT is a symbol or a breakend of which an Edit may be made."""
    symbol, breakend = _SYMBOL.fullmatch(alt), _BREAKEND.fullmatch(alt)
    if symbol:
        sub = symbol["subtype"]
        known = {"DUP": ("", ":TANDEM"), "INV": ("",)}.get(symbol["kind"])
        return known is None or sub in known
    return breakend is not None and bool(breakend["before"]) != bool(breakend["behind"])


def is_told(variant: Variant) -> bool:
    """Tell whether its ALT is one of these, and more is known of it than its name."""
    return is_structural(variant.alt) and (variant.extent is not None or variant.alt[0] != "<")


def edit_of(variant: Variant, genome: Reference) -> Edit | Status:
    """Return what a symbolic ALT or a breakend makes of its contig, normalised, or why not.

    Args:
        variant: one that `is_told`, and its REF is in the genome.
        genome: that it lies in.

    Raises:
        GenomeError: as `genome` raises.
    """
    extent = variant.extent or Extent()
    breakend = _BREAKEND.fullmatch(variant.alt)
    if extent.slack is None:
        return Status.IMPRECISE
    made = _joined(variant, breakend, genome) if breakend else _spanned(variant, extent, genome)
    if isinstance(made, Status):
        return made
    put_in = "".join(piece.text for piece in made.put if isinstance(piece, Letters))
    if re.search("[^ACGTU]", put_in, re.IGNORECASE):
        return Status.AMBIGUOUS
    edit = made.normalized(genome)
    return Status.IMPRECISE if extent.slack > edit.slack else edit


def _spanned(variant: Variant, extent: Extent, genome: Reference) -> Edit | Status:
    """Return the edit of a symbolic ALT."""
    kind, chrom, start = variant.alt[1:4], variant.chrom, variant.pos
    if kind == "INS":
        put = _put_in(extent)
        return put if isinstance(put, Status) else Edit(chrom, start, start, put)
    if extent.end is None and extent.length is None:
        return Status.SYMBOLIC
    end = start + (extent.length or 0) if extent.end is None else extent.end
    disagree = extent.length is not None and extent.length != end - start
    if disagree or not start < end <= genome.lengths[genome.contig(chrom) or ""]:
        return Status.BAD_SPAN
    if extent.first or extent.last or (extent.inserted and kind == "INV"):
        return Status.SYMBOLIC  # it is not told where these stand
    letters = (Letters(extent.inserted),) if extent.inserted else ()
    if kind == "DEL":
        return Edit(chrom, start, end, letters)
    if kind == "DUP":
        return Edit(chrom, end, end, (*letters, Stretch(start, end)))
    return Edit(chrom, start, end, (Stretch(start, end, reverse=True),))


def _put_in(extent: Extent) -> tuple[Piece, ...] | Status:
    """Return what an <INS> puts in; between two known ends there may be unknown bases."""
    if extent.inserted:
        fits = extent.length in (None, len(extent.inserted))
        return (Letters(extent.inserted),) if fits else Status.BAD_SPAN
    if not (extent.first and extent.last):
        return Status.SYMBOLIC
    known = len(extent.first) + len(extent.last)
    between = _UNKNOWN_LENGTH if extent.length is None else extent.length - known
    if between < 0:
        return Status.BAD_SPAN
    return Letters(extent.first), Stretch(-between, 0), Letters(extent.last)


def _joined(variant: Variant, breakend: re.Match[str], genome: Reference) -> Edit | Status:
    """Return the edit of a breakend: what its junction makes of the contig, as far as it tells.

    t[p[ and ]p]t join two stretches of one strand: a deletion, or if they overlap, a tandem copy.
    t]p] and [p[t join two strands, and do not tell how the contig goes on at the other end.
    """
    if genome.contig(breakend["chrom"]) != genome.contig(variant.chrom):
        return Status.SYMBOLIC
    chrom, mate = variant.chrom, int(breakend["pos"])
    length = genome.lengths[genome.contig(chrom) or ""]
    if not 1 <= mate <= length:
        return Status.BAD_SPAN
    ref, forward = variant.ref.upper(), breakend["before"].upper()
    if forward:  # the contig up to `until`, letters, then the mate's side
        kept = forward.startswith(ref)
        until = variant.start + (len(ref) if kept else 0)
        letters = Letters(forward[len(ref) :] if kept else forward)
        if breakend["bracket"] == "]":
            turned = Stretch(0, mate, reverse=True)
            return Edit(chrom, until, length, (letters, turned), right=False)
        if mate - 1 >= until:
            return Edit(chrom, until, mate - 1, (letters,))
        return Edit(chrom, until, until, (letters, Stretch(mate - 1, until)))
    back = breakend["behind"].upper()  # the mate's side, letters, then the contig from `since` on
    kept = back.endswith(ref)
    since = variant.start + (0 if kept else len(ref))
    letters = Letters(back[: -len(ref)] if kept else back)
    if breakend["bracket"] == "[":
        turned = Stretch(mate - 1, length, reverse=True)
        return Edit(chrom, 0, since, (turned, letters), left=False)
    if mate <= since:
        return Edit(chrom, mate, since, (letters,))
    return Edit(chrom, since, since, (Stretch(since, mate), letters))
