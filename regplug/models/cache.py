"""A file of predictions: keys ─Cache.get→ those of earlier runs; a run's own ─Cache.put→ the file.

One SQLite file with a rollback journal: several processes of one machine may read and fill it at
once, and of one that is killed only whole values are left. Each value stands with a digest of it
and its key, so that what a failing disk makes of it is never taken for a prediction.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Literal

from regplug.errors import CacheError

APPLICATION, VERSION = 0x52504341, 1  # of the file: "RPCA", and what its table is like
PATIENCE = 10.0  # seconds to wait for others that write
_TABLE = "CREATE TABLE answers (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
_SCHEMA = {("table", "answers", _TABLE), ("index", "sqlite_autoindex_answers_1", None)}
_CHECK = 8  # bytes of a value's digest
_FAULTS = (sqlite3.Error, UnicodeDecodeError)  # the second: of a message about a damaged schema


class Cache:
    """A file of predictions; a context manager, which closes it. Any thread may use it.

    Attributes:
        path: of the file.
        asked: how many predictions were looked for.
        found: how many of them were there.
        trouble: why it is no longer used, or no longer filled; "" where all is well.
    """

    def __init__(self, path: str | Path, *, patience: float = PATIENCE) -> None:
        """Open the file at `path`, or make it.

        Args:
            path: of the file; its folder must be there.
            patience: seconds to wait while others write.

        Raises:
            CacheError: it is damaged, of another program or another regplug, or cannot be made.
        """
        self.path, self.asked, self.found, self.trouble = Path(path), 0, 0, ""
        self._patience, self._lock = patience, threading.Lock()
        self._reads = self._writes = True
        where = self.path.absolute()
        if where.is_dir() or not where.parent.is_dir():
            raise CacheError(f"no cache can be made at {path}: name a file in a folder that exists")
        try:
            self._file = sqlite3.connect(
                where, timeout=patience, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise CacheError(f"the cache {path} cannot be opened: {error}") from error
        try:
            self._begin()
        except _FAULTS as error:
            self._let_go(error, writing=False)
            if not _is_locked(error):
                self._file.close()
                raise CacheError(f"the cache {path} cannot be opened: {error}") from error
        except CacheError:
            self._file.close()
            raise

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return key → value of those keys that are there.

        Raises:
            CacheError: the file is damaged.
        """
        values: dict[bytes, bytes] = {}
        with self._lock:
            self.asked += len(keys)
            if self._reads:
                try:
                    with self._transaction("DEFERRED"):
                        values = dict(self._read(keys))
                except _FAULTS as error:
                    self._let_go(error, writing=False)
            self.found += len(values)
        return values

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values by their keys: all of them or, where there is trouble, none.

        Raises:
            CacheError: the file is damaged.
        """
        rows = [(key, _digest(key, value) + value) for key, value in values.items()]
        with self._lock:
            if self._writes:
                try:
                    with self._transaction("IMMEDIATE"):
                        self._file.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?)", rows)
                except _FAULTS as error:
                    self._let_go(error, writing=True)

    def close(self) -> None:
        """Close the file; whoever asks afterwards finds nothing."""
        with self._lock:
            self._reads = self._writes = False
            self._file.close()

    def __enter__(self) -> "Cache":
        """Return the cache."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _begin(self) -> None:
        """Check whose file it is; make the table of a new one."""
        with self._transaction("DEFERRED"):  # all of one state: another process may just make it
            (application,) = self._file.execute("PRAGMA application_id").fetchone()
            (version,) = self._file.execute("PRAGMA user_version").fetchone()
            schema = self._file.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        if schema and application != APPLICATION:
            raise CacheError(f"{self.path} is of another program: name another file (--cache)")
        if schema and version != VERSION:
            raise CacheError(
                f"the cache {self.path} is of another version of regplug: name another file "
                "(--cache), or remove this one"
            )
        if schema and set(schema) != _SCHEMA:
            raise CacheError(self.damaged("its table is another"))
        if not schema:
            with self._transaction("IMMEDIATE"):
                self._file.execute(f"PRAGMA application_id = {APPLICATION}")
                self._file.execute(f"PRAGMA user_version = {VERSION}")
                self._file.execute(_TABLE.replace("TABLE", "TABLE IF NOT EXISTS"))

    def _read(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for key in keys:
            row = self._file.execute("SELECT value FROM answers WHERE key = ?", (key,)).fetchone()
            if row:
                kept = row[0] if isinstance(row[0], bytes) else b""
                if len(kept) < _CHECK or kept[:_CHECK] != _digest(key, kept[_CHECK:]):
                    raise CacheError(self.damaged("a value is not what was written"))
                yield key, kept[_CHECK:]

    @contextmanager
    def _transaction(self, kind: Literal["DEFERRED", "IMMEDIATE"]) -> Iterator[None]:
        self._file.execute(f"BEGIN {kind}")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # some errors have rolled it back
                self._file.execute("ROLLBACK")
            raise

    def _let_go(self, error: Exception, *, writing: bool) -> None:
        """Use the file no longer, or write to it no longer; raise CacheError if it is damaged."""
        if _code(error) == sqlite3.SQLITE_NOTADB:
            raise CacheError(
                f"{self.path} is no cache of regplug: name another file (--cache)"
            ) from error
        if not isinstance(error, sqlite3.OperationalError):
            raise CacheError(self.damaged(str(error))) from error
        self._writes = False
        self._reads &= writing and not _is_locked(error)
        if _is_locked(error):
            why = f"was locked by another process for {self._patience:g} seconds"
        else:
            why = f"cannot be {'written' if writing else 'read'} ({error})"
        kept = "nothing new is kept in it" if self._reads else "the run goes on without it"
        self.trouble = f"the cache {self.path} {why}: {kept}"

    def damaged(self, why: str) -> str:
        """Return what a user is told of a damaged file."""
        return f"the cache {self.path} is damaged ({why}): remove it, or name another (--cache)"


def _digest(key: bytes, value: bytes) -> bytes:
    return blake2b(key + value, digest_size=_CHECK).digest()


def _code(error: Exception) -> int:
    """Return SQLite's primary code of an error, or 0."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_locked(error: Exception) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
