"""bigWig and bedGraph files, read back by pybigtools and pyBigWig, which share no code."""

import subprocess
import sys

import numpy as np
import pybigtools
import pyBigWig
import pytest

from regplug.tracks.bigwig import bedgraphs, bigwigs

CONTIGS = {"chr2": 5000, "chr1": 30_000, 'odd "name"': 40}


def runs_of_values(seed=3):
    """Return runs (contig, edges, values of two tracks): equal steps, odd steps, single bases."""
    random = np.random.default_rng(seed)
    edges = [
        ("chr2", np.arange(100, 4100)),
        ("chr2", np.array([4200, 4210, 4220, 4225])),
        ("chr1", np.arange(0, 20_001, 10)),
        ("chr1", np.array([20_003, 20_004])),
        ("chr1", np.append(np.arange(20_010, 29_999, 50), 30_000)),
        ('odd "name"', np.array([0, 40])),
    ]
    return [(c, e, -1 - random.random((len(e) - 1, 2), np.float32)) for c, e in edges]


def written(tmp_path, writer, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    with writer(paths, CONTIGS) as files:
        for run in runs_of_values():
            files.write(*run)
    return paths, files


def expected(track):
    return [
        (contig, low, high, value)
        for contig, edges, values in runs_of_values()
        for low, high, value in zip(edges[:-1], edges[1:], values[:, track].tolist(), strict=True)
    ]


def test_bigwigs_read_back(tmp_path):
    paths, files = written(tmp_path, bigwigs, ".bw")
    for track, path in enumerate(paths):
        with pybigtools.open(str(path)) as file:
            assert file.chroms() == CONTIGS
            found = [
                (c, *record) for c in ("chr2", "chr1", 'odd "name"') for record in file.records(c)
            ]
            summary = file.info()["summary"]
        assert found == expected(track)
        values = [value for *_, value in found]
        assert (summary["min"], summary["max"]) == (min(values), max(values))
        assert (files.low[track], files.high[track]) == (min(values), max(values))


def test_bigwigs_have_zoom_levels(tmp_path):
    paths, _ = written(tmp_path, bigwigs, ".bw")
    tenth = next(run for run in runs_of_values() if run[0] == "chr1")
    bases = np.repeat(tenth[2][:, 0], 10)[:16_384].reshape(4, -1)
    with pybigtools.open(str(paths[0])) as file:
        assert file.zooms()
        summed = list(file.values("chr1", 0, 16_384, bins=4, exact=False, fillna=None))
    assert summed == pytest.approx(bases.mean(axis=1), abs=1e-5)


def test_bedgraphs_have_the_same_numbers(tmp_path):
    paths, _ = written(tmp_path, bedgraphs, ".bedgraph")
    for track, path in enumerate(paths):
        cells = [line.split("\t") for line in path.read_text().splitlines()]
        found = [(c, int(low), int(high), float(np.float32(v))) for c, low, high, v in cells]
        assert found == expected(track)


def test_pybigwig_reads_the_same(tmp_path):
    """libBigWig, which IGV's and deepTools' users have, and the summaries of exact bins."""
    paths, _ = written(tmp_path, bigwigs, ".bw")
    for track, path in enumerate(paths):
        with pyBigWig.open(str(path)) as file:
            assert file.chroms() == CONTIGS
            found = [(c, *record) for c in CONTIGS for record in file.intervals(c)]
            assert found == expected(track)
            values = np.array([value for *_, value in found])
            sizes = np.array([high - low for _, low, high, _ in found])
            assert file.header()["nBasesCovered"] == sizes.sum()
            for kind in ("mean", "min", "max", "coverage"):
                zoomed, exact = (
                    file.stats("chr1", 0, 16_384, type=kind, nBins=4, exact=way)
                    for way in (False, True)
                )
                assert zoomed == pytest.approx(exact, rel=1e-5)
    assert values.max() < 0


def test_zoom_levels_are_sums_of_bins(tmp_path):
    """Values of odd lengths, over gaps and the ends of bins, against an array of single bases."""
    random = np.random.default_rng(1)
    edges = np.unique(random.integers(0, 9000, 4000))
    values = random.normal(size=(len(edges) - 1, 1)).astype(np.float32)
    kept = np.flatnonzero(np.diff(edges) < 7)
    with bigwigs([tmp_path / "a.bw"], {"c": 9001}) as files:
        for at in np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1):
            files.write("c", edges[at[0] : at[-1] + 2], values[at])
    bases = np.full(9216, np.nan)
    for at in kept:
        bases[edges[at] : edges[at + 1]] = values[at, 0]
    with pybigtools.open(str(tmp_path / "a.bw")) as file:
        assert len(file.zooms()) >= 2
        for size in file.zooms()[:2]:
            binned = bases[: len(bases) // size * size].reshape(-1, size)
            wanted = [(size * at, one) for at, one in enumerate(binned) if not np.isnan(one).all()]
            found = file.zoom_records(size, "c")
            for (start, one), (low, _, summary) in zip(wanted, found, strict=True):
                assert low == start
                assert summary["bases_covered"] == (~np.isnan(one)).sum()
                assert summary["min_val"] == pytest.approx(np.nanmin(one))
                assert summary["max_val"] == pytest.approx(np.nanmax(one))
                assert summary["sum"] == pytest.approx(np.nansum(one), abs=1e-4)
                assert summary["sum_squares"] == pytest.approx(np.nansum(one**2), abs=1e-4)


def test_trees_of_several_levels(tmp_path, monkeypatch):
    """With four items a node, 60 contigs and their 180 blocks lie under four levels of nodes."""
    monkeypatch.setattr("regplug.tracks.bigwig_trees.NODE", 4)
    contigs = {f"c{number * 7 % 60}": 100 + number for number in range(60)}
    with bigwigs([tmp_path / "a.bw"], contigs) as files:
        for name in contigs:
            for start in (0, 40):
                edges = np.arange(start, start + 34)
                files.write(name, edges, np.full((33, 1), contigs[name] + start, np.float32))
            files.write(name, np.array([80, 81, 90]), np.ones((2, 1), np.float32))
    records = {
        name: [
            *((at, at + 1, size) for at in range(33)),
            *((at, at + 1, size + 40) for at in range(40, 73)),
            *((80, 81, 1), (81, 90, 1)),
        ]
        for name, size in contigs.items()
    }
    with pybigtools.open(str(tmp_path / "a.bw")) as file:
        assert file.chroms() == contigs
        assert {name: list(file.records(name)) for name in contigs} == records
    with pyBigWig.open(str(tmp_path / "a.bw")) as file:
        assert file.chroms() == contigs
        assert {name: list(file.intervals(name)) for name in contigs} == records


def test_without_values(tmp_path):
    with bigwigs([tmp_path / "a.bw"], CONTIGS):
        pass
    for opened in (pybigtools.open, pyBigWig.open):
        with opened(str(tmp_path / "a.bw")) as file:
            assert file.chroms() == CONTIGS


def test_an_error_leaves_what_is_no_bigwig(tmp_path):
    def fails():
        with bigwigs([tmp_path / "a.bw"], CONTIGS) as files:
            files.write("chr2", np.arange(101), np.ones((100, 1), np.float32))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with pytest.raises(pybigtools.BBIReadError):
        pybigtools.open(str(tmp_path / "a.bw"))


@pytest.mark.parametrize(
    ("contig", "edges"),
    [("chr1", [50, 51]), ("chr1", [120, 119]), ("chr1", [29_999, 30_001]), ("chr2", [0, 1])],
)
def test_values_out_of_order_are_an_error(tmp_path, contig, edges):
    with bigwigs([tmp_path / "a.bw"], CONTIGS) as files:
        files.write("chr1", np.array([100, 101]), np.ones((1, 1), np.float32))
        message = f"values at {contig}:{edges[0]}-{edges[1]} are not behind"
        with pytest.raises(OSError, match=message):
            files.write(contig, np.array(edges), np.ones((1, 1), np.float32))


FULL = """
import resource, sys
import numpy as np
from regplug.tracks.bigwig import bigwigs
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
try:
    with bigwigs([Path(sys.argv[2])], {"c": 10**7}) as files:
        for start in range(0, 10**6, 10**4):
            files.write("c", np.arange(start, start + 10**4 + 1), np.random.rand(10**4, 1))
except OSError as error:
    print("told:", error)
"""


SLOW = [2_000, 5_000, 20_000, 34_000, 300_000, 3_000_000, 3_700_000, 4_500_000]


@pytest.mark.parametrize(
    "limit", [100, *(pytest.param(limit, marks=pytest.mark.slow) for limit in SLOW)]
)
def test_a_full_disk_is_told(tmp_path, limit):
    """Wherever the disk is full, in the values, the index, the zoom levels or the last bytes."""
    command = [sys.executable, "-c", FULL, str(limit), tmp_path / "a.bw"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("told: "), (done.stdout, done.stderr)
