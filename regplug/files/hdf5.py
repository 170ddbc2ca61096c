"""HDF5: a file whose writes never fail, how arrays are kept, and those that are a file's own."""

import io
from typing import Any

COMPRESSED = {"compression": "gzip", "compression_opts": 1, "fletcher32": True}


# A chunk of a gzipped array may unpack to this many times its bytes, and no more.
DENSEST = 1200  # zlib: 1,032


def own_array(file: Any, name: str, axes: int, most: int) -> Any:
    """Return an array of a stranger's file, which is open; nothing of it has been read.

    A link, a virtual array or one kept outside may lead to any file of the machine.

    Args:
        file: an h5py.File.
        name: of the array.
        axes: that it has.
        most: bytes that it may unpack to.

    Raises:
        KeyError: there is none.
        ValueError: it is kept elsewhere, is no array of so many axes, or is too large.
    """
    import h5py

    inside = file
    for part in name.split("/"):
        if not isinstance(inside, h5py.Group) or part not in inside:
            raise KeyError(name)
        if not isinstance(inside.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"its {name} are kept elsewhere")
        inside = inside[part]
    if not isinstance(inside, h5py.Dataset) or inside.shape is None:
        raise ValueError(f"its {name} are no array")
    if inside.is_virtual or inside.external:
        raise ValueError(f"its {name} are kept elsewhere")
    if inside.ndim != axes or inside.nbytes > most:
        raise ValueError(f"its {name} have shape {inside.shape}")
    return inside


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
