"""A table of `regplug precompute`, as bcftools and vcfanno look variants up in it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pysam
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PLACE = ("--fasta", EXAMPLES / "example.hg38.fa.gz", "--model", "basset_dhs4", "--model")
PLACE += ("deepbind_encode", "--targets", "GABPA,HepG2")
TAGS = ("RP_TOP", "RP_Q", "RP_BASSET_DHS4_HEPG2", "RP_DEEPBIND_ENCODE_GABPA")


def run(program, *arguments):
    """Return what a program writes to standard output."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"no {program}: make debian")
    words = [path, *map(str, arguments)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=300)
    return done.stdout


def regplug(*arguments):
    return run(sys.executable, "-m", "regplug", *arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the example, its ALTs in a record each too, annotated, and a table."""
    made = tmp_path_factory.mktemp("lookup")
    run("bcftools", "view", "-Oz", "-o", made / "in.vcf.gz", EXAMPLES / "variants.vcf")
    run("bcftools", "norm", "-m-", "-Oz", "-o", made / "split.vcf.gz", made / "in.vcf.gz")
    for name in ("in", "split"):
        run("bcftools", "index", made / f"{name}.vcf.gz")
        regplug("annotate", made / f"{name}.vcf.gz", "-o", made / f"{name}.out.vcf.gz", *PLACE)
    with pysam.VariantFile(str(made / "in.vcf.gz")) as records:
        regions = [f"{r.contig}:{r.pos - 1}-{r.pos + 1}" for r in records]
    regplug("precompute", *regions, *PLACE, "-o", made / "table.vcf.gz")
    return made


def values(text):
    """Return (contig, pos, ref, alt) → the texts of TAGS, a value per ALT; of SNVs."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        chrom, pos, _, ref, alts, _, _, info, *_ = line.split("\t")
        tags = dict(pair.partition("=")[::2] for pair in info.split(";"))
        for at, alt in enumerate(alts.split(",")):
            if len(ref) == len(alt) == 1:
                of = [tags[tag].split(",")[at] if tag in tags else "." for tag in TAGS]
                found[chrom, pos, ref, alt] = of
    return found


def wanted(folder, name):
    """Return what annotate wrote; the record with a wrong REF has nothing."""
    found = values(run("bcftools", "view", folder / f"{name}.out.vcf.gz"))
    assert len(found) == 15
    assert sum(of[1] != "." for of in found.values()) >= 12
    return found


def test_bcftools_annotate(folder):
    columns = ",".join(f"INFO/{tag}" for tag in TAGS)
    call = ("annotate", "-a", folder / "table.vcf.gz", "-c", columns, folder / "split.vcf.gz")
    assert values(run("bcftools", *call)) == wanted(folder, "split")


@pytest.mark.parametrize("name", ["in", "split"])
def test_annotate_from(folder, tmp_path, name):
    """Its records are those of a run that computes all, to the last letter."""
    out, told = tmp_path / "out.vcf.gz", tmp_path / "run.json"
    call = ("annotate", folder / f"{name}.vcf.gz", "-o", out, *PLACE)
    regplug(*call, "--from", folder / "table.vcf.gz", "--summary", told)
    records = run("bcftools", "view", "-H", out)
    assert records == run("bcftools", "view", "-H", folder / f"{name}.out.vcf.gz")
    assert json.loads(told.read_text())["filled"] >= 12


def test_a_cache_and_verify_have_the_same_digits(folder, tmp_path):
    """A few of the table's records are scored as the many were, with a cache and without."""
    table, cache = folder / "table.vcf.gz", tmp_path / "kept"
    place = PLACE[:2]
    regplug("verify", table, *place, "--records", "3")
    regplug("verify", table, *place, "--all", "--cache", cache)
    regplug("verify", table, *place, "--records", "3", "--cache", cache)
    out = tmp_path / "out.vcf.gz"
    regplug("annotate", folder / "in.vcf.gz", "-o", out, *PLACE, "--cache", cache)
    assert run("bcftools", "view", "-H", out) == run(
        *("bcftools", "view", "-H", folder / "in.out.vcf.gz")
    )


@pytest.mark.parametrize("name", ["in", "split"])
def test_vcfanno(folder, tmp_path, name):
    conf = {"file": str(folder / "table.vcf.gz"), "fields": list(TAGS), "names": list(TAGS)}
    conf["ops"] = ["self"] * len(TAGS)
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in conf.items())
    (tmp_path / "conf.toml").write_text(f"[[annotation]]\n{text}")
    found = values(run("vcfanno", tmp_path / "conf.toml", folder / f"{name}.vcf.gz"))
    expected = wanted(folder, name)
    assert found.keys() == expected.keys()
    for allele, texts in expected.items():
        assert found[allele][0] == texts[0]
        for mine, theirs in zip(found[allele][1:], texts[1:], strict=True):
            assert mine == theirs or float(mine) == pytest.approx(float(theirs), abs=5.1e-5)
