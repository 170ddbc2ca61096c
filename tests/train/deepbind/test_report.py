"""The report is one page that needs nothing else, and says what the run's files say."""

import base64
import dataclasses
import json
import shutil
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from regplug.data.sets.training import TrainingSet
from regplug.errors import DataError, MotifError
from regplug.files.weights import WEIGHTS, load_weights
from regplug.genome.codes import encode
from regplug.motifs.matches import jaspar
from regplug.train.deepbind.motifs import bound_codes, filters_of
from regplug_deepbind.network import Network
from regplug_deepbind.stored import Stored
from tests.toy_runs import BOUND, CARD, PROBES, toy_inputs, train

pytestmark = pytest.mark.slow

VOID = {"meta", "img", "br"}
PICTURE = "data:image/svg+xml;base64,"


class Page(HTMLParser):
    """A page whose tags all close; keeps what they hold."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        assert len(dict(attributes)) == len(attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag):
        return [attributes for one, attributes in self.tags if one == tag]

    def said(self, tag):
        return [text for one, text in self.texts if one == tag and text]


@pytest.fixture
def page(toy_run):
    return Page((toy_run / "run" / "report.html").read_text())


@pytest.fixture
def copied(toy_run, tmp_path):
    """Return a copy of the toy run that may be changed."""
    shutil.copytree(toy_run, tmp_path / "toy")
    return tmp_path / "toy"


def test_nothing_is_fetched_or_run(page):
    assert page.all("script") == page.all("link") == page.all("iframe") == []
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", PICTURE)), (tag, attributes)
    policy = next(one for one in page.all("meta") if "http-equiv" in one)["content"]
    assert policy.startswith("default-src 'none'")


def test_links_lead_to_the_targets(page):
    anchors = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(anchors)) == len(anchors)
    links = [one["href"][1:] for tag in ("a", "use") for one in page.all(tag)]
    assert set(links) <= set(anchors)
    assert page.said("a") == page.said("h2") == [BOUND, PROBES]


def test_pictures_are_whole(page):
    pictures = [one["src"] for one in page.all("img")]
    assert len(pictures) == 6  # three of each target
    for picture in pictures:
        root = ElementTree.fromstring(base64.b64decode(picture.removeprefix(PICTURE)))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_figures_are_those_of_the_run(page, toy_run):
    metrics = json.loads((toy_run / "run" / "metrics.json").read_text())
    shown = page.said("b")
    for target in (BOUND, PROBES):
        one = metrics["targets"][target]
        for value, low, high in (one["test"], *one["also"].values()):
            assert f"{value:.3f}" in shown
            assert f"{low:.3f}–{high:.3f}" in page.said("span")
    text = " ".join(text for _, text in page.texts)
    assert "30 bound, 30 unbound" in text
    assert "Pearson correlation of intensities (predictions times" in text
    assert "it is of RNA" in text  # and not compared with JASPAR
    assert metrics["command"] in page.said("code")


def test_settings_are_ranked_and_diverged_ones_named(page, toy_run):
    cells = page.said("td")
    diverged = 0
    for target in (BOUND, PROBES):
        tried = json.loads((toy_run / "run" / target / "result.json").read_text())["tried"]
        losses = [[loss for loss in one["validation"] if loss is not None] for one in tried]
        best = min(losses[0])
        assert f"{best:.4g} (kept)" in cells
        assert all(best <= min(own) for own in losses[1:] if own)
        diverged += losses.count([])
    assert cells.count("diverged") == diverged > 0
    assert sum(one.get("class") == "kept" for one in page.all("tr")) == 2


def test_a_finished_run_gets_the_same_report_again(copied):
    report = copied / "run" / "report.html"
    before = report.read_bytes()
    report.unlink()
    train(copied)
    assert report.read_bytes() == before


def test_networks_are_kept_if_the_report_fails(regplug, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise MotifError("the pen is dry")

    toy_inputs(tmp_path)
    monkeypatch.setattr("regplug.train.deepbind.report.filters_of", fail)
    done = regplug(
        *("train", "deepbind", tmp_path / "recipe.toml", tmp_path / "train" / PROBES),
        *("-o", tmp_path / "run", "--set", "settings=1", "--set", "steps=5", "--set", "finals=1"),
        *("--set", "learning_rate=[1e-3, 1e-2]"),
    )
    assert (done.status, "the pen is dry" in done.err) == (1, True)
    assert list(load_weights(tmp_path / "run" / WEIGHTS)) == [PROBES]
    assert (tmp_path / "run" / "metrics.json").exists()
    assert not (tmp_path / "run" / "report.html").exists()


def test_without_a_test_set(copied):
    for target in (BOUND, PROBES):
        path = copied / "run" / target / "result.json"
        result = json.loads(path.read_text())
        path.write_text(json.dumps(result | {"test": None, "also": {}, "test_rows": [0, 0]}))
    run = copied / "run" / "run.json"
    run.write_text(json.dumps(json.loads(run.read_text()) | {"tests": {}}))
    train(copied, tested=False)
    page = Page((copied / "run" / "report.html").read_text())
    assert len(page.all("img")) == 4
    assert page.said("td").count("no test set") == 2
    text = " ".join(text for _, text in page.texts)
    assert text.count("how good the network is was not measured") == 2


@pytest.mark.parametrize("damage", [b"", b"no", np.lib.format.MAGIC_PREFIX])
def test_damaged_scores_are_named(copied, damage):
    report = (copied / "run" / "report.html").read_bytes()
    (copied / "run" / PROBES / "test_scores.npy").write_bytes(damage)
    with pytest.raises(DataError, match=r"test_scores\.npy.*--resume"):
        train(copied)
    assert (copied / "run" / "report.html").read_bytes() == report


def network(word, *, both):
    """Return a network whose one filter answers to `word`, and hardly to what misses a base."""
    codes = encode(word)
    return Network(
        detectors=np.eye(4, dtype=np.float32)[codes][:, :, None],
        thresholds=np.array([1.5 - len(word)], np.float32),
        weights1=np.ones((1, 1), np.float32),
        biases1=np.zeros(1, np.float32),
        weights2=None,
        bias2=0.0,
        reverse_complement=both,
        average_pooling=False,
    )


def stored(made: Network) -> Stored:
    return Stored("toy", "", lambda: made)


def test_a_filter_by_hand():
    codes = np.stack([encode(word) for word in ("CCGAUACC", "GAUACCCC", "CCCCCCCC")])
    filters, known = filters_of({"toy": stored(network("GAUA", both=False))}, {"toy": codes})
    (one,) = filters["toy"]
    assert (known, one.known, one.number) == ("", [], 0)
    assert (one.consensus, one.motif.sites) == ("GAUA", 2)
    assert [(at.letter, at.column) for at in one.logo] == list(zip("GAUA", range(4), strict=True))
    assert all(at.base < 0.01 for at in one.logo)
    assert [at.bits for at in one.logo] == pytest.approx([2] * 4, abs=0.01)


def test_the_clearest_filter_comes_first():
    """One sequence has GAUA, 8 bits; ten have UUCG, or UUAG, 7 bits each."""
    words = ("GAUA", "UUCG")
    short, long = (network(word, both=False) for word in words)
    two = dataclasses.replace(
        short,
        detectors=np.concatenate([short.detectors, long.detectors], axis=2),
        thresholds=np.array([-2.5, -2.5], np.float32),
        weights1=np.ones((2, 1), np.float32),
    )
    found = ["CCGAUACC", *["CCUUCGCC"] * 5, *["CCUUAGCC"] * 5]
    filters, _ = filters_of(
        {"toy": stored(two)}, {"toy": np.stack([encode(word) for word in found])}
    )
    assert [(one.number, one.motif.sites) for one in filters["toy"]] == [(1, 10), (0, 1)]


def test_motifs_are_made_of_the_bound_and_of_the_bright():
    codes = np.arange(6, dtype=np.uint8)[:, None].repeat(20, axis=1) % 5
    targets = np.array([0, 1, 1, 0, 1, 0], np.float32)
    made = TrainingSet(codes, targets, np.zeros(6, np.uint8), CARD)
    assert bound_codes(made)[:, 0].tolist() == [1, 2, 4]
    card = msgspec.structs.replace(CARD, kind="regression", positives=None)
    bright = made._replace(targets=np.array([-1, 0.5, 2, -3, 1, 0], np.float32), card=card)
    assert bound_codes(bright)[:, 0].tolist() == [2, 4, 1]


def test_a_filter_of_dna_is_known_to_jaspar():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (200, 30), dtype=np.uint8)
    codes[:, 10:19] = encode("ATGACTCAT")  # AP-1
    networks = {name: stored(network("ATGACTCAT", both=name == "dna")) for name in ("dna", "rna")}
    filters, known = filters_of(networks, {"dna": codes, "rna": codes})
    assert known.startswith("JASPAR")
    (one,), (other,) = filters["dna"], filters["rna"]
    consensus = {motif.name: motif.consensus() for motif in jaspar().motifs}[one.known[0].name]
    assert "TGACTCA" in consensus or "TGAGTCA" in consensus
    assert one.known[0].p < one.shuffled
    assert (other.known, other.consensus) == ([], "AUGACUCAU")


def test_a_filter_of_yeast_is_known_among_fungi():
    """TTACCCG is the core of Reb1, and of its paralogue Nsi1."""
    codes = np.random.default_rng(1).integers(0, 4, (200, 30), dtype=np.uint8)
    codes[:, 10:17] = encode("TTACCCG")
    filters, known = filters_of(
        {"Reb1": stored(network("TTACCCG", both=True))}, {"Reb1": codes}, "fungi"
    )
    assert known.endswith("CORE fungi")
    assert filters["Reb1"][0].known[0].also.upper() in {"REB1", "NSI1"}
