"""Records in, records out: steps 1 and 4 of the way from a VCF record to its INFO.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pysam

from regplug.errors import VariantFileError
from regplug.files.stream import Stream
from regplug.genome.regions import merged
from regplug.genome.variant import Interval, Variant
from regplug.scoring.adapter import Values
from regplug.vcf.index import check_index


class VariantReader:
    """Reads the records of a VCF or BCF, plain or bgzipped; `-` is standard input.

    Attributes:
        path: as messages name it.
        header: pysam's.
        header_text: the same, as it is written.
    """

    def __init__(self, path: str) -> None:
        """Open `path`.

        Raises:
            VariantFileError: no such file, not a VCF or BCF, a header that is not UTF-8, or a
                damaged index.
        """
        self.path = "standard input" if path == "-" else path
        self._regions: list[Interval] = []
        if path != "-" and not Path(path).exists():
            raise VariantFileError(f"no file {path}")
        if path != "-":
            check_index(path)
        self._stream = Stream() if path == "-" else None
        verbosity = pysam.set_verbosity(0)  # htslib would tell that standard input has no index
        try:  # one thread: with more, htslib waits for ever where a file is cut off
            self._file = pysam.VariantFile(self._stream.path if self._stream else path)
        except NotImplementedError as error:
            raise VariantFileError(
                f"{self.path} is gzipped: bgzip it (zcat FILE | bgzip)"
            ) from error
        except (OSError, ValueError) as error:
            raise VariantFileError(
                f"{self.path} is not a VCF or BCF that htslib can read: {error}"
            ) from error
        finally:
            pysam.set_verbosity(verbosity)
        self.header = self._file.header
        with _utf8(f"the header of {self.path}"):
            self.header_text = str(self.header)

    @property
    def contigs(self) -> dict[str, int | None]:
        """Return the header's contigs: name → length, or None where the header has none."""
        return {name: contig.length or None for name, contig in self.header.contigs.items()}

    @property
    def header_values(self) -> dict[str, str]:
        """Return the header's plain `##key=value` lines."""
        return {r.key: r.value for r in self.header.records if r.type == "GENERIC"}

    @property
    def assembly(self) -> str:
        """Return the assembly that a ##contig line names, or ""."""
        named = (r.get("assembly") for r in self.header.records if r.type == "CONTIG")
        return next((name.strip('"') for name in named if name), "")

    def restrict(self, regions: Sequence[Interval]) -> None:
        """Read only records that overlap one of `regions` (if any), through the index.

        Raises:
            VariantFileError: there is no index.
        """
        if regions and not self._file.index:
            raise VariantFileError(
                f"{self.path} has no index, which regions need: bgzip it and run tabix -p vcf"
            )
        self._regions = merged(regions)

    def __iter__(self) -> Iterator[pysam.VariantRecord]:
        """Yield the records in order.

        Raises:
            VariantFileError: a record cannot be read; the message names the record before it.
        """
        last = "its header"
        records = iter(self._overlapping() if self._regions else self._file)
        while True:
            try:
                record = next(records)
            except StopIteration:
                if self._stream and self._stream.truncated:
                    raise VariantFileError(f"{self.path} is cut off after {last}") from None
                return
            except (OSError, ValueError, IndexError, UnicodeDecodeError) as error:
                raise VariantFileError(
                    f"{self.path} cannot be read after {last}: "
                    f"{error or 'truncated or malformed'}; check it with bcftools view"
                ) from error
            with _utf8(f"the record of {self.path} after {last}"):
                last = f"{record.contig}:{record.pos}"
            yield record

    def _overlapping(self) -> Iterator[pysam.VariantRecord]:
        """Yield each record that overlaps a region once."""
        done = Interval("", 0, 0)
        for region in self._regions:
            if region.chrom in self.header.contigs:
                for record in self._file.fetch(region.chrom, region.start, region.end):
                    if record.contig != done.chrom or record.start >= done.end:
                        yield record
            done = region

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # of a damaged file: reading its records has raised it before
            self._file.close()
        if self._stream:
            self._stream.close()


def variants_of(record: pysam.VariantRecord) -> list[Variant]:
    """Return a Variant for each ALT of a record; a record without ALT has one, `.`.

    Raises:
        VariantFileError: REF or an ALT is not UTF-8.
    """
    contig, pos = record.contig, record.pos
    with _utf8(f"{contig}:{pos}"):
        return [Variant(contig, pos, record.ref or "N", alt) for alt in record.alts or (".",)]


def set_info(
    record: pysam.VariantRecord,
    columns: Mapping[str, Values],
    first: int,
    *,
    dropped: Collection[str] = (),
) -> str:
    """Return the record's line of VCF, with its end, and with tags added to INFO.

    A tag whose values are all missing is left out; so are all tags of a record without ALT.

    Args:
        record: as it was read; all but INFO stays as it is.
        columns: tag → a value per ALT of the batch.
        first: index of the record's first ALT in the columns.
        dropped: tags that an earlier run wrote, to be left out.

    Raises:
        VariantFileError: the record is not UTF-8.
    """
    with _utf8(f"{record.contig}:{record.pos}"):
        cells = str(record).rstrip("\n").split("\t", 8)
    pairs = [pair for pair in cells[7].split(";") if pair.partition("=")[0] not in {".", *dropped}]
    last = first + len(record.alts or ())
    for tag, values in columns.items():
        texts = [_text(value) for value in values[first:last]]
        if any(text != "." for text in texts):
            pairs.append(f"{tag}={','.join(texts)}")
    cells[7] = ";".join(pairs) or "."
    return "\t".join(cells) + "\n"


@contextmanager
def _utf8(what: str) -> Iterator[None]:
    """Let bytes that are not UTF-8 be an error that names `what` of the file they stand in."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise VariantFileError(
            f"{what} is not UTF-8: convert it (iconv -f latin1 -t utf-8)"
        ) from error


def _text(value: float | str | None) -> str:
    """Return `value` as INFO has it: six significant digits, text without reserved characters."""
    if value is None or value != value:  # only NaN differs from itself
        return "."
    return value.translate(_RESERVED) if isinstance(value, str) else f"{value:.6g}"


_RESERVED = {ord(letter): f"%{ord(letter):02X}" for letter in "%;=, \t\n"}
