"""The outputs of a run: all of them appear under their names, with an index, or none does."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from regplug.errors import RegplugError
from regplug.files.output import destination, naming
from regplug.hooks.writer import Batch, Plan, VariantWriter
from regplug.vcf.writers import make_index


class Output:
    """A writer whose errors name what it writes."""

    def __init__(self, name: str, writer: type[VariantWriter], path: Path, plan: Plan) -> None:
        """Open `path`, which will be called `name`."""
        self._name = name
        with naming(name):
            self._writer = writer(path, plan)

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        with naming(self._name):
            self._writer.write(batch)

    def close(self) -> None:
        """Write what is left."""
        with naming(self._name):
            self._writer.close()


@contextmanager
def outputs(
    writers: Mapping[str, type[VariantWriter]], plan: Plan, contigs: Mapping[str, int | None]
) -> Iterator[list[Output]]:
    """Open `writers` (an output's name → what writes it); in the end close, index, name them.

    `contigs` are those of the input's header, name → length or None.

    Raises:
        OutputError: one cannot be written; none is left behind.
        ReaderGoneError: the reader of standard output has closed it.
    """
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
                with suppress(RegplugError):  # the first error is the one to tell
                    output.close()
            raise
        for name, path in paths.items():
            make_index(path, Path(name), contigs)
