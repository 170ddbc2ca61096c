"""Two models of one name at one address: what is written is one model's, or nothing is."""

import itertools
import threading
from contextlib import closing, contextmanager

import msgspec
import numpy as np
import pysam
import pytest

from regplug.errors import BackendError
from regplug.models import triton
from regplug.models.repository import read_card
from regplug.scoring.backend import BackendOptions
from tests.faults.fakes import PROTOCOLS, Served, gc_scores, over_grpc, over_http, proxied

pytest.importorskip("tritonclient")

both = pytest.mark.parametrize("protocol", ["http", "grpc"])
CODES = np.random.default_rng(1).integers(0, 4, (1000, 21)).astype(np.uint8)


def later_scores(codes):
    """Return the scores of version 2."""
    return gc_scores(codes) * np.float32(1.5)


@pytest.fixture
def versions(place_of):
    """A place with many ALTs, and what serves version 1 and 2."""
    place = place_of(600)
    card = read_card(place.model)
    later = msgspec.structs.replace(card, version="2", sha256="2" * 64)
    return place, Served(card), Served(later, later_scores)


@pytest.fixture
def annotate(versions, regplug):
    place = versions[0]

    def run(url):
        line = ["annotate", place / "in.vcf", "--fasta", place / "genome.fa", "--model", "gc"]
        return regplug(*line, "--model-repo", url, "-o", place / "out.vcf", "--targets", "T0")

    return run


@both
@pytest.mark.fault("versions", "two servers with two versions behind one address, by connection")
def test_two_servers_behind_one_address(versions, annotate, protocol):
    place, *served = versions
    serve = PROTOCOLS[protocol]
    with (
        serve(served[0]) as first,
        serve(served[1]) as second,
        proxied([first, second, second]) as url,
    ):
        done = annotate(url)
    assert done.status == 1
    assert "another gc" in done.err or "two models called gc" in done.err
    assert not (place / "out.vcf").exists()


@pytest.mark.fault("versions", "the card from one version, all scores from the other")
def test_the_card_of_one_and_the_scores_of_the_other(versions, annotate):
    place, *served = versions
    with (
        over_grpc(served[0]) as first,
        over_grpc(served[1]) as second,
        proxied([second] + [first] * 1000) as url,  # the first connection is that of opening
    ):
        done = annotate(url)
    assert done.status == 1
    assert "now has another gc" in done.err
    assert not (place / "out.vcf").exists()


@both
@pytest.mark.parametrize("share", [1, 2, 7])
@pytest.mark.fault("versions", "a proxy that sends each request to either version")
def test_requests_that_take_turns(versions, annotate, protocol, share):
    """All that is not scores comes from version 1: nothing but the scores tells."""
    place, served, _ = versions
    turn = itertools.count(1)
    served.answer = lambda codes: (gc_scores if next(turn) % (share + 1) else later_scores)(codes)
    with PROTOCOLS[protocol](served) as url:
        done = annotate(url)
    assert done.status == 1
    assert "two models called gc answer at one address" in done.err
    assert not (place / "out.vcf").exists()


@both
@pytest.mark.fault("versions", "a model that is replaced, and put back, between two checks")
def test_a_model_that_is_swapped_for_a_moment(versions, protocol):
    served = versions[1]
    with PROTOCOLS[protocol](served) as url, opened(url) as backend:
        expected = backend.predict(CODES)
        np.testing.assert_allclose(expected, gc_scores(CODES))
        served.answer = later_scores
        with pytest.raises(BackendError, match="two models called gc"):
            backend.predict(CODES)
        served.answer = gc_scores
        np.testing.assert_array_equal(backend.predict(CODES), expected)


@both
@pytest.mark.fault("versions", "an answer that names another version, with the same scores")
def test_an_answer_of_another_version(versions, protocol):
    served = versions[1]
    with PROTOCOLS[protocol](served) as url, opened(url) as backend:
        backend.predict(CODES)
        served.version = "2"
        with pytest.raises(BackendError, match=r"versions 1 and 2"):
            backend.predict(CODES)


@both
@pytest.mark.fault("versions", "a server that takes one row at a time is replaced")
def test_one_row_at_a_time(versions, protocol):
    """There is no room for a row that proves: each answer is checked."""
    _, served, later = versions
    for each in (served, later):
        each.card = msgspec.structs.replace(each.card, max_batch_size=1)
    with PROTOCOLS[protocol](served) as url, opened(url) as backend:
        np.testing.assert_allclose(backend.predict(CODES[:9]), gc_scores(CODES[:9]))
        served.answer, served.card = later_scores, later.card
        with pytest.raises(BackendError, match="now has another gc"):
            backend.predict(CODES[:9])


@both
@pytest.mark.parametrize("lengths", [1000, 2])
@pytest.mark.fault("versions", "sequences of many lengths, of which each is new to the run")
def test_sequences_of_many_lengths(versions, protocol, lengths, monkeypatch):
    monkeypatch.setattr("regplug.models.triton_proof.LENGTHS", lengths)
    _, served, later = versions
    for each in (served, later):
        each.card = msgspec.structs.replace(each.card, window=None)
    with PROTOCOLS[protocol](served) as url, opened(url) as backend:
        for width in range(5, 12):
            codes = CODES[:100, :width]
            np.testing.assert_allclose(backend.predict(codes), gc_scores(codes))
        served.answer, served.card = later_scores, later.card
        for width in (7, 15):
            with pytest.raises(BackendError, match=r"now has another gc|two models called gc"):
                backend.predict(CODES[:100, :width])


@pytest.mark.fault("versions", "one model on two servers: no false alarm")
def test_one_model_on_two_servers(versions, annotate):
    place, served, _ = versions
    rng, lock = np.random.default_rng(2), threading.Lock()

    def nearly(codes):
        with lock:  # as two GPUs differ
            return gc_scores(codes) * (1 + rng.normal(0, 1e-5, (len(codes), 2)).astype(np.float32))

    twin = Served(served.card, nearly)
    with over_http(served) as first, over_http(twin) as second, proxied([first, second]) as url:
        done = annotate(url)
    assert done.status == 0, done.err
    with pysam.VariantFile(str(place / "out.vcf")) as file:
        assert sum("RP_GC_T0" in record.info for record in file) > 500
    assert served.requests > 0
    assert twin.requests > 0


@contextmanager
def opened(url):
    with closing(triton.regplug_open_backend(url, "gc", BackendOptions(retry_seconds=5))) as made:
        yield made
