"""The outputs of a run: they appear under their names together, with indices, or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from regplug.errors import OutputError, RegplugError
from regplug.files.output import destination, naming
from regplug.hooks.writer import Batch, Plan, VariantWriter
from regplug.vcf.writers import make_index


class Output:
    """A writer; operating-system errors become OutputError with the output's name.

    Attributes:
        name: of the output; `-` is standard output.
        unindexed: True in the end if it got no index, as its records are not sorted.
    """

    def __init__(self, name: str, writer: type[VariantWriter], path: Path, plan: Plan) -> None:
        """Open `path`, which will be called `name`."""
        self.name, self.unindexed = name, False
        with naming(name):
            self._writer = writer(path, plan)

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        with naming(self.name):
            self._writer.write(batch)

    def append(self, part: bytes) -> None:
        """Write the records of a part, which such a writer wrote with an empty header.

        Raises:
            OutputError: this kind of output cannot be made in parts.
        """
        append = getattr(self._writer, "append", None)
        if append is None:
            raise OutputError(
                f"{self.name} cannot be made in parts: leave out --resume, --executor"
            )
        with naming(self.name):
            append(part)

    def close(self) -> None:
        """Write what is left."""
        with naming(self.name):
            self._writer.close()


@contextmanager
def outputs(
    writers: Mapping[str, type[VariantWriter]],
    plan: Plan,
    contigs: Mapping[str, int | None],
    *,
    write_index: bool | str = False,
) -> Iterator[list[Output]]:
    """Open the outputs of a run; at the end they are closed, indexed, and get their names.

    Args:
        writers: name of an output (`-`: standard output) → what writes it.
        plan: of the run.
        contigs: of the input's header, name → length or None.
        write_index: True, csi or tbi where an output without its index is an error.

    Raises:
        OutputError: an output cannot be written, or its index cannot if it must be; none is left
            behind.
        ReaderGoneError: the reader of standard output has closed it.
    """
    kind = write_index if isinstance(write_index, str) else ""
    with ExitStack() as stack:
        paths = {name: stack.enter_context(destination(name)) for name in writers}
        opened: list[Output] = []
        try:
            for name, writer in writers.items():
                opened.append(Output(name, writer, paths[name], plan))
            yield opened
            for output in opened:
                output.close()
        except BaseException:
            for output in opened:
                with suppress(RegplugError):  # the first error is the one that is raised
                    output.close()
            raise
        for output in opened:
            output.unindexed = make_index(paths[output.name], Path(output.name), contigs, kind)
            if write_index and output.unindexed:
                raise OutputError(f"{output.name} gets no index: sort the input (bcftools sort)")
