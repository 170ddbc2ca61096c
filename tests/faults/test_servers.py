"""A server that is stopped, killed or loses its model in the midst of a run."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
import numpy as np
import pytest

from regplug.errors import BackendError, ModelError
from regplug.models import triton
from regplug.models.repository import read_card
from regplug.models.server import local_server, serving
from regplug.scoring.backend import BackendOptions
from tests.faults.fakes import PROTOCOLS, Served, gc_scores

pytest.importorskip("tritonclient")

FAULT = pytest.mark.fault
CODES = np.random.default_rng(1).integers(0, 4, (300, 21)).astype(np.uint8)
both = pytest.mark.parametrize("protocol", ["http", "grpc"])


@pytest.fixture
def served(place):
    return Served(read_card(place.model))


def opened(url, **options):
    made = triton.regplug_open_backend(url, "gc", BackendOptions(**{"retry_seconds": 20} | options))
    return closing(made)


@both
@FAULT("servers", "a model is unloaded, and loaded again")
def test_a_model_is_away_for_a_while(served, protocol):
    with PROTOCOLS[protocol](served) as url, opened(url) as backend:
        backend.predict(CODES)
        served.ready = False
        threading.Timer(1, setattr, (served, "ready", True)).start()
        np.testing.assert_array_equal(backend.predict(CODES), gc_scores(CODES))


@both
@FAULT("servers", "a model is unloaded for good")
def test_a_model_is_away(place, served, regplug, protocol, monkeypatch):
    with PROTOCOLS[protocol](served) as url:
        line = ["annotate", place / "in.vcf", "--fasta", place / "genome.fa", "--model", "gc"]
        answer = served.answer

        def once(codes):
            served.ready = False
            return answer(codes)

        served.answer = once
        monkeypatch.setattr(triton, "IN_FLIGHT", 1)
        with opened(url, retry_seconds=0.5) as backend, pytest.raises(BackendError) as error:
            backend.predict(CODES)
        assert "gc is not ready" in str(error.value) or "unknown model" in str(error.value)
        done = regplug(*line, "--model-repo", url, "-o", place / "out.vcf")
    assert done.status == 1
    assert "gc" in done.err
    assert not (place / "out.vcf").exists()


@both
@FAULT("servers", "a backend is closed while a frozen server owes answers")
def test_closing_while_requests_wait(served, protocol, monkeypatch):
    """Some requests are under way, others have not begun."""
    before, thaw = set(threading.enumerate()), threading.Event()

    def freeze(codes):
        thaw.wait(60)
        return gc_scores(codes)

    served.answer = freeze
    monkeypatch.setattr(triton, "IN_FLIGHT", 2)
    with PROTOCOLS[protocol](served) as url, ThreadPoolExecutor() as pool:
        with opened(url) as backend:
            futures = [pool.submit(backend.predict, CODES) for _ in range(3)]
            assert served.asked.wait(30)
        for future in futures:
            with pytest.raises(BackendError, match=f"gc on {url} is closed"):
                future.result(timeout=30)
        new = set(threading.enumerate()) - before
        workers = [thread for thread in new if thread.name.endswith("(_work)")]
        thaw.set()
        for worker in workers:
            worker.join(timeout=30)


@both
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": "other"}, "the name is gc, the card has other"),
        ({"sha256": "ab" * 32}, "the sha256 is"),
    ],
)
@FAULT("servers", "a card of another model")
def test_a_wrong_card(served, protocol, keys, said, monkeypatch):
    config = served.config
    served.card = msgspec.structs.replace(served.card, **keys)
    parameters = config["parameters"] | {
        "regplug_card": Served(served.card).config["parameters"]["regplug_card"]
    }
    monkeypatch.setattr(Served, "config", config | {"parameters": parameters})
    with PROTOCOLS[protocol](served) as url, pytest.raises(BackendError, match=said):
        opened(url)


@both
@pytest.mark.parametrize("text", ['{"name"', '{"name": "gc", "window": 1000000000}', "\x00"])
@FAULT("servers", "a card that is damaged")
def test_a_damaged_card(served, protocol, text, monkeypatch):
    parameters = {"regplug_card": {"string_value": text}}
    monkeypatch.setattr(Served, "config", {"max_batch_size": 64, "parameters": parameters})
    with PROTOCOLS[protocol](served) as url, pytest.raises(ModelError, match="is damaged"):
        opened(url)


@pytest.fixture
def server(place):
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    with serving(place / "models") as running:
        yield running


@pytest.mark.triton
@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@FAULT("servers", "SIGSTOP of a real server, and SIGCONT")
def test_a_server_that_stops_for_a_while(server, protocol):
    with opened(getattr(server, protocol)) as backend, ThreadPoolExecutor() as pool:
        np.testing.assert_allclose(backend.predict(CODES), gc_scores(CODES))
        os.killpg(server.process.pid, signal.SIGSTOP)
        try:
            future = pool.submit(backend.predict, CODES)
            time.sleep(2)
            assert not future.done()
        finally:
            os.killpg(server.process.pid, signal.SIGCONT)
        np.testing.assert_allclose(future.result(timeout=60), gc_scores(CODES))


@pytest.mark.triton
@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@FAULT("servers", "SIGSTOP of a real server for good")
def test_a_server_that_stops(server, protocol, monkeypatch):
    url = getattr(server, protocol)
    monkeypatch.setattr(triton, "ANSWER_SECONDS", 1.0)
    with opened(url, retry_seconds=1) as backend:
        backend.predict(CODES)
        os.killpg(server.process.pid, signal.SIGSTOP)
        try:
            with pytest.raises(BackendError, match=f"{url} does not answer when asked for gc"):
                backend.predict(CODES)
        finally:
            os.killpg(server.process.pid, signal.SIGCONT)
