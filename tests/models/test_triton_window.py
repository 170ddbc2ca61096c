"""How many requests are under way: never more than may be, and as many as a server can use.

Servers are simulated: of so many instances, each computes one request at a time in a second, and a
request is on its way for some time more. Then answers a second are known.
"""

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regplug.models import triton
from regplug.models.repository import read_card
from regplug.models.triton_window import PAYS, Climb, Window
from regplug.scoring.backend import BackendOptions
from tests.faults.fakes import PROTOCOLS, Served, gc_scores
from tests.toy_models import gc_model

numbers = st.integers(1, 64)
CODES = np.random.default_rng(1).integers(0, 4, (4000, 21)).astype(np.uint8)


def rate(size: int, instances: int, way: float) -> float:
    """Return answers a second with so many requests under way: Little's law, both bounds."""
    return min(size / (1 + way), instances)


def settled(most: int, instances: int, way: float, rounds: int = 200) -> list[int]:
    """Return the sizes of the last rounds of many."""
    climb, sizes = Climb(most), []
    for _ in range(rounds):
        sizes.append(climb.size)
        climb.judge(rate(climb.size, instances, way))
    return sizes[rounds // 2 :]


def most_often(sizes: list[int]) -> int:
    return max(set(sizes), key=sizes.count)


@given(most=numbers, rates=st.lists(st.floats(0, 1e6) | st.none(), max_size=200))
def test_whatever_is_measured_a_size_is_from_one_to_the_most(most, rates):
    climb = Climb(most)
    for found in rates:
        climb.fall() if found is None else climb.judge(found)
        assert 1 <= climb.size <= most


@given(most=numbers, way=st.floats(0, 0.09))
def test_a_server_that_does_one_at_a_time_is_asked_for_one(most, way):
    assert most_often(settled(most, 1, way)) == 1


@given(most=numbers, instances=numbers, way=st.floats(0, 3))
def test_no_server_is_left_idle(most, instances, way):
    best = max(rate(size, instances, way) for size in range(1, most + 1))
    size = most_often(settled(most, instances, way))
    # Twice as many do not pay: a step that gives less than PAYS is not taken, whatever comes after.
    assert rate(size, instances, way) * PAYS >= rate(min(2 * size, most), instances, way)
    assert rate(size, instances, way) * PAYS**2 >= best


@given(most=numbers, instances=numbers, way=st.floats(0, 3))
def test_no_more_are_asked_than_twice_what_a_server_can_use(most, instances, way):
    enough = instances * (1 + way)
    assert most_often(settled(most, instances, way)) <= max(1, 2 * enough)


@given(before=numbers, after=numbers)
def test_a_server_that_changes_is_followed(before, after):
    climb = Climb(64)
    for instances in (before, after):
        sizes = []
        for _ in range(300):
            climb.judge(rate(climb.size, instances, 0))
            sizes.append(climb.size)
        assert rate(most_often(sizes[150:]), instances, 0) * PAYS**2 >= instances


def test_a_busy_server_is_asked_for_half():
    window = Window(8)
    for _ in range(4):
        with ExitStack() as under_way:
            for _ in range(window.size):
                under_way.enter_context(window.place())
            for _ in range(16):
                window.answered(1.0)  # as fast with all that are under way: more pay
    assert window.size == 8
    window.failed()
    assert window.size == 4


def test_whoever_waits_for_a_place_learns_that_it_is_closed():
    window = Window(1)
    with window.place(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(window.place().__enter__)
        window.close()
        with pytest.raises(CancelledError):
            waiting.result(timeout=30)


class Counting:
    """Answers as the model gc does, and counts how many requests are there at once."""

    def __init__(self, at_once: int) -> None:
        self._lock, self._instances = threading.Lock(), threading.Semaphore(at_once)
        self._here = self.most = 0

    def __call__(self, codes):
        with self._lock:
            self._here += 1
            self.most = max(self.most, self._here)
        with self._instances:
            threading.Event().wait(0.002)
        with self._lock:
            self._here -= 1
        return gc_scores(codes)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("at_once", [1, 3, 16])
@pytest.mark.parametrize("limit", [1, 2, 8])
def test_a_server_never_has_more_requests_than_the_limit(
    tmp_path, monkeypatch, protocol, at_once, limit
):
    pytest.importorskip("tritonclient")
    gc_model(tmp_path)
    answer = Counting(at_once)
    served = Served(read_card(tmp_path / "gc"), answer)
    monkeypatch.setattr(triton, "IN_FLIGHT", limit)
    with PROTOCOLS[protocol](served) as url:
        backend = triton.regplug_open_backend(url, "gc", BackendOptions())
        with closing(backend), ThreadPoolExecutor(3) as pool:
            found = list(pool.map(backend.predict, [CODES, CODES[::-1], CODES[:7]]))
    assert answer.most <= limit
    for codes, scores in zip([CODES, CODES[::-1], CODES[:7]], found, strict=True):
        np.testing.assert_array_equal(scores, gc_scores(codes))
