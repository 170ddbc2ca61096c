"""A proxy between us and the server: late, cut, garbled, or with pages of its own."""

import time
from contextlib import closing

import numpy as np
import pytest

from regplug.errors import BackendError
from regplug.models import triton
from regplug.models.repository import read_card
from regplug.scoring.backend import BackendOptions
from tests.faults.fakes import PROTOCOLS, Served, gc_scores, proxied

pytest.importorskip("tritonclient")

FAULT = pytest.mark.fault
CODES = np.random.default_rng(1).integers(0, 4, (300, 21)).astype(np.uint8)
both = pytest.mark.parametrize("protocol", ["http", "grpc"])


@pytest.fixture
def served(place):
    return Served(read_card(place.model))


def predict(url, **options):
    made = triton.regplug_open_backend(url, "gc", BackendOptions(**{"retry_seconds": 20} | options))
    with closing(made):
        return made.predict(CODES)


@both
@FAULT("proxies", "each answer comes late")
def test_delay(served, protocol):
    def late(_, data):
        time.sleep(0.2)
        return data

    with PROTOCOLS[protocol](served) as url, proxied([url], late) as between:
        np.testing.assert_array_equal(predict(between), gc_scores(CODES))


@both
@pytest.mark.parametrize("at", [1, 2, 3, 5, 8])
@FAULT("proxies", "connections are cut within an answer, and new ones are made")
def test_cuts(served, protocol, at):
    """Each of the first connections is cut in its nth piece of an answer."""
    pieces = dict.fromkeys(range(6), 0)

    def cut(number, data):
        if number in pieces:
            pieces[number] += 1
            if pieces[number] == at:
                return None
        return data

    with PROTOCOLS[protocol](served) as url, proxied([url], cut) as between:
        np.testing.assert_array_equal(predict(between), gc_scores(CODES))


@both
@FAULT("proxies", "every connection is cut within its first answer")
def test_always_cut(served, protocol):
    with (
        PROTOCOLS[protocol](served) as url,
        proxied([url], lambda _, data: None) as between,
        pytest.raises(BackendError, match=f"{between} does not answer"),
    ):
        predict(between, retry_seconds=0.5)


@both
@pytest.mark.parametrize("number", range(6))
@FAULT("proxies", "garbage in place of an answer")
def test_garbage(served, protocol, number):
    rng = np.random.default_rng(number)
    pieces = 0

    def garble(_, data):
        nonlocal pieces
        pieces += 1
        return rng.bytes(len(data)) if pieces > number else data

    with (
        PROTOCOLS[protocol](served) as url,
        proxied([url], garble) as between,
        pytest.raises(BackendError, match=f"{between} "),
    ):
        predict(between, retry_seconds=0.5)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@FAULT("proxies", "429, 502, 503 and 504 with a page of HTML, a few times and always")
def test_busy(served, status):
    with PROTOCOLS["http"](served) as url:
        served.statuses = [status] * 4
        np.testing.assert_array_equal(predict(url), gc_scores(CODES))
        assert served.statuses == []
        served.statuses = [status] * 1000
        with pytest.raises(BackendError, match=f"{url} does not answer when asked for gc"):
            predict(url, retry_seconds=0.5)


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
@FAULT("proxies", "a page of HTML with 200, 401, 403, 404 or 500 in place of an answer")
def test_pages(served, status):
    with PROTOCOLS["http"](served) as url:
        served.statuses = [status] * 1000
        with pytest.raises(BackendError, match=f"{url} refused gc for codes of shape"):
            predict(url)
        assert len(served.statuses) > 900


@both
@FAULT("proxies", "nothing behind the proxy")
def test_nothing_behind(served, protocol):
    with PROTOCOLS[protocol](served) as url, proxied([url]) as between:
        made = triton.regplug_open_backend(between, "gc", BackendOptions(retry_seconds=0.5))
    with closing(made), pytest.raises(BackendError, match=f"{between} does not answer"):
        made.predict(CODES)
