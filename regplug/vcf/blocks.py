"""A VCF ─blocks→ short VCFs of consecutive records, each of which can be annotated by itself."""

from collections.abc import Iterator
from itertools import islice

from regplug.vcf.records import VariantReader, line_of


def blocks(reader: VariantReader, records: int) -> Iterator[bytes]:
    """Yield VCFs with the reader's header and `records` records each, the last with what is left.

    Raises:
        VariantFileError: as the reader raises.
    """
    rest = iter(reader)
    while lines := [line_of(record) for record in islice(rest, records)]:
        yield (reader.header_text + "".join(lines)).encode()
