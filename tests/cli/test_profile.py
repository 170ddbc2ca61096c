"""`regplug profile` on a made genome with planted sites, and its mistakes."""

import csv
import gzip
import random
from pathlib import Path

import numpy as np
import pytest

from regplug.genome.codes import decode, encode, reverse_complement
from regplug.hooks.measuring import Measuring
from regplug.scoring.card import ModelCard, Target
from regplug_deepbind.importer import export_panel
from regplug_deepbind.network import Network
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import gc_model
from tests.toy_networks import random_panel

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

pytestmark = pytest.mark.slow

SITE = "TGCATG"
EXONS, BETWEEN, LENGTH = 40, 400, 60  # of a group; bases from exon to exon; of an exon


def site_model(repo: Path) -> None:
    """Write a DeepBind model of RNA, `toy_rna`: a sub-window of 9 bases with SITE scores 1."""
    detector = np.zeros((6, 4, 1), np.float32)
    detector[np.arange(6), encode(SITE), 0] = 1
    network = Network(
        detectors=detector,
        thresholds=np.array([-5], np.float32),
        weights1=np.ones((1, 1), np.float32),
        biases1=np.zeros(1, np.float32),
        weights2=None,
        bias2=0.0,
        reverse_complement=False,
        average_pooling=False,
    )
    known = {"version": "1", "family": "deepbind", "strand": "forward", "output_scale": "score"}
    card = ModelCard(
        **known, name="toy_rna", window=None, targets=(Target("SITE"),), max_batch_size=1, sha256=""
    )
    export_panel(repo, card, [network], measuring=Measuring(3))


