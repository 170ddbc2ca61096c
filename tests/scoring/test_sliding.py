"""Windows at a step: the numbers of window by window, in whatever stretch."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from regplug.models.embedded import Embedded
from regplug.models.repository import read_card, read_onnx
from regplug.scoring import sliding
from regplug.scoring.sliding import window_predictions
from tests.models.variants.toy_graphs import reference
from tests.toy_models import position_model

OURS = Path(__file__).parents[2] / "model_repo"
NAMES = ["deepbind_encode", "open_chromatin", "yeast"]


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest) -> Embedded:
    return Embedded(OURS / request.param, threads=1)


def drawn(*lengths: int) -> list[np.ndarray]:
    """Return stretches with some unknown bases."""
    random = np.random.default_rng(3)
    return [random.choice(5, length, p=[0.24] * 4 + [0.04]).astype(np.uint8) for length in lengths]


@pytest.mark.parametrize("step", [1, 12, 50])
def test_values_are_those_of_window_by_window(backend: Embedded, step: int) -> None:
    """Both are off by float32's rounding: at most 1e-5, or twice the plain pass's own error."""
    width = backend.card.window or 0
    stretches = drawn(width + 40 * step, width, width + 7 * step + step // 2)
    found = window_predictions(stretches, backend, width=width, step=step)
    windows = [sliding_window_view(codes, width)[::step] for codes in stretches]
    assert [len(of) for of in found] == [len(of) for of in windows] == [41, 1, 8]
    plain = [backend.predict(of) for of in windows]
    checked = slice(0, 40, 20)
    folder = OURS / backend.card.name
    graph = onnx.load_from_string(read_onnx(folder, read_card(folder)))
    exact = reference(graph, windows[0][checked])
    own = float(abs(plain[0][checked] - exact).max())
    assert float(abs(found[0][checked] - exact).max()) <= max(1e-5, 2 * own)
    for ours, theirs in zip(found, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_a_window_has_the_same_bits_in_whatever_stretch(
    backend: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So tracks of other regions, and of runs in parts, have the same values."""
    width, step = backend.card.window or 0, 10
    (codes,) = drawn(width + 199 * step)
    (whole,) = window_predictions([codes], backend, width=width, step=step)
    for first, many in ((0, 1), (3, 5), (130, 70)):
        part = codes[first * step : (first + many - 1) * step + width]
        (found,) = window_predictions([part], backend, width=width, step=step)
        assert found.tobytes() == whole[first : first + many].tobytes()
    monkeypatch.setattr(sliding, "WINDOWS", 9)
    (found,) = window_predictions([codes], backend, width=width, step=step)
    assert found.tobytes() == whole.tobytes()


def test_no_window_is_computed_window_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each base is read once where windows share it, and few twice, between requests."""
    backend = Embedded(OURS / "open_chromatin", threads=1)
    width = backend.card.window or 0
    (codes,) = drawn(width + 299 * 20)
    read = []
    asked = backend.predict_variants
    monkeypatch.setattr(backend, "predict_variants", lambda of: read.extend(of) or asked(of))
    monkeypatch.setattr(backend, "predict", None)
    window_predictions([codes], backend, width=width, step=20)
    assert [len(request.starts) for request in read] == [128, 128, 44]
    assert sum(len(request.block) for request in read) == len(codes) + 2 * (width - 20)


def test_a_model_that_shares_nothing_and_windows_side_by_side(tmp_path: Path) -> None:
    position_model(tmp_path, window=20)
    toy = Embedded(tmp_path / "place", threads=1)
    assert toy.sizes is None
    (codes,) = drawn(200)
    (found,) = window_predictions([codes], toy, width=20, step=3)
    np.testing.assert_array_equal(found, toy.predict(sliding_window_view(codes, 20)[::3]))
    ours = Embedded(OURS / "yeast", threads=1)
    width = ours.card.window or 0
    (codes,) = drawn(5 * width)
    (found,) = window_predictions([codes], ours, width=width, step=width)
    np.testing.assert_array_equal(found, ours.predict(codes.reshape(5, width)))
