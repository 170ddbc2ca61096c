"""A Parquet file of variants ─parquet_lines→ the lines of a list, for `lists`."""

from collections.abc import Iterator, Sequence

from regplug.errors import VariantFileError
from regplug.files.extras import needs

COLUMNS = ("chrom", "pos", "id", "ref", "alt")


def parquet_lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield the rows with their numbers from 1, as lines with tabs; their names come first, as 0.

    Other columns than CHROM, POS, ID, REF and ALT, in any case, are not read. With one column
    alone, such as rsIDs, there is no line of names.

    Raises:
        VariantFileError: it cannot be read.
        MissingLibraryError: pyarrow is not installed.
    """
    with needs("parquet"):
        import pyarrow
        import pyarrow.parquet
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            given = file.schema_arrow.names
            names = [name for name in given if _bare(name) in COLUMNS] or given
            lacking = {*COLUMNS} - {"id", *map(_bare, names)}
            if lacking and len(names) > 1:
                missing = " and no ".join(sorted(lacking))
                raise VariantFileError(f"{path} has no column {missing}, but {', '.join(given)}")
            if not lacking:
                yield 0, "\t".join(map(_bare, names))
            number = 0
            for batch in file.iter_batches(columns=names):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, _line(row)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise VariantFileError(f"cannot read the variants in {path}: {error}") from error


def _bare(name: str) -> str:
    return name.lower().lstrip("#")


def _line(row: Sequence[object]) -> str:
    """Return the cells of a row as text, a missing one as none."""
    return "\t".join("" if cell is None else str(cell) for cell in row)
