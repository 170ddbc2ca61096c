"""The finished parts of a run, in a folder beside its output, until the output is complete."""

import hashlib
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec

from regplug.errors import UNREADABLE, OutputError
from regplug.files.output import check_parents, complete, contents, naming

_TOLD = ""  # no suffix of a file


class Part(NamedTuple):
    """A part of a run that is done.

    Attributes:
        number: its place among the parts, from 0.
        key: a digest of all that it depends on.
        files: suffix → content.
        told: what else is known of it, as JSON.
    """

    number: int
    key: str
    files: dict[str, bytes]
    told: bytes


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a part beside its files: suffix → sha256 of the file; "" of what is told."""

    key: str
    files: dict[str, str]
    told: msgspec.Raw


class PartsFolder:
    """Parts on disk. One counts only if its key fits, and its files are what they were.

    Attributes:
        path: of the folder.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        """Take the folder at `path`, which is made if there is none.

        Raises:
            OutputError: it holds parts of an earlier run, and `resume` is False; or it holds other
                things, or cannot be made.
        """
        self.path = path
        check_parents(path)
        there = contents(path, "part-")
        if strange := [name for name in there if not name.startswith("part-")]:
            raise OutputError(f"{path} holds {strange[0]}, which is no part of a run: move it away")
        if there and not resume:
            raise OutputError(
                f"{path} holds parts of a run that did not end: --resume goes on with it; remove "
                "the folder to begin anew"
            )
        with naming(path):
            path.mkdir(parents=True, exist_ok=True)

    def load(self, number: int, key: str) -> Part | None:
        """Return a part if it is there, of this key and undamaged."""
        try:
            kept = msgspec.json.decode(self._about(number).read_bytes(), type=_Kept)
            suffixes = [suffix for suffix in kept.files if suffix != _TOLD]
            files = {suffix: self._file(number, suffix).read_bytes() for suffix in suffixes}
        except (*UNREADABLE, msgspec.MsgspecError):
            return None
        told = bytes(kept.told)
        if kept.key != key or kept.files != _digests(files, told):
            return None
        return Part(number, key, files, told)

    def store(self, part: Part) -> None:
        """Keep a part; what is said of it comes last, so that a part is whole or not there.

        Raises:
            OutputError: the disk is full.
        """
        for suffix, content in part.files.items():
            self._write(self._file(part.number, suffix), content)
        kept = _Kept(part.key, _digests(part.files, part.told), msgspec.Raw(part.told))
        self._write(self._about(part.number), msgspec.json.encode(kept))

    def remove(self) -> None:
        """Remove the folder with all parts."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _about(self, number: int) -> Path:
        return self.path / f"part-{number:06}.json"

    def _file(self, number: int, suffix: str) -> Path:
        return self.path / f"part-{number:06}{suffix}"

    def _write(self, path: Path, content: bytes) -> None:
        with complete(path) as partial:
            partial.write_bytes(content)


def _digests(files: dict[str, bytes], told: bytes) -> dict[str, str]:
    of_all = files | {_TOLD: told}
    return {suffix: hashlib.sha256(content).hexdigest() for suffix, content in of_all.items()}
