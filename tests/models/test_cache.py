"""A cache's file: what is not ours, damaged, locked or full never gives a wrong number."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from functools import partial

import numpy as np
import pytest

from regplug.errors import CacheError
from regplug.models.cache import Cache
from regplug.models.embedded import Embedded
from regplug.models.remembered import Remembered
from tests.toy_models import position_model

VALUES = {bytes([n] * 16): random.Random(n).randbytes(60) for n in range(250)}


@pytest.fixture
def filled(tmp_path):
    """Return a cache's file that holds VALUES."""
    with Cache(tmp_path / "kept") as cache:
        cache.put(VALUES)
    return tmp_path / "kept"


def test_values_come_back(filled):
    with Cache(filled) as cache:
        assert cache.get([b"x" * 16, *VALUES]) == VALUES
        assert (cache.asked, cache.found, cache.trouble) == (251, 250, "")
        cache.put(dict.fromkeys(VALUES, b"other"))  # the first one stays
        assert cache.get(list(VALUES)) == VALUES
    assert [path.name for path in filled.parent.iterdir()] == ["kept"]
    assert cache.get(list(VALUES)) == {}  # it is closed
    cache.put({b"k" * 16: b"v"})


def foreign(path):
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE answers (key, value)")
        file.commit()


def viewed(path):
    """A cache whose values are made by a program of its own."""
    with Cache(path), closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE answers")
        file.execute("CREATE VIEW answers AS SELECT x'00' key, randomblob(80) value")
        file.commit()


def newer(path):
    with Cache(path), closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (foreign, "is of another program: name another file"),
        (viewed, "damaged .its table is another"),
        (newer, "is of another version of regplug: name another file"),
        (lambda path: path.write_text("chr1\t1\t2\n" * 100), "is no cache of regplug: name"),
        (lambda path: path.mkdir(), "name a file in a folder that exists"),
        (lambda path: path.symlink_to("none/where"), "cannot be opened"),
    ],
    ids=["foreign", "a view", "newer", "text", "folder", "link to nothing"],
)
def test_what_is_no_cache_of_ours_stays_as_it_is(tmp_path, make, says):
    path = tmp_path / "kept"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(CacheError, match=says):
        Cache(path)
    assert before is None or path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CacheError, match="name a file in a folder that exists"):
        Cache(tmp_path / "none" / "kept")


def test_an_empty_file_is_a_new_cache(tmp_path):
    (tmp_path / "kept").touch()
    with Cache(tmp_path / "kept") as cache:
        cache.put(VALUES)
        assert cache.get(list(VALUES)) == VALUES


def why_refused(path):
    """Return why a file is refused, or ""; then all that it gives is what was put in."""
    try:
        with Cache(path) as cache:
            got = cache.get(list(VALUES))
            assert got.items() <= VALUES.items()
            cache.put(VALUES)
            if not cache.trouble:
                assert cache.get(list(VALUES)).items() <= VALUES.items()
    except CacheError as error:
        return str(error)
    return ""


def test_a_file_that_is_cut_off(filled, tried):
    whole = filled.read_bytes()
    sizes = range(0, len(whole), 509)
    refused = []
    for size in sizes:
        filled.write_bytes(whole[:size])
        refused.append(why_refused(filled))
    tried(len(sizes))
    assert sum(map(bool, refused)) > 0.9 * len(sizes)
    assert all(str(filled) in why and "name another" in why for why in refused if why)


def test_a_file_with_other_bytes(filled, tried):
    whole, rng = filled.read_bytes(), random.Random(1)
    refused = []
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 4, 100])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        filled.write_bytes(data)
        refused.append(why_refused(filled))
    tried(400)
    assert sum(map(bool, refused)) > 200
    assert all(str(filled) in why for why in refused if why)


@pytest.mark.parametrize("value", ["7", "2.5", "'text'", "x'01'", "x''"])
def test_a_value_of_another_kind(filled, value):
    with closing(sqlite3.connect(filled)) as file:
        file.execute(f"UPDATE answers SET value = {value} WHERE rowid = 5")
        file.commit()
    assert "is damaged (a value is not what was written)" in why_refused(filled)


def test_one_bit_of_a_value(filled):
    data = bytearray(filled.read_bytes())
    at = data.index(VALUES[bytes([7] * 16)])
    data[at + 20] ^= 1
    filled.write_bytes(data)
    with Cache(filled) as cache, pytest.raises(CacheError, match=r"damaged .*remove it"):
        cache.get(list(VALUES))


