"""Whether a file is written to while it is read: what was read would be of neither version."""

import stat
from pathlib import Path


class Unchanged:
    """Remembers a file's size and date.

    A file that takes the place of another (`mv new old`) does no harm: the old one is read to its
    end. Pipes and devices always count as unchanged.
    """

    def __init__(self, path: str | Path) -> None:
        """Remember the file at `path`, which has just been opened.

        Raises:
            OSError: it is gone.
        """
        self._path = Path(path)
        self._then = self._path.stat()

    @property
    def is_changed(self) -> bool:
        """Tell whether the file has been written to since."""
        try:
            now = self._path.stat()
        except OSError:  # it has been removed: who has opened it reads on
            return False
        then = self._then
        same = stat.S_ISREG(then.st_mode) and (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)
        return same and (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns)


def changed(path: str | Path) -> str:
    """Return the words for a file that is changed."""
    return f"{path} was written to while it was read: run again when it is complete"
