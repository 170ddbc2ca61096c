"""Snakemake, CWL and Galaxy's command make what `regplug annotate` makes; WDL is checked."""

import json
import re
import shutil

import pysam
import pytest

from tests.integrations.conftest import EXAMPLES
from tests.integrations.records import rare, values
from tests.toy_genomes import random_letters, vcf_text, write_fasta

pytestmark = pytest.mark.slow
FASTA = "example.hg38.fa.gz"


@pytest.fixture
def inputs(tmp_path):
    """Put the example's FASTA beside, and its VCF, bgzipped twice, into calls/."""
    for path in EXAMPLES.glob(f"{FASTA}*"):
        shutil.copy2(path, tmp_path)  # with its date, by which the index is fresh
    (tmp_path / "calls").mkdir()
    for name in ("a", "b"):
        given, packed = EXAMPLES / "variants.vcf", tmp_path / "calls" / f"{name}.vcf.gz"
        pysam.tabix_compress(str(given), str(packed))
    return tmp_path


def same(path, annotated):
    for tag in ("RP_Q", "RP_TOP", "RP_STATUS", "RP_DEEPBIND_ENCODE__Z"):
        assert values(path, tag) == values(annotated, tag)


def test_snakemake(run, inputs, integrations, annotated):
    run(
        *("snakemake", "--cores", "1", "--snakefile", integrations / "snakemake" / "Snakefile"),
        *("--config", "vcfs=calls", f"fasta={FASTA}", "models=deepbind_encode"),
    )
    for name in ("a", "b"):
        same(inputs / "annotated" / f"{name}.vcf.gz", annotated)
        assert (inputs / "logs" / f"{name}.log").read_text() == ""
    rows = (inputs / "rare.tsv").read_text().strip().split("\n")
    assert len(rows) == 2 * len(rare(annotated))


def test_cwl(run, inputs, integrations, annotated):
    tool = integrations / "cwl" / "regplug-annotate.cwl"
    job = (integrations / "cwl" / "example.yml").read_text()
    (inputs / "job.yml").write_text(job.replace("../../examples", str(EXAMPLES)))
    told = json.loads(run("cwltool", "--no-container", "--quiet", tool, "job.yml"))
    same(told["annotated"]["path"], annotated)
    (index,) = told["annotated"]["secondaryFiles"]
    assert index["basename"] == "annotated.vcf.gz.tbi"


def test_xargs_with_one_cache(run, inputs, annotated):
    """As docs/pipelines.md has it; another round finds all that it asks for."""
    words = f"--fasta ../{FASTA} --model deepbind_encode --threads 1 --cache ../c --quiet"
    line = f"cd calls && ls *.vcf.gz | xargs -P 2 -I{{}} regplug annotate {{}} {words} -o ../{{}}"
    run("sh", "-c", line)
    for name in ("a", "b"):
        same(inputs / f"{name}.vcf.gz", annotated)
    told = run("sh", "-c", f"{line} 2>&1".replace("--quiet", ""))
    counts = re.findall(r"([\d,]+) of ([\d,]+) predictions", told)
    assert len(counts) == 2
    assert all(found == asked for found, asked in counts)


def test_wdl(run, integrations):
    said = run("miniwdl", "check", "--strict", integrations / "wdl" / "regplug_annotate.wdl")
    assert "call regplug_annotate" in said


LINT = """
import sys
from galaxy.tool_util.lint import LintContext, LintLevel, lint_tool_source_with
from galaxy.tool_util.parser.factory import get_tool_source
context = LintContext(LintLevel.SILENT)
lint_tool_source_with(context, get_tool_source(sys.argv[1]))
print("\\n".join(f"{m.level}: {m.message}" for m in context.message_list))
"""
COMMAND = """
import json, sys
import xml.etree.ElementTree as ElementTree
from Cheetah.Template import Template
text = ElementTree.parse(sys.argv[1]).find("command").text
print(Template(text, searchList=[json.loads(sys.argv[2])]))
"""


def test_galaxy(run, pipelines, integrations, tmp_path):
    """A toy genome, as the example's is 800 MB where it is not packed, and Galaxy's are not."""
    tool = integrations / "galaxy" / "regplug_annotate.xml"
    levels = [line.partition(":")[0].lower() for line in pipelines(LINT, tool).split("\n") if line]
    assert set(levels) <= {"check", "info"}
    assert len(levels) > 5
    letters = random_letters(2000, seed=1)
    write_fasta(tmp_path / "dataset_2.dat", {"chr1": letters})
    alts = {base: "ACGT".replace(base, "")[0] for base in "ACGT"}
    rows = [f"chr1 {at} . {letters[at - 1]} {alts[letters[at - 1]]} . . ." for at in (500, 900)]
    (tmp_path / "dataset_1.dat").write_text(vcf_text(rows, {"chr1": letters}))
    given = {"vcf": "dataset_1.dat", "reference": "dataset_2.dat", "summary": "counts.json"}
    given |= {"models": [{"name": "deepbind_encode"}], "genes": None, "force": ""}
    command = pipelines(COMMAND, tool, json.dumps(given)).replace("\n", " ")  # as Galaxy does
    run("bash", "-c", command)
    words = ("--fasta", "reference.fa", "--model", "deepbind_encode", "-o", "direct.vcf")
    run("regplug", "annotate", "dataset_1.dat", *words)
    same(tmp_path / "annotated.vcf.gz", tmp_path / "direct.vcf")
    assert (
        json.loads((tmp_path / "counts.json").read_text())["models"]["deepbind_encode"]["ok"] == 2
    )
