"""All parts of a run: blocks ─jobs→ an executor ─parts→ the folder ─in order→ the writers."""

import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pluggy

from regplug.api.parts.folder import PartsFolder
from regplug.api.parts.job import Job, Settings, forget, score_part
from regplug.errors import ConfigError, OutputError
from regplug.hooks.executor import Executor
from regplug.vcf.annotate import Tally
from regplug.vcf.blocks import blocks
from regplug.vcf.outputs import Output
from regplug.vcf.records import VariantReader

RECORDS = 10_000  # of a part
KNOWN = (
    "there are sequential and, with pip install 'regplug[dask]', dask:local and dask://HOST:PORT"
)


@dataclass(frozen=True)
class Parting:
    """How a run is cut into parts.

    Attributes:
        executor: where they are scored.
        folder: where finished parts lie until the output is complete.
        records: of a part.
    """

    executor: Executor
    folder: PartsFolder
    records: int


@contextmanager
def parted(
    manager: pluggy.PluginManager, location: str, output: str, *, resume: bool, records: int
) -> Iterator[Parting | None]:
    """Give how a run is cut into parts; None if it is not.

    Args:
        manager: of the plugins, which open the executor.
        location: of the executor; "": none, or this process with `resume`.
        output: beside which the finished parts lie.
        resume: take parts that an earlier run left there, and leave them if this one fails.
        records: of a part.

    Raises:
        ConfigError: there is no such executor.
        OutputError: the output has no name, or there are parts of a run and `resume` is False.
    """
    if not (location or resume):
        yield None
        return
    if resume and not _has_name(output):
        raise OutputError("--resume needs an output with a name: give -o FILE")
    with ExitStack() as stack:
        path = Path(f"{output}.parts")
        if not _has_name(output):
            path = Path(stack.enter_context(TemporaryDirectory(prefix="regplug-")), "parts")
        location = location or "sequential"
        executor = manager.hook.regplug_open_executor(location=location)
        if executor is None:
            raise ConfigError(f"no executor {location}: {KNOWN}")
        stack.enter_context(closing(executor))
        stack.callback(forget)
        yield Parting(executor, PartsFolder(path, resume=resume), records)


def _has_name(output: str) -> bool:
    """Tell whether an output is a file, or will be."""
    path = Path(output)
    return output != "-" and (path.is_file() or not path.exists())


def in_parts(
    reader: VariantReader,
    settings: Settings,
    parting: Parting,
    writers: Sequence[Output],
    *,
    progress: Callable[[Tally], None],
) -> tuple[Tally, dict[str, str]]:
    """Score a VCF in parts and write them in order; return the counts, and the contigs' names.

    What was scored stays in the folder, also where the run ends with an error.

    Args:
        reader: of the records.
        settings: of the run.
        parting: how and where.
        writers: one for each of `settings.suffixes`, in their order.
        progress: called with the counts of each part.

    Raises:
        OutputError: the disk is full.
        RegplugError: as `score_part`, the reader and the executor.
    """
    folder = parting.folder
    tally = Tally(0, 0, {name: Counter() for name in settings.models})
    renamed: dict[str, str] = {}
    scored = _scored(blocks(reader, parting.records), settings, parting.executor, folder)
    for number, key in _in_order(scored):
        part = folder.load(number, key)
        if part is None:
            raise OutputError(f"part {number} in {folder.path} was changed: run --resume again")
        for suffix, writer in zip(settings.suffixes, writers, strict=True):
            writer.append(gzip.decompress(part.files[suffix]))
        tally.add(part.tally)
        renamed |= part.renamed
        progress(part.tally)
    return tally, renamed


def _scored(
    blocks: Iterable[bytes], settings: Settings, executor: Executor, folder: PartsFolder
) -> Iterator[tuple[int, str]]:
    """Yield number and key of each part that lies in the folder, from before or now; in any order.

    So no more than the parts at work are in memory.
    """
    found: list[tuple[int, str]] = []

    def missing() -> Iterator[Job]:
        for number, block in enumerate(blocks):
            job = Job(number, block, settings)
            if folder.load(number, job.key):
                found.append((number, job.key))
            else:
                yield job

    for part in executor.run(score_part, missing()):
        folder.store(part)
        yield part.number, part.key
        while found:
            yield found.pop(0)
    yield from found


def _in_order(parts: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the parts by number; those that come too early wait."""
    early: dict[int, str] = {}
    number = 0
    for early_number, key in parts:
        early[early_number] = key
        while number in early:
            yield number, early.pop(number)
            number += 1
