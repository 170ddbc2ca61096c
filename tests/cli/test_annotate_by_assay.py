"""`annotate --by assay`, which many models have: the same numbers, in fewer tags."""

import csv
import re

import numpy as np
import pytest
from msgspec.structs import replace

from regplug.models.repository import read_card, rewrite_card
from regplug.scoring.card import Target
from regplug.vcf.recorded import recorded
from tests.toy_backgrounds import drawn_scores, with_background
from tests.toy_genomes import write_fasta
from tests.toy_models import centre_model, gc_model, position_model

WHAT = ("TOP", "Z", "Q", "ACT", "STATUS")
ASSAYS = {"gc": ("DNase-seq", "ATAC-seq"), "place": ("DNase-seq (imputed)", "ATAC-seq"), "long": ()}


def tell_assays(repo, name, assays, *, spread=1.0, variants="a"):
    """Put assays, spreads and a background into a model's card; without `variants` none."""
    card = read_card(repo / name)
    assays = assays or [""] * len(card.targets)
    about = ({"assay": assay} if assay else {} for assay in assays)
    targets = tuple(
        Target(target.label, spread + 0.1 * at, each)
        for at, (target, each) in enumerate(zip(card.targets, about, strict=True))
    )
    card = replace(card, targets=targets, background=None)
    if variants:
        scores = drawn_scores(np.random.default_rng(len(name)), 2000, len(targets), scale=4)
        card = with_background(card, [("random", "snv", scores, variants)])
    rewrite_card(repo / name, card)


@pytest.fixture
def repo(tmp_path):
    """Return gc and place, of two assays each, and long, whose card names none."""
    made = tmp_path / "repo"
    gc_model(made)
    position_model(made)
    centre_model(made, "long", window=101)
    for name, assays in ASSAYS.items():
        tell_assays(made, name, assays)
    return made


@pytest.fixture
def annotated(world, regplug, repo):
    """Return what annotates eight ALTs: the tags of each place, and the run.

    Of the window of `long` at chr1:300 over a tenth is N.
    """
    chr1 = world.contigs["chr1"]
    world.contigs["chr1"] = chr1[:339] + "N" * 21 + chr1[360:]
    write_fasta(world.fasta, world.contigs)
    base = world.base("chr1", 160)
    records = [world.snv("chr1", pos) for pos in (60, 90, 120)]
    records += [f"chr1 160 . {base} {base}ACG . . .", world.snv("chr1", 200)]
    records += [f"chr1 250 . {world.base('chr1', 250)} <DEL> . . .", world.snv("chr1", 300)]
    vcf = world.vcf("in.vcf", [*records, world.snv("chr2", 40)])

    def run(*arguments, name="out.vcf", of=vcf):
        models = () if "--model" in arguments else ("--model", "*")
        done = regplug(
            "annotate", of, "--fasta", world.fasta, "--model-repo", repo, *models, *arguments,
            "-o", world.folder / name,
        )  # fmt: skip
        assert done.status == 0, done.err
        return tags_of(world.folder / name), done

    return run


def tags_of(path):
    rows = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
    return {
        f"{row[0]}:{row[1]}": dict(pair.split("=") for pair in row[7].split(";")) for row in rows
    }


def stems(tags):
    return {found[1] for tag in tags if (found := re.fullmatch(r"RP_(\w+?)__STATUS", tag))}


def test_a_tag_for_each_assay(annotated):
    by_model, _ = annotated(name="model.vcf")
    by_assay, _ = annotated("--by", "assay")
    for place, tags in by_assay.items():
        own = by_model[place]
        assert [tags.get(tag) for tag in ("RP_STATUS", "RP_TOP", "RP_Q")] == [
            own.get(tag) for tag in ("RP_STATUS", "RP_TOP", "RP_Q")
        ]
        assert stems(tags) <= {"DNASE_SEQ", "ATAC_SEQ", "OTHER"}
    scored = by_assay["chr1:60"]
    assert stems(scored) == {"DNASE_SEQ", "ATAC_SEQ", "OTHER"}
    assert len(scored) == 3 + 3 * 5
    assert stems(by_model["chr1:60"]) == {"GC", "PLACE", "LONG"}
    assert by_assay["chr1:250"] == {"RP_STATUS": "symbolic"}
    assert scored["RP_DNASE_SEQ__TOP"] in ("gc:T0", "place:T0")


def test_an_assay_that_is_a_models_has_the_models_numbers(annotated):
    """`long` alone names no assay, and all its targets count: the tags are its own."""
    by_model, _ = annotated(name="model.vcf")
    by_assay, _ = annotated("--by", "assay")
    for place, tags in by_assay.items():
        for what in WHAT:
            own = by_model[place].get(f"RP_LONG__{what}")
            own = f"long:{own}" if what == "TOP" and own else own
            assert tags.get(f"RP_OTHER__{what}") == own


