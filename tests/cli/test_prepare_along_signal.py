"""`regplug prepare basset --along` with bigWigs: labels are those of pyBigWig's own means."""

import gzip
import math

import numpy as np
import pyBigWig
import pytest

from regplug.data.sites import ground
from regplug.data.sites.sites import Sites
from tests.data.sites.toy_samples import write_samples
from tests.toy_bigwigs import SIZES, write_bigwig
from tests.toy_genomes import random_letters

CONTIGS = {name: random_letters(size, seed=size) for name, size in SIZES.items()}
CONTIGS["chr1"] = CONTIGS["chr1"][:1000] + "N" * 500 + CONTIGS["chr1"][1500:]
HELD = ["--valid-chroms", "2", "--test-chroms", "chr3"]
LENGTH, STEP, CENTRE = 100, 30, 41
SMALL = ["--length", LENGTH, "--step", STEP, "--centre", CENTRE]
PEAKS = "chr1\t100\t130\nchr1\t2000\t2040\nchr2\t300\t330\nchr3\t20\t90\n"


def some_signal(seed, sizes=SIZES):
    """Return runs of 1 to 60 bases, a third of them without a value."""
    rng, runs = np.random.default_rng(seed), []
    for name, size in sizes.items():
        at = 0
        while at < size:
            end = min(size, at + int(rng.integers(1, 60)))
            if rng.random() > 1 / 3:
                runs.append((name, at, end, rng.gamma(0.5)))
            at = end
    return runs


@pytest.fixture
def along(tmp_path, regplug, monkeypatch):
    """Return a function that makes tiles of files, and gives the set and what was told."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    opened = []

    def run(table, *options, status=0, contigs=CONTIGS):
        path = write_samples(tmp_path, {"peaks": PEAKS}, contigs=contigs)
        path.write_text("".join(f"{name}\t{file}\n" for name, file in table.items()))
        there = {path for path in tmp_path.iterdir() if path.suffix != ".fai"}
        arguments = [path, "--fasta", tmp_path / "genome.fa", "-o", tmp_path / "set.h5"]
        done = regplug("prepare", "basset", *arguments, *options)
        assert done.status == status, done.err
        if status:
            assert {path for path in tmp_path.iterdir() if path.suffix != ".fai"} == there
            assert "Traceback" not in done.err
            return done.err
        opened.append(Sites(tmp_path / "set.h5"))
        return opened[-1], done.err

    yield run
    for sites in opened:
        sites.close()


def literal_labels(path, contigs, top, bottom, names=None):
    """Return (contig, start) → label of all tiles of known bases, from pyBigWig's statistics."""
    means = {}
    with pyBigWig.open(str(path)) as file:
        for name, letters in contigs.items():
            for start in range(0, len(letters) - LENGTH + 1, STEP):
                if letters[start : start + LENGTH].count("N") * 2 > LENGTH:
                    continue
                low = start + (LENGTH - CENTRE) // 2
                place = (names or {}).get(name, name), low, low + CENTRE
                mean = coverage = None
                if place[0] in file.chroms():
                    (mean,) = file.stats(*place, type="mean", exact=True)
                    (coverage,) = file.stats(*place, type="coverage", exact=True)
                means[name, start] = mean if (coverage or 0) >= 0.5 else None
    known = sorted(mean for mean in means.values() if mean is not None)
    opened = known[-max(1, math.floor(top * len(known) + 0.5))] - 1e-6
    closed = known[max(1, math.floor(bottom * len(known) + 0.5)) - 1] + 1e-6
    return {
        tile: 255 if mean is None else 1 if mean >= opened else 0 if mean <= closed else 255
        for tile, mean in means.items()
    }


def found(sites, sample):
    targets = sites.read(0, len(sites)).targets[:, sites.samples.index(sample)]
    places = zip(sites.contigs.tolist(), sites.starts.tolist(), targets.tolist(), strict=True)
    return {(sites.names[contig], start): label for contig, start, label in places}