@pytest.mark.parametrize("how", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
def test_a_locked_file_is_let_go(filled, how):
    with Cache(filled, patience=0.05) as cache, closing(sqlite3.connect(filled)) as other:
        other.execute(how)
        cache.put({b"new": b"value"})
        assert cache.trouble == (
            f"the cache {filled} was locked by another process for 0.05 seconds: the run goes on "
            "without it"
        )
        other.rollback()
        assert cache.get(list(VALUES)) == {}


def test_a_file_that_is_locked_from_the_start(filled):
    with closing(sqlite3.connect(filled)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with Cache(filled, patience=0.05) as cache:
            assert "was locked" in cache.trouble
            assert cache.get(list(VALUES)) == {}


@pytest.fixture
def nobody(tmp_path):
    """Let this process be a user who may not write; root may everywhere."""
    if os.geteuid():
        yield
        return
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_file_that_may_be_read_only(filled, request):
    filled.chmod(0o444)
    request.getfixturevalue("nobody")
    with Cache(filled) as cache:
        assert cache.get(list(VALUES)) == VALUES
        cache.put({b"new": b"value"})
        assert "cannot be written (attempt to write a readonly database)" in cache.trouble
        assert cache.trouble.endswith("nothing new is kept in it")
        assert cache.get(list(VALUES)) == VALUES


def test_a_folder_that_may_be_read_only(tmp_path, request):
    (tmp_path / "folder").mkdir(mode=0o555)
    request.getfixturevalue("nobody")
    with pytest.raises(CacheError, match="unable to open"):
        Cache(tmp_path / "folder" / "kept")


def test_a_full_disk(filled):
    with Cache(filled) as cache:
        cache._file.execute("PRAGMA max_page_count = 1")  # as SQLite sees a disk that is full
        more = {n.to_bytes(16): bytes(4000) for n in range(100)}
        cache.put(more)
        assert "cannot be written (database or disk is full)" in cache.trouble
        assert cache.get([*more, *VALUES]) == VALUES
    with Cache(filled) as cache:
        cache.put(more)
        assert cache.get([*more, *VALUES]) == more | VALUES


WORK = """
import sys
import numpy as np
from pathlib import Path
from regplug.models.cache import Cache
from regplug.models.embedded import Embedded
from regplug.models.remembered import Remembered
folder, first = Path(sys.argv[1]), int(sys.argv[2])
backend = Embedded(folder / "place", threads=1)
with Cache(folder / "kept") as cache:
    for seed in list(range(first, 60)) + list(range(first)):
        codes = np.random.default_rng(seed).integers(0, 5, (200, 21)).astype(np.uint8)
        answers = Remembered(backend, cache).predict(codes)
        assert answers.tobytes() == backend.predict(codes).tobytes()
        print(seed, flush=True)
    assert not cache.trouble, cache.trouble
"""


def rows_of(seed):
    return np.random.default_rng(seed).integers(0, 5, (200, 21)).astype(np.uint8)


def works(folder, first):
    command = [sys.executable, "-c", WORK, folder, str(first)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def sound(path, backend):
    """Check all that a cache has; return how many of the rows of WORK it found."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Cache(path) as cache:
        for seed in range(60):
            answers = Remembered(backend, cache).predict(rows_of(seed))
            assert answers.tobytes() == backend.predict(rows_of(seed)).tobytes()
        return cache.found


@pytest.fixture
def place(tmp_path):
    position_model(tmp_path)
    return Embedded(tmp_path / "place", threads=1)


def test_several_processes_fill_one_file(tmp_path, place):
    running = [works(tmp_path, first) for first in (0, 0, 15, 40)]
    for process in running:
        assert len(process.communicate(timeout=120)[0].split()) == 60
        assert process.returncode == 0
    assert sound(tmp_path / "kept", place) == 60 * 200


def test_a_file_that_another_process_makes_while_it_is_looked_at(tmp_path, monkeypatch):
    path, connect, others = tmp_path / "kept", sqlite3.connect, []

    class Watched(sqlite3.Connection):
        def execute(self, statement, *values):
            found = super().execute(statement, *values)
            if statement == "PRAGMA application_id" and not others:
                others.append(threading.Thread(target=lambda: Cache(path).close()))
                others[0].start()
                others[0].join(0.5)  # it may have to wait for us
            return found

    monkeypatch.setattr(sqlite3, "connect", partial(connect, factory=Watched))
    with Cache(path) as cache:
        cache.put({b"1": b"a"})
    others[0].join()
    with Cache(path) as cache:
        assert cache.get([b"1"]) == {b"1": b"a"}


def test_processes_that_are_killed_leave_whole_values(tmp_path, place, tried):
    rng = random.Random(2)
    for _ in range(6):
        running = [works(tmp_path, first) for first in (0, 20, 40)]
        for process in running:
            process.stdout.readline()  # it has begun to fill
        for process in running:
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
            process.communicate()
    tried(18)
    assert sound(tmp_path / "kept", place) > 0
