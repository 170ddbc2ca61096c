"""`regplug explain` of a model with counts and a profile: a map of each, by a literal network."""

import csv
from collections import defaultdict

import numpy as np
import pyBigWig
import pytest

from regplug.genome.codes import encode
from regplug.scoring.alleles import column
from tests.toy_profiles import WINDOW, ProfileToy

pytest.importorskip("matplotlib")
pytest.importorskip("memelite")
pytest.importorskip("pyjaspar")
pytest.importorskip("scipy")

pytestmark = pytest.mark.slow


@pytest.fixture
def explain(world, regplug):
    """Return a function that runs `regplug explain` on a toy, and returns the run and map.tsv."""

    def run(toy, place, *arguments):
        toy.imported(world.folder / "repo")
        done = regplug(
            *("explain", place, "--model", "toy", "--model-repo", world.folder / "repo"),
            *("--fasta", world.fasta, "-o", world.folder / "out", *arguments),
        )
        assert done.status == 0, done.err
        with (world.folder / "out" / "map.tsv").open() as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        found = defaultdict(list)
        for row in rows:
            found[row["target"], row["allele"]].append(row)
        return done, found

    return run


def scores(toy, letters, base):
    """Return ln(reads), and the sum of softmax(logits) * (logits - mean), of the first target."""
    first = WINDOW + base - column(WINDOW)
    padded = "N" * WINDOW + letters + "N" * WINDOW
    log_counts, logits = toy.answers(encode(padded[first : first + WINDOW]))
    of_target = logits.reshape(toy.targets, -1)[0]
    shares = np.exp(of_target) / np.exp(of_target).sum()
    return log_counts[0], (shares * (of_target - of_target.mean())).sum()


def check(toy, letters, rows, start, which):
    """Compare rows of map.tsv, whose first base is `start` of letters, with the literal network."""
    for base, row in enumerate(rows, start=start):
        assert row["base"] == letters[base]
        before = scores(toy, letters, base)[which]
        for alt in "ACGT":
            changed = letters[:base] + alt + letters[base + 1 :]
            change = scores(toy, changed, base)[which] - before
            assert float(row[alt]) == pytest.approx(change, abs=1e-4)


@pytest.mark.parametrize("toy", [ProfileToy(3), ProfileToy(3, rows=2)], ids=["one", "strands"])
def test_both_are_mapped_on_both_alleles(explain, world, toy):
    letters, snv = world.contigs["chr1"], world.other("chr1", 200)
    done, found = explain(toy, f"chr1:200:{letters[199]}:{snv}", "--flank", 3)
    assert list(found) == [
        (f"t0 {aspect}", allele) for aspect in ("counts", "profile") for allele in ("ref", "alt")
    ]
    changed = letters[:199] + snv + letters[200:]
    for which, aspect in enumerate(("counts", "profile")):
        check(toy, letters, found[f"t0 {aspect}", "ref"], 196, which)
        check(toy, changed, found[f"t0 {aspect}", "alt"], 196, which)
        ref, alt = (scores(toy, side, 199)[which] for side in (letters, changed))
        assert f"t0 {aspect}: {ref:.3g} → {alt:.3g} ({alt - ref:+.3g})" in done.err
    folder = world.folder / "out"
    names = {
        f"{what}_t0-{aspect}.bw" for what in ("loss", "gain") for aspect in ("counts", "profile")
    }
    assert {path.name for path in folder.glob("*.bw")} == names
    file = pyBigWig.open(str(folder / "gain_t0-profile.bw"))
    gains = [float(row["gain"]) for row in found["t0 profile", "ref"]]
    assert file.values("chr1", 196, 203) == pytest.approx(gains, abs=1e-6)
    file.close()
    svg = (folder / "map.svg").read_text()
    assert "ref-0-counts-" in svg
    assert "ref-0-profile-" in svg


def test_a_region(explain, world):
    toy = ProfileToy(3, targets=3)
    _, found = explain(toy, "chr2:50-54", "--targets", "t2,t0")
    assert [target for target, _ in found] == ["t2 counts", "t2 profile", "t0 counts", "t0 profile"]
    check(toy, world.contigs["chr2"], found["t0 counts", "ref"], 49, 0)
    check(toy, world.contigs["chr2"], found["t0 profile", "ref"], 49, 1)


def test_a_profile_without_counts_has_the_map_of_its_score(explain, world):
    toy = ProfileToy(3, kind="score")
    _, found = explain(toy, "chr2:50-52")
    assert [target for target, _ in found] == ["t0"]
    check(toy, world.contigs["chr2"], found["t0", "ref"], 49, 0)