@pytest.mark.parametrize("together", [3, 4096])
@pytest.mark.parametrize("shares", [None, (0.1, 0.5), (0.5, 0.5)])
def test_as_the_literal_rule(along, tmp_path, monkeypatch, together, shares):
    monkeypatch.setattr(ground, "TOGETHER", together)
    for name, seed in (("a.bw", 1), ("b.bigWig", 2)):
        write_bigwig(tmp_path / name, some_signal(seed))
    how = [] if shares is None else ["--open-top", shares[0], "--closed-bottom", shares[1]]
    table = {"a": "a.bw", "peaks": "0.bed", "b": "b.bigWig"}
    sites, err = along(table, "--along", *SMALL, *HELD, *how)
    top, bottom = shares or (0.03, 0.9)
    for sample in "ab":
        expected = literal_labels(tmp_path / table[sample], CONTIGS, top, bottom)
        assert set(expected.values()) == {0, 1, 255}
        assert found(sites, sample) == expected
        opened, _ = sites.card.cuts[sample]
        assert f"{sample}: open from a mean signal of {opened:g}, closed up to" in err
        unknown = list(expected.values()).count(255)
        assert f"\n{unknown} sites of which {sample} says nothing\n" in err
    assert set(found(sites, "peaks").values()) == {0, 1}
    assert sites.card.unknown
    assert (sites.card.along.open_top, sites.card.along.closed_bottom) == (top, bottom)
    assert [source.name for source in sites.card.sources][-3:] == ["a.bw", "0.bed", "b.bigWig"]
    assert sites.peaks.tolist() == [0, 4, 0]


def test_a_tile_by_hand(along, tmp_path):
    # Ten tiles of 100 bases side by side, their middle 10 bases at 45; values 1 to 9 there, the
    # last tile without one; of the first, six bases have a value, of the second, four.
    runs = [("chr1", 45, 51, 9), ("chr1", 145, 149, 20)]
    runs += [("chr1", 245 + 100 * i, 255 + 100 * i, 1 + i) for i in range(7)]
    write_bigwig(tmp_path / "a.bw", runs, {"chr1": 1000})
    options = ["--length", 100, "--step", 100, "--centre", 10, "--test-chroms", "chr3"]
    options += ["--open-top", 0.25, "--closed-bottom", 0.5]
    contigs = {"chr1": random_letters(1000, seed=1), "chr3": CONTIGS["chr3"]}
    table = {"a": "a.bw", "peaks": "0.bed"}
    (tmp_path / "other.bed").write_text("chr1\t140\t160\nchr3\t340\t360\n")
    table["peaks"] = "other.bed"
    sites, _ = along(table, "--along", *options, contigs=contigs)
    labels = found(sites, "a")
    # Eight are measured: two are open (9, 7), four closed (1 to 4), 5 and 6 lie between.
    assert [labels["chr1", at] for at in range(0, 1000, 100)] == (
        [1, 255, 0, 0, 0, 0, 255, 255, 1, 255]
    )
    assert {label for (name, _), label in labels.items() if name == "chr3"} == {255}
    assert sites.card.cuts == {"a": (7.0, 4.0)}


def test_depth_does_not_matter(along, tmp_path):
    runs = some_signal(3)
    write_bigwig(tmp_path / "a.bw", runs)
    write_bigwig(tmp_path / "b.bw", [(*place, 37 * value) for *place, value in runs])
    sites, _ = along({"a": "a.bw", "b": "b.bw"}, "--along", *SMALL, *HELD)
    assert found(sites, "a") == found(sites, "b")


def test_contigs_without_chr(along, tmp_path):
    bare = {name.removeprefix("chr"): size for name, size in SIZES.items()}
    write_bigwig(tmp_path / "a.bw", some_signal(4, bare), bare)
    sites, _ = along({"a": "a.bw", "peaks": "0.bed"}, "--along", *SMALL, *HELD)
    names = {name: name.removeprefix("chr") for name in SIZES}
    expected = literal_labels(tmp_path / "a.bw", CONTIGS, 0.03, 0.9, names)
    assert found(sites, "a") == expected


def test_regions_and_known(along, tmp_path):
    write_bigwig(tmp_path / "a.bw", some_signal(5))
    bed = tmp_path / "where.bed"
    bed.write_text("chr1\t0\t900\nchr2\t0\t2500\nchr3\t0\t1500\n")
    table = {"a": "a.bw", "peaks": "0.bed"}
    # The shares are those of the tiles in the regions; --known speaks of peaks alone.
    few = {**CONTIGS, "chr1": CONTIGS["chr1"][:900]}
    options = ["--along", *SMALL, *HELD, "--regions-file", bed]
    (tmp_path / "0.bed").write_text(PEAKS)
    sites, _ = along(table, *options, "--known", "")
    expected = literal_labels(tmp_path / "a.bw", few, 0.03, 0.9)
    said = found(sites, "a")
    assert {tile: label for tile, label in expected.items() if label != 255}.items() <= said.items()
    assert said.items() <= expected.items()
    assert set(found(sites, "peaks").values()) == {1, 255}


