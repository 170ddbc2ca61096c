"""`regplug precompute`: every SNV of the regions, with what annotate writes of it."""

import gzip
import subprocess
from itertools import islice

import pysam
import pytest

import regplug as front
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.vcf.every_snv import EverySnv
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import gc_model


@pytest.fixture
def precompute(world, regplug):
    """Return a function that runs `regplug precompute` in the toy world; the output is t.vcf.gz."""

    def run(*arguments, output="t.vcf.gz", model="place"):
        place = ("--fasta", world.fasta, "--model-repo", world.repo, "--model", model)
        return regplug("precompute", *place, *arguments, "-o", world.folder / output)

    return run


def lines_of(path):
    with gzip.open(path, "rt") as file:
        return [line for line in file if not line.startswith("#")]


def every(world, chrom, positions):
    """Return the SNVs at 1-based positions, as a VCF has them."""
    return [
        f"{chrom} {pos} . {world.base(chrom, pos)} {alt} . . ."
        for pos in positions
        for alt in sorted({*"ACGT"} - {world.base(chrom, pos)})
    ]


def test_its_records_are_those_of_annotate(world, precompute, annotate):
    done = precompute("chr2:40-60", "chr1:1-30", "--all-targets", "--scores", "ref,alt,diff")
    assert (done.status, done.out) == (0, ""), done.err
    assert done.err == "153 SNVs of 51 bases; 0 are N\n"
    listed = every(world, "chr1", range(1, 31)) + every(world, "chr2", range(40, 61))
    vcf, out = world.vcf("in.vcf", listed), world.folder / "out.vcf.gz"
    assert annotate(vcf, "-o", out, "--scores", "ref,alt,diff", model="place").status == 0
    assert lines_of(world.folder / "t.vcf.gz") == lines_of(out)
    assert len(listed) == 153


def test_of_many_models_it_says_that_tags_are_of_assays(world, precompute, tmp_path):
    for at in range(9):
        gc_model(tmp_path / "many", f"gc{at}")
    many = ("chr2:40-41", "--model-repo", tmp_path / "many")
    done = precompute(*many, model="*")
    assert done.status == 0, done.err
    assert "models, so tags are of assays (RP_<ASSAY>__TOP ...): --by model gives each" in done.err
    assert "annotate --from fills in nothing of it" in done.err
    assert "--matrix" not in done.err
    assert "RP_OTHER__TOP=" in lines_of(world.folder / "t.vcf.gz")[0]
    done = precompute(*many, "--by", "model", model="*")
    assert done.err == "6 SNVs of 2 bases; 0 are N\n"


def test_regions_are_joined_sorted_cut_and_matched_by_name(world, precompute):
    bed = world.folder / "more.bed"
    bed.write_text("chr2\t290\t900\nchr1\t9\t12\n")
    done = precompute("2:295-400,chr1:8-10", "1:480-", "-R", bed)
    assert done.status == 0, done.err
    found = [tuple(line.split("\t")[:2]) for line in lines_of(world.folder / "t.vcf.gz")]
    wanted = [("chr1", pos) for pos in [*range(8, 13), *range(480, 501)]]
    wanted += [("chr2", pos) for pos in range(291, 301)]
    assert found == [(chrom, str(pos)) for chrom, pos in wanted for _ in range(3)]
    with pysam.VariantFile(str(world.folder / "t.vcf.gz")) as table:
        assert dict(table.header.contigs.items())["chr2"].length == 300
        assert [record.alts for record in table.fetch("chr1", 9, 10)] == [
            (alt,) for alt in sorted({*"ACGT"} - {world.base("chr1", 10)})
        ]


def test_bases_that_are_unknown_are_counted(tmp_path, precompute, world):
    letters = list(world.contigs["chr1"])
    letters[99:110], letters[119] = "N" * 11, "R"
    write_fasta(world.fasta, {"chr1": "".join(letters).lower(), "chr2": "N" * 300})
    done = precompute("chr1:96-120")
    assert done.err == "39 SNVs of 13 bases; 12 are N\n"
    assert len(lines_of(world.folder / "t.vcf.gz")) == 39
    (world.folder / "t.vcf.gz").unlink()
    done = precompute("chr2:50-60")
    assert done.status == 1
    assert "all 11 bases of the regions are N" in done.err
    assert not (world.folder / "t.vcf.gz").exists()


def test_verify_replays_it(world, precompute, regplug):
    assert precompute("chr1:100-200", "--targets", "T1").status == 0
    place = ("--fasta", world.fasta, "--model-repo", world.repo)
    done = regplug("verify", world.folder / "t.vcf.gz", "--all", *place)
    assert done.err == "303 of 303 records replayed: all as the header promises\n"


@pytest.mark.parametrize(
    ("arguments", "output", "says"),
    [
        ((), "t.vcf.gz", "no region to precompute"),
        (("chr9:1-10",), "t.vcf.gz", "no contig chr9"),
        (("chr1:20-10",), "t.vcf.gz", "it must end behind its start"),
        (("chr1:900-910",), "t.vcf.gz", "starts behind the end of chr1 (500)"),
        (("chr1:1-10", "-R", "none.bed"), "t.vcf.gz", "cannot read the regions in none.bed"),
        (("chr1:1-10",), "t.vcf", "t.vcf in .vcf.gz"),
        (("chr1:1-10",), "t.tsv.gz", "a table is a bgzipped VCF"),
        (("chr1:1-10", "--targets", "T9"), "t.vcf.gz", "no target T9"),
    ],
)
def test_what_does_not_do_is_named(world, precompute, arguments, output, says):
    done = precompute(*arguments, output=output)
    assert done.status == 1
    assert says in done.err
    assert not (world.folder / output).exists()


def test_an_older_table_stays_where_a_run_fails(world, precompute):
    assert precompute("chr1:1-10").status == 0
    before = (world.folder / "t.vcf.gz").read_bytes()
    assert precompute("chr1:1-10", "--targets", "T9").status == 1
    assert (world.folder / "t.vcf.gz").read_bytes() == before
    assert sorted(path.name for path in world.folder.glob("t.*")) == ["t.vcf.gz", "t.vcf.gz.tbi"]


def test_records_are_made_as_they_are_asked_for(genome_of):
    letters = random_letters(200_000, seed=9)
    genome = genome_of(chr1=letters)
    snvs = EverySnv([Interval("chr1", 0, 200_000)], genome)
    fetched = []
    plain = genome.letters
    genome.letters = lambda interval: fetched.append(interval) or plain(interval)
    assert [str(r).split("\t")[1] for r in islice(snvs, 4)] == ["1", "1", "1", "2"]
    assert len(fetched) == 1
    assert sum(1 for _ in snvs) == 600_000


def test_in_python(world, precompute):
    call = {"fasta": world.fasta, "models": ["place"], "repo": str(world.repo)}
    done = front.precompute(["chr1:10-19"], output=world.folder / "p.vcf.gz", **call)
    assert (done.tally.alts, done.bases, done.unknown) == (30, 10, 0)
    precompute("chr1:10-19")
    assert lines_of(world.folder / "p.vcf.gz") == lines_of(world.folder / "t.vcf.gz")
    index = ["tabix", world.folder / "p.vcf.gz", "chr1:12-12"]
    assert subprocess.run(index, check=True, capture_output=True).stdout.count(b"\n") == 3


def test_a_genome_and_records_of_its_own(world):
    with Genome(world.fasta) as genome:
        snvs = EverySnv([Interval("chr1", 0, 5), Interval("1", 3, 8)], genome)
        assert (snvs.bases, snvs.contigs) == (8, {"chr1": 500})
