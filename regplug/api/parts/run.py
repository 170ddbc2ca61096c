"""All parts of a run: jobs ─Executor.run→ parts ─PartsFolder→ the same parts in order."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

import pluggy

from regplug.api.parts.folder import Part, PartsFolder
from regplug.errors import OutputError
from regplug.hooks.executor import Executor
from regplug.hooks.manager import open_executor


class Job(Protocol):
    """A part to be made."""

    @property
    def number(self) -> int:
        """Return its place among the parts, from 0."""

    @property
    def key(self) -> str:
        """Return a digest of all that the part depends on."""


Numbered = TypeVar("Numbered", bound=Job)


@dataclass(frozen=True)
class Parting:
    """How a run is cut into parts.

    Attributes:
        executor: where they are scored.
        folder: where finished parts lie until the output is complete.
        size: of a part, in records or bases.
    """

    executor: Executor
    folder: PartsFolder
    size: int


@contextmanager
def parted(
    manager: pluggy.PluginManager, location: str, output: str, *, resume: bool, size: int
) -> Iterator[Parting | None]:
    """Give how a run is cut into parts; None if it is not.

    Args:
        manager: of the plugins, which open the executor.
        location: of the executor; "": none, or this process with `resume`.
        output: beside which the finished parts lie.
        resume: take parts that an earlier run left there, and leave them if this one fails.
        size: of a part, in records or bases.

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
        executor = stack.enter_context(closing(open_executor(manager, location)))
        yield Parting(executor, PartsFolder(path, resume=resume), size)


def _has_name(output: str) -> bool:
    """Tell whether an output is a file, or will be."""
    path = Path(output)
    return output != "-" and (path.is_file() or not path.exists())


def finished(
    work: Callable[[Numbered], Part], jobs: Iterable[Numbered], parting: Parting
) -> Iterator[Part]:
    """Yield the part of each job, in order: from the folder if it is there, else by `work`.

    No more parts than are at work are in memory; what was done stays in the folder, also where the
    run ends with an error.

    Raises:
        OutputError: the disk is full.
        RegplugError: as `work` and the executor.
    """
    folder = parting.folder
    for number, key in _in_order(_done(work, jobs, parting)):
        part = folder.load(number, key)
        if part is None:
            raise OutputError(f"part {number} in {folder.path} was changed: run --resume again")
        yield part


def _done(
    work: Callable[[Numbered], Part], jobs: Iterable[Numbered], parting: Parting
) -> Iterator[tuple[int, str]]:
    """Yield number and key of each part that lies in the folder, from before or now."""
    folder = parting.folder
    found: list[tuple[int, str]] = []

    def missing() -> Iterator[Numbered]:
        for job in jobs:
            if folder.load(job.number, job.key):
                found.append((job.number, job.key))
            else:
                yield job

    for part in parting.executor.run(work, missing()):
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
