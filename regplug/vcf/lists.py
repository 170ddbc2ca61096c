"""A list of variants ─as_vcf→ a VCF of them, for what reads VCFs."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from regplug.errors import UNREADABLE, VariantFileError
from regplug.files.lines import lines_in
from regplug.files.output import naming
from regplug.genome.regions import parse_variant, position
from regplug.vcf.parquet_lists import parquet_lines
from regplug.vcf.records import VariantReader
from regplug.vcf.selection import Selection

PARQUET = ".parquet"
LISTS = (".txt", ".tsv", ".txt.gz", ".tsv.gz", PARQUET)
COLUMNS = ("chrom", "pos", "ref", "alt")
_LETTERS = frozenset("ACGTN,*.")
_CONTIG = re.compile(r"[\w!#$%&+./:;?@^|~-][\w!#$%&*+./:;=?@^|~-]*", re.ASCII)  # as VCF has it
_HEADER = "##fileformat=VCFv4.2\n"
_NAMES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


class Listed(NamedTuple):
    """A record as a list has it; `pos` is 1-based."""

    chrom: str
    pos: int
    id: str
    ref: str
    alt: str


@contextmanager
def as_vcf(path: str, dbsnp: str = "") -> Iterator[str]:
    """Yield the path of a VCF of the list at `path`, in its order, until the context ends.

    Args:
        path: called .txt or .tsv, plain or gzipped, with a variant on a line: CHROM:POS:REF:ALT (as
            `parse_variant` has it), columns, or an rsID. Columns are CHROM, POS, REF, ALT, or any
            that a first line names, an ID too. Or a table called .parquet with such columns.
            Another file, or a VCF in spite of its name, is yielded as it is.
        dbsnp: a VCF or BCF with rsIDs: the records of an rsID take its place.

    Raises:
        VariantFileError: a line is no variant, or an rsID is not in `dbsnp`, or that is not given.
    """
    if not path.lower().endswith(LISTS) or not Path(path).exists() or _is_vcf(path):
        if dbsnp:
            raise VariantFileError(
                f"--dbsnp finds the rsIDs of a list, .txt, .tsv or .parquet, which {path} is not"
            )
        yield path
        return
    with TemporaryDirectory() as folder:
        lines = list(parquet_lines(path) if _is_parquet(path) else _lines(path))
        wanted = [text for _, text in lines if _is_rsid(text)]
        found = _found(wanted, dbsnp, Path(folder)) if wanted else {}
        records = list(_records(path, lines, found))
        vcf = Path(folder) / "list.vcf"
        contigs = dict.fromkeys(record.chrom for record in records)
        with naming(vcf), vcf.open("w", encoding="utf-8") as file:
            file.write(_HEADER)
            file.writelines(f"##contig=<ID={name}>\n" for name in contigs)
            file.write(_NAMES)
            file.writelines("\t".join([*map(str, record), ".", ".", ".\n"]) for record in records)
        yield str(vcf)


def _is_parquet(path: str) -> bool:
    return path.lower().endswith(PARQUET)


def _is_vcf(path: str) -> bool:
    if _is_parquet(path):
        return False
    try:
        return next(lines_in(path), "").startswith("##fileformat=VCF")
    except UNREADABLE:  # such as a BCF
        return True


def _is_rsid(text: str) -> bool:
    return text[:2] == "rs" and text[2:].isdecimal()


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold something, with their numbers."""
    try:
        for number, line in enumerate(lines_in(path), start=1):
            if line.strip():
                yield number, line.strip(" ")
    except UNREADABLE as error:
        raise VariantFileError(f"cannot read the variants in {path}: {error}") from error


def _records(
    path: str, lines: Iterable[tuple[int, str]], found: dict[str, list[Listed]]
) -> Iterator[Listed]:
    """Yield the records of the lines; `found` has those of the rsIDs."""
    what = "row" if _is_parquet(path) else "line"
    columns, begun = list(COLUMNS), False
    for number, line in lines:
        cells = line.split("\t") if "\t" in line else line.split()
        named = [cell.lower().lstrip("#") for cell in cells]
        if not begun and set(COLUMNS) <= set(named):
            columns, begun = named, True
            continue
        if line.startswith("#") and what == "line":
            continue
        begun = True
        if line in found:
            yield from found[line]
        elif (record := _record(cells, columns)) and _writable(record):
            yield record
        else:
            raise VariantFileError(
                f"{path}, {what} {number} is no variant, {line[:60]!r}: write CHROM:POS:REF:ALT, "
                "an rsID, or the columns CHROM, POS, REF, ALT, POS 1-based"
            )


def _record(cells: list[str], columns: list[str]) -> Listed | None:
    """Return the record that the cells of a line are, or None."""
    if len(cells) == 1:
        variant = parse_variant(cells[0])
        if variant is None:
            return None
        return Listed(variant.chrom, variant.pos, ".", variant.ref, variant.alt)
    if len(cells) != len(columns):
        return None
    of = dict(zip(columns, cells, strict=True))
    pos = position(of["pos"])
    letters = {*of["ref"].upper(), *of["alt"].upper()}
    if pos is None or not (of["chrom"] and of["ref"] and of["alt"] and letters <= _LETTERS):
        return None
    return Listed(of["chrom"], pos, of.get("id") or ".", of["ref"], of["alt"])


def _writable(record: Listed) -> bool:
    """Tell whether a record is one line of a VCF, and its contig has a name that one can have."""
    return bool(_CONTIG.fullmatch(record.chrom)) and record.id.isprintable()


def _found(wanted: Collection[str], dbsnp: str, folder: Path) -> dict[str, list[Listed]]:
    """Return the records of `dbsnp` that have a wanted rsID, by it."""
    if not dbsnp:
        raise VariantFileError(
            f"the list has rsIDs, such as {next(iter(wanted))}: give a VCF that has them, --dbsnp"
        )
    names = folder / "rsids"
    names.write_text("".join(f"{name}\n" for name in wanted))
    found: dict[str, list[Listed]] = {name: [] for name in wanted}
    with closing(VariantReader(dbsnp, Selection(include=f"ID=@{names}"))) as reader:
        for record in reader:
            alts = ",".join(record.alts or (".",))
            listed = Listed(record.contig, record.pos, record.id or ".", record.ref or "N", alts)
            for name in listed.id.split(";"):
                if name in found:
                    found[name].append(listed)
    if missing := [name for name, records in found.items() if not records]:
        first = ", ".join(missing[:5]) + (" ..." if missing[5:] else "")
        raise VariantFileError(
            f"{dbsnp} has no {first}, of {len(found)} rsIDs {len(missing)} in all: take them out "
            "of the list, or give another --dbsnp"
        )
    return found
