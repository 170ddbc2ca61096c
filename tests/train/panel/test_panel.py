"""A panel learns planted motifs, repeats itself, goes on where it was cut off, and is exported."""

import gzip
import json
import shutil
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.numpy import load_file

from regplug.cli import cli
from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.errors import ConfigError, DataError, ModelError, TrainingError
from regplug.genome.codes import decode, encode, reverse_complement
from regplug.models.embedded import Embedded
from regplug.models.repository import check_model
from regplug.train.cnn.network import Cnn
from regplug.train.loop import loop
from regplug.train.panel.publish import read_panel_run
from regplug.train.panel.recipe import read_panel_recipe
from regplug.train.panel.sets import given_sets, read_sets, with_targets
from regplug.train.panel.stored import PanelData, stored_data, write_data
from regplug.train.panel.train import WEIGHTS, ensemble_logits, read_panel, train_panel

MOTIFS = {"ONE": encode("TGACTCAGCA"), "TWO": encode("CCGGAAGTGG")}
RECIPE = """
targets = ["ONE", "TWO"]
network = {channels = 16, length = 11, pool = 4, blocks = 1, block_length = 3, head = "max"}
mixture = {strongest = 400, shuffles = 0.9, pieces = 100}
schedule = {epochs = 5, batch = 64, learning_rate = 0.02, average = 0.9}
"""
BASES = 61


def planted(motif, n, rng):
    """Return codes (n, BASES) with the motif anywhere, on either strand."""
    codes = rng.integers(0, 4, (n, BASES), dtype=np.uint8)
    for row in codes:
        start = rng.integers(BASES - len(motif) + 1)
        row[start : start + len(motif)] = motif if rng.random() < 0.5 else reverse_complement(motif)
    return codes


def write_set(path, codes, bound):
    rows = [
        f"A\ts{i}\t{decode(row)}\t{int(b)}\n"
        for i, (row, b) in enumerate(zip(codes, bound, strict=True))
    ]
    path.write_bytes(gzip.compress("".join(["FoldID\tEventID\tseq\tBound\n", *rows]).encode()))


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Return a folder with two factors' sets, windows and their split, and a recipe."""
    folder, rng = tmp_path_factory.mktemp("toys"), np.random.default_rng(1)
    for name, motif in MOTIFS.items():
        write_set(folder / f"{name}_cell_AC.seq.gz", planted(motif, 400, rng), np.ones(400))
        test = planted(motif, 100, rng)
        both = np.concatenate([test, shuffle_dinucleotides(test, rng=rng)])
        write_set(folder / f"{name}_cell_B.seq.gz", both, np.arange(200) < 100)
    letters = {f"w{i}": decode(rng.integers(0, 4, 3000, dtype=np.uint8)) for i in range(5)}
    (folder / "windows.fa").write_text("".join(f">{n}\n{s}\n" for n, s in letters.items()))
    split = "".join(f"w{i}\t{'test' if i == 4 else 'train'}\n" for i in range(5))
    (folder / "split.tsv").write_text(f"window\tsplit\n{split}")
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def run(toys, out, *settings, **options):
    """Train the toy recipe into `out`."""
    recipe = read_panel_recipe(toys / "recipe.toml", settings)
    sets = read_sets(toys, recipe.targets, "AC")
    data = read_panel(recipe, sets, toys / "windows.fa", toys / "split.tsv")
    train_panel(recipe, data, out, progress=lambda line: None, **options)
    return load_file(out / WEIGHTS)


def equal(first, second):
    return first.keys() == second.keys() and all((first[k] == second[k]).all() for k in first)


@pytest.mark.slow
def test_planted_motifs_are_learned_and_held_out(toys, tmp_path):
    run(toys, tmp_path / "run", "held_out=true", "schedule.epochs=12")
    held_out = json.loads((tmp_path / "run" / "metrics.json").read_text())["held_out"]
    for target in MOTIFS:
        assert min(held_out[target].values()) > 0.95


def test_held_out_peaks_and_test_windows_are_not_trained_on(toys):
    recipe = read_panel_recipe(toys / "recipe.toml", ["held_out=true"])
    sets = read_sets(toys, recipe.targets, "AC")
    files = (sets, toys / "windows.fa", toys / "split.tsv")
    data = read_panel(recipe, *files)
    whole = read_panel(msgspec.structs.replace(recipe, held_out=False), *files)
    assert (
        [len(one) for one in data.peaks] == [len(one) for one in data.held_out_peaks] == [200] * 2
    )
    assert (data.held_out_peaks[0] == whole.peaks[0][1::2]).all()
    assert (data.peaks[0] == whole.peaks[0][::2]).all()
    assert (len(data.windows), len(data.held_out_windows)) == (3, 1)
    assert (len(whole.windows), len(whole.held_out_windows)) == (4, 0)


