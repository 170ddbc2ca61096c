"""A VCF or BCF ─bcftools view→ those of its records and samples that a Selection names.

What bcftools' options and expressions mean, bcftools itself says: the one inside pysam reads the
file.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from regplug.errors import VariantFileError
from regplug.files.stream import Stream
from regplug.genome.variant import Interval
from regplug.vcf import bcftools
from regplug.vcf.overlap import Overlap
from regplug.vcf.samples_apart import Apart, SampleColumns


class Selection(NamedTuple):
    """Which records and samples of a VCF are read, as `bcftools view` takes its options.

    Attributes:
        include: an expression; records for which it is true.
        exclude: an expression; records for which it is not true.
        apply_filters: words of FILTER with commas, such as `PASS,.`; records with one of them.
        samples: names with commas, or ^ and names to leave out; AC and AN are counted again.
        samples_file: the same, a name on a line.
        targets: CHR:FROM-TO,..., 1-based, or ^ and what to leave out; records whose POS lies there,
            without an index.
        targets_file: the same, in a file as `-T` takes it, or ^ and its name.
        targets_overlap: what of a record must lie there: `pos`, or `record` or `variant` as
            `overlap.reach` has it.
        force_samples: True to take those `samples` that there are, where others lack.
    """

    include: str = ""
    exclude: str = ""
    apply_filters: str = ""
    samples: str = ""
    samples_file: str = ""
    targets: str = ""
    targets_file: str = ""
    targets_overlap: Overlap = "pos"
    force_samples: bool = False

    @property
    def files(self) -> list[str]:
        """Return the files that it names."""
        return [name.removeprefix("^") for name in (self.samples_file, self.targets_file) if name]

    def words(self) -> list[str]:
        """Return the options of bcftools.

        Raises:
            VariantFileError: two options of which bcftools takes one.
        """
        for one_of in (("include", "exclude"), ("samples", "samples_file"), TARGETS):
            if all(getattr(self, name) for name in one_of):
                options = " or ".join(f"-{_SHORT[name]}" for name in one_of)
                raise VariantFileError(f"give {options}, not both, as bcftools has it")
        given = self._asdict() | {"force_samples": ""}
        words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value]
        return [*words, "--force-samples"] if self.force_samples else words


EVERYTHING = Selection()
TARGETS = ("targets", "targets_file")
_SHORT = {
    **{"include": "i", "exclude": "e", "samples": "s", "samples_file": "S"},
    **{"targets": "t", "targets_file": "T"},
}


class Selected:
    """A running bcftools that writes the selected records.

    Attributes:
        path: of a pipe that they come through, as VCF, for htslib to open.
    """

    def __init__(
        self,
        path: str,
        selection: Selection,
        regions: Sequence[Interval] = (),
        overlap: Overlap = "record",
        columns: SampleColumns | None = None,
    ) -> None:
        """Start to read the file at `path` (`-`: standard input); call it in the main thread.

        Args:
            path: of a VCF or BCF.
            selection: of its records and samples.
            regions: records that overlap these, by the index.
            overlap: what of a record must.
            columns: take FORMAT and samples, which `path` is then without.

        Raises:
            VariantFileError: the options contradict each other.
        """
        words = selection.words()
        self._front: Stream | None = None
        with ExitStack() as stack:
            source: IO[bytes] | None = None
            if path == "-":
                self._front = Stream()
                source = stack.enter_context(Path(self._front.path).open("rb"))
            elif not Path(path).is_file():  # a pipe, whose name may hold for this process only
                source = stack.enter_context(Path(path).open("rb"))
            self._regions = _table(regions)
            if regions:
                words += [f"--regions-file={self._regions.name}", f"--regions-overlap={overlap}"]
            self._messages = tempfile.TemporaryFile()  # noqa: SIM115
            self._process = subprocess.Popen(
                bcftools.view(*words, "--", "-" if source else str(Path(path).absolute())),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=self._messages,
                start_new_session=True,  # so that Ctrl-C reaches this process only
            )
        assert self._process.stdout
        written = self._process.stdout.fileno()
        self._stream = Stream(written) if columns is None else Apart(columns, written)
        self.path = self._stream.path

    @property
    def truncated(self) -> bool:
        """Tell if the end of bgzipped standard input was missing; known at the end."""
        return bool(self._front and self._front.truncated)

    def fault(self, patience: float | None = None) -> str:
        """Return what bcftools says of its failure, or "" if it has not failed.

        Args:
            patience: seconds to wait for its end, which does not come while it has more to write;
                None where all that it wrote has been read.
        """
        try:
            status = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return ""
        said = bcftools.messages(self._messages)
        return (said or f"status {status}") if status else ""

    @property
    def warnings(self) -> list[str]:
        """Return what bcftools warns of, once it has ended."""
        return bcftools.warnings(self._messages)

    def close(self) -> None:
        """End bcftools."""
        self._process.kill()
        self._process.wait()
        self._stream.close()
        assert self._process.stdout
        self._process.stdout.close()
        if self._front:
            self._front.close()
        self._messages.close()
        self._regions.close()


def _table(regions: Sequence[Interval]) -> "tempfile._TemporaryFileWrapper[str]":
    """Return a file of regions, 1-based, that is gone when it is closed."""
    file = tempfile.NamedTemporaryFile("w", suffix=".tsv")  # noqa: SIM115
    file.writelines(f"{r.chrom}\t{r.start + 1}\t{r.end}\n" for r in regions)
    file.flush()
    return file
