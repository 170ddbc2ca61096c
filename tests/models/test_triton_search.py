"""`regplug models search` where the models are on the real Triton."""

import shutil

import pytest
from msgspec.structs import replace

from regplug.models.repository import read_card, rewrite_card
from regplug.models.server import serving
from tests.toy_models import gc_model, position_model

pytestmark = pytest.mark.triton
ABOUT = [
    {"cell": "K562", "assay": "ATAC-seq", "ontology": "EFO:0002067", "accession": "ENC1"},
    {"cell": "HepG2 µ", "tissue": 'the "liver"', "assay": "DNase-seq"},
]


@pytest.fixture(scope="module")
def noted(tmp_path_factory):
    """Return a repository of gc, whose targets have notes, and place, whose have none."""
    repo = tmp_path_factory.mktemp("noted")
    card = gc_model(repo)
    position_model(repo)
    targets = tuple(replace(t, about=about) for t, about in zip(card.targets, ABOUT, strict=True))
    rewrite_card(repo / "gc", replace(read_card(repo / "gc"), targets=targets))
    return repo


@pytest.fixture(scope="module")
def served(triton_installed, noted):
    with serving(noted) as running:
        yield running


@pytest.mark.parametrize(
    "words",
    [
        [], ["k562"], ["K562", "--assay", "atac"], ["--tissue", '"liver"'], ["gc", "--cell", "µ"],
        ["place"], ["EFO:0002067"], ["nothing"], ["K562", "--assay", "DNase"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_server_and_its_folder_give_the_same(regplug, noted, served, protocol, words):
    on_server = regplug("models", "search", *words, "--model-repo", getattr(served, protocol))
    in_folder = regplug("models", "search", *words, "--model-repo", noted)
    assert on_server == in_folder
    assert on_server.status == (1 if "nothing" in words or "DNase" in words else 0)


def test_a_server_beside_a_folder(regplug, noted, served, tmp_path):
    mine = tmp_path / "mine"
    gc_model(mine, "gc_mine")
    shutil.copytree(noted / "place", mine / "place")
    done = regplug("models", "search", "--model-repo", mine, "--also", served.grpc)
    rows = [line.split("\t")[:2] for line in done.out.splitlines()[1:]]
    assert rows == [  # place, which is in both, is named once
        ["gc_mine", "T0"], ["gc_mine", "T1"], ["place", "T0"], ["place", "T1"],
        ["gc", "T0"], ["gc", "T1"],
    ]  # fmt: skip


def test_a_server_that_is_away_is_no_empty_answer(regplug, noted):
    done = regplug(
        "models", "search", "K562", "--model-repo", noted, "--also", "grpc://127.0.0.1:9"
    )
    assert (done.status, done.out) == (1, "")
    assert "127.0.0.1:9" in done.err