@pytest.mark.slow
def test_same_seed_same_weights(toys, tmp_path):
    settings = ("schedule.epochs=1", "members=2")
    first = run(toys, tmp_path / "a", *settings)
    assert equal(first, run(toys, tmp_path / "b", *settings))
    other = run(toys, tmp_path / "c", *settings, "seed=2")
    assert not equal(first, other)
    assert (first["1/stem.weight"] != first["2/stem.weight"]).any()


def test_steps_are_told(toys, tmp_path):
    """400 peaks of each factor, shuffles of 720 and 100 pieces are 25 batches of 64, and 20."""
    told = []
    run(toys, tmp_path, "schedule.epochs=1", "members=2", stepped=lambda *step: told.append(step))
    assert told == [
        (f"member {member}, epoch 1", 25, step) for member in (1, 2) for step in range(1, 26)
    ]


class KilledError(Exception):
    pass


@pytest.mark.slow
def test_a_killed_run_is_resumed_to_the_same_weights(toys, tmp_path, monkeypatch):
    settings = ("members=2", "schedule.epochs=2")
    unbroken = run(toys, tmp_path / "a", *settings)
    save, saved = loop.save, []

    def save_and_die(*args):
        save(*args)
        saved.append(args)
        if len(saved) == 3:  # after the second member's first epoch
            raise KilledError

    monkeypatch.setattr(loop, "save", save_and_die)
    with pytest.raises(KilledError):
        run(toys, tmp_path / "b", *settings)
    assert not (tmp_path / "b" / WEIGHTS).exists()
    monkeypatch.setattr(loop, "save", save)
    with pytest.raises(TrainingError, match="another recipe"):
        run(toys, tmp_path / "b", *settings, "schedule.batch=32", resume=True)
    assert equal(unbroken, run(toys, tmp_path / "b", *settings, resume=True))
    assert not list((tmp_path / "b").glob("*.checkpoint"))


@pytest.mark.slow
def test_members_trained_by_other_processes_are_the_same(toys, tmp_path):
    settings = ("members=2", "schedule.epochs=2")
    here, there = run(toys, tmp_path / "a", *settings), tmp_path / "b"
    assert equal(here, run(toys, there, *settings, executor="processes:2"))
    assert sorted(path.name for path in there.iterdir()) == ["metrics.json", WEIGHTS]
    told = [json.loads((tmp_path / one / "metrics.json").read_text())["members"] for one in "ab"]
    assert [m["losses"] for m in told[0]] == [m["losses"] for m in told[1]]


def test_another_process_finds_no_data_or_others(tmp_path):
    codes = np.random.default_rng(0).integers(0, 4, (3, 5), np.uint8)
    data = PanelData([codes, codes[:2]], [codes[0], codes[1, :4]], [], [])
    write_data(tmp_path / "data.npz", data)
    found = stored_data(tmp_path / "data.npz", data.digest())
    assert [len(kind) for kind in found] == [2, 2, 0, 0]
    assert found.digest() == data.digest()
    with pytest.raises(DataError, match="holds the data of another run"):
        stored_data(tmp_path / "data.npz", "0" * 64)
    (tmp_path / "data.npz").write_bytes(b"PK\3\4 cut")
    for name in ("data.npz", "none.npz"):
        with pytest.raises(DataError, match=f"{name} cannot be read .* a disk that all processes"):
            stored_data(tmp_path / name, data.digest())


def test_a_damaged_checkpoint_is_told(toys, tmp_path):
    (tmp_path / "member1.checkpoint").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match=r"member1\.checkpoint is damaged"):
        run(toys, tmp_path, resume=True)


def test_a_loss_that_is_no_number_stops_the_run(toys, tmp_path):
    with pytest.raises(TrainingError, match="the loss is nan in epoch 1"):
        run(toys, tmp_path, "schedule.learning_rate=1e30")
    assert not (tmp_path / WEIGHTS).exists()