def write_world(folder: Path) -> None:
    """Write genome.fa, toy models and up.bed, down.bed.gz and control.bed.

    A site lies 10 to 40 bases behind each exon of up and before each of down; a third of all exons
    have one more anywhere. Half of the exons are on the minus strand. All else has A and C alone
    on the exon's strand, of which no six score.
    """
    site_model(folder)
    gc_model(folder, window=21)
    gc_model(folder, "any", window=None)
    dice = random.Random(3)
    pieces, beds, at = [], {"up": [], "down": [], "control": []}, 0
    for number in range(3 * EXONS):
        group = list(beds)[number % 3]
        strand = "+-"[number // 3 % 2]
        piece = list(random_letters(BETWEEN, seed=number, letters="AC"))
        start = 170
        places = [dice.choice([*range(70, 160), *range(230, 320)])] if dice.random() < 1 / 3 else []
        distance = dice.randrange(10, 35)
        places += {"up": [start + LENGTH + distance], "down": [start - 6 - distance]}.get(group, [])
        for place in places:
            piece[place : place + 6] = SITE
        letters, first = "".join(piece), start
        if strand == "-":
            letters = decode(reverse_complement(encode(letters)))
            first = BETWEEN - start - LENGTH
        beds[group].append(f"chr1\t{at + first}\t{at + first + LENGTH}\t.\t0\t{strand}\n")
        pieces.append(letters)
        at += BETWEEN
    write_fasta(folder / "genome.fa", {"chr1": "".join(pieces)})
    (folder / "up.bed").write_text("".join(beds["up"]))
    (folder / "down.bed.gz").write_bytes(gzip.compress("".join(beds["down"]).encode()))
    (folder / "control.bed").write_text("".join(beds["control"]))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    write_world(folder)
    return folder


@pytest.fixture
def run(regplug, world, tmp_path):
    def profile(*arguments):
        """Run it on the toy world; of an option given twice the later one counts."""
        common = ("--fasta", world / "genome.fa", "--model-repo", world, "--model", "toy_rna")
        sizes = ("--flank", 100, "--exon", 20, "-o", tmp_path / "out")
        return regplug("profile", *common, *sizes, *arguments)

    return profile


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_planted_sites_are_found(run, world, tmp_path):
    done = run("--groups", world / "up.bed", world / "down.bed.gz", world / "control.bed")
    assert (done.status, done.out) == (0, ""), done.err
    out = tmp_path / "out"
    tests = rows(out / "tests.tsv")
    assert len(tests) == 2 * 2 * 2
    for row in tests:
        planted = {"up": ("downstream", "0"), "down": ("upstream", "-50")}[row["group"]]
        if (row["side"], row["start"]) == planted:
            assert float(row["q"]) < 0.01
            assert float(row["auc"]) > 0.9
        else:
            assert float(row["q"]) > 0.05
        assert (row["n"], row["n_control"]) == ("40", "40")
    for group, peak in (("up", "downstream"), ("down", "upstream")):
        means = {
            side: max(
                float(row["mean"])
                for row in rows(out / "profile.tsv")
                if (row["group"], row["side"]) == (group, side)
            )
            for side in ("upstream", "downstream")
        }
        assert max(means, key=means.get) == peak
    assert sorted(path.name for path in out.iterdir()) == [
        *("dropped.tsv", "profile.pdf", "profile.png", "profile.svg", "profile.tsv", "tests.tsv")
    ]
    assert (out / "profile.png").read_bytes().startswith(b"\x89PNG")
    assert rows(out / "dropped.tsv") == []
    table = [line.split() for line in done.err.splitlines()]
    assert table[1][:8] == ["up", "40", "0", "0%", "downstream", "0", "to", "50"]
    assert table[2][:8] == ["down", "40", "0", "0%", "upstream", "-50", "to", "0"]
    assert "up, down, control: most exons do not lie between AG and GT" in done.err


@pytest.mark.parametrize("strand", "+-")
def test_a_profile_by_hand(run, world, tmp_path, strand):
    """A site at 20 to 26 behind the exon: whole in four sub-windows, one base short in two more.

    Sub-windows of 9 bases from 17 to 20 hold the site; they belong to the bases 21 to 24. Those
    from 16 and 21 have a quarter for the base that hangs over.
    """
    letters = "A" * 150 + "C" * 40 + "A" * 20 + SITE + "A" * 124
    start = 150
    if strand == "-":
        letters, start = decode(reverse_complement(encode(letters))), 340 - 190
    write_fasta(tmp_path / "one.fa", {"c": letters})
    for name in ("one", "other"):
        (tmp_path / f"{name}.bed").write_text(f"c\t{start}\t{start + 40}\t.\t.\t{strand}\n")
    done = run(tmp_path / "one.bed", tmp_path / "other.bed", "--fasta", tmp_path / "one.fa")
    assert done.status == 0, done.err
    assert "1 exons of one are in other too" in done.err
    expected = dict.fromkeys(range(-20, 100), 0) | dict.fromkeys(range(21, 25), 1)
    expected |= {20: 0.25, 25: 0.25}
    table = [row for row in rows(tmp_path / "out" / "profile.tsv") if row["group"] == "one"]
    downstream = {int(r["position"]): float(r["mean"]) for r in table if r["side"] == "downstream"}
    assert downstream == expected
    upstream = {int(r["position"]): float(r["mean"]) for r in table if r["side"] == "upstream"}
    assert upstream == dict.fromkeys(range(-100, 20), 0)
    assert {(row["n"], row["low"] == row["mean"] == row["high"]) for row in table} == {("1", True)}


def test_values_are_those_of_predict(regplug, run, world, tmp_path):
    """Of one exon in random sequence, with a model of both strands that reads any length."""
    repo = tmp_path / "models"
    repo.mkdir()
    random_panel(repo)
    letters = random_letters(400, seed=4)
    write_fasta(tmp_path / "one.fa", {"c": letters})
    (tmp_path / "one.bed").write_text("c\t180\t230\t.\t.\t+\n")
    (tmp_path / "other.bed").write_text("c\t181\t230\t.\t.\t+\n")
    done = regplug(
        *("profile", tmp_path / "one.bed", tmp_path / "other.bed", "--fasta", tmp_path / "one.fa"),
        *("--model-repo", repo, "--model", "panel", "--targets", "T1"),
        *("--flank", 30, "--exon", 5, "--window", 30, "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    table = [row for row in rows(tmp_path / "out" / "profile.tsv") if row["group"] == "one"]
    sites = {"upstream": 180, "downstream": 230}
    windows = []
    for row in table:
        base = sites[row["side"]] + int(row["position"])
        windows.append(letters[base - 17 : base + 19])  # 36 bases, of which base is number 17
    (tmp_path / "windows.fa").write_text("".join(f">w\n{window}\n" for window in windows))
    done = regplug("predict", tmp_path / "windows.fa", "--model", "panel", "--model-repo", repo)
    lines = [line.split("\t") for line in done.out.splitlines()]
    column = lines[0].index("T1")
    expected = [float(line[column]) for line in lines[1:]]
    assert len(expected) == 70
    assert [float(row["mean"]) for row in table] == pytest.approx(expected, abs=1e-5)


def test_every_dropped_exon_has_a_reason(run, world, tmp_path):
    first, *_ = (world / "up.bed").read_text().splitlines(keepends=True)
    (tmp_path / "up.bed").write_text(
        first + first + "chr1\t50\t90\t.\t0\t+\nchrX\t500\t590\t.\t0\t-\n"
    )
    done = run(tmp_path / "up.bed", world / "control.bed")
    assert done.status == 0, done.err
    assert (tmp_path / "out" / "dropped.tsv").read_text().splitlines() == [
        "group\tchrom\tstart\tend\tstrand\treason",
        "up\t" + "\t".join(first.split("\t")[:3]) + "\t+\tduplicate",
        "up\tchr1\t50\t90\t+\toff_contig",
        "up\tchrX\t500\t590\t-\tunknown_contig",
    ]
    assert done.err.splitlines()[1].split()[:3] == ["up", "1", "3"]


def test_which_group_is_the_control(run, world, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "regplug.interpret.profile.report.draw_profile", lambda profile, paths: None
    )
    files = (world / "control.bed", world / "up.bed", world / "down.bed.gz")
    for options, tested in (((), {"up", "down"}), (("--control", "up"), {"control", "down"})):
        assert run(*files, *options, "--window", 100).status == 0
        assert {row["group"] for row in rows(tmp_path / "out" / "tests.tsv")} == tested
    assert run(*files[1:], "--window", 100).status == 0
    assert {row["group"] for row in rows(tmp_path / "out" / "tests.tsv")} == {"up"}


def test_names_that_mean_something_to_a_plotter(run, world, tmp_path):
    exons = (world / "up.bed").read_text()
    names = ["_hidden", "$x^$", "a&b<c>", "[red]", "long" * 20]
    for name in names:
        (tmp_path / f"{name}.bed").write_text(exons)
    done = run(*(tmp_path / f"{name}.bed" for name in names), world / "down.bed.gz")
    assert done.status == 0, done.err
    assert "[red]" in done.err
    tests = rows(tmp_path / "out" / "tests.tsv")
    assert list(dict.fromkeys(row["group"] for row in tests)) == names


def test_mistakes(run, world, tmp_path):
    up, control = world / "up.bed", world / "control.bed"
    bad = {
        "bed3": "chr1\t170\t230\n",
        "dots": "chr1\t170\t230\tx\t0\t.\n",
        "empty": "",
        "chrx": "chrX\t170\t230\tx\t0\t+\n",
        "build": "chr1\t900000\t900100\tx\t0\t+\n",
    }
    for name, text in bad.items():
        (tmp_path / f"{name}.bed").write_text(text)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "up.bed").write_text(up.read_text())
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    for arguments, message in [
        ((up,), "up.bed is one group: give another BED"),
        ((up, tmp_path / "deeper" / "up.bed"), "two groups are called up"),
        ((up, tmp_path / "none.bed"), "cannot read the regions in"),
        ((up, world / "genome.fa"), "genome.fa, line 1 is not BED"),
        ((tmp_path / "bed3.bed", control), "bed3.bed, line 1 has no strand"),
        ((tmp_path / "dots.bed", control), "dots.bed, line 1 has no strand"),
        ((tmp_path / "empty.bed", control), "empty.bed holds no region"),
        ((tmp_path / "chrx.bed", control), "no exon of chrx can be scored (unknown_contig)"),
        ((tmp_path / "build.bed", control), "chr1:900001-900100 ends behind chr1, which has 48000"),
        ((up, control, "--control", "ctrl"), "no group ctrl for --control: there are up, control"),
        ((up, control, "--window", 101), "no window of 101 bases fits into a flank of 100"),
        (
            (up, control, "--targets", "T9"),
            "toy_rna_scan has no target T9: give --targets one of S",
        ),
        ((up, control, "--model", "gc"), "gc has several targets: give --targets one of T0, T1"),
        ((up, control, "--model", "any"), "any reads a sequence as a whole"),
        ((up, control, "--model", "none"), "no model none"),
        ((up, control, "--fasta", tmp_path / "no.fa"), "no FASTA at"),
        ((up, control, "-o", tmp_path / "taken"), "holds other things: name a new folder"),
        ((up, control, "-o", up / "b"), "is a file"),
    ]:
        done = run(*arguments)
        assert (done.status, message in done.err) == (1, True), done.err
        assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_half_written(run, world, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("regplug.interpret.profile.picture.save_figure", fail)
    done = run(world / "up.bed", world / "control.bed")
    assert (done.status, "No space left on device" in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []
