"""Peaks of samples become the sites that were worked out by hand, or by the literal rule."""

import gzip
import random
import subprocess
import sys
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pysam
import pytest

from regplug.data.sites.sites import Sites
from regplug.genome.codes import decode
from tests.data.sites.literal_merge import literal_sites
from tests.data.sites.toy_samples import CONTIGS, SIZES, write_samples

ALL = ["--valid", 0, "--test", 0]


@pytest.fixture
def prepare(tmp_path, regplug, monkeypatch):
    """Return a function that prepares BEDs, and gives the set and what was told."""
    opened = []

    def run(beds, *options, header="", contigs=CONTIGS, pictures=False):
        if not pictures:  # they take most of the time
            monkeypatch.setattr(
                "regplug.data.sites.beside.save_figure", lambda _, path: path.touch()
            )
        table = write_samples(tmp_path, beds, header, contigs)
        arguments = [table, "--fasta", tmp_path / "genome.fa", "-o", tmp_path / "set.h5"]
        done = regplug("prepare", "basset", *arguments, *options)
        assert done.status == 0, done.err
        assert done.out == ""
        opened.append(Sites(tmp_path / "set.h5"))
        return opened[-1], done.err

    yield run
    for sites in opened:
        sites.close()


def found(sites):
    """Return contig, start and open samples of each site."""
    targets = sites.read(0, len(sites)).targets
    return [
        (sites.names[contig], start, "".join(np.array(sites.samples)[row == 1]))
        for contig, start, row in zip(sites.contigs, sites.starts.tolist(), targets, strict=True)
    ]


# -- peaks -----------------------------------------------------------------------------------

BEDS = {
    # a's midpoints: 1000, 4990, 10, and 1500 on chr2
    "a": "chr1\t990\t1010\nchr1\t4985\t4995\nchr1\t0\t20\nchr2\t1400\t1601\n",
    # b's: 1100 and 2000, unsorted, one without chr
    "b": "#c\ntrack name=x\nchr1\t1990\t2010\t.\t0\t-\n1\t1090\t1110\n",
}


@pytest.mark.parametrize("header", ["", "name\tpath\n", "# a comment\n", "sample\tbed\n\n"])
def test_sites_by_hand(prepare, tmp_path, header):
    # 700 and 800 weigh the same; 10 - 300 is moved to 0, and 4990 - 300 to 5000 - 600.
    sites, err = prepare(BEDS, *ALL, header=header)
    assert found(sites) == [
        ("chr1", 0, "a"),
        ("chr1", 750, "ab"),
        ("chr1", 1700, "b"),
        ("chr1", 4400, "a"),
        ("chr2", 1200, "a"),
    ]
    assert sites.peaks.tolist() == [4, 2]
    assert sites.card.counts == {}
    assert err == (
        f"{tmp_path / 'set.h5'}: 5 sites of 600 bases in 2 samples, 5 to train on, 0 to validate, "
        "0 to test\n"
    )
    assert [one.name for one in sites.card.sources] == [
        "samples.tsv", "genome.fa", "0.bed", "1.bed.gz",
    ]  # fmt: skip


def test_what_is_beside_the_set(prepare, tmp_path):
    prepare(BEDS, "--split", "chrom", "--test-chroms", "2", pictures=True)
    with gzip.open(tmp_path / "set.sites.bed.gz", "rt") as bed:
        assert bed.read().splitlines() == [
            "chr1\t0\t600\t0\t1\t.\ta\ttrain",
            "chr1\t750\t1350\t1\t2\t.\ta,b\ttrain",
            "chr1\t1700\t2300\t2\t1\t.\tb\ttrain",
            "chr1\t4400\t5000\t3\t1\t.\ta\ttrain",
            "chr2\t1200\t1800\t4\t1\t.\ta\ttest",
        ]
    rows = [line.split("\t") for line in (tmp_path / "set.summary.tsv").read_text().splitlines()]
    assert rows == [
        ["of", "name", "peaks", "sites", "train", "valid", "test"],
        ["all", ".", "6", "5", "4", "0", "1"],
        ["sample", "a", "4", "4", "3", "0", "1"],
        ["sample", "b", "2", "2", "2", "0", "0"],
        ["samples_per_site", "1", ".", "4", "3", "0", "1"],
        ["samples_per_site", "2", ".", "1", "1", "0", "0"],
    ]
    assert (tmp_path / "set.summary.png").read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(tmp_path / "set.summary.svg").getroot().tag.endswith("svg")
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_summits(prepare):
    narrow = "chr1\t{}\t{}\t.\t0\t.\t1\t1\t1\t{}\n"
    text = narrow.format(1000, 1101, 3) + narrow.format(2000, 2100, -1) + "chr1 3000 3100\n"
    sites, err = prepare({"a": text}, "--summits", *ALL)
    assert sites.starts.tolist() == [703, 1750, 2750]
    assert sites.card.settings.centres == "summits"
    assert "\n2 peaks without a summit: their midpoint was taken\n" in err
    sites, _ = prepare({"a": text}, *ALL)
    assert sites.starts.tolist() == [750, 1750, 2750]


def test_a_peak_of_a_single_base_is_its_own_summit(prepare):
    sites, err = prepare({"a": "chr1\t1003\t1004\tReb1\n"}, "--summits", *ALL)
    assert sites.starts.tolist() == [703]
    assert "without a summit" not in err


def test_what_is_left_out_is_counted(prepare):
    text = "chr1\t100\t200\n" * 3 + "chr1\t4999\t5001\nchrQ\t5\t9\ntiny\t5\t9\nchrY\t700\t900\n"
    sites, err = prepare({"a": text, "b": text}, "--exclude-chroms", "Y", *ALL)
    assert found(sites) == [("chr1", 0, "ab")]
    assert sites.card.settings.excluded == ("chrY",)
    assert sites.card.counts == {
        "peaks left out: past the end of their contig; is it another assembly?": 2,
        "peaks left out: on contigs that the FASTA lacks": 2,
        "peaks left out: on contigs shorter than a site": 2,
        "peaks left out: on excluded contigs": 2,
    }
    for why, count in sites.card.counts.items():
        assert f"\n{count} {why}\n" in err


def test_unknown_bases(prepare):
    # Of [100, 700) 300 bases are N, of [99, 699) 301.
    contigs = {"chr1": "N" * 400 + "ACGT" * 1150}
    sites, _ = prepare({"a": "chr1\t400\t401\nchr1\t2000\t2001\n"}, *ALL, contigs=contigs)
    assert sites.starts.tolist() == [100, 1700]
    assert decode(sites.read(0, 1).codes[0]) == contigs["chr1"][100:700]
    sites, err = prepare({"a": "chr1\t399\t400\nchr1\t2000\t2001\n"}, *ALL, contigs=contigs)
    assert sites.starts.tolist() == [1700]
    assert "\n1 sites left out: more than half of their bases unknown\n" in err


