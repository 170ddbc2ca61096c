"""A hundred models that were imported from ONNX, in one run."""

import csv
from pathlib import Path

import pytest

from benchmarks.many_models import ASSAYS, import_many, info_bytes
from regplug.models.repository import read_card
from tests.cli.test_annotate_by_assay import stems, tags_of

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = 100

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    made = tmp_path_factory.mktemp("many") / "models"
    import_many(made, MODELS)
    return made


@pytest.fixture
def line(repo):
    common = "--fasta", EXAMPLES / "example.hg38.fa.gz", "--model-repo", repo
    return "annotate", EXAMPLES / "variants.vcf", *common, "--model", "toy*"


def test_the_file_stays_small_and_the_table_has_all(regplug, line, repo, tmp_path):
    out, table = tmp_path / "out.vcf", tmp_path / "all.tsv"
    done = regplug(*line, "-o", out, "--matrix", table)
    assert done.status == 0, done.err
    assert done.err.startswith("100 models, so tags are of assays")
    assert info_bytes(out) < 400  # five assays; of a single model that has an assay 84
    assert regplug(*line, "-o", tmp_path / "by_model.vcf", "--by", "model").status == 0
    assert info_bytes(tmp_path / "by_model.vcf") > 5000
    with table.open() as file:
        rows = {
            (row["chrom"], row["pos"], row["alt"]): row
            for row in csv.DictReader(file, delimiter="\t")
        }
    assert len(next(iter(rows.values()))) == 6 + MODELS * 4
    tags = tags_of(out)
    assert stems(tags["chr1:109274968"]) == {"ATAC_SEQ", "DNASE_SEQ", "CHIP_SEQ", "CAGE", "MPRA"}
    for number, assay in enumerate(ASSAYS):  # the top of each assay, found in the table
        stem = "RP_" + assay.upper().replace("-", "_")
        spreads = {
            f"toy{model}.{target.label}": target.spread
            for model in range(number, MODELS, len(ASSAYS))
            for target in read_card(repo / f"toy{model}").targets
        }
        row = rows["chr1", "109274968", "T"]
        z = {target: float(row[target]) / spread for target, spread in spreads.items()}
        top = max(z, key=lambda target: abs(z[target]))
        found = tags["chr1:109274968"]
        assert found[f"{stem}__TOP"].replace(":", ".") == top
        assert float(found[f"{stem}__Z"]) == pytest.approx(z[top], rel=6e-3)


def test_it_is_verified_and_ranked(regplug, line, tmp_path):
    out = tmp_path / "out.vcf"
    assert regplug(*line, "-o", out).status == 0
    done = regplug("verify", out, *line[2:6], "--all")
    assert (done.status, done.out) == (0, ""), done.out
    ranked = regplug("top", out, "--max", "100").out.splitlines()
    sizes = [abs(float(row.split("\t")[9])) for row in ranked[1:]]
    assert len(sizes) == 15
    assert sizes == sorted(sizes, reverse=True)
