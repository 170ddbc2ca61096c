"""The files that something was made from: their names and sha256."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from regplug.errors import DataError


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that a set was made from: its name without folders, and its sha256."""

    name: str
    sha256: str


def sources_of(paths: Iterable[Path]) -> tuple[Source, ...]:
    """Return the names and sha256 of files, in their order.

    Raises:
        DataError: a file cannot be read.
    """
    sources = []
    for path in paths:
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        sources.append(Source(path.name, digest))
    return tuple(sources)
