"""Records ─blocks→ short VCFs of consecutive ones, each of which can be annotated by itself."""

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

import pysam

from regplug.vcf.info import line_of


class Records(Protocol):
    """Records of a VCF, read or made.

    Attributes:
        header_text: of the VCF.
    """

    header_text: str

    def __iter__(self) -> Iterator[pysam.VariantRecord]:
        """Yield the records."""


def blocks(records: Records, size: int) -> Iterator[bytes]:
    """Yield VCFs of `size` records each, the last of what is left.

    Raises:
        VariantFileError: as the records raise.
    """
    rest = iter(records)
    while lines := [line_of(record) for record in islice(rest, size)]:
        yield (records.header_text + "".join(lines)).encode()
