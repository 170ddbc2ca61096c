"""What a symbolic ALT or a breakend makes of its contig, as whole strings: for `oracle`.

It knows nothing of regplug's own reading of them.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

INSERTED = ("SEQ", "INSSEQ", "SVINSSEQ")
GAP = 3000  # unknown bases between the ends of an insertion


class Altered(NamedTuple):
    """A contig with an ALT.

    Attributes:
        letters: of the whole contig.
        start: first base of the contig that is replaced, 0-based.
        end: the base behind the last; so the contig begins as before up to `start`, and goes on
            from `end` as before, where the ALT tells so much.
        left: whether it tells how the contig begins.
        right: whether it tells how the contig goes on.
        gap: whether bases that are put in are not told.
    """

    letters: str
    start: int
    end: int
    left: bool = True
    right: bool = True
    gap: bool = False


def is_structural(alt: str) -> bool:
    """Tell whether an ALT is one of those that can be scored, were enough told of it."""
    if re.fullmatch("<(DEL|INS)(:[^<>]*[^<>])?>", alt) or alt in ("<DUP>", "<DUP:TANDEM>", "<INV>"):
        return True
    parts = re.split(r"[\[\]]", alt)
    one_side = len(parts) == 3 and bool(parts[0]) != bool(parts[2])
    if not one_side or len(set(re.findall(r"[\[\]]", alt))) != 1 or "<" in alt:
        return False
    letters = parts[0] + parts[2]
    return bool(re.fullmatch(".+:[0-9]+", parts[1])) and not re.search(
        "[^ACGTUNRYSWKMBDHV]", letters.upper()
    )


def is_told(alt: str, info: Mapping[str, str]) -> bool:
    """Tell whether more is known of an ALT than its name."""
    tags = ("END", "IMPRECISE", *INSERTED, "LEFT_SVINSSEQ", "RIGHT_SVINSSEQ")
    told = any(tag in info for tag in tags) or int(info.get("SVLEN", 0)) or unsure(info)
    return alt[0] != "<" or bool(told)


def unsure(info: Mapping[str, str]) -> int:
    """Return by how many bases the place is unsure, beside those that are alike."""
    pairs = (info[tag].split(",") for tag in ("CIPOS", "CIEND") if tag in info)
    widest = max((int(high) - int(low) for low, high in pairs), default=0)
    return max(0, widest - int(info.get("HOMLEN", 0)))


def altered(
    before: str,
    record: tuple[str, int, str, str],
    info: Mapping[str, str],
    same_contig: Callable[[str], bool],
) -> Altered | str:
    """Return what the contig `before` reads with the ALT of a record, or what is wrong with it."""
    _, pos, ref, alt = record
    if "IMPRECISE" in info:
        return "imprecise"
    if alt.startswith("<"):
        return _symbol(before, pos, alt, info)
    return _breakend(before, pos, ref.upper(), alt, same_contig)


def _symbol(before: str, pos: int, alt: str, info: Mapping[str, str]) -> Altered | str:
    put = next((info[tag] for tag in INSERTED if tag in info), "")
    first, last = info.get("LEFT_SVINSSEQ", ""), info.get("RIGHT_SVINSSEQ", "")
    length = abs(int(info.get("SVLEN", 0)))
    if alt.startswith("<INS"):
        if put and length in (0, len(put)):
            return _checked(put, Altered(before[:pos] + put + before[pos:], pos, pos))
        if put:
            return "bad_span"
        if not (first and last):
            return "symbolic"
        gap = length - len(first) - len(last) if length else GAP
        letters = before[:pos] + first + "N" * gap + last + before[pos:]
        made = Altered(letters, pos, pos, gap=gap > 0)
        return "bad_span" if gap < 0 else _checked(first + last, made)
    if "END" not in info and not length:
        return "symbolic"
    end = int(info.get("END", pos + length))
    if (length and end - pos != length) or not pos < end <= len(before):
        return "bad_span"
    if first or last or (put and alt == "<INV>"):
        return "symbolic"
    middle = before[pos:end]
    put = put.upper()
    letters = {
        "<DEL": before[:pos] + put + before[end:],
        "<DUP": before[:end] + put + middle + before[end:],
        "<INV": before[:pos] + turned(middle) + before[end:],
    }
    return _checked(put, Altered(letters[alt[:4]], end if alt[:4] == "<DUP" else pos, end))


def _breakend(
    before: str, pos: int, ref: str, alt: str, same_contig: Callable[[str], bool]
) -> Altered | str:
    left, mate, right = re.split(r"[\[\]]", alt)
    left, right = left.upper(), right.upper()
    chrom, place = mate.rsplit(":", 1)
    if not same_contig(chrom):
        return "symbolic"
    at = int(place)
    if not 1 <= at <= len(before):
        return "bad_span"
    from_mate = before[at - 1 :] if "[" in alt else before[:at]
    crosses = ("[" in alt) != bool(left)  # the mate's side is read on the other strand
    from_mate = turned(from_mate) if crosses else from_mate
    if left:
        until = pos - 1 + len(ref) if left.startswith(ref) else pos - 1
        extra = left[len(ref) :] if left.startswith(ref) else left
        end = len(before) if crosses else max(until, at - 1)
        made = Altered(before[:until] + extra + from_mate, until, end, True, not crosses)
    else:
        since = pos - 1 if right.endswith(ref) else pos - 1 + len(ref)
        extra = right[: -len(ref)] if right.endswith(ref) else right
        start = 0 if crosses else min(since, at)
        made = Altered(from_mate + extra + before[since:], start, since, not crosses, True)
    return _checked(extra, made)


def _checked(put: str, made: Altered) -> Altered | str:
    """Return what was made of a contig, in letters of models, unless unknown bases were put in."""
    if re.search("[^ACGTU]", put.upper()):
        return "ambiguous"
    return made._replace(letters=made.letters.upper().replace("U", "T"))


def turned(letters: str) -> str:
    """Return the reverse complement."""
    pairs = {"A": "T", "C": "G", "G": "C", "T": "A"}
    return "".join(pairs.get(base, "N") for base in reversed(letters))
