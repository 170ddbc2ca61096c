"""Records in: step 1 of the way from a VCF record to its INFO.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pysam
from msgspec.structs import replace

from regplug.errors import VariantFileError
from regplug.files.stream import Stream
from regplug.files.unchanged import Unchanged, changed
from regplug.genome.regions import merged
from regplug.genome.structural import is_structural
from regplug.genome.variant import Interval, Variant
from regplug.vcf.faulty_line import faulty_line
from regplug.vcf.index import check_index, require_index
from regplug.vcf.info import info_pairs, no_utf8
from regplug.vcf.overlap import Overlap, reach
from regplug.vcf.samples_apart import Apart, SampleColumns
from regplug.vcf.selection import EVERYTHING, Selected, Selection
from regplug.vcf.structural import extents


class VariantReader:
    """Reads the records of a VCF or BCF, plain or bgzipped; `-` is standard input.

    Attributes:
        path: as messages name it.
        header: pysam's.
        header_text: the same, as it is written.
        contigs: its contigs: name → length, or None where the header has none.
    """

    def __init__(
        self, path: str, selection: Selection = EVERYTHING, *, samples_apart: bool = False
    ) -> None:
        """Open `path`.

        Args:
            path: of the file, or `-`.
            selection: which of its records and samples to read; the header is then of these.
            samples_apart: True where `samples_of` is asked for the samples, which records of a VCF
                are then without, unless they come from regions.

        Raises:
            VariantFileError: no such file, not a VCF or BCF, a header that is not UTF-8, a damaged
                index, or a selection that bcftools refuses.
        """
        self.path = "standard input" if path == "-" else path
        self._given, self._selection = path, selection
        self._regions: list[Interval] = []
        self._overlap: Overlap = "record"
        self._stream: Stream | Selected | None = None
        self._columns = SampleColumns() if samples_apart else None
        self._again: IO[bytes] | None = None  # the file, whose samples are read apart
        if path != "-" and not Path(path).exists():
            raise VariantFileError(f"no file {path}")
        if path != "-":
            check_index(path)
        if selection == EVERYTHING:
            self._stream = self._read_apart(0) if path == "-" else None
        else:
            if Path(path).is_file():
                VariantReader(path).close()  # its faults are told without bcftools
            self._stream = Selected(path, selection, columns=self._columns)
        self._open()

    def _open(self) -> None:
        """Open the file, or the stream of it, which is closed if it does not do."""
        try:
            self._read_header(self._given)
        except VariantFileError:
            if self._stream:
                self._stream.close()
            raise

    def _read_header(self, path: str) -> None:
        try:
            self._file = _opened(self._stream.path if self._stream else path)
        except NotImplementedError as error:
            raise VariantFileError(
                f"{self.path} is gzipped: bgzip it (zcat FILE | bgzip)"
            ) from error
        except (OSError, ValueError) as error:
            if why := self._refused():
                raise VariantFileError(why) from error
            raise VariantFileError(f"{self.path} is not a VCF or BCF{_why(error)}") from error
        self._unchanged = None if path == "-" else Unchanged(path)
        self.header = self._file.header
        with _utf8(f"the header of {self.path}"):
            self.header_text = str(self.header)
            self.contigs = _contigs(self.path, self.header)
        has_samples = self._file.format == "VCF" and len(self.header.samples) > 0
        if self._columns and has_samples and not self._stream and Path(path).is_file():
            self._again = Path(path).open("rb")  # noqa: SIM115

    @property
    def header_values(self) -> dict[str, str]:
        """Return the header's plain `##key=value` lines."""
        return {r.key: r.value for r in self.header.records if r.type == "GENERIC"}

    @property
    def assembly(self) -> str:
        """Return the assembly that a ##contig line names, or ""."""
        named = (r.get("assembly") for r in self.header.records if r.type == "CONTIG")
        return next((name.strip('"') for name in named if name), "")

    @property
    def warnings(self) -> list[str]:
        """Return what the bcftools that selects warns of; known once all records are read."""
        return self._stream.warnings if isinstance(self._stream, Selected) else []

    def restrict(self, regions: Sequence[Interval], overlap: Overlap = "record") -> None:
        """Read only records that lie in one of `regions` (if any), through the index.

        Args:
            regions: those that overlap or touch are joined.
            overlap: what of a record must overlap a region, as `reach` has it.

        Raises:
            VariantFileError: there is no index, or it is older than the file.
        """
        if regions:
            require_index(self._given)
        if regions and isinstance(self._stream, Selected):
            self.close()
            self._columns = SampleColumns() if self._columns else None
            self._stream = Selected(
                *(self._given, self._selection, merged(regions), overlap), self._columns
            )
            self._open()
        else:
            self._regions, self._overlap = merged(regions), overlap

    def __iter__(self) -> Iterator[pysam.VariantRecord]:
        """Yield the records in order.

        Raises:
            VariantFileError: a record cannot be read; the message names the record before it.
        """
        last, read = None, 0
        try:
            for record in self._overlapping() if self._regions else self._all():
                try:
                    record.contig  # noqa: B018
                except UnicodeDecodeError as error:
                    raise no_utf8(f"the record of {self.path} after {_place(last)}") from error
                yield record
                last, read = record, read + 1
        except (OSError, ValueError, IndexError, UnicodeDecodeError) as error:
            raise VariantFileError(self._fault(read, _place(last), error)) from error
        if self._unchanged and self._unchanged.is_changed:
            raise VariantFileError(changed(self.path))
        if self._is_cut_off():
            raise VariantFileError(f"{self.path} is cut off after {_place(last)}")
        if why := self._refused(patience=None):
            raise VariantFileError(f"{why}, after {_place(last)}")

    def _fault(self, read: int, last: str, error: Exception) -> str:
        """Return a message for the record behind `last`, before which so many were read."""
        if self._unchanged and self._unchanged.is_changed:
            return changed(self.path)
        if why := self._refused():
            return f"{why}, after {last}"
        no_lines = (self._stream and not self._again) or self._regions
        line, why = (0, "") if no_lines else faulty_line(self.path, read)
        where = f"{self.path}, line {line}" if line else self.path
        if why:
            return f"{where}, behind {last}: {why}"
        return (
            f"{where} cannot be read after {last}: {error or 'truncated or malformed'}; check it "
            "with bcftools view"
        )

    def _refused(self, patience: float | None = 1.0) -> str:
        """Return why the bcftools that selects records has failed, or "" (see `Selected.fault`)."""
        why = self._stream.fault(patience) if isinstance(self._stream, Selected) else ""
        return why and f"bcftools cannot choose from {self.path}: {why}"

    def samples_of(self, record: pysam.VariantRecord) -> bytes:
        """Return FORMAT and samples of a record as they stand in the file, if that has them apart.

        Ask for those of each record, in order.
        """
        return self._columns.take(record) if self._columns else b""

    def _read_apart(self, source: int) -> Stream:
        return Apart(self._columns, source) if self._columns else Stream(source)

    def _all(self) -> pysam.VariantFile:
        """Return the file, opened again where its samples are read apart."""
        if self._again:
            self._file.close()
            self._stream = self._read_apart(self._again.fileno())
            try:
                self._file = _opened(self._stream.path)
            except (OSError, ValueError) as error:
                raise VariantFileError(f"{self.path} is damaged in its header: {error}") from error
        return self._file

    def _is_cut_off(self) -> bool:
        damaged = isinstance(self._stream, Apart) and self._stream.damaged
        return damaged or bool(self._stream and self._stream.truncated)

    def _overlapping(self) -> Iterator[pysam.VariantRecord]:
        """Yield each record that lies in a region once."""
        done = Interval("", 0, 0)
        for region in self._regions:
            seen = done.end if done.chrom == region.chrom else 0
            if region.chrom in self.header.contigs:
                for record in self._file.fetch(region.chrom, region.start, region.end):
                    start, end = reach(record, self._overlap)
                    if seen <= start < region.end and end > region.start:
                        yield record
            done = region

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # of a damaged file: reading its records has raised it before
            self._file.close()
        if self._stream:
            self._stream.close()
        if self._again:
            self._again.close()


