"""`regplug annotate --phased`: what is written, what is refused, and that it can be replayed."""

import re
from itertools import product
from pathlib import Path

import pytest

from tests.toy_genomes import VCF_COLUMNS

GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'
ROOT = Path(__file__).parents[2]
PS = '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">'


@pytest.fixture
def family(world):
    """Return a function that writes a VCF of samples: (pos, GT of each) or whole records."""

    def write(name, records, samples=("child",), header=(GT, PS)):
        rows = []
        for record in records:
            if not isinstance(record, str):
                pos, *calls = record
                record = world.snv("chr1", pos, rest=". . . GT " + " ".join(calls))
            rows.append(record)
        columns = "\t".join([VCF_COLUMNS, "FORMAT", *samples] if samples else [VCF_COLUMNS])
        return world.vcf(name, rows, [*header, columns])

    return write


def tags_of(text):
    """Return the tags of each record."""
    rows = [line.split("\t") for line in text.split("\n") if line[:1] not in ("#", "")]
    return [dict(pair.split("=", 1) for pair in row[7].split(";") if "=" in pair) for row in rows]


def test_two_snvs_of_a_haplotype_are_their_mnv(world, family, annotate):
    ref, alt = (get("chr1", 100) for get in (world.base, world.other))
    ref_2, alt_2 = (get("chr1", 101) for get in (world.base, world.other))
    mnv = f"chr1 100 . {ref}{ref_2} {alt}{alt_2} . . ."
    one = annotate(world.vcf("mnv.vcf", [mnv]), model="place")
    both = annotate(family("in.vcf", [(100, "0|1"), (101, "0|1")]), "--phased", model="place")
    (together,), (first, second) = tags_of(one.out), tags_of(both.out)
    joint, alone = first["RP_PLACE_T0__JOINT2"], together["RP_PLACE_T0"]
    assert float(joint) == pytest.approx(float(alone), abs=2e-4)
    assert first["RP_PLACE__JOINT2"] == together["RP_PLACE__Z"]
    assert (first["RP_PLACE__JOINT2_N"], first["RP_PLACE__JOINT2_TOP"]) == ("2", "T0")
    assert not any("JOINT" in tag for tag in second)
    assert not any("JOINT1" in tag for tag in first)


def test_alts_within_half_a_window_are_scored_together_in_the_middle(world, family, annotate):
    """`place` has 21 bases and weighs a base by 1.1 to its column; a cluster has 10 at most."""
    near = annotate(family("a.vcf", [(100, "0|1"), (109, "0|1")]), "--phased", model="place")
    far = annotate(family("b.vcf", [(100, "0|1"), (110, "0|1")]), "--phased", model="place")
    code = {"A": 1, "C": 2, "G": 4, "T": 8}
    first, second = (
        code[world.other("chr1", pos)] - code[world.base("chr1", pos)] for pos in (100, 109)
    )
    joint = tags_of(near.out)[0]["RP_PLACE_T0__JOINT2"]
    assert float(joint) == pytest.approx(1.1**6 * first + 1.1**15 * second, abs=2e-4)
    assert [tags.get("RP_PLACE__JOINT2_N") for tags in tags_of(near.out)] == ["2", None]
    assert [tags["RP_PLACE__JOINT2_N"] for tags in tags_of(far.out)] == ["1", "1"]


def test_where_changes_add_up_neighbours_do_not_matter(family, annotate):
    """`place` weighs a base by its column, whatever stands beside it."""
    apart = annotate(family("a.vcf", [(100, "0|1"), (103, "1|0")]), "--phased", model="place")
    beside = annotate(family("b.vcf", [(100, "0|1"), (103, "0|1")]), "--phased", model="place")
    for made in (apart, beside):
        for tags in tags_of(made.out):
            assert tags["RP_PLACE__PHASE"] == "phased"
            assert float(tags["RP_PLACE_T0__HAP"]) == pytest.approx(
                float(tags["RP_PLACE_T0"]), abs=1e-4
            )