@pytest.mark.slow
def test_sets_and_files_give_the_weights_that_the_folder_gives(toys, tmp_path):
    """A set made by `regplug prepare`, and the table itself, hold the same peaks in one order."""
    for part, folder in (("AC", "sets"), ("B", "tests")):
        for name in MOTIFS:
            table = toys / f"{name}_cell_{part}.seq.gz"
            where = ("-o", tmp_path / folder / name, "--folds", 1)
            made = regplug("prepare", "deepbind", "chip", table, *where)
            assert made.exit_code == 0, made.exception
    shutil.copy(toys / "TWO_cell_AC.seq.gz", tmp_path / "TWO.seq.gz")
    expected = run(toys, tmp_path / "expected", "schedule.epochs=2")
    words = ("train", "panel", toys / "recipe.toml", "-o", tmp_path / "run", *on_toys(toys)[2:])
    words += ("--set", "schedule.epochs=2", "--set", "targets=[]")
    trained = regplug(*words, tmp_path / "sets" / "ONE", tmp_path / "TWO.seq.gz")
    assert trained.exit_code == 0, trained.exception
    assert equal(load_file(tmp_path / "run" / WEIGHTS), expected)
    assert read_panel_run(tmp_path / "run").targets == ("ONE", "TWO")
    about = ("-o", tmp_path / "repo", "--name", "toy", *on_toys(toys)[2:])
    aucs = [
        regplug("export", tmp_path / "run", *about, "--test", folder).stdout.splitlines()[:2]
        for folder in (toys, tmp_path / "tests")
    ]
    assert aucs[0] == aucs[1]
    assert aucs[0][0].startswith("ONE\tAUC 0.")


def test_peaks_of_a_bed_are_its_windows(toys, tmp_path):
    """101 bases around the middles, the strongest (first) peak first."""
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 4, 2000, dtype=np.uint8)
    (tmp_path / "genome.fa").write_text(f">chr1\n{decode(codes)}\n")
    (tmp_path / "A.narrowPeak").write_text("chr1\t990\t1010\nchr1\t400\t501\n")
    (tmp_path / "B.bed").write_text("chr1\t1500\t1700\n")
    sets = given_sets([tmp_path / "B.bed", tmp_path / "A.narrowPeak"], tmp_path / "genome.fa")
    assert list(sets) == ["B", "A"]
    recipe = with_targets(read_panel_recipe(toys / "recipe.toml", ["targets=[]"]), sets)
    assert recipe.targets == ("B", "A")
    peaks = read_panel(recipe, sets, toys / "windows.fa", toys / "split.tsv").peaks
    np.testing.assert_array_equal(peaks[0], [codes[1550:1651]])
    np.testing.assert_array_equal(peaks[1], [codes[950:1051], codes[400:501]])


def test_sets_that_do_not_fit(toys, tmp_path):
    from regplug.data.sets.chip import prepare_chip
    from regplug.data.sets.training import write_set as write

    tables = [toys / f"{name}_cell_AC.seq.gz" for name in MOTIFS]
    made = prepare_chip(tables[0])
    for name, changes in (("ONE", {}), ("RNA", {"strand": "forward"})):
        card = msgspec.structs.replace(made.card, **changes)
        write(tmp_path / name, made._replace(card=card))
    write(tmp_path / "SHORT", prepare_chip(tables[1], length=40))
    one = tmp_path / "ONE"
    words = ("train", "panel", toys / "recipe.toml", *on_toys(toys)[2:], "-o", tmp_path / "run")
    for sets, error, told in (
        ([one, tmp_path / "RNA"], DataError, "RNA is of intensities or of RNA"),
        ([one, one], DataError, "two sets are of ONE"),
        ([one, tmp_path / "SHORT"], DataError, "have [40, 61] bases, not the same"),
        ([one, tmp_path / "none"], DataError, "none"),
        ([one], ConfigError, "are ONE, TWO, and the sets are of ONE: add --set 'targets=[]'"),
        ([one, "--set", "targets=[]"], ConfigError, "two factors or more"),
        (["--data", toys, "--set", "targets=[]"], ConfigError, "name them in the recipe's targets"),
    ):
        done = regplug(*words, *sets)
        assert isinstance(done.exception, error), done.output
        assert told in str(done.exception)
        assert not (tmp_path / "run").exists()
    for sets in ([], [one, "--data", toys], ["--data", toys, "--fasta", "genome.fa"]):
        done = regplug(*words, *sets)
        assert done.exit_code == 2
        assert "give SETS [--fasta], or --data" in done.output