def test_closed_tiles_are_drawn(along, tmp_path):
    write_bigwig(tmp_path / "a.bw", some_signal(6))
    every = found(along({"a": "a.bw"}, "--along", *SMALL, *HELD)[0], "a")
    sites, _ = along({"a": "a.bw"}, "--along", *SMALL, *HELD, "--closed", 2)
    drawn = found(sites, "a")
    assert drawn.items() < every.items()
    train = [label for (name, _), label in drawn.items() if name == "chr1"]
    assert train.count(0) == 2 * train.count(1)


# -- bad input -------------------------------------------------------------------------------


def test_a_bigwig_without_along(along, tmp_path):
    write_bigwig(tmp_path / "a.bw", some_signal(1))
    message = along({"a": "a.bw"}, "--length", 100, "--merge", 5, status=1)
    assert "a.bw of a is a bigWig, which labels tiles alone: give --along" in message


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ({**SIZES, "chr2": 2501}, "is of another assembly than"),
        ({**SIZES, "chr2": 2501}, "its chr2 has 2501 bases, and that of the FASTA 2500"),
        ({"chr1": 4000, "2": 2000}, "its 2 has 2000 bases, and that of the FASTA 2500"),
        ({"chrI": 4000}, "a.bw has no contig of"),
    ],
)
def test_a_bigwig_of_another_build(along, tmp_path, sizes, why):
    write_bigwig(tmp_path / "a.bw", [(name, 0, 900, 1) for name in sizes], sizes)
    message = along({"peaks": "0.bed", "a": "a.bw"}, "--along", *SMALL, *HELD, status=1)
    assert "a.bw" in message
    assert why in message


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ([("chr1", 1100, 1300, 1)], "a.bw has no value in the tiles: take a out"),  # all on N
        ([("chr1", 0, 900, 0), ("chr1", 950, 955, 2)], "a.bw has the same signal, 0, in the hi"),
    ],
)
def test_signals_that_say_nothing(along, tmp_path, runs, why):
    write_bigwig(tmp_path / "a.bw", runs)
    options = ["--along", *SMALL, "--centre", 100, *HELD]
    assert why in along({"peaks": "0.bed", "a": "a.bw"}, *options, status=1)


def test_damaged_files(along, tmp_path):
    whole = write_bigwig(tmp_path / "a.bw", some_signal(1)).read_bytes()
    for size in (0, 3, 64, 100, 300, len(whole) // 2, len(whole) - 1):
        (tmp_path / "a.bw").write_bytes(whole[:size])
        message = along({"a": "a.bw"}, "--along", *SMALL, *HELD, status=1)
        assert "a.bw is no bigWig" in message or "a.bw is truncated: get it again" in message
    for other in (PEAKS.encode(), gzip.compress(PEAKS.encode())):
        (tmp_path / "a.bw").write_bytes(other)
        assert "no bigWig" in along({"a": "a.bw"}, "--along", *SMALL, *HELD, status=1)
    data = int.from_bytes(whole[16:24], "little")  # where data begin: a count, blocks
    (tmp_path / "a.bw").write_bytes(whole[: data + 8] + b"\xff" * 16 + whole[data + 24 :])
    assert "a.bw is damaged at chr1:" in along({"a": "a.bw"}, "--along", *SMALL, *HELD, status=1)


@pytest.mark.parametrize(
    ("options", "status", "why"),
    [
        (["--open-top", 0.2], 2, "--open-top and --closed-bottom are more than 1 together"),
        (["--open-top", 0], 2, "--open-top"),
        (["--closed-bottom", 1], 2, "--closed-bottom"),
        (["--open-top", 0.05], 1, "has no bigWig: --open-top and --closed-bottom go with those"),
    ],
)
def test_mistakes(along, options, status, why):
    assert why in along({"peaks": "0.bed"}, "--along", *SMALL, *HELD, *options, status=status)