@pytest.mark.parametrize(("length", "merge"), [(600, 200), (101, 50)])
def test_as_the_literal_rule_with_pysams_bases(prepare, tmp_path, length, merge):
    rng = random.Random(length)
    beds, peaks = {}, {name: [] for name in SIZES}
    for sample in "abcdefghij":
        lines = []
        for _ in range(12):
            contig = rng.choice(["chr1", "chr2", "chrY"])
            start = rng.randrange(SIZES[contig] - 150)
            end = start + rng.randint(1, 150)
            peaks[contig].append(((start + end) // 2, sample))
            lines.append(f"{rng.choice([contig, contig[3:]])}\t{start}\t{end}\n")
        beds[sample] = "".join(lines)
    sites, _ = prepare(beds, "--length", length, "--merge", merge, *ALL)
    expected = [
        (contig, start, "".join(sorted(samples)))
        for contig, size in SIZES.items()
        for start, samples in literal_sites(
            peaks[contig], length=length, overlap=merge, contig=size
        )
    ]
    assert found(sites) == expected
    with pysam.FastaFile(str(tmp_path / "genome.fa")) as fasta:
        letters = [fasta.fetch(contig, start, start + length) for contig, start, _ in expected]
    assert [decode(row) for row in sites.read(0, len(sites)).codes] == letters


# -- parts -----------------------------------------------------------------------------------

MANY = {
    name: "".join(f"chr{1 + i % 2}\t{s}\t{s + 2}\n" for i, s in enumerate(range(at, 2900, 70)))
    for at, name in ((50, "a"), (90, "b"))
}


@pytest.mark.parametrize(("length", "overlap"), [(600, 200), (200, 66), (1000, 200), (1, 0)])
def test_windows_overlap_by_a_third_or_200(prepare, length, overlap):
    """200 is the paper's, of sites of 600 bases."""
    sites, _ = prepare({"a": "chr1\t1990\t2010\n"}, "--length", length, *ALL)
    assert sites.card.settings.overlap == overlap


SMALL = ["--length", 20, "--merge", 5]


@pytest.mark.parametrize(
    ("valid", "test", "sizes"),
    [
        (7, 10, (65, 7, 10)),
        (0.1, 0.26, (53, 8, 21)),
        (0, 0.5, (41, 0, 41)),
        (None, None, (74, 4, 4)),
    ],
)
def test_random_parts(prepare, valid, test, sizes):
    # 82 sites: 0.1 of them are 8.2, 0.26 are 21.32, 0.05 are 4.1
    options = [] if valid is None else ["--valid", valid, "--test", test]
    sites, err = prepare(MANY, *SMALL, *options)
    assert np.bincount(sites.parts, minlength=3).tolist() == list(sizes)
    assert f"{sizes[0]} to train on, {sizes[1]} to validate, {sizes[2]} to test" in err
    again, _ = prepare(MANY, *SMALL, *options)
    assert (again.parts == sites.parts).all()
    other, _ = prepare(MANY, *SMALL, *options, "--seed", 1)
    assert (other.parts != sites.parts).any()
    held = np.flatnonzero(sites.parts)
    assert not (np.diff(held) == 1).all()  # drawn from everywhere


def test_parts_by_contig(prepare):
    sites, _ = prepare(MANY, *SMALL, "--split", "chrom", "--valid-chroms", "1")
    assert [sites.names[contig] for contig in np.unique(sites.contigs)] == ["chr1", "chr2"]
    assert ((sites.parts == 1) == (sites.contigs == 0)).all()
    assert ((sites.parts == 0) == (sites.contigs == 1)).all()


def test_a_contig_to_be_held_out_has_no_site(prepare):
    """It is named, where the part has another with sites; mistakes have one that has not."""
    contigs = {**CONTIGS, "chr3": "ACGT" * 500}
    held = ("--split", "chrom", "--valid-chroms", "chr3,chr2")
    sites, err = prepare(BEDS, *held, contigs=contigs)
    assert sites.parts.tolist() == [0, 0, 0, 0, 1]
    assert err.endswith("\n0 sites on chr3, which is to be held out\n")
    assert sites.card.counts == {"sites on chr3, which is to be held out": 0}
    _, err = prepare(BEDS, "--split", "chrom", "--valid-chroms", "chr2", contigs=contigs)
    assert "chr3" not in err


# -- reading ---------------------------------------------------------------------------------


def test_batches(prepare, monkeypatch):
    sites, _ = prepare(MANY, *SMALL, "--valid", 0.1, "--test", 0.26)
    everything = sites.read(0, len(sites))
    monkeypatch.setattr("regplug.data.sites.sites.MIXED", 3)
    for block, size, (part, name) in product(
        (4, 16, 256), (1, 7, 53, 100), enumerate(("train", "valid", "test"))
    ):
        monkeypatch.setattr("regplug.data.sites.sites.BLOCK", block)
        codes = everything.codes[sites.parts == part]
        targets = everything.targets[sites.parts == part]
        in_order = read(sites, name, size)
        assert (in_order[0] == codes).all()
        assert (in_order[1] == targets).all()
        first, again, other = (read(sites, name, size, seed) for seed in (3, 3, 4))
        assert (first[0] == again[0]).all()
        assert (first[0] != other[0]).any()
        rows = [np.flatnonzero((codes == row).all(axis=1)).item() for row in first[0]]
        assert sorted(rows) == list(range(len(codes)))
        assert (first[1] == targets[rows]).all()


def read(sites, part, size, seed=None):
    """Return the codes and targets of all batches, joined."""
    rng = None if seed is None else np.random.default_rng(seed)
    batches = list(sites.batches(part, size, rng=rng))
    assert {len(batch.codes) for batch in batches[:-1]} <= {size}
    assert 0 < len(batches[-1].codes) <= size
    return [np.concatenate(arrays) for arrays in zip(*batches, strict=True)]


def test_same_input_same_bytes(prepare, tmp_path):
    def files():
        prepare(MANY, *SMALL)[0].close()
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert files() == files()


@pytest.mark.slow
def test_torch_is_not_needed(tmp_path):
    table = write_samples(tmp_path, MANY)
    code = (
        "import sys\nsys.modules['torch'] = sys.modules['sklearn'] = None\n"
        "from regplug.cli import main\nmain()"
    )
    command = ["prepare", "basset", table, "--fasta", tmp_path / "genome.fa", *map(str, SMALL)]
    output = ["-o", tmp_path / "set.h5"]
    subprocess.run([sys.executable, "-c", code, *command, *output], check=True)
    with Sites(tmp_path / "set.h5") as sites:
        assert len(sites) == 82
