"""Outputs that appear under their name only when they are complete."""

import os
import re
import select
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from regplug.errors import OutputError, ReaderGoneError
from regplug.files.last_checks import check_all
from regplug.files.signals import at_last

STDOUT = Path("/dev/stdout")
INDICES = (".csi", ".tbi", ".gzi", ".idx", ".fai")  # of what other programs make beside a file


@contextmanager
def complete(path: Path, *, called: Path | None = None) -> Iterator[Path]:
    """Give a name beside `path` to write a file or folder to; at the end it is renamed to `path`.

    Folders above it that are missing are made. On any error, Ctrl-C included, what was written and
    made is removed, and an older `path` stays as it was; so also where what is to be checked at
    last (`checked_at_last`) fails. Indices of a file that is replaced go with it; one that was made
    of the new file (its name and a suffix of INDICES) gets its name too.

    Args:
        path: of the file or folder.
        called: the name that the user gave, where it is a link to `path`; indices lie beside it.

    Raises:
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    check_parents(path)
    missing = [folder for folder in path.parents if not folder.exists()]
    partial = path.with_name(f".{os.getpid()}-{path.name}")  # as `contents` has it

    def tidy() -> None:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        for path in (partial, *_indices(partial)):
            with suppress(OSError):  # there is none, or the file system is read-only
                path.unlink()
        for folder in missing:
            with suppress(OSError):  # it holds the finished output, or was never made
                folder.rmdir()

    try:
        with naming(path), at_last(tidy):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            check_all()
            if partial.is_dir() and path.is_dir():
                shutil.rmtree(path)
            _give_name(partial, path, called or path)
    finally:
        tidy()


def _give_name(partial: Path, path: Path, called: Path) -> None:
    """Rename what is complete, and its indices; never does an index lie beside another's file."""
    if partial.is_file():
        for index in {*_indices(path), *_indices(called)}:
            index.unlink(missing_ok=True)
    partial.replace(path)
    for suffix in INDICES:
        with suppress(FileNotFoundError):
            Path(f"{partial}{suffix}").replace(f"{called}{suffix}")


def _indices(path: Path) -> list[Path]:
    """Return where htslib and others look for the index of a file: x.vcf.gz.csi, and x.vcf.csi."""
    found = [Path(f"{path}{suffix}") for suffix in INDICES]
    if path.suffix in (".gz", ".bgz", ".bcf"):
        found += [path.with_suffix(suffix) for suffix in (".csi", ".tbi")]
    return found


def check_parents(path: Path) -> None:
    """Check that the folders above an output can be made, where they are missing.

    Raises:
        OutputError: one of them is a file.
    """
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise OutputError(f"{above} is a file, so {path} cannot lie in it: name another output")


def check_paths(outputs: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Check the paths of a run.

    Raises:
        OutputError: an output is a folder, or would replace an input.
    """
    for path in outputs:
        if path.is_dir():
            raise OutputError(f"{path} is a folder: name another file with -o")
        if path.is_file() and any(path.samefile(source) for source in inputs if source.exists()):
            raise OutputError(f"{path} would be replaced, and is read: name another file with -o")


def contents(folder: Path, stem: str = "") -> set[str]:
    """Return the names in a folder, less what a process that was killed left half-written there.

    There are none where there is no folder. Only files whose names would begin with `stem` count
    as half-written.
    """
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {name for name in held if not re.match(rf"\.\d+-{re.escape(stem)}.", name)}


def check_folder(folder: Path, own: Collection[str]) -> None:
    """Check a folder that a report will be written to; `own` are the names of a report's files.

    Raises:
        OutputError: it cannot be made, or holds something else.
    """
    if folder.exists() and not (folder.is_dir() and contents(folder) <= set(own)):
        raise OutputError(f"{folder} exists and holds other things: name a new folder")
    check_parents(folder)


@contextmanager
def destination(path: str) -> Iterator[Path]:
    """Give the path to write to.

    That is STDOUT for `-`, the path itself for a device or pipe, and else as in `complete`. What
    is to be checked at last is checked behind what was written to a pipe.

    Raises:
        OutputError: as `complete`.
        ReaderGoneError: the reader of standard output has closed it.
    """
    file = Path(path)
    if path == "-" or file == STDOUT:
        with naming("-"):
            yield STDOUT
        check_all()
    elif file.exists() and not file.is_file() and not file.is_dir():
        with naming(path):
            yield file
        check_all()
    else:
        with complete(file.resolve(), called=file) as partial:  # what a link points to
            yield partial


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Let errors of the operating system in the context name `path` (`-`: standard output).

    Raises:
        OutputError: something could not be written.
        ReaderGoneError: `path` is `-`, and its reader has closed it.
    """
    try:
        yield
    except OSError as error:
        if path == "-" and _nobody_reads():
            raise ReaderGoneError("nobody reads standard output") from error
        name = "standard output" if path == "-" else path
        why = error.strerror or f"{error}; is the disk full?"
        raise OutputError(f"cannot write {name}: {why}") from error


def _nobody_reads() -> bool:
    """Tell whether standard output is a pipe without a reader.

    pysam's errors do not say so, so the pipe is asked.
    """
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
