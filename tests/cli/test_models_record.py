"""`regplug models record` puts what tests have written into a card, and `show` prints it."""

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from regplug.hooks.about import noted, read_notes
from regplug.models.repository import (
    check_model,
    promised_config,
    read_card,
    read_golden,
    rewrite_card,
)
from regplug.scoring.card import card_to_json
from tests.toy_models import gc_model

ROOT = Path(__file__).parents[2]
COLUMNS = "model sha256 window effect set cell figure how output value low high variants of"


@pytest.fixture
def repo(tmp_path):
    """Return a repository of gc, whose server has been tuned."""
    card = gc_model(tmp_path / "repo")
    config = tmp_path / "repo" / "gc" / "config.pbtxt"
    config.write_text(promised_config(card) + "instance_group [ { count: 4 } ]\n")
    return tmp_path / "repo"


@pytest.fixture
def card(repo):
    return read_card(repo / "gc")


@pytest.fixture
def record(regplug, repo):
    return lambda *arguments: regplug("models", "record", "gc", *arguments, "--model-repo", repo)


@pytest.fixture
def along(tmp_path, card):
    """Return a function that writes a test along a genome, of another model where one is named."""

    def write(**model):
        areas = {"auroc": 0.81239, "auroc_low": 0.7, "auroc_high": 0.9}
        areas |= {"auprc": 0.25, "auprc_low": None, "auprc_high": None}
        counts = {"label": "T1", "target": "H1", "tiles": 50, "open": 4}
        rows = [counts | {"score": score} | areas for score in ("gc", "GC", "6-mers")]
        rows.append(rows[0] | {"label": "T0", "target": "K562", "auroc": None, "auprc": None})
        record = {
            "model": {"name": "gc", "version": "1", "sha256": card.sha256} | model,
            "set": {"file": "tiles.h5", "part": "test", "contigs": ["chr1", "chr22"], "tiles": 50},
            "scores": rows,
        }
        path = tmp_path / f"{'-'.join(model) or 'metrics'}.json"
        path.write_text(json.dumps(record))
        return path

    return write


@pytest.fixture
def variants(tmp_path, card):
    """Return a function that writes a table of three models, ours of the graph `sha256`."""

    def write(sha256=card.sha256):
        lines = [
            ("gc", sha256, 21, "diff", "dsQTL", "K562", "direction", "mean", "mean of 2"),
            ("gc", sha256, 21, "diff", "dsQTL", "K562", "direction", "best", "T1, best of 2"),
            ("other", "0", 21, "diff", "dsQTL", "K562", "direction", "only", "T0"),
            ("GC content", "", 101, "diff", "dsQTL", "K562", "direction", "only", "GC content"),
        ]
        rows = [[*line, "0.564321", "0.55", "0.58", 90, 100] for line in lines]
        rows.append(
            [*lines[0][:4], "raQTL", "", "Spearman", "mean", "T", "nan", "nan", "nan", 2, 2]
        )
        text = "".join("\t".join(map(str, row)) + "\n" for row in [COLUMNS.split(), *rows])
        (tmp_path / "table.tsv").write_text(text)
        return tmp_path / "table.tsv"

    return write


def test_figures_go_into_the_card_and_the_server_configuration(record, repo, card, along, variants):
    graph = (repo / "gc" / "1" / "model.onnx").read_bytes()
    golden = read_golden(repo / "gc")
    (repo / "gc" / "notes.txt").write_text("mine")
    done = record("--along", along(), "--variants", variants())
    assert (done.status, done.out) == (0, ""), done.err
    assert done.err == "gc: 3 figures along a genome, 2 on variants\n"
    found = check_model(repo / "gc")  # config.pbtxt has the new card
    text = (repo / "gc" / "config.pbtxt").read_text()
    assert text == promised_config(found) + "instance_group [ { count: 4 } ]\n"
    assert (repo / "gc" / "1" / "model.onnx").read_bytes() == graph
    assert read_golden(repo / "gc") == golden
    assert (repo / "gc" / "notes.txt").read_text() == "mine"
    made = json.loads((repo / "gc" / "card.json").read_text())
    assert made.pop("along")[0] == {
        "target": "T1", "score": "gc", "set": "tiles.h5", "sample": "H1", "part": "test",
        "contigs": ["chr1", "chr22"], "tiles": 50, "open": 4,
        "auroc": 0.8124, "auroc_low": 0.7, "auroc_high": 0.9, "auprc": 0.25,
    }  # fmt: skip
    ours = {
        "set": "dsQTL", "cell": "K562", "figure": "direction", "score": "gc",
        "output": "mean of 2", "how": "mean",
        "value": 0.5643, "low": 0.55, "high": 0.58, "variants": 90, "of": 100,
    }  # fmt: skip
    theirs = ours | {"score": "GC content", "output": "GC content", "how": "only"}
    assert made.pop("variants") == [ours, theirs]
    assert made == json.loads(card_to_json(card))  # nothing else has changed


def test_one_kind_leaves_the_other_and_replaces_its_own(record, repo, along, variants):
    record("--along", along(), "--along", along())
    assert record("--variants", variants()).err.startswith("gc: 6 figures along")
    assert record("--along", along()).err == "gc: 3 figures along a genome, 2 on variants\n"
    assert (len(read_card(repo / "gc").along), len(read_card(repo / "gc").variants)) == (3, 2)


