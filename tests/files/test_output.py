import os
from pathlib import Path

import pytest

from regplug.errors import OutputError
from regplug.files.output import STDOUT, complete, destination


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("older")
    with complete(path) as partial:
        partial.write_text("newer")
        assert path.read_text() == "older"
        assert partial.parent == tmp_path
    assert path.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_after_an_error(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("older")

    def fail():
        with complete(path) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_a_folder(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    with complete(path) as partial:
        partial.mkdir()
        (partial / "new").touch()
    assert [p.name for p in path.iterdir()] == ["new"]


def test_a_half_written_folder_goes(tmp_path):
    def fail():
        with complete(tmp_path / "model") as partial:
            partial.mkdir()
            (partial / "half").touch()
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="model: No space left"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_made(tmp_path):
    with complete(tmp_path / "a" / "b" / "c.txt") as partial:
        partial.write_text("c")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "c"


def test_made_folders_go_with_what_failed(tmp_path):
    def fail():
        with complete(tmp_path / "a" / "b" / "c.txt") as partial:
            partial.write_text("c")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match="a is a file"), complete(tmp_path / "a" / "b" / "c.txt"):
        pass


def test_destination(tmp_path):
    with destination("-") as path:
        assert path == STDOUT
    with destination(str(tmp_path / "a")) as path:
        path.touch()
    assert (tmp_path / "a").is_file()


def test_devices_and_pipes_are_written_to_not_replaced(tmp_path):
    fifo = tmp_path / "pipe.vcf.gz"
    os.mkfifo(fifo)
    for special in (fifo, Path(os.devnull)):
        with destination(str(special)) as path:
            assert path == special
    assert fifo.is_fifo()
    assert Path(os.devnull).is_char_device()
    with destination("/dev/stdout") as path:
        assert path == STDOUT


def test_the_target_of_a_link_is_replaced(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("older")
    link.symlink_to(real)
    with destination(str(link)) as path:
        path.write_text("newer")
    assert link.is_symlink()
    assert real.read_text() == "newer"
