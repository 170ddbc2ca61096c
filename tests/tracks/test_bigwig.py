"""bigWig and bedGraph files, read back by pybigtools, which shares no code with pyBigWig."""

import subprocess
import sys

import numpy as np
import pybigtools
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
    with pybigtools.open(str(paths[0])) as file:
        assert file.zooms()
        summed = list(file.values("chr1", 0, 20_000, bins=4, exact=False, fillna=None))
    assert summed == pytest.approx(tenth[2][:, 0].reshape(4, -1).mean(axis=1), abs=1e-3)


def test_bedgraphs_have_the_same_numbers(tmp_path):
    paths, _ = written(tmp_path, bedgraphs, ".bedgraph")
    for track, path in enumerate(paths):
        cells = [line.split("\t") for line in path.read_text().splitlines()]
        found = [(c, int(low), int(high), float(np.float32(v))) for c, low, high, v in cells]
        assert found == expected(track)


def test_an_error_ends_the_process_that_writes(tmp_path):
    with pytest.raises(ZeroDivisionError), bigwigs([tmp_path / "a.bw"], CONTIGS) as files:
        raise ZeroDivisionError
    assert files._process.poll() is not None


def test_what_pybigwig_refuses_is_an_error(tmp_path):
    def backwards():
        with bigwigs([tmp_path / "a.bw"], CONTIGS) as files:
            for start in (100, 50):
                files.write("chr1", np.array([start, start + 1]), np.ones((1, 1), np.float32))

    with pytest.raises(OSError, match="pyBigWig failed"):
        backwards()


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
    """Wherever the disk is full: libBigWig crashes at some places, loops or is silent at others."""
    command = [sys.executable, "-c", FULL, str(limit), tmp_path / "a.bw"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("told: "), (done.stdout, done.stderr)