def test_an_assay_of_all_is_the_run(annotated, repo):
    """Where all targets are of one assay, its top and Q are the run's."""
    for name in ASSAYS:
        tell_assays(repo, name, ["ChIP-seq"] * len(read_card(repo / name).targets))
    by_assay, _ = annotated("--by", "assay")
    ranked = [tags for tags in by_assay.values() if "RP_Q" in tags]
    assert len(ranked) == 6
    for tags in ranked:
        assert (tags["RP_CHIP_SEQ__TOP"], tags["RP_CHIP_SEQ__Q"]) == (tags["RP_TOP"], tags["RP_Q"])
    insertion = by_assay["chr1:160"]  # the background has no such kind: as of a model, by spread
    assert insertion["RP_CHIP_SEQ__TOP"] in ("gc:T0", "gc:T1", "place:T0", "place:T1", "long:T0")
    assert "RP_CHIP_SEQ__Q" not in insertion


def test_some_targets_of_a_model(annotated):
    """gc's first target is the only one of DNase with it: what --targets gives, by each model."""
    by_assay, _ = annotated("--by", "assay", "--model", "gc")
    alone, _ = annotated("--model", "gc", "--targets", "T0", name="alone.vcf")
    for place in alone:
        for what in WHAT:
            own = alone[place].get(f"RP_GC__{what}")
            own = f"gc:{own}" if what == "TOP" and own else own
            assert by_assay[place].get(f"RP_DNASE_SEQ__{what}") == own


def test_a_status_where_no_model_has_a_score(annotated):
    by_assay, _ = annotated("--by", "assay")
    assert by_assay["chr1:300"]["RP_OTHER__STATUS"] == "mostly_n"
    assert by_assay["chr1:300"]["RP_DNASE_SEQ__STATUS"] == "ok"
    assert "RP_OTHER__TOP" not in by_assay["chr1:300"]


def test_one_model_has_a_score_and_the_other_not(annotated, repo):
    tell_assays(repo, "long", ["DNase-seq"])
    tags = annotated("--by", "assay")[0]["chr1:300"]
    assert tags["RP_DNASE_SEQ__STATUS"] == "mostly_n"
    assert tags["RP_DNASE_SEQ__TOP"] in ("gc:T0", "place:T0")


def test_all_reasons_are_told(annotated, repo, world):
    """A window of one base is too short for anything, and one of 101 here mostly N."""
    gc_model(repo, "one", window=1)
    for name in ("one", "long"):
        tell_assays(repo, name, ["DNase-seq"] * len(read_card(repo / name).targets))
    vcf = world.vcf("two.vcf", [world.snv("chr1", 300)])
    for models, status in (
        (("one", "gc", "long"), "too_long&mostly_n"),
        (("gc", "long", "one"), "too_long&mostly_n"),
        (("gc", "long"), "mostly_n"),
        (("one", "gc"), "too_long"),
        (("gc", "place"), "ok"),
    ):
        named = [word for model in models for word in ("--model", model)]
        tags, _ = annotated("--by", "assay", *named, of=vcf)
        assert tags["chr1:300"]["RP_DNASE_SEQ__STATUS"] == status


def test_a_long_allele(annotated, repo, world):
    """It is scored by the windows at its junctions where a window is too short for it."""
    base = world.base("chr1", 60)
    vcf = world.vcf("long.vcf", [f"chr1 60 . {base} {base}{'ACGT' * 5} . . ."])
    tell_assays(repo, "long", ["DNase-seq"])
    tags = annotated("--by", "assay", of=vcf)[0]["chr1:60"]
    assert (tags["RP_DNASE_SEQ__STATUS"], tags["RP_ATAC_SEQ__STATUS"]) == ("junctions", "junctions")
    tags = annotated("--by", "assay", "--model", "long", of=vcf)[0]["chr1:60"]
    assert tags["RP_DNASE_SEQ__STATUS"] == "ok"


