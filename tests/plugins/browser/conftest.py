"""Tracks to show: small ones with odd names, and real ones for real browsers."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Variant
from regplug.hooks.track_writer import TrackFile, TrackSet
from regplug_browser.page import Page
from tests.plugins.browser.chromium import Chromium
from tests.plugins.browser.example_tracks import example_tracks
from tests.toy_genomes import random_letters, write_fasta

SCRIPT = "</script><script>window.ran=1</script>"
IMAGE = '<img src=x onerror="window.ran=2">'
VARIANTS = (
    Variant("1", 1001, "A", "C"),
    Variant("1", 1010, "G", SCRIPT),
    Variant("1", 2000, "T", "TAC"),
)
IDS = ("rs1", IMAGE, "")
DIFFERENCES = [[0.5, -0.1], [np.nan, np.nan], [-0.25, -2.0]]


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[TrackSet]:
    """Return tracks of a target called SCRIPT, and one called IMAGE, over 1,200 bases of chr1."""
    fasta = write_fasta(tmp_path / "toy.fa", {"chr1": random_letters(3000, 1), "chr2": "ACGT"})
    folder = tmp_path / "tracks"
    folder.mkdir()
    with Genome(fasta) as genome:
        tracks = [
            write_track(folder / f"{number}.{kind}.bw", genome, target, kind, scale)
            for number, target in enumerate((SCRIPT, IMAGE))
            for kind, scale in (("ref", 1), ("alt", 2), ("difference", -1))
        ]
        regions = (Interval("chr1", 900, 1100), Interval("chr1", 1900, 2100))
        differences = np.array(DIFFERENCES, np.float32)
        made = TrackSet(folder, tuple(tracks), None, genome, regions, VARIANTS, differences)
        yield made._replace(ids=IDS)


def write_track(path: Path, genome: Genome, target: str, kind, scale: float) -> TrackFile:
    """Write a bigWig with `scale` at each base of chr1:901-2100."""
    with closing(pyBigWig.open(str(path), "w")) as file:
        file.addHeader(list(genome.lengths.items()))
        file.addEntries("chr1", 900, values=[float(scale)] * 1200, span=1, step=1)
    return TrackFile(path, "toy", target, kind, scale, scale)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackSet]:
    """Return real tracks around TERT and LDLR."""
    with example_tracks(tmp_path_factory.mktemp("example")) as made:
        yield made


@pytest.fixture(scope="session")
def example_page(example: TrackSet) -> Path:
    """Return the page of the real tracks."""
    return Page().write(example)


@pytest.fixture(scope="session")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if not shutil.which("chromium"):
        pytest.skip("no chromium: apt-get install chromium")
    with Chromium(tmp_path_factory.mktemp("chromium")) as process:
        yield process


@pytest.fixture
def chromium(_process: Chromium) -> Chromium:
    """Return a headless Chromium that shows nothing yet."""
    _process.open("about:blank")
    _process.problems.clear()
    _process.requests.clear()
    return _process
