"""What is wrong with a line of a VCF that htslib cannot read, and its number."""

from itertools import islice

from regplug.errors import UNREADABLE
from regplug.files.lines import lines_in

COLUMNS = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")


def faulty_line(path: str, records: int) -> tuple[int, str]:
    """Return the number of a line, from 1, and what is wrong with it.

    That is "" where its columns do not tell, and line 0 where none can be named, as in a BCF.

    Args:
        path: of a VCF, plain or gzipped.
        records: that were read before the line.
    """
    try:
        lines = enumerate(lines_in(path), start=1)
        names = next(line for _, line in lines if line.startswith("#CHROM")).split("\t")
        number, line = next(islice(lines, records, None))
    except (*UNREADABLE, StopIteration):
        return 0, ""
    return number, _why(line.split("\t"), names)


def _why(cells: list[str], names: list[str]) -> str:
    """Return what is wrong with the cells of a line; "" if nothing that the columns tell."""
    lacking = COLUMNS[len(cells) :]
    if cells == [""]:
        return "it is empty"
    if cells[0].startswith("#"):
        return "a header line below the first record"
    if len(cells) == 1:
        return "its columns are not separated by tabs"
    if lacking:
        return f"it has no {' and no '.join(lacking)} (write . where there is nothing)"
    if not cells[1].isascii() or not cells[1].isdigit():
        return f"POS is {cells[1][:20]!r}, not a number"
    if len(cells) != len(names):
        return f"it has {len(cells)} columns, the header {len(names)}"
    return ""
