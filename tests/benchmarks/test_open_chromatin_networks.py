"""Networks come back out of a graph to the bit, and versions of a model are compared."""

import sys

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmarks import networks_of, versions
from regplug.files.runs import METRICS
from regplug.files.sources import Source
from regplug.files.weights import WEIGHTS
from regplug.genome.variant import Interval
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.models.repository import read_card
from regplug.train.basset.build import arrays_of
from regplug.train.basset.publish import publish_basset
from regplug.train.basset.recipe import read_basset_recipe
from regplug.train.basset.run import Metrics, read_basset_run
from regplug.train.loop.about import About
from tests.toy_genomes import random_letters, write_fasta
from tests.train.cnn.test_cnn import lived_in

RECIPE = '[network]\nkind = "cnn"\nchannels = 4\nlength = 5\nblock_length = 3\n'
RUNS = {  # recipe, settings, bases, targets
    "wide": ('pool = 4\ncentre = 12\nhead = "max"\n', [], 40, {"a": 0.75, "b": None}),
    "flat": ('pool = 5\nhead = "flat"\nturned = false\n', ["network.blocks=2"], 27, {"b": None}),
    "mean": ('pool = 3\nhead = "attention"\n', [], 30, {"c": 0.5, "b": None}),
}


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Return a folder of three runs, of networks that were not trained but have lived."""
    monkeypatch.setattr(networks_of, "RECIPES", tmp_path)
    for seed, (name, (lines, settings, width, aucs)) in enumerate(RUNS.items()):
        toml = tmp_path / f"{name}.toml"
        toml.write_text(RECIPE + lines)
        recipe = read_basset_recipe(toml, settings)
        shape = recipe.shape(targets=len(aucs), width=width)
        (tmp_path / "runs" / name).mkdir(parents=True)
        save_file(arrays_of(lived_in(shape, seed)), tmp_path / "runs" / name / WEIGHTS)
        words = "".join(f" --set {setting}" for setting in settings)
        metrics = Metrics(
            **{"command": f"regplug train basset {toml} of/{name}.h5 --seed-from x -o y{words}"},
            **{"recipe": recipe, "kind": "cnn", "shape": msgspec.to_builtins(shape)},
            **{"targets": tuple(aucs), "valid_aucs": aucs, "set": Source(f"{name}.h5", "")},
            **{"sites": {}, "epochs": 3, "best_epoch": 2, "valid_auc": 0.6, "valid_loss": 0.1},
            **{"seconds": 1, "run": "x", "seeded_from": "x", "torch": "1", "numpy": "1"},
        )
        (tmp_path / "runs" / name / METRICS).write_bytes(msgspec.json.encode(metrics))
    return tmp_path / "runs"


def export(runs, repo, names=tuple(RUNS), **outputs):
    """Export runs; by default all three, of "mean" without b, and a of "wide" stands for c too."""
    asked = outputs or {"wide": ["a", "b", "a:c"], "mean": ["c"]}
    of = {runs / name: targets for name, targets in asked.items()}
    paths = [runs / name for name in names]
    return publish_basset(paths, repo, About(name="m"), outputs=of, measuring=Measuring(snvs=3))


def test_networks_come_back(runs, tmp_path, monkeypatch, random_codes, capsys):
    """Once for each run; of a run that had more targets, those that the graph takes."""
    card = export(runs, tmp_path / "first")
    words = ["x", "m", *RUNS, "--model-repo", tmp_path / "first", "-o", tmp_path / "back"]
    monkeypatch.setattr(sys, "argv", [*map(str, words)])
    networks_of.main()
    assert capsys.readouterr().out.splitlines() == [
        "wide: 40 bases, a, b, c",
        "flat: 27 bases, b",
        "mean: 30 bases, c",
    ]
    for name in RUNS:
        before, after = (read_basset_run(folder / name) for folder in (runs, tmp_path / "back"))
        assert (after.recipe, after.metrics.set) == (before.recipe, before.metrics.set)
        assert after.shape.width == before.shape.width
        assert before.arrays.keys() == after.arrays.keys()
        same = "stem.weight"
        assert before.arrays[same].tobytes() == after.arrays[same].tobytes()
    paths = [tmp_path / "back" / name for name in RUNS]
    measuring = Measuring(snvs=3)
    again = publish_basset(paths, tmp_path / "second", About(name="m"), measuring=measuring)
    assert [t.about for t in again.targets] == [t.about for t in card.targets]
    assert again.labels == card.labels
    assert [t.about.get("valid_auc") for t in card.targets] == ["0.7500", None, None]
    codes = random_codes(64, 40, seed=2, unknown=0.05)
    scores = []
    for repo in ("first", "second"):
        backend = Embedded(tmp_path / repo / "m", threads=1)
        scores.append(backend.predict(codes))
        backend.close()
    assert scores[0].tobytes() == scores[1].tobytes()
    assert all(len(np.unique(column)) > 40 for column in scores[0].T)
    assert read_card(tmp_path / "second" / "m").window == 40


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("pool = 4\ncentre = 12\nblocks = 2\n", "the graph is not of the shape"),
        ("pool = 4\n", "the graph is not of the shape"),
        ("pool = 4\ncentre = 20\n", "joined again they are not m"),
        ("pool = 3\ncentre = 12\n", "joined again they are not m"),
    ],
)
def test_a_graph_of_another_recipe_is_refused(runs, tmp_path, monkeypatch, lines, says):
    export(runs, tmp_path / "first")
    (tmp_path / "wide.toml").write_text(RECIPE + lines)
    words = ["x", "m", *RUNS, "--model-repo", tmp_path / "first", "-o", tmp_path / "back"]
    monkeypatch.setattr(sys, "argv", [*map(str, words)])
    with pytest.raises(SystemExit, match=says):
        networks_of.main()


def test_what_a_new_version_changes(runs, tmp_path, monkeypatch, capsys):
    """One output more leaves the others as they are; another network does not."""
    names = ("wide", "flat")
    export(runs, tmp_path / "old", names, wide=["a", "b"])
    export(runs, tmp_path / "more", wide=["a", "b", "a:c"], mean=["c"])
    export(runs, tmp_path / "other", ("wide", "flat", "mean"), wide=["a"])
    write_fasta(tmp_path / "g.fa", {"chr1": "N" * 50 + random_letters(90, seed=1) + "N" * 50})
    (tmp_path / "r.bed").write_text("chr1\t50\t90\nchr1\t90\t140\nchr1\t3\t9\n")
    monkeypatch.setattr(versions, "DENSITIES", {"dense": 4})
    monkeypatch.setattr(versions, "TIMED", 8)
    options = ["--fasta", tmp_path / "g.fa", "--regions-file", tmp_path / "r.bed"]
    found = {}
    for new in ("more", "other"):
        words = ["x", tmp_path / "old/m", tmp_path / new / "m", *options, "--windows", 30]
        monkeypatch.setattr(sys, "argv", [*map(str, words), "--rounds", "1"])
        versions.main()
        found[new] = capsys.readouterr().out.splitlines()
    kinds = ("random", "random, with unknown bases", "real")
    of = "in batches of 1, 7, 512: 2 outputs"
    assert found["more"][:3] == [
        f"30 windows, {kind}, {of}, 0 numbers differ, by 0.0e+00 at most" for kind in kinds
    ]
    for kind, line in zip(kinds, found["other"], strict=False):
        start, _, rest = line.partition(f"{of}, ")
        assert start == f"30 windows, {kind}, "
        assert 40 < int(rest.split()[0]) <= 90  # b alone, three times 30 windows
    for lines in found.values():
        assert [line.split(":")[0] for line in lines[3:]] == ["8 windows", "SNVs, dense"]
        assert all(float(line.split(": ")[1]) > 0 for line in lines[3:])


def test_windows_of_a_genome_lie_in_its_regions(tmp_path):
    write_fasta(tmp_path / "g.fa", {"chr1": "N" * 50 + random_letters(90, seed=1) + "N" * 50})
    regions = [Interval("chr1", 50, 80), Interval("chr1", 90, 140), Interval("chr1", 3, 9)]
    made = versions.windows(tmp_path / "g.fa", regions, 30, 300)
    assert {name: codes.shape for name, codes in made.items()} == dict.fromkeys(made, (300, 30))
    assert made["random"].max() == 3
    assert made["real"].max() == 3
    assert 0.03 < (made["random, with unknown bases"] == 4).mean() < 0.07
    assert len({row.tobytes() for row in made["real"]}) == 1 + 21  # each that lies in a region
