"""The corpus is what its rules make of it, and what `regplug annotate` writes."""

import csv
import re
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools
import pytest

from regplug.genome.codes import decode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Status
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.examined import examine
from regplug.vcf.records import VariantReader, variants_of
from tests.corpus.make_corpus import VERSION, WIDTHS, write
from tests.corpus.make_haplotypes import write as write_haplotypes
from tests.toy_models import weights_model

FOLDER = Path(__file__).parent
ALTS = 466  # as README.md has it
SCORED = ("ok", "junctions")
FILES = (
    *("expected.tsv", "genes.gtf", "genome.fa", "haplotypes.tsv", "models.tsv", "phased.vcf"),
    "variants.vcf",
)


def table(name):
    lines = (FOLDER / name).read_text().split("\n")
    assert lines[0] == f"#corpus {VERSION}"
    return list(csv.DictReader(lines[1:], delimiter="\t"))


@pytest.fixture(scope="module")
def rows():
    return table("expected.tsv")


@pytest.fixture(scope="module")
def weights():
    found = defaultdict(list)
    for row in table("models.tsv"):
        assert int(row["column"]) == len(found[row["model"]])
        found[row["model"]].append([int(row[base]) for base in "ACGT"])
    return found


@pytest.fixture
def annotate(regplug, weights, tmp_path):
    """Return a function: a VCF → tag → text per ALT, in its order, as `regplug annotate` wrote."""

    def run(name, *options):
        return _annotated(regplug, weights, tmp_path, FOLDER / name, *options)

    return run


@pytest.fixture
def annotated(annotate):
    """Return tag → text per ALT of the corpus."""
    return annotate("variants.vcf", "--scores", "ref,alt,diff")


def _annotated(regplug, weights, tmp_path, vcf, *options):
    for name, of in weights.items():
        strand = {"strand": "forward"} if name == "rna" else {}
        weights_model(tmp_path / "models", name, np.array(of), **strand)
    (tmp_path / "genome.fa").write_bytes((FOLDER / "genome.fa").read_bytes())
    models = [word for name in weights for word in ("--model", name)]
    done = regplug(
        *("annotate", vcf, "--fasta", tmp_path / "genome.fa", *models, *options),
        *("--model-repo", tmp_path / "models", "--genes", FOLDER / "genes.gtf", "--force"),
        *("--targets", "T0", "-o", tmp_path / "out.vcf"),
    )
    assert done.status == 0, done.err
    found = []
    for line in (tmp_path / "out.vcf").read_text().split("\n"):
        if line and not line.startswith("#"):
            cells = line.split("\t")
            pairs = (pair.partition("=")[::2] for pair in cells[7].split(";"))
            tags = {tag: text.split(",") for tag, text in pairs}
            for at, _ in enumerate(cells[4].split(",")):
                found.append({tag: texts[at] for tag, texts in tags.items() if texts != [""]})
    return found


