"""Lines of text that others wrote: they end in a line feed, or carriage return and line feed.

Python's own ways (`splitlines`, text mode) also end them at a form feed, U+2028 or lone carriage
return, which a name or a comment may hold.
"""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, without their ends."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def lines_in(path: str | Path) -> Iterator[str]:
    """Yield the lines of a file in UTF-8, plain or gzipped, without their ends.

    Raises:
        OSError, EOFError, zlib.error, UnicodeDecodeError: the file cannot be read.
    """
    with open(path, "rb") as raw:  # noqa: PTH123
        packed = raw.peek(2).startswith(b"\x1f\x8b")
        data = gzip.GzipFile(fileobj=raw) if packed else raw
        with io.TextIOWrapper(data, "utf-8", newline="\n") as text:
            for line in text:
                yield line.removesuffix("\n").removesuffix("\r")
