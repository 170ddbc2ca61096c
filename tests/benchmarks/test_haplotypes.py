"""Haplotypes of real people: the windows are those of `bcftools consensus`.

`ref_chr20` has one person's variants, of which few are phased: their alleles are put on haplotypes
by lot. `phased`, where the data has it, has phased genotypes of the 1000 Genomes.
"""

import random
from pathlib import Path

import pysam
import pytest

import regplug
from benchmarks.haplotypes import Run, Sat, groups
from tests.conftest import DATA

REPO = Path(__file__).parents[2] / "model_repo"
CLOSE = 2e-5  # of a difference: float32, and six digits in the VCF


def by_lot(given: Path, made: Path) -> Path:
    """Write a VCF with all its genotypes phased, the two alleles in either order."""
    dice = random.Random(1)
    with pysam.VariantFile(str(given)) as file:
        lines = str(file.header).split("\n")
        for record in file:
            cells = str(record).rstrip("\n").split("\t")
            alleles = cells[9].partition(":")[0].replace("|", "/").split("/")
            dice.shuffle(alleles)
            lines.append("\t".join([*cells[:7], ".", "GT", "|".join(alleles)]))
    plain = made.with_suffix("")
    plain.write_text("\n".join(line for line in lines if line) + "\n")
    pysam.tabix_compress(str(plain), str(made), force=True)
    return made


@pytest.mark.data
@pytest.mark.fault("wrong numbers", "haplotypes of real people, against bcftools consensus")
def test_windows_of_a_person_are_those_of_bcftools(data, tmp_path, tried):
    folder = data / "ref_chr20"
    vcf = by_lot(next(folder.glob("*.vcf.gz")), tmp_path / "phased.vcf.gz")
    with regplug.open_model("deepbind_encode", repo=str(REPO)) as model:
        run = Run(tmp_path, vcf, folder / "hg19.chr20.slice.fa.gz", "INTEGRATION", model)
        made = run.compared()
    tried(made.windows)
    assert made.largest < CLOSE
    assert made.windows > 1000
    assert made.together > 15
    assert made.left_out < 0.1 * made.windows


@pytest.mark.skipif(not (DATA / "phased").is_dir(), reason="no phased genotypes in the data")
@pytest.mark.fault("wrong numbers", "haplotypes of real people, against bcftools consensus")
def test_windows_of_the_1000_genomes_are_those_of_bcftools(tmp_path, tried):
    folder = DATA / "phased"
    with regplug.open_model("deepbind_encode", repo=str(REPO)) as model:
        run = Run(
            tmp_path,
            *(folder / "kgp.chr20_1-2mb.vcf.gz", folder / "hg19.chr20_1-2mb.fa.gz"),
            *("HG00096", model),
        )
        made = run.compared()
    tried(made.windows)
    assert made.largest < CLOSE
    assert made.windows > 2000
    assert made.together > 50
    assert made.left_out < 0.01 * made.windows


def test_records_that_are_left_out_together_lie_apart():
    sat = [Sat(line, at, at + 1, 0) for line, at in enumerate([0, 5, 11, 12, 30])]
    lines = [[one.line for one in group] for group in groups(sat, 10)]
    assert lines == [[0, 2, 4], [1], [3]]