def test_words(family, annotate):
    calls = [(100, "0|1:7"), (104, "0/1:."), (108, "1|0:8"), (112, "0|0:7"), (116, "./.:.")]
    calls += [(120, "1/1:."), (200, "1|0:."), (260, ".|1:."), (300, "1:.")]
    vcf = family("in.vcf", calls).read_text().replace("\tGT\t", "\tGT:PS\t")
    path = family("in.vcf", calls)
    path.write_text(vcf)
    tags = tags_of(annotate(path, "--phased").out)
    words = [
        "partial",
        "unphased",
        "partial",
        "absent",
        "no_call",
        "phased",
        "phased",
        "phased",
        "phased",
    ]
    assert [each["RP_GC__PHASE"] for each in tags] == words
    for word, each in zip(words, tags, strict=True):
        assert ("RP_GC__HAP" in each) == (word not in ("absent", "no_call"))
        if word == "unphased":
            assert each["RP_GC__HAP"] == each["RP_GC__Z"]
            assert not any("JOINT" in tag for tag in each)


def test_an_alt_in_the_way_of_another_is_left_out(world, family, annotate):
    deletion = f"chr1 100 . {world.base('chr1', 100, 5)} {world.base('chr1', 100)} . . . GT 0|1"
    tags = tags_of(
        annotate(family("in.vcf", [deletion, (103, "0|1"), (130, "0|1")]), "--phased").out
    )
    assert [each["RP_GC__PHASE"] for each in tags] == ["partial", "conflict", "phased"]
    assert tags[1]["RP_GC__HAP"] == tags[1]["RP_GC__Z"]
    anchor = tags_of(annotate(family("in.vcf", [deletion, (100, "0|1")]), "--phased").out)
    assert [each["RP_GC__PHASE"] for each in anchor] == ["phased", "phased"]


def test_what_has_no_sequence_is_scored_on_the_reference(world, family, annotate):
    deletion = f"chr1 100 . {world.base('chr1', 100)} <DEL> . . END=105 GT 1|1"
    header = (GT, PS, '##INFO=<ID=END,Number=1,Type=Integer,Description="">')
    path = family("in.vcf", [deletion, (110, "0|1"), (190, "0|1")], header=header)
    tags = tags_of(annotate(path, "--phased").out)
    assert [each["RP_GC__PHASE"] for each in tags] == ["no_sequence", "partial", "phased"]
    assert tags[0]["RP_GC__HAP"] == tags[0]["RP_GC__Z"]
    assert not any("JOINT" in tag for tag in tags[0])


def test_odd_records(world, family, annotate):
    """Blocks of a gVCF, a contig that the FASTA lacks, REF over an end, no GT, PS a word."""
    records = [(100, "0|1:a"), "chr1 104 . N . . . . GT:PS 0|0:a"]
    records += ["chr1 106 . N <NON_REF> . . END=109 GT:PS 0|0:a"]
    records += [f"chr1 110 . {world.base('chr1', 110)} *,{world.other('chr1', 110)} . . . PS a"]
    records += [
        "chr1 500 . NN A . . . GT 1",
        "chr9 5 . A T . . . GT 1|1",
        "chr9 6 . A T . . . GT 1",
    ]
    ps = PS.replace("Integer", "String")
    header = (GT, ps, "##contig=<ID=chr9>", '##INFO=<ID=END,Number=1,Type=Integer,Description="">')
    path = family("in.vcf", [(100, "0|1"), *records[1:]], header=header)
    path.write_text(path.read_text().replace("GT\t0|1", "GT:PS\t0|1:a"))
    done = annotate(path, "--phased")
    assert done.status == 0, done.err
    tags = tags_of(done.out)
    words = [each.get("RP_GC__PHASE") for each in tags]
    assert words == ["phased", None, None, ".,no_call", None, None, None]
    assert [each.get("RP_STATUS") for each in tags[4:]] == [
        "ref_mismatch",
        "unknown_contig",
        "unknown_contig",
    ]


def test_genotypes_stay_and_other_samples_do_not_count(family, annotate):
    calls = [(100, "0|1", "1|1"), (103, "0|1", "0/1")]
    path = family("in.vcf", calls, samples=("child", "mother"))
    given = [line.split("\t")[8:] for line in path.read_text().split("\n")[-3:-1]]
    for who, words in (("child", ["phased", "phased"]), ("mother", ["partial", "unphased"])):
        made = annotate(path, "--phased", "--sample", who)
        assert [line.split("\t")[8:] for line in made.out.split("\n")[-3:-1]] == given
        assert [tags["RP_GC__PHASE"] for tags in tags_of(made.out)] == words
        assert f'phased="{who}"' in made.out
    one = annotate(path, "--phased", "-s", "child")
    assert [tags["RP_GC__PHASE"] for tags in tags_of(one.out)] == ["phased", "phased"]


