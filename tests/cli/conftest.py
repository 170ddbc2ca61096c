"""A toy world for the command line: two contigs, a VCF with one of everything."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pysam
import pysam.bcftools
import pytest

from tests.toy_genomes import random_letters, vcf_text, write_fasta


class World(NamedTuple):
    """A folder with genome.fa; `contigs` has its letters."""

    folder: Path
    repo: Path
    contigs: dict[str, str]

    @property
    def fasta(self) -> Path:
        return self.folder / "genome.fa"

    def base(self, chrom: str, pos: int, count: int = 1) -> str:
        """Return `count` bases from the 1-based `pos` on."""
        return self.contigs[chrom][pos - 1 : pos - 1 + count]

    def other(self, chrom: str, pos: int) -> str:
        """Return another base than that at `pos`: the complement's neighbour, A>C C>G G>T T>A."""
        return {"A": "C", "C": "G", "G": "T", "T": "A"}[self.base(chrom, pos)]

    def snv(self, chrom: str, pos: int, rest: str = ". . .") -> str:
        """Return a record."""
        return f"{chrom} {pos} . {self.base(chrom, pos)} {self.other(chrom, pos)} {rest}"

    def vcf(self, name: str, records: Sequence[str], header: Sequence[str] = ()) -> Path:
        """Write a VCF; by its suffix bgzipped with .tbi, or BCF with .csi."""
        plain = self.folder / f"{name}.text"
        plain.write_text(vcf_text(records, self.contigs, header))
        path = self.folder / name
        if name.endswith(".vcf"):
            plain.replace(path)
        elif name.endswith(".gz"):
            pysam.tabix_compress(str(plain), str(path), force=True)
            pysam.tabix_index(str(path), preset="vcf", force=True)
        else:
            pysam.bcftools.view("-Ob", "-o", str(path), str(plain), catch_stdout=False)
            pysam.bcftools.index("-f", str(path))
        return path


@pytest.fixture
def world(tmp_path: Path, toy_repo: Path) -> World:
    """Return the toy world."""
    contigs = {"chr1": random_letters(500, seed=1), "chr2": random_letters(300, seed=2)}
    made = World(tmp_path, toy_repo, contigs)
    write_fasta(made.fasta, contigs)
    return made


@pytest.fixture
def annotate(world: World, regplug: Callable) -> Callable:
    """Return a function that runs `regplug annotate` in the toy world, by default with model gc.

    All targets have tags, unless some are named or `all_targets` is False.
    """

    def run(
        vcf: object,
        *arguments: object,
        model: str = "gc",
        fasta: object = world.fasta,
        all_targets: bool = True,
    ):
        models = ["--model", model] if model else []
        models += ["--all-targets"] if all_targets and "--targets" not in arguments else []
        return regplug(
            "annotate", vcf, "--fasta", fasta, "--model-repo", world.repo, *models, *arguments
        )

    return run


@pytest.fixture
def track(world: World, regplug: Callable) -> Callable:
    """Return a function that runs `regplug track` in the toy world; the output is out/."""

    def run(*arguments: object, model: str = "centre", fasta: object = world.fasta):
        return regplug(
            *("track", "--model", model, "--model-repo", world.repo, "--fasta", fasta),
            *("-o", world.folder / "out", *arguments),
        )

    return run