def _place(record: pysam.VariantRecord | None) -> str:
    """Return where the last record that was read stands, for a message."""
    return f"{record.contig}:{record.pos}" if record else "its header"


def _why(error: Exception) -> str:
    """Return why htslib cannot open a file, in its words where they say more than that."""
    unknown = isinstance(error, OSError) and error.errno == errno.ENOEXEC  # to htslib: no format
    if unknown or "is it VCF/BCF format?" in str(error):
        return ", as it has no header of one (a list of variants is a file called .txt or .tsv)"
    return f" that htslib can read: {error}"


def _opened(path: str) -> pysam.VariantFile:
    """Return the VCF or BCF at `path`."""
    verbosity = pysam.set_verbosity(0)  # htslib would tell that standard input has no index
    try:  # one thread: with more, htslib waits for ever where a file is cut off
        return pysam.VariantFile(path)
    finally:
        pysam.set_verbosity(verbosity)


def variants_of(record: pysam.VariantRecord) -> list[Variant]:
    """Return a Variant for each ALT of a record; a record without ALT has one, `.`.

    Those that are no sequence have the extent that INFO tells.

    Raises:
        VariantFileError: REF, an ALT or such a record's INFO is not UTF-8.
    """
    contig, pos = record.contig, record.pos
    try:
        ref, alts = record.ref or "N", record.alts or (".",)
    except UnicodeDecodeError as error:
        raise no_utf8(f"{contig}:{pos}") from error
    variants = [Variant(contig, pos, ref, alt) for alt in alts]
    if "".join(alts).isalpha() or not any(map(is_structural, alts)):
        return variants
    known = extents(alts, dict(info_pairs(record)))
    return [replace(one, extent=extent) for one, extent in zip(variants, known, strict=True)]


def _contigs(path: str, header: pysam.VariantHeader) -> dict[str, int | None]:
    """Return the contigs of a header; pysam asserts that those of a BCF are numbered in a row."""
    try:
        return {name: contig.length or None for name, contig in header.contigs.items()}
    except AssertionError as error:
        raise VariantFileError(
            f"the header of {path} numbers its contigs with gaps, or is damaged: write it anew "
            "with bcftools view"
        ) from error


@contextmanager
def _utf8(what: str) -> Iterator[None]:
    """Let bytes that are not UTF-8 be an error that names `what` of the file they stand in."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise no_utf8(what) from error
