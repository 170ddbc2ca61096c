"""A disk that is full at each of the stages of a run: all is written, or nothing and it is said."""

import os
import shutil
import subprocess
import sys

import pytest

from regplug.genome.fasta import Genome
from tests.toy_genomes import random_letters, vcf_text, write_fasta

pytestmark = pytest.mark.slow

PAGE = os.sysconf("SC_PAGE_SIZE")
CONTIGS = {"chr1": random_letters(40_000, seed=1)}
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
ROWS = [
    f"chr1 {pos} . {base} {OTHER[base]} . . ."
    for pos, base in enumerate(CONTIGS["chr1"], start=1)
    if pos % 30 == 0
]


class Disk:
    """A file system of 8 MB in memory, in `folder`."""

    def __init__(self, folder):
        self.folder = folder

    def leave(self, pages):
        """Remove all; leave room for so many pages, and an older out.* of each kind."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name in ("out.vcf", "out.vcf.gz", "out.bcf", "out.tsv"):
            (self.folder / name).write_text("older")
        free = os.statvfs(self.folder)
        with (self.folder / "ballast").open("wb") as ballast:
            ballast.truncate(0)
            if (size := free.f_bavail * free.f_frsize - pages * PAGE) > 0:
                os.posix_fallocate(ballast.fileno(), 0, size)

    def files(self):
        """Return path → content of what there is, but for the ballast."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != "ballast"
        }


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("only root may mount a file system here")
    yield Disk(folder)
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    write_fasta(folder / "genome.fa", CONTIGS)
    Genome(folder / "genome.fa").close()
    (folder / "in.vcf").write_text(vcf_text(ROWS, CONTIGS))
    (folder / "few.vcf").write_text(vcf_text(ROWS[100:104], CONTIGS))
    (folder / "in.fa").write_text(
        "".join(f">s{n}\n{CONTIGS['chr1'][n : n + 21]}\n" for n in range(2_000))
    )
    return folder


RUNS = {
    "vcf": ("annotate", "in.vcf", "-o", "OUT/out.vcf"),
    "vcf.gz": ("annotate", "in.vcf", "-o", "OUT/out.vcf.gz"),
    "bcf": ("annotate", "in.vcf", "-o", "OUT/out.bcf"),
    "matrix": ("annotate", "in.vcf", "-o", "OUT/out.vcf", "--matrix", "OUT/m.tsv.gz"),
    "parquet": ("annotate", "in.vcf", "-o", "OUT/new/out.vcf", "--matrix", "OUT/m.parquet"),
    "summary": ("annotate", "few.vcf", "-o", "OUT/out.vcf.gz", "--summary", "OUT/summary.json"),
    "predict": ("predict", "in.fa", "-o", "OUT/out.tsv"),
    "track": ("track", "--regions", "chr1:1-20000", "--step", "1", "-o", "OUT/tracks"),
    "bedgraph": (
        *("track", "--regions", "chr1:1-6000", "--step", "1", "--format", "bedgraph"),
        *("-o", "OUT/tracks"),
    ),
    "explain": ("explain", "chr1:300-340", "-o", "OUT/map"),
}


@pytest.fixture
def run(disk, sources, toy_repo, regplug, monkeypatch):
    """Return a function that makes a run with so many pages free, and gives how it ended."""
    monkeypatch.chdir(sources)

    def go(name, pages):
        disk.leave(pages)
        words = [word.replace("OUT", str(disk.folder)) for word in RUNS[name]]
        model = [] if name == "predict" else ["--fasta", "genome.fa"]
        return regplug(*words, *model, "--model", "place", "--model-repo", toy_repo, "--threads", 1)

    return go


@pytest.mark.fault("full disk", "at each stage of a run, in pages of a tmpfs")
@pytest.mark.parametrize("name", RUNS)
def test_all_or_nothing_is_written(disk, run, tried, name):
    done = run(name, 1500)
    assert done.status == 0, done.err
    whole, pages, refused = disk.files(), 0, 0
    needed = sum(-(-len(content) // PAGE) for content in whole.values())
    while True:
        done = run(name, pages)
        assert "Traceback" not in done.err
        if done.status == 0:
            assert disk.files().keys() == whole.keys(), pages
            same = {k: v for k, v in disk.files().items() if k != "summary.json"}
            assert same.items() <= whole.items(), pages
            break
        refused += 1
        assert done.status == 1, (pages, done)
        assert "regplug: cannot write" in done.err, (pages, done.err)
        older = {"out.vcf", "out.vcf.gz", "out.bcf", "out.tsv"}
        assert disk.files() == dict.fromkeys(older, b"older"), (pages, done.err)
        pages += max(1, needed // 12) if pages < needed - 12 else 1
        assert pages < 3 * needed + 40
    tried(refused)
    assert refused >= 2


def test_the_page_size_is_that_of_the_file_system(disk):
    disk.leave(3)
    (disk.folder / "fits").write_bytes(bytes(3 * PAGE))
    with pytest.raises(OSError, match="No space left"):
        (disk.folder / "more").write_bytes(b"1")
    assert sys.platform == "linux"


@pytest.mark.fault("full disk", "a cache of predictions")
def test_a_cache_that_is_full_is_left_as_it_is(disk, sources, toy_repo, regplug, tmp_path):
    call = ("annotate", sources / "in.vcf", "--fasta", sources / "genome.fa")
    call += ("--model", "place", "--model-repo", toy_repo, "--threads", 1, "--no-version")
    cache = disk.folder / "kept"
    assert regplug(*call, "-o", tmp_path / "plain.vcf").status == 0
    disk.leave(30)
    done = regplug(*call, "-o", tmp_path / "out.vcf", "--cache", cache)
    assert done.status == 0, done.err
    assert f"the cache {cache} cannot be written (" in done.err
    assert (tmp_path / "out.vcf").read_bytes() == (tmp_path / "plain.vcf").read_bytes()
    (disk.folder / "ballast").unlink()
    again = regplug(*call, "-o", tmp_path / "out.vcf", "--cache", cache)
    assert "cannot be written" not in again.err
    assert (tmp_path / "out.vcf").read_bytes() == (tmp_path / "plain.vcf").read_bytes()
    disk.leave(0)
    done = regplug(*call, "-o", tmp_path / "new.vcf", "--cache", cache)
    assert done.status == 1
    assert "cannot be opened" in done.err
    assert not (tmp_path / "new.vcf").exists()
