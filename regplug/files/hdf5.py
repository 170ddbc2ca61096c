"""What HDF5 files are written to: a file whose writes never fail, and how arrays are kept in it."""

import io
from typing import Any

COMPRESSED = {"compression": "gzip", "compression_opts": 1, "fletcher32": True}


class UnfailingFile(io.FileIO):
    """A file whose writes never fail: HDF5 2.0 crashes if one does.

    The first error is kept for `check` to raise. For the same reason signals are held while HDF5 is
    at work: a KeyboardInterrupt in a write would be such a failure.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write `data`, or after a failure nothing; either way return that all was written."""
        left = memoryview(data)
        try:
            while len(left) and not self.failure:
                left = left[super().write(left) :]
        except OSError as error:
            self.failure = error
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Set the size; keep the error if that fails."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0

    def check(self) -> None:
        """Raise the first error, if there was any."""
        if self.failure:
            raise self.failure
