"""INFO of a record ─extents→ what it tells of each ALT that is no sequence.

Source: VCF 4.2 to 4.5, section 3. Tags of inserted letters have no standard: SEQ, INSSEQ and
SVINSSEQ are those of Sniffles, pbsv and Manta, which also has LEFT_SVINSSEQ and RIGHT_SVINSSEQ.
"""

import re
from collections.abc import Mapping, Sequence

from regplug.genome.structural import BASES, is_structural
from regplug.genome.variant import Extent

_INSERTED = ("SEQ", "INSSEQ", "SVINSSEQ")
_NUMBER = re.compile(r"[+-]?\d{1,12}")


def extents(alts: Sequence[str], info: Mapping[str, str]) -> list[Extent | None]:
    """Return an Extent for each ALT that is a symbol or a breakend, None where nothing is told.

    END is of the record, so of several ALTs only those without SVLEN are told by it.

    Args:
        alts: of the record.
        info: tag → its text; a flag's is "".
    """
    found = [
        _extent(at, len(alts), info) if is_structural(alt) else None for at, alt in enumerate(alts)
    ]
    return [None if extent == Extent() else extent for extent in found]


def _extent(at: int, alts: int, info: Mapping[str, str]) -> Extent:
    """Return what INFO tells of the ALT `at`, counted from 0, of so many."""
    if _own(info, "SVCLAIM", at, alts) == "D":  # more or fewer reads; no junction is claimed
        return Extent(slack=_slack(info))
    length = _number(_own(info, "SVLEN", at, alts))
    end = _number(info.get("END", "")) if alts == 1 or length is None else None
    inserted = (_own(info, tag, at, alts) for tag in _INSERTED)
    first, last = (_own(info, f"{side}_SVINSSEQ", at, alts) for side in ("LEFT", "RIGHT"))
    return Extent(
        end,
        abs(length) or None if length is not None else None,  # negative, or 0, before VCF 4.4
        next((letters for letters in inserted if BASES.fullmatch(letters)), ""),
        first if BASES.fullmatch(first) else "",
        last if BASES.fullmatch(last) else "",
        _slack(info),
    )


def _slack(info: Mapping[str, str]) -> int | None:
    """Return by how many bases the place is unsure; None with IMPRECISE.

    Bases that are alike on both sides (HOMLEN) make no place unsure.
    """
    if "IMPRECISE" in info:
        return None
    widest = 0
    for tag in ("CIPOS", "CIEND"):
        numbers = [number for number in map(_number, info.get(tag, "").split(",")) if number]
        widest = max(widest, max([0, *numbers]) - min([0, *numbers]))
    alike = [number for number in map(_number, info.get("HOMLEN", "").split(",")) if number]
    return max(0, widest - max([0, *alike]))


def _own(info: Mapping[str, str], tag: str, at: int, alts: int) -> str:
    """Return a tag's text of the ALT `at`; "" unless there is one for each ALT."""
    texts = info.get(tag, "").split(",")
    return texts[at] if len(texts) == alts else ""


def _number(text: str) -> int | None:
    """Return a whole number, or None."""
    return int(text) if _NUMBER.fullmatch(text) else None
