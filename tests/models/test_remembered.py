"""What a model has answered before is not asked again, and is the same to the last bit."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from regplug.errors import CacheError, ModelError
from regplug.models.cache import Cache
from regplug.models.embedded import Embedded
from regplug.models.remembered import ENTRY, Remembered
from tests.toy_models import position_model, profile_model

OURS = Path(__file__).parents[2] / "model_repo"


class Counted:
    """A model that notes how many rows it was asked for, and has no argument but codes."""

    def __init__(self, backend):
        self.card, self.backend, self.rows = backend.card, backend, []

    def predict(self, codes):
        self.rows.append(len(codes))
        return self.backend.predict(codes)

    def close(self): ...


@pytest.fixture
def place(tmp_path):
    position_model(tmp_path / "repo")
    return Counted(Embedded(tmp_path / "repo" / "place", threads=1))


@pytest.fixture
def codes():
    return np.random.default_rng(3).integers(0, 5, (300, 21)).astype(np.uint8)


def test_a_row_is_asked_for_once_in_a_batch_and_in_the_next(place, codes):
    remembered = Remembered(place)
    order = np.random.default_rng(4).integers(0, 40, 500)
    np.testing.assert_array_equal(
        remembered.predict(codes[order]), place.backend.predict(codes[order])
    )
    assert place.rows == [len(set(order))]
    answers = remembered.predict(codes[30:50])
    np.testing.assert_array_equal(answers, place.backend.predict(codes[30:50]))
    assert place.rows[1:] == [20 - len(set(order) & set(range(30, 50)))]
    answers[:] = 0  # whoever changes an answer changes his own
    assert remembered.predict(codes[30:50]).any()
    assert remembered.predict(codes[:0]).shape == (0, 2)


def test_the_memory_is_bounded_and_keeps_what_was_used_last(place, codes):
    remembered = Remembered(place, room=100 * (len("scores") + 21 + 8 + ENTRY))
    remembered.predict(codes[:100])
    remembered.predict(codes[:50])
    remembered.predict(codes[100:150])  # the second half of the first makes room
    assert place.rows == [100, 50]
    remembered.predict(codes[:50])
    remembered.predict(codes[50:100])
    assert place.rows == [100, 50, 50]
    assert Remembered(place, room=0).predict(codes).tolist() == place.predict(codes).tolist()


def test_another_run_finds_all_of_it(place, codes, tmp_path):
    with Cache(tmp_path / "kept") as cache:
        first = Remembered(place, cache).predict(codes)
        assert (cache.asked, cache.found) == (300, 0)
    with Cache(tmp_path / "kept") as cache:
        again = Remembered(place, cache).predict(codes[::-1])
        assert (cache.asked, cache.found, cache.trouble) == (300, 300, "")
    assert place.rows == [300]
    assert first[::-1].tobytes() == again.tobytes()


@pytest.mark.parametrize("value", [b"\0" * 12, b"", b"\0\0\xc0\x7f" * 2, b"\0\0\x80\x7f" * 2])
def test_a_stranger_s_value_is_an_answer_or_an_error(place, codes, tmp_path, value):
    """Its digest is right, its size or what it says is not."""
    with Cache(tmp_path / "strange") as cache:
        remembered = Remembered(place, cache, room=0)
        cache.put(dict.fromkeys(remembered._keys(codes, [place.card.main]), value))
        with pytest.raises(CacheError, match="is damaged"):
            remembered.predict(codes)


def test_other_weights_engines_and_outputs_are_others(tmp_path, codes):
    profile_model(tmp_path)
    codes = np.minimum(codes[:, :12], 4)
    with Cache(tmp_path / "kept") as cache:
        backend = Embedded(tmp_path / "profile", threads=1)
        names = [(), ("profile",), ("profile", "log_counts"), ("log_counts", "profile")]
        asked = [Remembered(backend, cache).predict(codes, name) for name in names]
        assert cache.found == 0
        for name, first in zip(names, asked, strict=True):
            plain, again = (b.predict(codes, name) for b in (backend, Remembered(backend, cache)))
            np.testing.assert_equal(first, plain)
            np.testing.assert_equal(again, plain)
        assert cache.found == 1200
        other = Embedded(tmp_path / "profile", threads=1)
        other.card = replace(other.card, sha256="0" * 64)
        Remembered(other, cache).predict(codes)
        other = Embedded(tmp_path / "profile", threads=1)
        other.engine = "onnxruntime 99"
        Remembered(other, cache).predict(codes)
        assert cache.found == 1200


def test_a_model_without_a_sha256_has_no_cache(place, tmp_path):
    place.card = replace(place.card, sha256="")
    with Cache(tmp_path / "kept") as cache, pytest.raises(ModelError, match="no sha256"):
        Remembered(place, cache)
    Remembered(place)


def test_what_else_a_model_offers_goes_past_no_cache(place, tmp_path):
    place.faster = lambda: "fast"
    assert Remembered(place).faster() == "fast"
    with Cache(tmp_path / "kept") as cache:
        assert not hasattr(Remembered(place, cache), "faster")


@pytest.mark.parametrize("name", ["deepbind_encode", "basset_dhs4"])
def test_a_row_has_the_same_bits_in_whatever_batch(name, tmp_path):
    """Without that, an answer that was kept would not be the one that a run computes."""
    backend = Embedded(OURS / name, threads=1)
    rows = np.random.default_rng(5).integers(0, 4, (70, backend.card.window)).astype(np.uint8)
    whole = backend.predict(rows)
    for size in (1, 3, 64):
        parts = [backend.predict(rows[at : at + size]) for at in range(0, 70, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_keys_do_not_hang_on_how_codes_lie_in_memory(place, codes, tmp_path):
    with Cache(tmp_path / "kept") as cache:
        Remembered(place, cache).predict(codes)
        Remembered(place, cache).predict(np.asfortranarray(codes))
        assert cache.found == 300
    with sqlite3.connect(tmp_path / "kept") as file:
        assert file.execute("SELECT count(*), min(length(value)) FROM answers").fetchone() == (
            *(300, 8 + 2 * 4),
        )