@pytest.mark.parametrize("name", ["all.tsv", "all.parquet"])
def test_the_matrix_has_the_same_numbers(world, family, annotate, name):
    calls = [(100, "0|1"), (103, "1|1"), (160, "0/1"), (190, "0|0")]
    table = world.folder / name
    tags = tags_of(annotate(family("in.vcf", calls), "--phased", "--matrix", table).out)
    if name.endswith(".tsv"):
        names, *rows = (line.split("\t") for line in table.read_text().strip().split("\n"))
        rows = [dict(zip(names, row, strict=True)) for row in rows]
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        rows = [
            {key: "." if value is None else str(value) for key, value in row.items()}
            for row in parquet.read_table(table).to_pylist()
        ]
    assert [row["gc.phase"] for row in rows] == ["phased", "phased", "unphased", "absent"]
    for row, each in zip(rows, tags, strict=True):
        for target, what in product(("T0", "T1"), ("hap", "joint1", "joint2")):
            number = row[f"gc.{target}.{what}"]
            told = each.get(f"RP_GC_{target}__{what.upper()}", ".")
            assert number == told or float(number) == pytest.approx(float(told)), (row, each)
    assert sum(row["gc.T0.joint2"] != "." for row in rows) == 1


def test_without_the_option_nothing_of_it_is_written(family, annotate):
    made = annotate(family("in.vcf", [(100, "0|1")]))
    assert "PHASE" not in made.out
    assert "phased" not in made.out


def faulty(world, family):
    """Return what is wrong → the arguments, and what the message has."""
    two = family("two.vcf", [(100, "0|1", "0|0")], samples=("child", "mother"))
    unsorted = family("unsorted.vcf", [(100, "0|1"), (90, "0|1")])
    back = [(100, "0|1"), "chr2 5 . A C . . . GT 0|1", (300, "0|1")]
    plain = world.vcf("plain.vcf", [world.snv("chr1", 100)])
    (world.folder / "list.txt").write_text(f"chr1:100:{world.base('chr1', 100)}:A\n")
    return {
        "several samples": ((two, "--phased"), "2 samples (child, mother): say whose"),
        "no such sample": ((two, "--phased", "--sample", "aunt"), "no sample aunt: it has child"),
        "left out": ((two, "--phased", "--sample", "child", "-s", "mother"), "no sample child"),
        "no samples": ((plain, "--phased"), "plain.vcf has no samples"),
        "a list": ((world.folder / "list.txt", "--phased"), "has no samples"),
        "no genotypes": (
            (family("no_gt.vcf", ["chr1 9 . A C . . . DP 3"], header=[PS]), "--phased"),
            "no genotypes (FORMAT/GT)",
        ),
        "three alleles": (
            (family("three.vcf", [(100, "0|1"), (110, "0|1|1")]), "--phased"),
            "chr1:110: child has 3 alleles",
        ),
        "unsorted": ((unsorted, "--phased"), "chr1:90 comes after chr1:100"),
        "a contig twice": ((family("back.vcf", back), "--phased"), "chr1:300 comes after chr2:5"),
        "assays": ((two, "--phased", "--sample", "child", "--by", "assay"), "without --by assay"),
        "no --phased": ((two, "--sample", "child"), "Give --phased with --sample"),
    }


@pytest.mark.fault("odd input", "haplotypes of a file that has none, or not those asked for")
def test_what_has_no_haplotypes_is_refused(world, family, annotate, tried):
    cases = faulty(world, family)
    for what, (arguments, message) in cases.items():
        done = annotate(*arguments, "-o", world.folder / "out.vcf")
        assert done.status == 1, what
        assert message in done.err, (what, done.err)
        assert not (world.folder / "out.vcf").exists(), what
    tried(len(cases))


def test_regions_see_what_lies_outside(world, family, annotate, regplug):
    calls = [(80, "0|1"), (84, "1|1"), (89, "0|1"), (150, "1|0"), (153, "1|0"), (200, "0|1")]
    path = family("in.vcf.gz", calls)
    whole = annotate(path, "--phased", model="place").out
    of_regions = ("-r", "chr1:84-89,chr1:153-210")
    out = world.folder / "part.vcf"
    assert annotate(path, "--phased", *of_regions, "-o", out, model="place").status == 0
    wanted, found = tags_of(whole), tags_of(out.read_text())
    words = [tags.pop("RP_PLACE__PHASE") for tags in found]
    assert words == ["outside", "outside", "outside", "phased"]
    for tags in wanted:
        assert tags.pop("RP_PLACE__PHASE") == "phased"
    assert found == [*wanted[1:3], *wanted[4:]]
    same = ("--fasta", world.fasta, "--model-repo", world.repo)
    done = regplug("verify", out, *same, "--all")
    assert done.status == 0, done
    assert "haplotypes of 3 records were not compared" in done.err


