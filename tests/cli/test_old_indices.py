"""An index beside an output is of that output: bcftools finds every record through it."""

import subprocess

import pysam
import pytest

from tests.cli.test_annotate import bcftools

KINDS = ["o.vcf.gz", "o.vcf.bgz", "o.bcf"]
OLD = [f"o.{kind}{suffix}" for kind in ("vcf.gz.", "vcf.", "bcf.", "") for suffix in ("csi", "tbi")]

pytestmark = pytest.mark.fault("files", "an index of an older file beside the output")


@pytest.fixture
def old(world):
    """Return the bytes of a .csi and of a .tbi that know no record of chr1."""
    made = {}
    for suffix in ("csi", "tbi"):
        path = world.vcf(f"{suffix}.vcf.gz", [world.snv("chr2", 50)])
        bcftools("index", "-f", f"--{suffix}", path)
        made[suffix] = path.with_name(f"{path.name}.{suffix}").read_bytes()
    return made


def found(path, region="chr1"):
    return [line.split("\t")[1] for line in bcftools("view", "-H", path, region).splitlines()]


@pytest.mark.parametrize("name", KINDS)
def test_every_old_index_goes(world, annotate, old, name):
    for beside in OLD:
        (world.folder / beside).write_bytes(old[beside[-3:]])
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in (30, 60)])
    assert annotate(vcf, "-o", world.folder / name).status == 0
    assert found(world.folder / name) == ["30", "60"]


@pytest.mark.parametrize("name", KINDS)
def test_without_a_new_index_there_is_none(world, annotate, old, name):
    for beside in OLD:
        (world.folder / beside).write_bytes(old[beside[-3:]])
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in (90, 30)])
    assert annotate(vcf, "-o", world.folder / name).status == 0
    with pytest.raises(subprocess.CalledProcessError):
        found(world.folder / name)


def test_behind_a_link_too(world, annotate, old):
    real, link = world.folder / "real.vcf.gz", world.folder / "o.vcf.gz"
    link.symlink_to(real)
    for path in (real, link):
        path.with_name(f"{path.name}.csi").write_bytes(old["csi"])
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    assert annotate(vcf, "-o", link).status == 0
    assert link.is_symlink()
    assert found(link) == ["30"]
    with pytest.raises(subprocess.CalledProcessError):
        found(real)


def test_a_table_too(world, annotate):
    """A matrix that somebody has bgzipped and indexed is written anew."""
    matrix = world.folder / "m.tsv.gz"
    matrix.with_name("m.tsv.gz.tbi").write_bytes(b"of an older table")
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    assert annotate(vcf, "-o", world.folder / "o.vcf", "--matrix", matrix).status == 0
    assert not matrix.with_name("m.tsv.gz.tbi").exists()


def test_a_run_that_fails_leaves_the_older_file_with_its_index(world, annotate):
    out = world.vcf("o.vcf.gz", [world.snv("chr1", 30)])
    before = {path: path.read_bytes() for path in world.folder.glob("o.vcf.gz*")}
    damaged = world.folder / "in.vcf"
    damaged.write_text(world.vcf("good.vcf", [world.snv("chr1", 30)]).read_text() + "chr1\tx\n")
    assert annotate(damaged, "-o", out).status == 1
    assert {path: path.read_bytes() for path in world.folder.glob("*o.vcf.gz*")} == before
    assert [record.pos for record in pysam.VariantFile(str(out)).fetch("chr1")] == [30]
