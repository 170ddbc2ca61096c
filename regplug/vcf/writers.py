"""Scored variants as VCF and BCF: step 4 (see `records`) for a whole batch."""

import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, ClassVar

import pysam

from regplug.errors import OutputError
from regplug.files.output import STDOUT, naming
from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.writer import Batch, Plan, VariantWriter
from regplug.vcf import bcftools
from regplug.vcf.info import set_info

_ROOM = 1 << 12  # bytes of a small index; of larger ones a fiftieth of the file
INDEXED = (".vcf.gz", ".vcf.bgz", ".bcf")  # names of files that get an index
INDICES = ("csi", "tbi")
LONGEST_TBI = 512_000_000  # bases of a contig that a .tbi index can hold


class VcfText:
    """A plain VCF."""

    suffixes: ClassVar[tuple[str, ...]] = (".vcf",)
    part_suffix: ClassVar[str] = ".vcf"

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open `path` and write the header."""
        self._dropped = plan.dropped
        self._file = self._open(path)
        self._file.write(plan.header.encode())

    def _open(self, path: Path) -> IO[bytes]:
        return open(1, "wb", closefd=False) if path == STDOUT else path.open("wb")

    def write(self, batch: Batch) -> None:
        """Set the tags of each record and write it."""
        records = batch.records, batch.first, batch.variants, batch.columns
        self.append(set_info(*records, dropped=self._dropped, samples=batch.samples))

    def append(self, part: bytes) -> None:
        """Write lines of records."""
        self._file.write(part)

    def close(self) -> None:
        """Write what is left."""
        self._file.close()


class VcfBgzip(VcfText):
    """A bgzipped VCF."""

    suffixes: ClassVar[tuple[str, ...]] = (".vcf.gz", ".vcf.bgz")
    level = ""  # of compression, 0 to 9; "" is the library's own

    def _open(self, path: Path) -> IO[bytes]:
        if path != STDOUT:
            path.open("wb").close()  # where this raises, pysam 0.24 crashes
        file: IO[bytes] = pysam.BGZFile("-" if path == STDOUT else str(path), f"w{self.level}")
        return file


class Bcf(VcfText):
    """A compressed BCF.

    The text goes through the bcftools inside pysam, in a process of its own: where pysam itself
    writes BCF, records gain and lose INFO/END.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".bcf",)
    type = "b"
    level = ""

    def _open(self, path: Path) -> IO[bytes]:
        name = "-" if path == STDOUT else str(path)
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115
        self._bcftools = subprocess.Popen(
            bcftools.view(f"-O{self.type}{self.level}", "-o", name, "-"),
            stdin=subprocess.PIPE,
            stderr=self._messages,
            start_new_session=True,  # so that Ctrl-C reaches this process only
        )
        assert self._bcftools.stdin
        return self._bcftools.stdin

    def append(self, part: bytes) -> None:
        """Write lines of records.

        Raises:
            OutputError: the disk is full, or the header lacks a contig or tag of a record.
        """
        try:
            super().append(part)
        except BrokenPipeError:  # bcftools has ended, and its messages say why
            self.close()

    def close(self) -> None:
        """Write what is left.

        Raises:
            OutputError: as `append`.
            BrokenPipeError: nobody reads standard output.
        """
        if self._messages.closed:
            return
        with suppress(BrokenPipeError):
            self._file.close()
        status = self._bcftools.wait()
        with self._messages as messages:
            words = bcftools.messages(messages).rpartition("[E::")[2]
        if status == -signal.SIGPIPE:
            raise BrokenPipeError
        if "Unchecked error" in words:
            raise OutputError(
                "BCF cannot hold a contig or tag that the header lacks: write a VCF (-O z), or "
                f"declare them (bcftools reheader); bcftools: {words}"
            )
        if status:
            raise OutputError(f"cannot write BCF; is the disk full? bcftools: {words}")


class BcfUncompressed(Bcf):
    """An uncompressed BCF, for pipes."""

    suffixes: ClassVar[tuple[str, ...]] = (".ubcf",)
    type = "u"


TYPES: dict[str, type[VariantWriter]] = {
    "v": VcfText,
    "z": VcfBgzip,
    "u": BcfUncompressed,
    "b": Bcf,
}
OUTPUT_TYPES = (*TYPES, *(f"{kind}{level}" for kind in "zb" for level in range(10)))


def writer_of_type(output_type: str, name: str) -> type[VariantWriter]:
    """Return the writer of one of OUTPUT_TYPES, for an output called `name`.

    As in bcftools a suffix that is known says the type, and OUTPUT_TYPES the level alone.

    Raises:
        OutputError: it is none.
    """
    if output_type not in OUTPUT_TYPES:
        raise OutputError(f"what is -O {output_type}? It is v, z, u, b, z0 to z9 or b0 to b9")
    kind, level = TYPES[output_type[0]], output_type[1:]
    for of_suffix in (VcfText, VcfBgzip, Bcf):
        if name.endswith(of_suffix.suffixes):
            kind = of_suffix
    return type(kind.__name__, (kind,), {"level": level}) if level else kind


@hookimpl
def regplug_variant_writers() -> list[type[VariantWriter]]:
    """Return the VCF and BCF writers."""
    return [VcfText, VcfBgzip, Bcf]


def check_wanted_index(name: str, contigs: Mapping[str, int | None], kind: str = "") -> None:
    """Check that an output can have an index: any, or one of INDICES.

    Raises:
        OutputError: it cannot.
    """
    if not name.endswith(INDEXED):
        raise OutputError(f"an index (-W) is of a file {', '.join(INDEXED)}, not of {name}")
    if kind not in ("", *INDICES):
        raise OutputError(f"what is an index {kind}? Write {' or '.join(INDICES)}")
    if kind == "tbi" and name.endswith(".bcf"):
        raise OutputError(f"the index of a BCF is a .csi: write -W for {name}, without =tbi")
    if kind == "tbi" and _longest(contigs) > LONGEST_TBI:
        raise OutputError(f"a contig over {LONGEST_TBI:,} bases needs a .csi: write -W=csi")


def make_index(
    partial: Path, path: Path, contigs: Mapping[str, int | None], kind: str = ""
) -> bool:
    """Write the index of a finished bgzipped VCF or BCF beside it; tell if it cannot be made.

    It is a .tbi for a VCF, a .csi for a BCF and for contigs over 512 Mb. A plain VCF, standard
    output and a pipe get none; a file of unsorted records cannot have one.

    Args:
        partial: the file, still under its first name; the index is called `partial`.tbi or .csi.
        path: what it will be called.
        contigs: of the header, name → length or None.
        kind: csi where a VCF is to have that.

    Raises:
        OutputError: there is no room for it on the disk.
    """
    if not path.name.endswith(INDEXED) or partial == STDOUT or not partial.is_file():
        return False
    bcf = path.suffix == ".bcf"
    csi = bcf or kind == "csi" or _longest(contigs) > LONGEST_TBI
    verbosity = pysam.set_verbosity(0)
    try:
        pysam.tabix_index(str(partial), preset="bcf" if bcf else "vcf", csi=csi, force=True)
    except OSError:  # unsorted, or the disk is full
        index = Path(f"{partial}{'.csi' if csi else '.tbi'}")
        with naming(path):
            index.write_bytes(bytes(_ROOM + partial.stat().st_size // 50))
        index.unlink()
        return True
    finally:
        pysam.set_verbosity(verbosity)
    return False


def _longest(contigs: Mapping[str, int | None]) -> int:
    return max((length or 0 for length in contigs.values()), default=0)