@pytest.mark.parametrize("overlap", ["pos", "record", "variant"])
def test_regions_have_the_same_records(world, family, annotate, overlap):
    """Records that are read for their haplotypes are not written, those asked for are, once."""
    records = [(pos, "0|1") for pos in range(70, 260, 7)]
    for pos in (75, 110, 150):
        ref = world.base("chr1", pos, 9)
        records.append(f"chr1 {pos} . {ref} {ref[0]} . . . GT 1|0")
    records.sort(key=lambda r: r[0] if isinstance(r, tuple) else int(r.split()[1]))
    path = family("in.vcf.gz", records)
    where = ("-r", "chr1:80-112,chr1:115-118,chr1:119-158", "--regions-overlap", overlap)
    for more in ((), ("-i", "POS>80"), ("-e", 'GT="1|0"')):
        plain, phased = (
            [line.split("\t")[:5] for line in annotate(path, *where, *more, *how).out.split("\n")]
            for how in ((), ("--phased",))
        )
        rows = [row for row in plain if row[0] == "chr1"]
        assert rows == [row for row in phased if row[0] == "chr1"]
        assert len(rows) > 5


@pytest.mark.parametrize("name", ["out.vcf", "out.bcf"])
def test_what_was_written_is_verified(world, family, annotate, regplug, name):
    genotypes = ["0|1", "1|1", "0/1", "1|0", "./.", "0|1"]
    calls = [(pos, genotypes[pos // 3 % 6], "1|0") for pos in range(60, 300, 3)]
    path = family("in.vcf", calls, samples=("child", "mother"))
    out = world.folder / name
    models = ("--model", "gc", "--model", "place", "--targets", "place:T0", "-o", out)
    annotate(path, "--phased", "--sample", "child", *models, model="")
    same = ("--fasta", world.fasta, "--model-repo", world.repo)
    for how in (("--all",), ("--records", 20), ("--records", 20, "--seed", 5)):
        done = regplug("verify", out, *same, *how)
        assert (done.status, done.out) == (0, ""), done
    if name == "out.vcf":
        text = out.read_text()
        number = re.search(r"RP_PLACE__HAP=(-?\d+\.\d+)", text)
        out.write_text(text.replace(number[0], f"RP_PLACE__HAP={float(number[1]) + 1}", 1))
        done = regplug("verify", out, *same, "--all")
        assert done.status == 1
        assert "RP_PLACE__HAP" in done.out


def test_annotating_again_replaces_the_tags(world, family, annotate):
    path = family("in.vcf", [(100, "0|1"), (103, "0|1")])
    out = world.folder / "once.vcf"
    assert annotate(path, "--phased", "-o", out).status == 0
    again = annotate(out)
    assert "PHASE" not in again.out
    assert "phased=" not in re.sub("##regplug_command.*\n", "", again.out)


def test_the_example_of_the_guide(regplug):
    text = (ROOT / "docs" / "haplotypes.md").read_text()
    block = re.search(r"<!-- begin example -->\n```\n(.*?)```", text, re.DOTALL)[1]
    names, *rows = (line.split() for line in block.strip().split("\n"))
    example = ("examples/phased.vcf", "--fasta", "examples/example.hg38.fa.gz")
    done = regplug(
        *("annotate", *(ROOT / word if "/" in word else word for word in example)),
        *("--model-repo", ROOT / "model_repo", "--model", "deepbind_encode", "--phased"),
    )
    lines = [line.split("\t") for line in done.out.split("\n") if line[:4] == "chr5"]
    assert [line[2] for line in lines] == names
    found = tags_of(done.out)
    for tag, *told in rows:
        if tag == "GT":
            assert [line[9].partition(":")[0] for line in lines] == told
        else:
            assert [each.get(f"RP_DEEPBIND_ENCODE{tag}", ".") for each in found] == told, tag
