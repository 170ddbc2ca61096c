"""bcftools, SnpSift, slivar's expressions and vcfanno choose and carry what pysam reads."""

import json
import re

import pysam
import pytest

from tests.integrations.conftest import EXAMPLES
from tests.integrations.records import rare, values


@pytest.fixture
def bcftools(run, integrations, annotated):
    """Return a function that runs a line of bcftools.sh."""
    return lambda what, *more: run("sh", integrations / "bcftools.sh", what, annotated, *more)


def ids(text):
    return [line.split("\t")[2] for line in text.split("\n") if line and line[0] != "#"]


def test_rare(bcftools, annotated):
    assert ids(bcftools("rare")) == rare(annotated)


def test_table(bcftools, annotated):
    rows = [line.split("\t") for line in bcftools("table").strip().split("\n")]
    ranked = {key: q for key, q in values(annotated, "RP_Q").items() if q is not None}
    by_record = [float(q) for row in rows for q in row[0].split(",") if q != "."]
    assert sorted(by_record) == pytest.approx(sorted(ranked.values()), rel=1e-5)
    firsts = [float(row[0].split(",")[0]) for row in rows if row[0][0] != "."]
    assert firsts == sorted(firsts)


def test_split(bcftools, annotated, tmp_path):
    """A record for each ALT, each with its own value."""
    (tmp_path / "split.vcf").write_text(bcftools("split"))
    for tag in ("RP_Q", "RP_TOP", "RP_STATUS", "RP_DEEPBIND_ENCODE__Z"):
        assert values(tmp_path / "split.vcf", tag) == values(annotated, tag)
    with pysam.VariantFile(str(tmp_path / "split.vcf")) as records:
        assert {len(record.alts) for record in records} == {1}


def test_carry(bcftools, run, annotated, tmp_path):
    run("bcftools", "view", "-Oz", "-o", "other.vcf.gz", EXAMPLES / "variants.vcf")
    run("bcftools", "index", "other.vcf.gz")
    (tmp_path / "carried.vcf").write_text(bcftools("carry", "other.vcf.gz"))
    for tag in ("RP_Q", "RP_TOP", "RP_STATUS"):
        assert values(tmp_path / "carried.vcf", tag) == values(annotated, tag)


def test_clean(bcftools, run):
    """What is left is what went in."""
    cleaned = [line for line in bcftools("clean").split("\n") if line[:2] != "##"]
    given = run("bcftools", "view", EXAMPLES / "variants.vcf").split("\n")
    assert cleaned == [line for line in given if line[:2] != "##"]
    assert "RP_" not in bcftools("clean").partition("#CHROM")[2]


def test_snpsift(run, integrations, annotated, tmp_path):
    (tmp_path / "plain.vcf").write_text(run("bcftools", "view", annotated))
    chosen = run("snpSift", "filter", "-e", integrations / "snpsift.txt", "plain.vcf")
    assert ids(chosen) == rare(annotated)


def test_vcfanno(run, integrations, annotated, tmp_path):
    settings, given = integrations / "vcfanno.toml", EXAMPLES / "variants.vcf"
    theirs = _infos(run("vcfanno", "-base-path", annotated.parent, settings, given))
    ours = _infos(run("bcftools", "view", annotated))
    assert theirs.keys() == ours.keys()
    for tag in ("RP_Q", "RP_TOP"):
        carried = {key: info.get(tag) for key, info in theirs.items() if key[3].isalpha()}
        assert carried == {key: ours[key].get(tag) for key in carried}
        assert any(carried.values())


def _infos(text):
    """Return (CHROM, POS, REF, ALTs) → tag → text of the records of a VCF."""
    rows = [line.split("\t") for line in text.split("\n") if line and line[0] != "#"]
    pairs = {(*row[:2], *row[3:5]): row[7].split(";") for row in rows}
    return {
        key: dict(pair.partition("=")[::2] for pair in of if pair != ".")
        for key, of in pairs.items()
    }


def test_expression_of_slivar(run, integrations, annotated):
    """Node.js runs it on INFO as slivar hands it over: a number, or nothing where there is none."""
    expression = re.search(r"--info '(.*)'", (integrations / "slivar.sh").read_text())[1]
    infos = [{} if q is None else {"RP_Q": q} for q in values(annotated, "RP_Q").values()]
    code = f"console.log(JSON.stringify({json.dumps(infos)}.map(INFO => {expression})))"
    wanted = [info.get("RP_Q", 1) < 0.05 for info in infos]
    assert json.loads(run("node", "-e", code)) == wanted
    assert True in wanted
    assert False in wanted