def test_regplug_writes_what_is_expected(rows, annotated):
    assert len(annotated) == len(rows) / len(WIDTHS)
    for number, row in enumerate(rows):
        tags, model = annotated[number // len(WIDTHS)], f"RP_{row['model'].upper()}"
        own = row["status"] in (*SCORED, "mostly_n", "no_transcript")
        # a record without ALT gets no tag at all
        everyone = "." if row["status"] == "missing" else "ok" if own else row["status"]
        assert tags.get("RP_STATUS", ".") == everyone, row
        assert tags.get(f"{model}__STATUS", ".") == (row["status"] if own else "."), row
        for column, tag in (("ref_score", "T0__REF"), ("alt_score", "T0__ALT"), ("diff", "T0")):
            found = tags.get(f"{model}_{tag}", ".")
            if row["status"] in SCORED:
                assert float(found) == pytest.approx(float(row[column]), abs=1e-4), row
            else:
                assert (found, row[column]) == (".", "."), row


def test_regplug_writes_what_is_expected_on_haplotypes(annotate):
    rows, found = table("haplotypes.tsv"), annotate("phased.vcf", "--phased")
    assert len(found) == len(rows) / len(WIDTHS) > 80
    for number, row in enumerate(rows):
        tags, model = found[number // len(WIDTHS)], f"RP_{row['model'].upper()}"
        assert tags.get(f"{model}__PHASE", ".") == row["phase"], row
        for haplotype in ("JOINT1", "JOINT2"):
            size = row[f"{haplotype.lower()}_n"]
            assert tags.get(f"{model}__{haplotype}_N", ".") == size, row
        for name in ("hap", "joint1", "joint2"):
            text = tags.get(f"{model}_T0__{name.upper()}", ".")
            if row[name] == ".":
                assert text == ".", (name, row)
            else:
                assert float(text) == pytest.approx(float(row[name]), abs=1e-4), (name, row)
    assert sum(row["joint1_n"] > "1" for row in rows) > 20


def test_scores_follow_from_windows_and_weights(rows, weights):
    """By hand: look up each column's weight of its letter, add up; two windows: their mean.

    At junctions those that differ more.
    """
    for row in rows:
        if row["status"] not in SCORED:
            continue
        by_letter = [
            dict(zip("ACGT", of, strict=True)) | {"N": sum(of) / 4} for of in weights[row["model"]]
        ]
        refs, alts = (
            [
                sum(of[letter] for of, letter in zip(by_letter, window, strict=True))
                for window in row[f"{side}_windows"].split(",")
            ]
            for side in ("ref", "alt")
        )
        if row["status"] == "junctions":
            ref, alt = max(zip(refs, alts, strict=True), key=lambda pair: abs(pair[1] - pair[0]))
        else:
            ref, alt = sum(refs) / len(refs), sum(alts) / len(alts)
        assert [float(row[name]) for name in ("ref_score", "alt_score")] == [ref, alt]
        assert float(row["diff"]) == alt - ref


def test_windows_are_those_that_models_read(rows, tmp_path):
    path = tmp_path / "genome.fa"
    path.write_bytes((FOLDER / "genome.fa").read_bytes())
    read = 0
    with (
        Genome(path) as genome,
        closing(VariantReader(str(FOLDER / "variants.vcf"))) as reader,
    ):
        variants = [variant for record in reader for variant in variants_of(record)]
        for number, row in enumerate(rows):
            allele = examine(variants[number // len(WIDTHS)], genome)
            strand = row["strand"].replace(".", "+")
            alleles = encode_alleles([allele], genome, window=WIDTHS[row["model"]], strand=strand)
            if row["status"] == "no_transcript":
                continue
            assert alleles.status == [row["status"]], row
            for side, codes in (("ref", alleles.ref), ("alt", alleles.alt)):
                made = ",".join(decode(one) for one in codes)
                assert made == row[f"{side}_windows"].replace(".", ""), row
            read += len(alleles.ref)
    assert read > 600


def test_normalised_as_bcftools_norm_has_it(rows, tmp_path):
    """Where bcftools keeps an anchor base that both alleles have, ours is the same place."""
    path = tmp_path / "genome.fa"
    path.write_bytes((FOLDER / "genome.fa").read_bytes())
    pysam.faidx(str(path))
    kinds = re.compile(r"(more|less|insertion|deletion|padded|end)_")
    wanted = [r for r in rows if r["model"] == "even" and kinds.match(r["id"]) and r["normalised"]]
    lines = [line for line in (FOLDER / "variants.vcf").read_text().split("\n") if line]
    chosen = {row["id"] for row in wanted}
    kept = [one for one in lines if one.startswith("#") or one.split("\t")[2] in chosen]
    (tmp_path / "in.vcf").write_text("\n".join(kept) + "\n")
    text = pysam.bcftools.norm("-f", str(path), "-m-", str(tmp_path / "in.vcf"))
    places = defaultdict(list)
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            _, pos, name, ref, alt = line.split("\t")[:5]
            places[name].append((int(pos), ref.upper(), alt.upper()))
    assert len(places) == len(chosen) > 100
    for row in wanted:
        pos, ref, alt = row["normalised"].split(":")
        assert (int(pos), ref, alt) in places[row["id"]], (row["id"], places[row["id"]])


def test_every_status_that_a_model_can_give_is_there(rows):
    counts = Counter(row["status"] for row in rows)
    assert {*Status} - {*counts} == {Status.TOO_LONG}  # of a window of a single base
    assert len({(row["id"], row["alt"]) for row in rows}) == len(rows) / len(WIDTHS) == ALTS


def test_the_files_are_those_that_the_rules_make(tmp_path):
    write(tmp_path)
    write_haplotypes(tmp_path)
    for name in FILES:
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name