def regplug(*words):
    return CliRunner().invoke(cli, list(map(str, words)))


def on_toys(toys, option="--data"):
    return option, toys, "--genome", toys / "windows.fa", "--windows", toys / "split.tsv"


@pytest.mark.slow
def test_from_peaks_to_a_model(toys, tmp_path):
    trained = regplug(
        *("train", "panel", toys / "recipe.toml", *on_toys(toys), "-o", tmp_path / "run"),
        *("--set", "members=2", "--set", "schedule.epochs=8"),
    )
    assert trained.exit_code == 0, trained.exception
    assert trained.stderr.count("member 2, epoch") == 8
    where = ("-o", tmp_path / "repo", "--name", "toy")
    exported = regplug("export", tmp_path / "run", *on_toys(toys, "--test"), *where)
    assert exported.exit_code == 0, exported.exception
    card = check_model(tmp_path / "repo" / "toy")
    assert str(tmp_path) not in card.created_by
    assert (card.window, card.strand, card.labels) == (BASES, "mean", ["ONE", "TWO"])
    assert all(target.spread > 0 for target in card.targets)
    for target in card.targets:
        assert float(target.about["auc"]) > 0.9
        assert float(target.about["auc_other_tfs"]) > 0.9
        assert target.about["test_peaks"] == "100"
    found = read_panel_run(tmp_path / "run")
    networks = []
    for member in found.members:
        networks.append(Cnn(found.shape).eval())
        networks[-1].load_state_dict({key: torch.from_numpy(a) for key, a in member.items()})
    rng = np.random.default_rng(3)
    codes = planted(MOTIFS["ONE"], 70, rng)
    codes[0, 20:23] = 4
    backend = Embedded(tmp_path / "repo" / "toy")
    scores = backend.predict(codes)
    np.testing.assert_allclose(scores, ensemble_logits(networks, codes), atol=1e-5)
    np.testing.assert_allclose(scores, backend.predict(reverse_complement(codes)), atol=1e-5)


def test_a_run_that_is_none_cannot_be_exported(toys, tmp_path):
    where = ("-o", tmp_path / "repo", "--name", "toy")
    done = regplug("export", tmp_path, *on_toys(toys, "--test"), *where)
    assert isinstance(done.exception, ModelError)
    assert not (tmp_path / "repo").exists()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("network.chanels=3", "chanels"),
        ("network.length=10", "odd"),
        ("network.width=10", "follow from the data"),
        ("schedule.epochs=0", "epochs"),
        ('targets=["ONE"]', "targets"),
        ('targets=["ONE", "ONE"]', "twice"),
        ("mixture.shuffles=2.0", "shuffles"),
        ("epochs=", "cannot be used"),
    ],
)
def test_a_bad_recipe_is_refused(toys, tmp_path, setting, told):
    words = ("train", "panel", toys / "recipe.toml", *on_toys(toys), "-o", tmp_path / "run")
    done = regplug(*words, "--set", setting)
    assert isinstance(done.exception, ConfigError)
    assert told in str(done.exception)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("split.tsv", None, r"split\.tsv cannot be read"),
        ("split.tsv", "window\tpart\nw0\ttrain\n", "no column 'split'"),
        ("split.tsv", "window\tsplit\nw0\ttest\n", "no window to 'train'"),
        ("split.tsv", "window\tsplit\nw9\ttrain\n", "lacks the window w9"),
        ("windows.fa", f">w0\n{'ACGTN' * 100}\n", "hardly any 61 bases without N"),
        ("ONE_cell_AC.seq.gz", None, "0 files named ONE"),
        ("ONE_cell_AC.seq.gz", "no gzip", "no readable sets"),
    ],
)
def test_bad_data_are_named(toys, tmp_path, file, text, told):
    folder = tmp_path / "toys"
    shutil.copytree(toys, folder)
    if file == "windows.fa":
        (folder / "split.tsv").write_text("window\tsplit\nw0\ttrain\n")
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    with pytest.raises(DataError, match=told):
        run(folder, tmp_path / "run")


def test_the_shipped_recipe_is_valid():
    recipe = read_panel_recipe(
        Path(str(files("regplug.train") / "recipes" / "deepbind_panel.toml"))
    )
    assert len(recipe.targets) == 21
    assert not recipe.held_out
