"""The tags that rank, as other programs filter and carry them: bcftools, vcfanno, SnpSift."""

import shutil
import subprocess
import sys
from pathlib import Path

import pysam
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CUT = 0.05
CSQ = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. '
    'Format: Allele|Consequence">\n'
)


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example, with VEP's tag on each record, annotated and indexed."""
    folder = tmp_path_factory.mktemp("other")
    lines = (EXAMPLES / "variants.vcf").read_text().splitlines(keepends=True)
    with (folder / "in.vcf").open("w") as file:
        for line in lines:
            if line.startswith("#CHROM"):
                file.write(CSQ)
            elif not line.startswith("#"):
                fields = line.rstrip("\n").split("\t")
                fields[7] = f"{fields[7]};CSQ=X|intron_variant".removeprefix(".;")
                line = "\t".join(fields) + "\n"
            file.write(line)
    out = folder / "out.vcf.gz"
    run(
        *(sys.executable, "-m", "regplug", "annotate", folder / "in.vcf", "-o", out, "--fasta"),
        *(EXAMPLES / "example.hg38.fa.gz", "--model", "basset_dhs4", "--model", "deepbind_encode"),
    )
    return out


def run(program: str, *arguments: object) -> str:
    """Return what a program writes to standard output."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"no {program}: make debian")
    words = [path, *map(str, arguments)]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout


def rare(path: Path) -> list[str]:
    """Return the IDs of records of which an ALT has RP_Q below CUT, as pysam reads them."""
    with pysam.VariantFile(str(path)) as records:
        found = [(record.id, record.info.get("RP_Q", ())) for record in records]
    names = [name for name, qs in found if any(q is not None and q < CUT for q in qs)]
    assert 0 < len(names) < len(found)
    return names


def ids(text: str) -> list[str]:
    return [line.split("\t")[2] for line in text.splitlines() if not line.startswith("#")]


def test_bcftools_filters(annotated):
    assert ids(run("bcftools", "view", "-i", f"MIN(RP_Q)<{CUT}", annotated)) == rare(annotated)


def test_bcftools_split_vep_beside_our_tags(annotated):
    """VEP's tag is still readable, beside ours, in one line of bcftools."""
    format_ = ("-f", "%ID %Consequence %RP_TOP\n", "-i", f"MIN(RP_Q)<{CUT}")
    lines = run("bcftools", "+split-vep", annotated, *format_).splitlines()
    assert [line.split()[0] for line in lines] == rare(annotated)
    assert all(line.split()[1] == "intron_variant" and ":" in line.split()[2] for line in lines)


def test_snpsift_filters(annotated, tmp_path):
    plain, expression = tmp_path / "plain.vcf", tmp_path / "expression.txt"
    plain.write_text(run("bcftools", "view", annotated))
    expression.write_text(f"(RP_Q[ANY] < {CUT})")  # Debian's snpSift parts words at spaces
    assert ids(run("snpSift", "filter", "-e", expression, plain)) == rare(annotated)


def test_vcfanno_carries_q_into_another_vcf(annotated, tmp_path):
    settings = tmp_path / "q.toml"
    settings.write_text(
        f'[[annotation]]\nfile="{annotated}"\nfields=["RP_Q", "RP_TOP"]\n'
        'ops=["self", "self"]\nnames=["q", "top"]\n'
    )
    theirs = run("vcfanno", settings, EXAMPLES / "variants.vcf").splitlines()
    carried = [
        dict(pair.partition("=")[::2] for pair in line.split("\t")[7].split(";"))
        for line in theirs
        if not line.startswith("#")
    ]
    with pysam.VariantFile(str(annotated)) as ours:
        infos = [(record.info.get("RP_Q", ()), record.info.get("RP_TOP", ())) for record in ours]
    ranked = [
        (qs[0], tops[0], info)
        for (qs, tops), info in zip(infos, carried, strict=True)
        if len(qs) == 1 and qs[0] is not None
    ]
    assert len(ranked) > 5
    for q, top, info in ranked:
        assert (float(info["q"]), info["top"]) == (pytest.approx(q), top)
