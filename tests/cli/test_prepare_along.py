"""`regplug prepare basset --along` makes the tiles of the literal rule, and counts the others."""

import random
from collections import Counter

import numpy as np
import pytest

from regplug.data.sites import ground
from regplug.data.sites.sites import Sites
from regplug.genome.codes import decode
from tests.data.sites.literal_tiles import literal_tiles
from tests.data.sites.toy_samples import write_samples
from tests.toy_genomes import random_letters

SIZES = {"chr1": 4000, "chr2": 2500, "chr3": 1500}
CONTIGS = {name: random_letters(size, seed=size) for name, size in SIZES.items()}
CONTIGS["chr1"] = CONTIGS["chr1"][:1000] + "N" * 500 + CONTIGS["chr1"][1500:]
WHOLE = [(name, 0, size) for name, size in SIZES.items()]


@pytest.fixture
def along(tmp_path, regplug, monkeypatch):
    """Return a function that makes tiles of peaks, and gives the set and what was told."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    opened = []

    def run(samples, *options, status=0, contigs=CONTIGS):
        beds = {
            name: "".join(f"{c}\t{s}\t{e}\t.\t0\t.\t1\t1\t1\t{m}\n" for c, s, e, m in peaks)
            for name, peaks in samples.items()
        }
        table = write_samples(tmp_path, beds, contigs=contigs)
        there = {path for path in tmp_path.iterdir() if path.suffix != ".fai"}
        arguments = [table, "--along", "--fasta", tmp_path / "genome.fa", "-o", tmp_path / "set.h5"]
        done = regplug("prepare", "basset", *arguments, *options)
        assert done.status == status, done.err
        if status:
            assert {path for path in tmp_path.iterdir() if path.suffix != ".fai"} == there
            return done.err
        opened.append(Sites(tmp_path / "set.h5"))
        return opened[-1], done.err

    yield run
    for sites in opened:
        sites.close()


def some_peaks(seed, n=12):
    """Return peaks whose summits lie on known bases."""
    rng, peaks = random.Random(seed), []
    while len(peaks) < n:
        contig = rng.choice(list(SIZES))
        start = rng.randrange(SIZES[contig] - 200)
        width = rng.randint(1, 200)
        summit = rng.randrange(width)
        if CONTIGS[contig][start + summit] != "N" != CONTIGS[contig][start + width // 2]:
            peaks.append((contig, start, start + width, summit))
    return peaks


def found(sites):
    """Return contig, start and open samples of each tile."""
    targets = sites.read(0, len(sites)).targets
    return [
        (sites.names[contig], start, "".join(np.array(sites.samples)[row == 1]))
        for contig, start, row in zip(sites.contigs, sites.starts.tolist(), targets, strict=True)
    ]


HELD = ["--valid-chroms", "2", "--test-chroms", "chr3"]
SMALL = ["--length", 100, "--step", 30, "--centre", 41]
SIZE = {"length": 100, "step": 30, "centre": 41}


@pytest.mark.parametrize("together", [3, 4096])
@pytest.mark.parametrize("share", [None, 0.3, 1.0])
def test_as_the_literal_rule(along, tmp_path, monkeypatch, share, together):
    monkeypatch.setattr(ground, "TOGETHER", together)
    samples = {name: some_peaks(seed) for seed, name in enumerate("abc")}
    label = "summit" if share is None else "overlap"
    how = [] if share is None else ["--label", label, "--share", share]
    sites, err = along(samples, *SMALL, *HELD, *how)
    expected = literal_tiles(CONTIGS, WHOLE, samples, **SIZE, label=label, share=share or 0.5)
    assert found(sites) == expected
    codes = sites.read(0, len(sites)).codes
    assert [decode(row) for row in codes] == [CONTIGS[c][s : s + 100] for c, s, _ in expected]
    parts = {"chr1": 0, "chr2": 1, "chr3": 2}
    assert sites.parts.tolist() == [parts[contig] for contig, _, _ in expected]
    every = sum(len(range(0, size - 99, 30)) for size in SIZES.values())
    assert f"\n{every - len(expected)} tiles left out: more than half" in err
    assert sites.peaks.tolist() == [12, 12, 12]
    assert (sites.card.along.step, sites.card.along.label) == (30, label)
    assert not sites.card.unknown


def test_defaults(along):
    sites, _ = along({"a": some_peaks(1, 30)}, *HELD)
    along_card = sites.card.along
    assert sites.card.settings.length == 600
    assert (along_card.step, along_card.centre, along_card.label) == (300, 200, "summit")


def test_regions(along, tmp_path):
    bed = tmp_path / "where.bed"
    bed.write_text("chr2\t100\t700\nchr1\t1600\t2600\nchr1\t2300\t3000\n")
    samples = {"a": [("chr1", 2000, 2010, 5), ("chr2", 300, 310, 2), ("chr1", 50, 60, 1)]}
    sites, err = along(samples, *SMALL, "--valid-chroms", "chr2", "--regions-file", bed)
    regions = [("chr1", 1600, 3000), ("chr2", 100, 700)]
    assert found(sites) == literal_tiles(CONTIGS, regions, samples, **SIZE, label="summit")
    assert "\n1 peaks not used: outside the regions\n" in err
    assert sites.peaks.tolist() == [2]
    assert [source.name for source in sites.card.sources][-1] == "where.bed"


def test_regions_that_are_held_out(along, tmp_path):
    valid, test = tmp_path / "valid.bed", tmp_path / "test.bed"
    valid.write_text("chr1\t2000\t2500\n")
    test.write_text("1\t2500\t3000\nchr3\t0\t1500\n")
    split = ["--split", "bed", "--valid-bed", valid, "--test-bed", test]
    sites, err = along({"a": some_peaks(1)}, *SMALL, *split)
    all_tiles = literal_tiles(CONTIGS, WHOLE, {"a": some_peaks(1)}, **SIZE, label="summit")
    expected = {}
    for contig, start, _ in all_tiles:
        touched, inside = set(), set()
        for part, name, low, high in (
            (1, "chr1", 2000, 2500), (2, "chr1", 2500, 3000), (2, "chr3", 0, 1500),
        ):  # fmt: skip
            bases = set(range(start, start + 100)) if name == contig else set()
            if bases & set(range(low, high)):
                touched.add(part)
            if bases and bases <= set(range(low, high)):
                inside.add(part)
        if touched == inside:
            expected[contig, start] = min(inside, default=0)
    kept = [(contig, start) for contig, start, _ in found(sites)]
    assert dict(zip(kept, sites.parts.tolist(), strict=True)) == expected
    across = len(all_tiles) - len(expected)
    assert f"\n{across} tiles left out: across an end of a region that is held out\n" in err


def test_positives_only(along, tmp_path):
    samples = {"a": some_peaks(1), "b": some_peaks(2)}
    sites, err = along(samples, *SMALL, *HELD, "--known", "a")
    everywhere = literal_tiles(CONTIGS, WHOLE, samples, **SIZE, label="summit")
    targets = sites.read(0, len(sites)).targets
    assert targets.tolist() == [
        [int("a" in opened), 1 if "b" in opened else 255] for _, _, opened in everywhere
    ]
    assert sites.card.unknown
    unknown = int((targets == 255).sum())
    assert f"\n{unknown} sites of which b says nothing\n" in err
    rows = [line.split("\t") for line in (tmp_path / "set.summary.tsv").read_text().splitlines()]
    assert [row[:4] for row in rows if row[0] == "unknown"] == [["unknown", "b", ".", str(unknown)]]
    # Of nobody's tiles nothing is known: they are left out.
    sites, err = along(samples, *SMALL, *HELD, "--known", "")
    assert found(sites) == [tile for tile in everywhere if tile[2]]
    closed = sum(not opened for _, _, opened in everywhere)
    assert f"\n{closed} tiles left out: no sample says anything of them\n" in err


# -- closed tiles ----------------------------------------------------------------------------


def counted(sites):
    """Return how many closed and open tiles each part has, and the set of tiles."""
    tiles = found(sites)
    by_part = Counter(
        (part, bool(opened))
        for part, (_, _, opened) in zip(sites.parts.tolist(), tiles, strict=True)
    )
    return by_part, set(tiles)


def test_closed_tiles_are_drawn_to_train_on(along):
    samples = {"a": some_peaks(3, 25)}
    every, all_tiles = counted(along(samples, *SMALL, *HELD)[0])
    sites, err = along(samples, *SMALL, *HELD, "--closed", 1.5)
    drawn, tiles = counted(sites)
    wanted = int(1.5 * every[0, True] + 0.5)
    assert drawn[0, False] == wanted
    assert {key: n for key, n in drawn.items() if key != (0, False)} == {
        key: n for key, n in every.items() if key != (0, False)
    }
    assert tiles < all_tiles
    assert f"\n{every[0, False] - wanted} closed tiles left out: not drawn\n" in err
    again = counted(along(samples, *SMALL, *HELD, "--closed", 1.5)[0])[1]
    other = counted(along(samples, *SMALL, *HELD, "--closed", 1.5, "--seed", 1)[0])[1]
    assert again == tiles != other
    _, err = along(samples, *SMALL, *HELD, "--closed", 1000)
    missing = 1000 * every[0, True] - every[0, False]
    assert f"\n{missing} closed tiles fewer than asked for" in err


def test_matched_in_gc_and_repeats(along):
    # G and C are frequent in the second half of chr1, and every other 200 bases are lower case.
    rng = np.random.default_rng(0)
    letters = "".join(rng.choice(list("AATTACGT"), 20_000)) + "".join(
        rng.choice(list("GGCCACGT"), 20_000)
    )
    letters = "".join(
        letters[at : at + 200].lower() if at % 400 else letters[at : at + 200]
        for at in range(0, 40_000, 200)
    )
    contigs = {"chr1": letters, "chr2": CONTIGS["chr2"]}
    peaks = [("chr1", at, at + 20, 10) for at in range(20_300, 40_000, 800)]
    samples = {"a": [*peaks, ("chr2", 500, 520, 10)]}
    options = ["--length", 100, "--step", 100, "--centre", 100, "--test-chroms", "chr2"]

    def shares(*more):
        sites, err = along(samples, *options, *more, contigs=contigs)
        at = [(s, o) for c, s, o in found(sites) if c == "chr1"]
        halves = [np.mean([s >= 20_000 for s, o in at if bool(o) == is_open]) for is_open in (0, 1)]
        lower = [
            np.mean([letters[s : s + 100].islower() for s, o in at if bool(o) == is_open])
            for is_open in (0, 1)
        ]
        return halves, lower, err

    halves, lower, _ = shares("--closed", 2)
    assert halves[0] < 0.7 < halves[1]
    halves, lower, err = shares("--closed", 2, "--match", "gc")
    assert halves[0] > 0.95
    assert "repeats were not matched" not in err
    halves, lower, _ = shares("--closed", 2, "--match", "gc,repeats")
    assert halves[0] > 0.95
    assert lower[0] == pytest.approx(lower[1], abs=0.15)
    samples = {"a": some_peaks(1, 30)}
    contigs = CONTIGS
    _, err = along(samples, *SMALL, *HELD, "--closed", 1, "--match", "repeats")
    assert "FASTA without lower case: repeats were not matched" in err


# -- bad input -------------------------------------------------------------------------------


def test_peaks_of_another_build(along):
    good = some_peaks(1, 20)
    for bad, counts in (
        ([("chr3", 1490, 1510, 2)] * 4, "4 lie past the end of their contig and 0 on N"),
        ([("chr1", 1100, 1120, 3)] * 4, "0 lie past the end of their contig and 4 on N"),
    ):
        message = along({"a": good, "b": good + bad}, *SMALL, *HELD, status=1)
        assert "1.bed.gz is of another assembly than" in message
        assert f"of 24 peaks of b, {counts}" in message
        along({"a": good, "b": good + bad[:3]}, *SMALL, *HELD)


def test_samples_of_which_nothing_is_known(along):
    nowhere = [("chr1", 1010, 1020, 2)]  # on N, where there is no tile
    samples = {"a": some_peaks(1), "b": nowhere}
    message = along(samples, *SMALL, *HELD, "--known", "a", status=1)
    assert "all labels of b are unknown: take the sample out" in message
    assert "b is open in no site" in along(samples, *SMALL, *HELD, status=1)


@pytest.mark.parametrize(
    ("options", "status", "why"),
    [
        ([], 2, "--split chrom needs --valid-chroms or --test-chroms"),
        (["--split", "random"], 2, "--along needs --split chrom or bed"),
        (["--split", "bed", *HELD], 2, "--valid-chroms does not go with --split bed"),
        ([*HELD, "--valid", 3], 2, "--valid does not go with --split chrom"),
        ([*HELD, "--centre", 601], 2, "must not be above --length"),
        ([*HELD, "--match", "gc"], 2, "--match goes with --closed"),
        ([*HELD, "--match", "x", "--closed", 1], 2, "is gc, repeats"),
        ([*HELD, "--share", 1], 2, "--share goes with --label overlap"),
        ([*HELD, "--summits"], 2, "--summits does not go with --along"),
        ([*HELD, "--known", "z"], 1, "has no sample z"),
        (["--valid-chroms", "chr1,chr2,chr3"], 1, "all contigs with sites are held out"),
        (["--valid-chroms", "chr9"], 1, "has no contig chr9"),
        ([*HELD, "--length", 1000, "--regions-file", "BED"], 1, "no site on chr2"),
        ([*HELD, "--regions-file", "PAST"], 1, "leaves chr1, which has 4000 bases"),
    ],
)
def test_mistakes(along, tmp_path, options, status, why):
    (tmp_path / "few.bed").write_text("chr1\t0\t1000\nchr1\t1500\t4000\n")
    (tmp_path / "past.bed").write_text("chr1\t0\t4001\n")
    named = {"BED": tmp_path / "few.bed", "PAST": tmp_path / "past.bed"}
    options = [named.get(option, option) for option in options]
    assert why in along({"a": some_peaks(1)}, *options, status=status)


def test_options_that_need_along(regplug, tmp_path):
    for option in (["--step", 3], ["--closed", 1], ["--known", "a"], ["--split", "bed"]):
        done = regplug("prepare", "basset", "x", "--fasta", "y", "-o", "z.h5", *option)
        assert done.status == 2
        assert "--along" in done.err
