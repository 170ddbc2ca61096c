"""Variants in whatever form a notebook has them ─variants_from→ Variants."""

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from regplug.errors import VariantFileError
from regplug.genome.regions import parse_variant
from regplug.genome.variant import Variant
from regplug.vcf.records import VariantReader, variants_of

COLUMNS = ("chrom", "pos", "ref", "alt")
FORMS = (
    "a VCF's path, chrom:pos:ref:alt, Variants, tuples (chrom, pos, ref, alt), or a table with the "
    "columns chrom, pos, ref, alt"
)
VCF = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf")

Variants = str | os.PathLike[str] | Variant | Iterable[Any]


def variants_from(given: Variants) -> list[Variant]:
    """Return the variants in `given`, in its order; positions are 1-based, as in a VCF.

    Args:
        given: a VCF or BCF (a path); text such as chr5:1295113:G:A; a Variant; a table of pandas,
            polars or Arrow with the columns chrom, pos, ref and alt, in upper or lower case (#CHROM
            too); or several texts, Variants or tuples (chrom, pos, ref, alt).

    Raises:
        VariantFileError: `given` or a row of it is none of these; the message says which row.
    """
    if isinstance(given, str | os.PathLike):
        return _of_text(os.fspath(given))
    if isinstance(given, Variant):
        return [given]
    names = getattr(given, "column_names", None) or getattr(given, "columns", None)
    if names is not None:
        return _of_table(given, list(names))
    return [_of_row(row, number) for number, row in enumerate(given, start=1)]


def _of_text(text: str) -> list[Variant]:
    """Return the variant that a text is, or those of the VCF at that path."""
    variant = None if text.endswith(VCF) else parse_variant(text)
    if variant:
        return [variant]
    if not text.endswith(VCF) and not Path(text).exists():
        raise VariantFileError(f"{text} is no variant and no file: give {FORMS}")
    with closing(VariantReader(text)) as reader:
        return [variant for record in reader for variant in variants_of(record)]


def _of_table(table: Any, names: Sequence[str]) -> list[Variant]:
    """Return the variants of a table of pandas, polars or Arrow, whose columns are `names`."""
    found = {str(name).lower().lstrip("#"): name for name in names}
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        raise VariantFileError(
            f"the table has no column {missing[0]}; it has {', '.join(map(str, names))}"
        )
    columns = [table[found[name]] for name in COLUMNS]
    columns = [c.to_pylist() if hasattr(c, "to_pylist") else list(c) for c in columns]
    rows = zip(*columns, strict=True)
    return [_of_row(row, number) for number, row in enumerate(rows, start=1)]


def _of_row(row: Any, number: int) -> Variant:
    """Return the variant that an item of a list, or row of a table, is; rows count from 1."""
    if isinstance(row, Variant):
        return row
    variant = parse_variant(row) if isinstance(row, str) else None
    if variant:
        return variant
    try:
        chrom, pos, ref, alt = row
        if not all(isinstance(text, str) and text for text in (chrom, ref, alt)) or pos != int(pos):
            raise ValueError
        return Variant(chrom, int(pos), ref, alt)
    except (TypeError, ValueError) as error:
        raise VariantFileError(
            f"row {number} is no variant, {row!r}: give {FORMS}; pos is 1-based"
        ) from error
