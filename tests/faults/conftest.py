"""A genome, a VCF and a model repository of its own for each test."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import gc_model

CONTIGS = {"chr1": random_letters(40_000, seed=1), "chr2": random_letters(300, seed=2)}


class Place:
    """A folder with genome.fa, in.vcf of `alts` SNVs, and the model gc in models/."""

    def __init__(self, folder: Path, alts: int) -> None:
        self.folder = folder
        write_fasta(folder / "genome.fa", CONTIGS)
        self.lines = [snv("chr1", pos) for pos in range(30, 30 + 3 * alts, 3)]
        (folder / "in.vcf").write_text(vcf_text(self.lines, CONTIGS))
        self.model = folder / "models" / "gc"
        gc_model(folder / "models")

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def card(self, **keys: object) -> None:
        """Change keys of the model's card."""
        file = self.model / "card.json"
        file.write_text(json.dumps(json.loads(file.read_bytes()) | keys))

    def command(self, *words: object, repo: object = None, vcf: str = "in.vcf") -> list[str]:
        """Return the line of `regplug annotate` for a process of its own."""
        line = [sys.executable, "-m", "regplug", "annotate", self / vcf, "--model", "gc"]
        line += ["--fasta", self / "genome.fa", "--model-repo", repo or self / "models", *words]
        return list(map(str, line))

    @property
    def files(self) -> list[str]:
        """Return the names of what stands in the folder, indices of the genome left out."""
        return sorted(path.name for path in self.folder.iterdir() if path.suffix != ".fai")


def snv(chrom: str, pos: int) -> str:
    base = CONTIGS[chrom][pos - 1]
    return f"{chrom} {pos} . {base} {'ACGT'['ACGT'.index(base) - 1]} . . ."


@pytest.fixture
def place_of(tmp_path: Path) -> Callable[[int], Place]:
    return lambda alts: Place(tmp_path, alts)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, 20)


@pytest.fixture
def refused(place: Place, regplug: Callable) -> Callable[..., str]:
    """Return a function that runs a command line; it must end with one line, and leave nothing."""

    def run(*words: object, status: int = 1) -> str:
        there = place.files
        done = regplug(*words)
        assert done.status == status, done
        assert "Traceback" not in done.err
        assert "fault of regplug" not in done.err
        assert place.files == there
        return done.err

    return run