def test_without_a_background_the_largest_change_in_spreads(annotated, repo, world):
    for name, spread in {"gc": 0.5, "place": 2.0, "long": 1.0}.items():
        tell_assays(repo, name, ASSAYS[name], spread=spread, variants="")
    by_assay, _ = annotated("--by", "assay", "--matrix", world.folder / "all.tsv")
    with (world.folder / "all.tsv").open() as table:
        rows = {
            f"{row['chrom']}:{row['pos']}": row for row in csv.DictReader(table, delimiter="\t")
        }
    for place, tags in by_assay.items():
        changes = {
            f"{model}:{target}": float(rows[place][f"{model}.{target}"]) / spread
            for model, target, spread in (("gc", "T0", 0.5), ("place", "T0", 2.0))
            if rows[place][f"{model}.{target}"] != "."
        }
        if not changes:
            assert "RP_DNASE_SEQ__TOP" not in tags
            continue
        top = max(changes, key=lambda target: abs(changes[target]))
        assert tags["RP_DNASE_SEQ__TOP"] == top
        assert float(tags["RP_DNASE_SEQ__Z"]) == pytest.approx(changes[top], rel=6e-3)
        assert not {"RP_TOP", "RP_Q", "RP_DNASE_SEQ__Q", "RP_DNASE_SEQ__ACT"} & set(tags)


def test_the_header_and_a_later_run(annotated, world, regplug, repo):
    verify = ("verify", "--fasta", world.fasta, "--model-repo", repo, "--all")
    for name, line in {
        "a.vcf": ("--by", "assay"),
        "b.vcf": ("--by", "model", "--model", "gc"),  # tags of assays go
        "c.vcf": ("--by", "assay", "--model", "gc", "--model", "long"),  # gc's own go
        "d.vcf": ("--by", "assay", "--model", "place", "--targets", "place:T1"),
    }.items():
        before = world.folder / f"{chr(ord(name[0]) - 1)}.vcf"
        tags, _ = annotated(*line, name=name, of=before if name > "b" else world.folder / "in.vcf")
        done = regplug(*verify, world.folder / name)
        assert (done.status, done.out) == (0, ""), done.out
        said = recorded((world.folder / name).read_text())
        if name == "a.vcf":
            assert said.assays == ("gc", "long", "place")
            assert said.stems == ("RP_ATAC_SEQ", "RP_DNASE_SEQ", "RP_OTHER")
    assert said.assays == ("place",)
    assert stems(tags["chr1:60"]) == {"ATAC_SEQ"}
    assert tags["chr1:60"]["RP_ATAC_SEQ__TOP"] == "place:T1"
    assert "RP_PLACE_T1" in tags["chr1:60"]


def test_in_parts(annotated, world):
    annotated("--by", "assay", "--no-version")
    annotated("--by", "assay", "--no-version", "--resume", "--part-size", "3", name="parts.vcf")
    assert (world.folder / "parts.vcf").read_text() == (world.folder / "out.vcf").read_text()


def test_verify_names_what_was_changed(annotated, world, regplug, repo):
    annotated("--by", "assay")
    path = world.folder / "out.vcf"
    text = path.read_text()
    path.write_text(re.sub(r"(RP_DNASE_SEQ__Z=)\S+?;", r"\g<1>99;", text, count=1))
    done = regplug("verify", path, "--fasta", world.fasta, "--model-repo", repo, "--all")
    assert done.status == 1
    assert "chr1:60" in done.out
    assert "RP_DNASE_SEQ__Z\twritten 99" in done.out


@pytest.mark.parametrize("background", ["a", ""])
def test_top_is_as_of_models(annotated, world, regplug, repo, background):
    for name, assays in ASSAYS.items():
        tell_assays(repo, name, assays, variants=background)
    tables = []
    for by in ("model", "assay"):
        annotated("--by", by, name=f"{by}.vcf")
        done = regplug("top", world.folder / f"{by}.vcf")
        assert done.status == 0, done.err
        tables.append(re.sub(r"\S+\.vcf", "", done.out))
        counts = done.err
    assert tables[0] == tables[1]
    assert len(tables[0].splitlines()) == 8
    assert "\t.\t" in tables[0]
    assert counts == "7 ranked, 1 symbolic\n"


def test_more_than_eight_models(annotated, repo):
    for number in range(6):
        gc_model(repo, f"more{number}")
    by_assay, done = annotated()
    assert done.err == (
        "9 models, so tags are of assays (RP_<ASSAY>__TOP ...): --by model gives each model its "
        "own, --matrix FILE has all targets\n"
    )
    assert stems(by_assay["chr1:60"]) == {"DNASE_SEQ", "ATAC_SEQ", "OTHER"}
    by_model, done = annotated("--by", "model")
    assert (len(stems(by_model["chr1:60"])), done.err) == (9, "")
    _, done = annotated("--by", "assay")
    assert done.err == ""
    eight, done = annotated(
        *(w for n in range(6) for w in ("--model", f"more{n}")), "--model", "gc", "--model", "long"
    )
    assert (len(stems(eight["chr1:60"])), done.err) == (8, "")