def test_show_prints_tables(record, regplug, repo, along, variants):
    before = regplug("models", "show", "gc", "--model-repo", repo).out
    record("--along", along(), "--variants", variants())
    out = regplug("models", "show", "gc", "--model-repo", repo).out
    assert out == before + (
        "\nalong\tscore\tAUROC\tAUPRC\topen\ttiles\twhere\n"
        + "".join(
            f"T1\t{score}\t0.812 [0.700, 0.900]\t0.250\t4\t50\tchr1, chr22: H1 of tiles.h5 (test)\n"
            for score in ("gc", "GC", "6-mers")
        )
        + "\nvariants\tcell\tscore\toutput\teffect\tfigure\tvalue\tscored\tof\n"
        "dsQTL\tK562\tgc\tmean of 2\tdiff\tdirection\t0.564 [0.550, 0.580]\t90\t100\n"
        "dsQTL\tK562\tGC content\tGC content\tdiff\tdirection\t0.564 [0.550, 0.580]\t90\t100\n"
    )


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_refused_changes_nothing(record, repo, along, variants, tmp_path):
    damaged = tmp_path / "damaged"
    damaged.write_text("{}")
    before = files(repo)
    for arguments, why in (
        (("--along", along(name="cg")), "has figures of cg, not of gc"),
        (("--along", along(sha256="f" * 64)), "figures of another gc: the sha256 of its graph is"),
        (("--variants", variants("f" * 64)), "figures of another gc: the sha256 of its graph is"),
        (("--along", damaged), "is no metrics.json that regplug test --along has written: "),
        (("--variants", damaged), "has no figures of gc\n"),
        (("--along", tmp_path / "none"), "none: No such file"),
        (("--variants", tmp_path / "none"), "none: No such file"),
    ):
        done = record(*arguments)
        assert (done.status, done.out) == (1, ""), arguments
        assert why in done.err, arguments
        assert files(repo) == before
    done = record()
    assert (done.status, "name --along, --variants or --notes" in done.err) == (2, True)


def test_a_table_without_the_columns_or_numbers(record, variants):
    table = variants()
    text = table.read_text()
    for broken, why in (
        (text.replace("sha256", "sha"), "no table that benchmarks.variant_truth has written"),
        (text.replace("0.564321", "many"), "Expected `float`, got `str` - at `$.value`"),
        (text.replace("\tmean\t", "\todd\t"), "Invalid enum value 'odd'"),
        (text.replace("gc\t", "gg\t"), "has no figures of gc, but of GC content, gg, other"),
    ):
        table.write_text(broken)
        done = record("--variants", table)
        assert done.status == 1
        assert why in done.err


def test_files_that_disagree_are_not_written_over(record, repo, along):
    (repo / "gc" / "targets.txt").write_text("other\n")
    done = record("--along", along())
    assert (done.status, "gc: targets.txt and card.json" in done.err) == (1, True)
    assert "along" not in json.loads((repo / "gc" / "card.json").read_text())


def test_cards_of_before_keep_their_text(tmp_path):
    """A card without figures is written as it was, so its config.pbtxt still holds its lines."""
    shutil.copytree(ROOT / "model_repo" / "deepbind_single_scan", tmp_path / "deepbind_single_scan")
    told = json.loads((tmp_path / "deepbind_single_scan" / "card.json").read_text())
    before = json.dumps({key: told[key] for key in told if key != "along"}, indent=1) + "\n"
    rewrite_card(
        tmp_path / "deepbind_single_scan",
        replace(check_model(tmp_path / "deepbind_single_scan"), along=()),
    )
    card = check_model(tmp_path / "deepbind_single_scan")
    assert (card.along, card.variants) == ((), ())
    text = (tmp_path / "deepbind_single_scan" / "card.json").read_text()
    assert card_to_json(card) == text == before
    assert not {"along", "variants"} & json.loads(text).keys()


@pytest.fixture
def notes(tmp_path):
    def write(text):
        (tmp_path / "gc.toml").write_text(text)
        return tmp_path / "gc.toml"

    return write


def test_notes_say_what_targets_are_of(record, repo, card, notes, along):
    record("--along", along())
    graph = (repo / "gc" / "1" / "model.onnx").read_bytes()
    figures = read_card(repo / "gc").along
    first = '[[targets]]\nlabel = "T1"\ncell = "K562"\nontology = "EFO:0002067"\n'
    assert record("--notes", notes(first)).status == 0
    said = 'trained_on = "peaks of ENCODE"\n'
    assert (
        record("--notes", notes(f'{said}[[targets]]\nlabel = "T1"\nassay = "ATAC"\n')).status == 0
    )
    found = check_model(repo / "gc")
    assert [target.about for target in found.targets] == [
        card.targets[0].about,
        card.targets[1].about | {"cell": "K562", "ontology": "EFO:0002067", "assay": "ATAC"},
    ]
    assert (found.along, found.sha256) == (figures, card.sha256)
    assert (found.trained_on, found.license) == ("peaks of ENCODE", card.license)
    assert (repo / "gc" / "1" / "model.onnx").read_bytes() == graph


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[[targets]]\nlabel = "T9"\n', "gc has no target T9"),
        ('name = "other"\n[[targets]]\nlabel = "T1"\n', "are of other, not of gc"),
        (
            'license = "MIT"\n',
            "there, notes name [[targets]], trained_on, cite_as and notice alone",
        ),
        ('[[targets]]\nlabel = "T1"\nontology = "K562"\n', "K562 is no ID of CL"),
    ],
)
def test_notes_that_are_refused_change_nothing(record, repo, notes, text, why):
    before = files(repo)
    done = record("--notes", notes(text))
    assert (done.status, why in done.err) == (1, True), done.err
    assert files(repo) == before


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks/targets").glob("*.toml")), ids=str)
def test_cards_that_are_shipped_say_what_the_notes_say(path):
    card = check_model(ROOT / "model_repo" / path.stem)
    assert noted(card, read_notes(path), source=path) == card
    assert all("assay" in target.about for target in card.targets)
