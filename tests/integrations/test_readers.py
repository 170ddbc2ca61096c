"""Readers that share no code with pysam find the same values: cyvcf2, htsjdk, vcftools, Rust."""

import json
import re

import cyvcf2
import pysam
import pytest

from tests.integrations.conftest import EXAMPLES
from tests.integrations.records import values

TAGS = ("RP_Q", "RP_DEEPBIND_ENCODE__Z", "RP_TOP", "RP_STATUS")


def test_cyvcf2(annotated):
    for tag in TAGS:
        found = {}
        for record in cyvcf2.VCF(str(annotated)):
            of = record.INFO.get(tag)
            several = of if isinstance(of, tuple) else str(of).split(",")
            for at, alt in enumerate(record.ALT):
                text = None if of is None else several[at]
                found[record.CHROM, record.POS, record.REF, alt] = text
        assert same(found, values(annotated, tag))


def same(found, wanted):
    """Compare values of ALTs, texts or numbers."""
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        if value is None:
            assert found[key] in (None, ".", "None"), key
        elif isinstance(value, float):
            assert float(found[key]) == pytest.approx(value, rel=1e-5), key
        else:
            assert found[key] == value, key
    return True


def test_picard(run, annotated, tmp_path):
    """Picard's htsjdk, which GATK and IGV read VCFs with, writes the same values again."""
    run("bcftools", "view", "-o", "plain.vcf", annotated)
    run(
        *("PicardCommandLine", "SortVcf", "-I", "plain.vcf", "-O", "sorted.vcf"),
        *("--VERBOSITY", "ERROR", "--QUIET", "true", "--CREATE_INDEX", "false"),
    )
    assert (tmp_path / "sorted.vcf").read_text().startswith("##fileformat=VCFv4.2\n")
    for tag in TAGS:
        assert same(values(tmp_path / "sorted.vcf", tag), values(annotated, tag))


def test_vcftools(run, annotated, tmp_path):
    """It knows VCF up to 4.2."""
    text = run("bcftools", "view", annotated)
    (tmp_path / "old.vcf").write_text(text.replace("VCFv4.3", "VCFv4.2", 1))
    words = ("vcftools", "--vcf", "old.vcf", "--get-INFO", "RP_Q", "--stdout")
    rows = [line.split("\t") for line in run(*words).strip().split("\n")[1:]]
    found = {}
    for chrom, pos, ref, alts, texts in rows:
        several = texts.split(",")
        for at, alt in enumerate(alts.split(",")):
            found[chrom, int(pos), ref, alt] = None if texts == "?" else several[at]
    assert same(found, values(annotated, "RP_Q"))


OXBOW = """
import json, sys
import oxbow
rows = oxbow.from_vcf(sys.argv[1], compression="bgzf").dataset().to_table().to_pylist()
print(json.dumps(rows))
"""


def test_oxbow(pipelines, annotated):
    """A reader in Rust; it refuses header lines that VCF 4.3 does not allow."""
    rows = json.loads(pipelines(OXBOW, annotated))
    for tag in TAGS:
        found = {}
        for row in rows:
            of = row["info"][tag] or [None] * len(row["alt"])
            for alt, value in zip(row["alt"], of, strict=True):
                found[row["chrom"], row["pos"], row["ref"], alt] = value
        assert same(found, values(annotated, tag))


POLARS = """
import json, sys
import polars_bio
polars_bio.set_option("datafusion.bio.coordinate_system_zero_based", False)
rows = polars_bio.read_vcf(sys.argv[1], info_fields=sys.argv[2:]).to_dicts()
print(json.dumps(rows))
"""


def test_polars_bio(pipelines, annotated):
    """Another reader in Rust, noodles behind DataFusion; its ALTs are joined by a bar."""
    rows = json.loads(pipelines(POLARS, annotated, *TAGS))
    for tag in TAGS:
        found = {}
        for row in rows:
            alts = row["alt"].split("|")
            for alt, value in zip(alts, row[tag] or [None] * len(alts), strict=True):
                found[row["chrom"], row["start"], row["ref"], alt] = value
        assert same(found, values(annotated, tag))


def test_igv_reports(run, annotated, tmp_path):
    words = ("--fasta", EXAMPLES / "example.hg38.fa.gz", "--info-columns", "RP_Q", "RP_TOP")
    run("create_report", annotated, *words, "--output", "report.html")
    page = (tmp_path / "report.html").read_text()
    table = json.loads(re.search(r"tableJson = (\{.*\})", page)[1])
    at = [table["headers"].index(name) for name in ("RP_Q", "RP_TOP")]
    with pysam.VariantFile(str(annotated)) as records:
        wanted = [
            [",".join(map(str, record.info.get(tag, ()))) for tag in ("RP_Q", "RP_TOP")]
            for record in records
        ]
    assert len(table["rows"]) == len(wanted)
    for row, (q, top) in zip(table["rows"], wanted, strict=True):
        assert str(row[at[1]]) == top
        shown, ours = str(row[at[0]]).split(","), q.split(",")  # rounded to two digits or three
        assert [float(text or "nan") for text in shown] == pytest.approx(
            [float(text or "nan") for text in ours], abs=0.005, nan_ok=True
        )
