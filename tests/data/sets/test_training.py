"""A set comes back from the disk as it was, or is refused with the file named."""

import json

import numpy as np
import pytest

from regplug.data.sets.training import Scale, SetCard, TrainingSet, read_set, write_set
from regplug.errors import DataError, OutputError
from regplug.files.sources import Source


def made(n=6, length=5, **changes):
    card = {
        "form": "bound",
        "kind": "classification",
        "strand": "forward",
        "length": length,
        "rows": n,
        "positives": n // 2,
        "negatives": "given",
        "folds": 3,
        "seed": 1,
        "sources": (Source("a.fa", "00"),),
        "dropped": {"in both splits": 2},
    }
    codes = np.arange(n * length, dtype=np.uint8).reshape(n, length) % 5
    targets = (np.arange(n) < n // 2).astype(np.float32)
    return TrainingSet(codes, targets, np.arange(n, dtype=np.uint8) % 3, SetCard(**card | changes))


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a good set."""
    write_set(tmp_path / "set", made())
    return tmp_path / "set"


def test_there_and_back(folder):
    back, there = read_set(folder), made()
    assert back.card == there.card
    for name in ("codes", "targets", "folds"):
        assert (getattr(back, name) == getattr(there, name)).all()
        assert getattr(back, name).dtype == getattr(there, name).dtype
    assert isinstance(back.codes, np.memmap)
    assert sorted(p.name for p in folder.iterdir()) == [
        "codes.npy", "folds.npy", "set.json", "targets.npy",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["codes.npy", "targets.npy", "folds.npy", "set.json"])
@pytest.mark.parametrize("size", [None, 0, 5, 60, -3])
def test_missing_and_truncated_files(folder, name, size):
    path = folder / name
    whole = path.read_bytes()
    path.unlink()
    if size is not None:
        path.write_bytes(whole[:size])
    with pytest.raises(DataError, match=name):
        read_set(folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("codes", np.full((6, 5), 5, np.uint8), "above 4"),
        ("codes", np.zeros((6, 4), np.uint8), r"\(6, 4\), not uint8 \(6, 5\)"),
        ("codes", np.zeros((6, 5), np.int64), "int64"),
        ("targets", np.array([1, 1, 1, 0, 0, np.nan], np.float32), "no number"),
        ("targets", np.array([1, 1, 1, 0, 0, 0.5], np.float32), "other than 0 and 1"),
        ("targets", np.array([1, 1, 1, 1, 0, 0], np.float32), "positives"),
        ("targets", np.zeros(5, np.float32), r"\(5,\)"),
        ("folds", np.full(6, 3, np.uint8), "contradicts set.json: folds"),
        ("folds", np.array([None] * 6), "damaged"),
    ],
)
def test_arrays_that_contradict_the_card(folder, name, array, message):
    np.save(folder / f"{name}.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match=rf"{name}\.npy.*{message}"):
        read_set(folder)


def test_what_is_no_npy(folder):
    with (folder / "codes.npy").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match=r"codes\.npy has 159 bytes, not 158"):
        read_set(folder)
    with (folder / "codes.npy").open("wb") as file:
        np.savez(file, a=np.zeros(3))
    with pytest.raises(DataError, match=r"codes\.npy"):
        read_set(folder)
    (folder / "codes.npy").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DataError, match=r"codes\.npy"):
        read_set(folder)


@pytest.mark.parametrize("change", [{"extra": 1}, {"rows": "six"}, {"form": "dhs"}, {"rows": 0}])
def test_cards_that_are_none(folder, change):
    card = json.loads((folder / "set.json").read_text())
    (folder / "set.json").write_text(json.dumps(card | change))
    with pytest.raises(DataError, match=r"set\.json"):
        read_set(folder)


@pytest.fixture
def probes(tmp_path):
    """Return a folder with a set of intensities over medians."""
    scale = Scale("a", True, 100, 2.0, 1.0, 0.5)
    made_ = made(kind="regression", form="intensities", positives=None, scale=scale)
    write_set(tmp_path / "probes", made_._replace(medians=np.arange(1, 7, dtype=np.float32)))
    return tmp_path / "probes"


def test_medians_come_back(probes):
    assert read_set(probes).medians.tolist() == [1, 2, 3, 4, 5, 6]
    write_set(probes, made())  # a set without medians leaves none of an older one's
    assert read_set(probes).medians is None
    assert not (probes / "medians.npy").exists()


@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf])
def test_medians_that_are_none(probes, bad):
    np.save(probes / "medians.npy", np.array([1, 2, 3, 4, 5, bad], np.float32))
    with pytest.raises(DataError, match=r"medians\.npy holds a median"):
        read_set(probes)
    (probes / "medians.npy").unlink()
    with pytest.raises(DataError, match=r"medians\.npy is missing"):
        read_set(probes)


def test_an_older_set_is_replaced(folder):
    write_set(folder, made(9))
    assert len(read_set(folder).codes) == 9


def test_nothing_else_is_replaced(folder):
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="name a new folder"):
        write_set(folder, made())
    assert (folder / "notes.txt").read_text() == "mine"
    with pytest.raises(OutputError, match="is a file"):
        write_set(folder / "notes.txt", made())
    (folder.parent / "new").mkdir()
    write_set(folder.parent / "new", made())
    write_set(folder.parent / "no" / "set", made())
    assert (folder.parent / "no" / "set" / "set.json").is_file()


@pytest.mark.parametrize("byte", [b"(", b"\xff", b"\x00", b"'", b"\\"])
def test_headers_that_numpy_cannot_parse(folder, byte):
    """NumPy raises what Python's tokenizer does."""
    path = folder / "codes.npy"
    data = path.read_bytes()
    for at in range(10, 60):
        path.write_bytes(data[:at] + byte + data[at + 1 :])
        if data[at : at + 1] == byte:
            continue
        with pytest.raises(DataError, match=r"codes\.npy"):
            read_set(folder)
