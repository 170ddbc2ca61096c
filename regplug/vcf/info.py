"""Records and columns ─set_info→ lines: step 4 of the way from a VCF record to its INFO.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import pysam

from regplug.errors import VariantFileError
from regplug.genome.variant import Variant
from regplug.scoring.adapter import Values

_TABS = 7  # of a line that ends with INFO


def set_info(
    records: Sequence[pysam.VariantRecord],
    first: Sequence[int],
    variants: Sequence[Variant],
    columns: Mapping[str, Values],
    *,
    dropped: Collection[str] = (),
    samples: Sequence[bytes] = (),
) -> bytes:
    """Return the records' lines of VCF, with their ends, and with tags added to INFO.

    A tag whose values are all missing is left out; so are all tags of a record without ALT.

    Args:
        records: as they were read; all but INFO stays as it is.
        first: per record, the index of its first ALT.
        variants: the ALTs; a record without one has one, `.`.
        columns: tag → a value per ALT.
        dropped: tags that an earlier run wrote, to be left out.
        samples: per record, FORMAT and samples, where `records` are without them.

    Raises:
        VariantFileError: a record is not UTF-8.
    """
    alone = _alone(columns, len(variants))
    lines = []
    for record, at, behind in zip(records, first, [*first[1:], len(variants)], strict=True):
        if behind - at == 1 and variants[at].alt != ".":
            tags = alone[at]
        else:
            of_record = texts_of(columns, at, len(record.alts or ()))
            tags = ";".join([f"{tag}={text}" for tag, text in of_record.items()])
        lines.append(_with_tags(line_of(record), tags, dropped))
    if not any(samples):
        return "".join(lines).encode()
    encoded = (line.encode() for line in lines)
    return b"".join(
        [
            b"%b\t%b\n" % (line[:-1], of_samples) if of_samples else line
            for line, of_samples in zip(encoded, samples, strict=True)
        ]
    )


def texts_of(columns: Mapping[str, Values], first: int, alts: int) -> dict[str, str]:
    """Return tag → its text in INFO, of the `alts` values from `first` on.

    A tag whose values are all missing is left out.
    """
    texts = {}
    for tag, values in columns.items():
        each = [_text(value) for value in values[first : first + alts]]
        if each.count(".") < len(each):
            texts[tag] = ",".join(each)
    return texts


def info_pairs(record: pysam.VariantRecord) -> list[tuple[str, str]]:
    """Return the tags of a record and their texts; a flag's is "".

    Raises:
        VariantFileError: the record is not UTF-8.
    """
    info = line_of(record).rstrip("\n").split("\t", _TABS + 1)[_TABS]
    pairs = (pair.partition("=") for pair in info.split(";"))
    return [(tag, text) for tag, _, text in pairs]


def line_of(record: pysam.VariantRecord) -> str:
    """Return the record's line of VCF, with its end.

    Raises:
        VariantFileError: the record is not UTF-8.
    """
    try:
        return str(record)
    except UnicodeDecodeError as error:
        raise no_utf8(f"{record.contig}:{record.pos}") from error


def no_utf8(what: str) -> VariantFileError:
    """Return the error that tells of bytes that are not UTF-8; `what` names where they stand."""
    return VariantFileError(f"{what} is not UTF-8: convert it (iconv -f latin1 -t utf-8)")


def _alone(columns: Mapping[str, Values], alts: int) -> list[str]:
    """Return what is added to the INFO of each ALT's record, if that has no other ALT."""
    pairs = [_pairs(tag, values) for tag, values in columns.items()]
    return [";".join(filter(None, of_alt)) for of_alt in zip(*pairs, strict=True)] or [""] * alts


def _pairs(tag: str, values: Values) -> list[str]:
    """Return `tag=text` for each value, "" for one that is missing."""
    kinds = {*map(type, values)}
    if kinds == {float}:
        missing = f"{tag}=nan"
        pairs = (len(values) * f"{tag}=%.6g " % tuple(values)).split()
        return ["" if pair == missing else pair for pair in pairs]
    texts: Iterable[str] = map(_text, values)
    if kinds <= {str, type(None)}:  # few that differ
        known = {value: _text(value) for value in {*values}}
        texts = map(known.__getitem__, values)
    return ["" if text == "." else f"{tag}={text}" for text in texts]


def _text(value: float | str | None) -> str:
    """Return `value` as INFO has it: six significant digits, text without reserved characters."""
    if value is None or value != value:  # only NaN differs from itself
        return "."
    if isinstance(value, str):
        return value.translate(_RESERVED)
    return str(value) if isinstance(value, int) else f"{value:.6g}"


_RESERVED = {ord(letter): f"%{ord(letter):02X}" for letter in "%;=, \t\n"}


def _with_tags(line: str, tags: str, dropped: Collection[str]) -> str:
    """Return a line with tags added to INFO, and those that are `dropped` removed."""
    if line.count("\t") == _TABS:
        if line.endswith("\t.\n"):
            return f"{line[:-2]}{tags or '.'}\n"
        before, _, info = line[:-1].rpartition("\t")
        behind = "\n"
    else:
        *cells, info, rest = line.split("\t", _TABS + 1)
        before, behind = "\t".join(cells), f"\t{rest}"
    if dropped or info.startswith(".") or ";." in info:
        pairs = [pair for pair in info.split(";") if pair.partition("=")[0] not in {".", *dropped}]
        info = ";".join(pairs)
    added = f"{info};{tags}" if info and tags else info or tags or "."
    return f"{before}\t{added}{behind}"
