"""`regplug annotate` from end to end; bcftools and cyvcf2 read what it wrote."""

import gzip
import json
import re
import subprocess
import sys

import cyvcf2
import numpy as np
import pysam
import pytest

from regplug.genome.codes import encode
from tests.toy_genomes import vcf_text, write_fasta
from tests.toy_models import gc_model, table_model

SAMPLES = [
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depths">',
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">',
    '##INFO=<ID=DB,Number=0,Type=Flag,Description="Known">',
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">',
    '##FILTER=<ID=q10,Description="Low">',
    "##other=a line of another program",
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2",
]


def bcftools(*arguments):
    command = ["bcftools", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def records(path):
    return [line.split("\t") for line in bcftools("view", "-H", path).splitlines()]


def info(path):
    """Return INFO of each record: key → text."""
    return [
        dict(pair.partition("=")[::2] for pair in record[7].split(";") if pair != ".")
        for record in records(path)
    ]


def header(path):
    return bcftools("view", "-h", path).splitlines()


def counts(path):
    """Return what a summary says: the ALTs, and model → status → ALTs where there are any."""
    made = json.loads(path.read_text())
    found = {m: {s: n for s, n in of.items() if n} for m, of in made["models"].items()}
    assert all(sum(of.values()) == made["alts"] for of in found.values())
    return made["alts"], found


@pytest.fixture
def everything(world):
    """Return the records of a VCF with one of everything, sorted, with samples."""
    end = "GT:AD 0/1:3,4 ./.:."
    w = world
    base = w.base("chr1", 60)
    multi = f"{w.other('chr1', 60)},<DEL>,*,{base}ACG"
    return [
        f"chr1 0 telomere N <DEL> . . . {end}",
        f"chr1 30 rs1 {w.base('chr1', 30)} {w.other('chr1', 30)} 50 PASS DP=10;AF=0.25;DB {end}",
        f"chr1 60 . {base} {multi} . q10 AF=0.1,0.2,0.3,0.4 GT:AD 1/2:1,2,3,4,5 0/3:.",
        f"chr1 80 . {w.base('chr1', 80)} . . . DP=3 {end}",
        f"chr1 90 . {w.base('chr1', 90)} {w.base('chr1', 90)}]chr2:50] . . . {end}",
        f"chr1 100 . {w.base('chr1', 100, 4)} {w.base('chr1', 100)} . . END=103 {end}",
        f"chr1 120 . {w.base('chr1', 120)} <DEL> . . END=140 {end}",
        f"chr1 130 . {w.other('chr1', 130)} {w.base('chr1', 130)} . . . {end}",
        f"chr1 150 . {w.base('chr1', 150)} {'ACGT' * 5} . . . {end}",
        f"chr2 10 a;b {w.base('chr2', 10).lower()} {w.other('chr2', 10).lower()} . . . {end}",
    ]


def test_everything_comes_back_and_is_counted(world, annotate, everything):
    vcf = world.vcf("in.vcf", everything, SAMPLES)
    told = world.folder / "run.json"
    done = annotate(vcf, "-o", world.folder / "out.vcf", "--summary", told)
    assert (done.status, done.err) == (0, "")
    before, after = records(vcf), records(world.folder / "out.vcf")
    assert [r[:7] + r[8:] for r in before] == [r[:7] + r[8:] for r in after]
    for old, new in zip(before, after, strict=True):
        kept = [pair for pair in new[7].split(";") if not pair.startswith("RP_")]
        assert ";".join(kept) in (old[7], "" if old[7] == "." else old[7])
    by_status = {"ok": 5, "junctions": 2, "symbolic": 3}
    by_status |= {"star": 1, "missing": 1, "ref_mismatch": 1}
    assert counts(told) == (13, {"gc": by_status})
    assert json.loads(told.read_text())["records"] == 10
    statuses = [tags.get("RP_STATUS") for tags in info(world.folder / "out.vcf")]
    assert statuses == [
        "symbolic", "ok", "ok,symbolic,star,ok", None, "symbolic",
        "ok", "ok", "ref_mismatch", "ok", "ok",
    ]  # fmt: skip
    assert [tags["RP_GC__STATUS"] for tags in info(world.folder / "out.vcf")[5:9:3]] == [
        "ok",
        "junctions",
    ]
    assert "nan" not in (world.folder / "out.vcf").read_text().lower().split("#chrom")[1]


def test_scores_by_hand(world, annotate):
    base = world.base("chr1", 30)
    alts = [letter for letter in "ACGT" if letter != base]
    vcf = world.vcf("in.vcf", [f"chr1 30 . {base} {','.join(alts)},<DEL> . . ."])
    assert annotate(vcf, "-o", world.folder / "out.vcf").status == 0
    (tags,) = info(world.folder / "out.vcf")
    change = [(alt in "CG") - (base in "CG") for alt in alts]
    assert tags["RP_GC_T0"] == ",".join([*map(str, change), "."])
    assert tags["RP_GC_T1"] == ",".join([*(str(2 * one) for one in change), "."])
    assert tags["RP_GC__Z"] == tags["RP_GC_T1"]  # both spreads are 1
    assert tags["RP_GC__TOP"].split(",") == ["T1" if one else "T0" for one in change] + ["."]
    assert tags["RP_GC__STATUS"] == "ok,ok,ok,."


def test_indel_scores_against_numpy(world, annotate):
    """The place model tells every column apart; the mean of both placements, by plain numpy."""
    letters = world.contigs["chr1"]
    ref, alt = letters[199:203], letters[199]  # 4 bases → 1
    vcf = world.vcf("in.vcf", [f"chr1 200 . {ref} {alt} . . ."])
    assert annotate(vcf, "-o", world.folder / "out.vcf", model="place").status == 0
    values = np.array([[1.0, -1], [2, 3], [4, 1], [8, 2], [0, 0]])
    weights = 1.1 ** np.arange(21)[:, None]

    def score(text):
        return (values[encode(text)] * weights).sum(0)

    start, size = 199, 3
    while letters[start] == letters[start + size]:  # left-align by hand
        start -= 1
    changed = letters[: start + 1] + letters[start + 1 + size :]
    first = score(changed[start - 10 : start + 11]) - score(letters[start - 10 : start + 11])
    end = start + size
    last = score(changed[start - 10 : start + 11]) - score(letters[end - 10 : end + 11])
    (tags,) = info(world.folder / "out.vcf")
    expected = (first + last) / 2
    assert float(tags["RP_PLACE_T0"]) == pytest.approx(expected[0], rel=1e-4)
    assert float(tags["RP_PLACE_T1"]) == pytest.approx(expected[1], rel=1e-4)


@pytest.mark.parametrize("name", ["in.vcf", "in.vcf.gz", "in.bcf"])
@pytest.mark.parametrize("out", ["out.vcf", "out.vcf.gz", "out.bcf"])
def test_formats(world, annotate, everything, name, out):
    vcf = world.vcf(name, everything, SAMPLES)
    target = world.folder / out
    assert annotate(vcf, "-o", target).status == 0
    plain = world.folder / "plain.vcf"
    assert annotate(world.vcf("same.vcf", everything, SAMPLES), "-o", plain).status == 0
    assert records(target) == records(plain)
    before = [line for line in header(vcf) if "bcftools" not in line]
    after = header(target)
    assert [line for line in before if line not in after] == []
    assert [r[:2] for r in records(target)] == [r[:2] for r in records(vcf)]
    index = {"out.vcf.gz": ".tbi", "out.bcf": ".csi"}.get(out)
    if index:
        assert (world.folder / (out + index)).is_file()
        assert len(bcftools("view", "-H", target, "chr2").splitlines()) == 1
    assert {p.name for p in world.folder.iterdir() if p.name.startswith(".")} == set()


@pytest.mark.parametrize(
    ("kind", "magic"), [("v", b"##"), ("z", b"\x1f\x8b"), ("u", b"BCF"), ("b", b"\x1f\x8b")]
)
def test_output_types_and_streams(world, everything, kind, magic):
    """From standard input to standard output, as in a pipe; talk goes to stderr."""
    vcf = world.vcf("in.vcf.gz", everything, SAMPLES)
    command = [sys.executable, "-m", "regplug", "annotate", "-", "--fasta", world.fasta, "-O", kind,
               "--model-repo", world.repo, "--model", "gc", "--threads", "2"]  # fmt: skip
    with vcf.open("rb") as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True, check=True)
    raw = gzip.decompress(done.stdout) if kind == "u" else done.stdout
    assert raw.startswith(magic)
    (world.folder / "streamed").write_bytes(done.stdout)
    assert len(records(world.folder / "streamed")) == len(everything)
    assert done.stderr == b""


@pytest.mark.parametrize("kind", ["v", "z", "u", "b9"])
@pytest.mark.parametrize("name", ["o.vcf", "o.vcf.gz", "o.bcf"])
def test_a_suffix_says_more_than_the_type(world, annotate, everything, kind, name):
    """So it is in bcftools."""
    vcf, theirs = world.vcf("in.vcf", everything, SAMPLES), world.folder / f"theirs-{name}"
    subprocess.run(["bcftools", "view", f"-O{kind}", "-o", theirs, vcf], check=True)
    done = annotate(vcf, "-O", kind, "-o", world.folder / name)
    assert done.status == 0, done.err
    starts = [_start(path) for path in (theirs, world.folder / name)]
    assert starts[0] == starts[1]
    assert not [p.name for p in world.folder.iterdir() if p.name.startswith(".")]


def _start(path):
    raw = path.read_bytes()
    packed = raw.startswith(b"\x1f\x8b")
    return packed, (gzip.decompress(raw) if packed else raw)[:3]


def test_cyvcf2_and_bcftools_read_the_output(world, annotate, everything):
    out = world.folder / "out.vcf.gz"
    assert annotate(world.vcf("in.vcf", everything, SAMPLES), "-o", out).status == 0
    with_cyvcf2 = [v.INFO.get("RP_GC_T0") for v in cyvcf2.VCF(str(out))]
    queried = bcftools("query", "-f", r"%INFO/RP_GC_T0\n", out).splitlines()
    assert len(with_cyvcf2) == len(queried) == len(everything)
    for ours, theirs in zip(with_cyvcf2, queried, strict=True):
        if theirs == ".":
            assert ours is None
        elif "," not in theirs:
            assert ours == pytest.approx(float(theirs))
    split = bcftools("norm", "-m-", out).split("#CHROM")[1].splitlines()[1:]
    assert len(split) == 13
    ours = [line for line in split if "\t60\t" in line]
    assert [re.search(r"RP_STATUS=([a-z]*)", line)[1] for line in ours] == [
        "ok",
        "symbolic",
        "star",
        "ok",
    ]
    kept = bcftools("view", "-H", "-i", "MAX(ABS(RP_GC_T0))>0.5", out).splitlines()
    strong = [q for q in queried if any(abs(float(n)) > 0.5 for n in q.split(",") if n != ".")]
    assert len(kept) == len(strong) > 0


def test_every_tag_is_declared(world, annotate, everything):
    out = world.folder / "out.vcf"
    annotate(world.vcf("in.vcf", everything, SAMPLES), "-o", out, "--scores", "ref,alt,diff")
    declared = {
        re.search("ID=([^,]*)", line)[1] for line in header(out) if line.startswith("##INFO")
    }
    used = {key for tags in info(out) for key in tags}
    assert used <= declared
    assert {"RP_GC_T0", "RP_GC_T0__REF", "RP_GC_T1__ALT", "RP_GC__TOP", "RP_GC__Z"} <= used


def test_provenance(world, annotate):
    out = world.folder / "out.vcf"
    annotate(
        world.vcf("in.vcf", [world.snv("chr1", 30)]),
        "-o",
        out,
        "--reference-md5",
        all_targets=False,
    )
    lines = "\n".join(header(out))
    assert "\n##regplug_version=" in lines
    assert f"\n##regplug_command=regplug annotate {world.folder}/in.vcf --fasta" in lines
    assert re.search(
        r"##regplug_model=<ID=gc,version=1,sha256=\w{64},window=21,strand=mean,"
        r'license="not stated",targets="",scores="diff">',
        lines,
    )
    assert re.search(r"##regplug_reference=<ID=\w{12},file=genome.fa,fai_sha256=\w{64}>", lines)
    assert len(re.findall(r"##regplug_contig=<ID=chr\d,md5=\w{32}>", lines)) == 2


@pytest.mark.parametrize("suffix", ["vcf", "bcf"])
def test_a_second_run_replaces_only_its_own_tags(world, annotate, everything, suffix):
    first, second, third = (world.folder / f"{n}.{suffix}" for n in "123")
    annotate(world.vcf(f"in.{suffix}", everything, SAMPLES), "-o", first, "--scores", "ref,diff")
    assert annotate(first, "-o", second, model="place").status == 0
    assert any("RP_GC_T0__REF" in tags and "RP_PLACE_T0" in tags for tags in info(second))
    done = annotate(second, "-o", third)
    assert done.status == 0, done.err
    tags = info(third)
    assert not any("RP_GC_T0__REF" in one for one in tags)
    assert [one.get("RP_PLACE_T0") for one in tags] == [o.get("RP_PLACE_T0") for o in info(second)]
    assert [one.get("RP_GC_T0") for one in tags] == [one.get("RP_GC_T0") for one in info(first)]
    lines = header(third)
    assert sum(line.startswith("##regplug_command=") for line in lines) == 3
    assert sum(line.startswith("##regplug_model=<ID=gc") for line in lines) == 1
    assert sum(line.startswith("##INFO=<ID=RP_STATUS,") for line in lines) == 1
    plain = [r[:7] + r[8:] for r in records(world.folder / f"in.{suffix}")]
    assert [r[:7] + r[8:] for r in records(third)] == plain


def test_info_that_regplug_did_not_write_is_not_overwritten(world, annotate):
    foreign = '##INFO=<ID=RP_GC_T0,Number=1,Type=String,Description="another program">'
    done = annotate(
        world.vcf("in.vcf", [world.snv("chr1", 30)], [foreign]), "-o", world.folder / "o.vcf"
    )
    assert (done.status, "RP_GC_T0" in done.err, "bcftools annotate -x" in done.err) == (
        1,
        True,
        True,
    )


@pytest.mark.parametrize("name", ["in.vcf.gz", "in.bcf"])
def test_regions(world, annotate, name):
    vcf = world.vcf(
        name, [world.snv("chr1", p) for p in range(10, 400, 10)] + [world.snv("chr2", 50)]
    )
    out = world.folder / "out.vcf"

    def positions(*arguments):
        done = annotate(vcf, "-o", out, *arguments)
        assert done.status == 0, done.err
        return [(r[0], int(r[1])) for r in records(out)]

    assert positions("--regions", "chr1:20-40") == [("chr1", 20), ("chr1", 30), ("chr1", 40)]
    assert positions("--regions", "chr1:30") == [("chr1", 30)]
    overlapping = positions("--regions", "chr1:15-35,chr1:25-45,chr2")
    assert overlapping == [("chr1", 20), ("chr1", 30), ("chr1", 40), ("chr2", 50)]
    bed = world.folder / "r.bed"
    bed.write_text("chr1\t19\t30\nchr1\t29\t40\n")
    assert positions("--regions-file", bed) == [("chr1", 20), ("chr1", 30), ("chr1", 40)]


def test_a_deletion_over_two_regions_comes_once(world, annotate):
    vcf = world.vcf(
        "in.vcf.gz", [f"chr1 20 . {world.base('chr1', 20, 9)} {world.base('chr1', 20)} . . ."]
    )
    out = world.folder / "out.vcf"
    annotate(vcf, "-o", out, "--regions", "chr1:22-23,chr1:25-26,chr1:28-28")
    assert len(records(out)) == 1


def test_contigs_with_colons(tmp_path, toy_repo, regplug):
    contigs = {"HLA-A*01:01": "ACGT" * 20}
    fasta = write_fasta(tmp_path / "g.fa", contigs)
    text = tmp_path / "t.vcf"
    text.write_text(vcf_text([f"HLA-A*01:01 {p} . A C . . ." for p in (5, 9, 13)], contigs))
    pysam.tabix_compress(str(text), str(tmp_path / "in.vcf.gz"))
    pysam.tabix_index(str(tmp_path / "in.vcf.gz"), preset="vcf")
    arguments = [
        "--fasta",
        fasta,
        "--model-repo",
        toy_repo,
        "--model",
        "gc",
        "-o",
        tmp_path / "o.vcf",
    ]
    for region, found in (("HLA-A*01:01:9-13", 2), ("HLA-A*01:01", 3)):
        done = regplug("annotate", tmp_path / "in.vcf.gz", *arguments, "--regions", region)
        assert done.status == 0, done.err
        assert len(records(tmp_path / "o.vcf")) == found


COLUMNS = ["chrom", "pos", "id", "ref", "alt", "status", "gc.status", "gc.T0", "gc.T1"]


def test_matrix_as_text(world, annotate, everything):
    vcf = world.vcf("in.vcf", everything, SAMPLES)
    for name in ("m.tsv", "m.tsv.gz"):
        done = annotate(vcf, "-o", world.folder / "o.vcf", "--matrix", world.folder / name)
        assert done.status == 0, done.err
    plain = (world.folder / "m.tsv").read_text()
    assert gzip.decompress((world.folder / "m.tsv.gz").read_bytes()).decode() == plain
    packed = (world.folder / "m.tsv.gz").read_bytes()
    assert packed[3:8] == bytes(5)  # no name, no date: the same table has the same bytes
    rows = [line.split("\t") for line in plain.splitlines()]
    assert rows[0] == COLUMNS
    assert len(rows) == 1 + 13
    tags = info(world.folder / "o.vcf")
    assert rows[2][:3] + rows[2][5:] == [
        "chr1",
        "30",
        "rs1",
        "ok",
        "ok",
        tags[1]["RP_GC_T0"],
        tags[1]["RP_GC_T1"],
    ]
    assert rows[4][4:] == ["<DEL>", "symbolic", "symbolic", ".", "."]


def test_matrix_as_parquet(world, annotate, everything):
    parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)
    vcf = world.vcf("in.vcf", everything, SAMPLES)
    for name in ("m.tsv", "m.parquet"):
        done = annotate(vcf, "-o", world.folder / "o.vcf", "--matrix", world.folder / name)
        assert done.status == 0, done.err
    table = parquet.read_table(world.folder / "m.parquet")
    assert table.column_names == COLUMNS
    assert {str(table.schema.field(name).type) for name in ("gc.T0", "gc.T1")} == {"float"}
    rows = [line.split("\t") for line in (world.folder / "m.tsv").read_text().splitlines()[1:]]
    for row, one in zip(rows, table.to_pylist(), strict=True):
        assert row[:7] == [str(one[name]) for name in COLUMNS[:7]]
        for text, value in zip(row[7:], (one["gc.T0"], one["gc.T1"]), strict=True):
            assert (text == ".") == (value is None)
            assert value is None or float(text) == pytest.approx(value)


def test_targets_and_scores(world, annotate):
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    out = world.folder / "o.vcf"

    def tags(*arguments, model="gc", all_targets=True):
        done = annotate(vcf, "-o", out, *arguments, model=model, all_targets=all_targets)
        assert done.status == 0, done.err
        return {key for key in info(out)[0] if key not in ("RP_STATUS",)}

    summary = {"RP_GC__TOP", "RP_GC__Z", "RP_GC__STATUS"}
    centre = {"RP_CENTRE__TOP", "RP_CENTRE__Z", "RP_CENTRE__STATUS"}
    assert tags("--targets", "T1") == {"RP_GC_T1"} | summary
    assert tags("--targets", "gc:T1", "--scores", "alt") == {"RP_GC_T1__ALT"} | summary
    both = tags("--model", "centre", "--targets", "gc:T1,centre:T0")
    assert both == {"RP_GC_T1", "RP_CENTRE_T0"} | centre | summary
    both = tags("--model", "centre", "--targets", "T0")
    assert both == {"RP_GC_T0", "RP_CENTRE_T0"} | centre | summary
    assert tags(all_targets=False) == summary
    assert tags("--all-targets", all_targets=False) == {"RP_GC_T0", "RP_GC_T1"} | summary
    every = {f"RP_GC_T{target}{score}" for target in (0, 1) for score in ("__REF", "__ALT")}
    assert tags("--scores", "ref,alt", all_targets=False) == every | summary
    done = annotate(vcf, "-o", out, "--targets", "T1", "--all-targets")
    assert (done.status, "give --targets or --all-targets" in done.err) == (1, True)
    done = annotate(vcf, "-o", out, "--scores", "max")
    assert (done.status, "__MAX has gone: __Z is the change of __TOP" in done.err) == (1, True)


def test_many_targets_write_only_those_chosen(world, regplug):
    repo = world.folder / "wide"
    table_model(repo, "wide", np.arange(5)[:, None] * np.arange(17)[None, :], window=21)
    vcf, out = world.vcf("in.vcf", [world.snv("chr1", 30)]), world.folder / "o.vcf"
    arguments = [
        "annotate",
        vcf,
        "--fasta",
        world.fasta,
        "--model-repo",
        repo,
        "--model",
        "wide",
        "-o",
        out,
    ]
    summary = {"RP_STATUS", "RP_WIDE__TOP", "RP_WIDE__Z", "RP_WIDE__STATUS"}
    assert regplug(*arguments).status == 0
    assert set(info(out)[0]) == summary
    assert info(out)[0]["RP_WIDE__TOP"] == "T16"
    assert regplug(*arguments, "--targets", "T3,T5").status == 0
    assert set(info(out)[0]) == summary | {"RP_WIDE_T3", "RP_WIDE_T5"}
    assert info(out)[0]["RP_WIDE__TOP"] == "T5"  # of those named
    assert regplug(*arguments, "--all-targets").status == 0
    assert set(info(out)[0]) == summary | {f"RP_WIDE_T{target}" for target in range(17)}


def test_equal_tags_of_two_models(world, regplug):
    repo = world.folder / "clash"
    gc_model(repo, "a-b")
    gc_model(repo, "a_b")
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    done = regplug("annotate", vcf, "--fasta", world.fasta, "--model-repo", repo, "--model", "a-b",
                   "--model", "a_b", "-o", world.folder / "o.vcf")  # fmt: skip
    assert done.status == 1
    assert all(name in done.err for name in ("RP_A_B__TOP", "a-b", "a_b"))


def test_contigs_that_differ_by_chr(world, annotate):
    contigs = {name.removeprefix("chr"): letters for name, letters in world.contigs.items()}
    fasta = write_fasta(world.folder / "bare.fa", contigs)
    out = world.folder / "o.vcf"
    done = annotate(world.vcf("in.vcf", [world.snv("chr1", 30)]), "-o", out, fasta=fasta)
    assert done.status == 0
    assert "chr1 = 1" in done.err
    assert info(out)[0]["RP_STATUS"] == "ok"
    assert records(out)[0][0] == "chr1"


def test_defaults_run_together(world, regplug):
    repo = world.folder / "defaults"
    gc_model(repo, "one", default=True)
    gc_model(repo, "two", default=True)
    gc_model(repo, "other")
    out = world.folder / "o.vcf"
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    run = ("annotate", vcf, "--fasta", world.fasta, "--model-repo", repo, "-o", out)
    done = regplug(*run, "--summary", "-")
    assert done.status == 0
    assert set(json.loads(done.out)["models"]) == {"one", "two"}
    assert {"RP_ONE__TOP", "RP_TWO__TOP"} <= set(info(out)[0])


def test_the_nearest_gene(world, annotate):
    """A gene on the other strand begins at 120, another at 400; bcftools reads and filters."""
    genes, out = world.folder / "genes.bed", world.folder / "o.bcf"
    genes.write_text("chr1\t50\t120\tLEFT\t0\t-\nchr1\t399\t450\tRIGHT\t0\t+\n")
    base = world.base("chr1", 300)
    records = [
        world.snv("chr1", 100),
        f"chr1 130 . {world.base('chr1', 130)} <DEL>,{world.other('chr1', 130)} . . .",
        f"chr1 300 . {base} {base}{world.base('chr1', 301)}{'A'}{world.base('chr1', 301)} . . .",
        world.snv("chr2", 30),
    ]
    done = annotate(world.vcf("in.vcf", records), "--genes", genes, "-o", out)
    assert done.status == 0, done.err
    asked = bcftools("query", "-f", r"%RP_GENE\t%RP_TSS_DISTANCE\n", out).splitlines()
    assert asked[0] == "LEFT\t20"
    assert asked[1] == "LEFT,LEFT\t-10,-10"
    assert asked[2].startswith("RIGHT\t-")
    assert asked[3] == ".\t."
    near = bcftools("query", "-i", "ABS(RP_TSS_DISTANCE)<=10", "-f", "%POS ", out)
    assert near == "130 "
    assert sum(",file=genes.bed,sha256=" in line for line in header(out)) == 1
    genes.with_name("ncbi.bed").write_text(genes.read_text().replace("chr1", "NC_000001.11"))
    done = annotate(out, "--genes", genes.with_name("ncbi.bed"), "-o", world.folder / "x.vcf")
    assert (done.status, "no contig of the genes in" in done.err) == (1, True)
    again = world.folder / "again.vcf"
    assert annotate(out, "-o", again, model="place").status == 0
    assert info(again)[0]["RP_GENE"] == "LEFT"  # a run without --genes leaves it
    genes.write_text(genes.read_text().replace("LEFT", "OTHER"))
    assert annotate(again, "--genes", genes, "-o", out, model="place").status == 0
    assert info(out)[0]["RP_GENE"] == "OTHER"


# -- exotic inputs -----------------------------------------------------------------------


def test_undeclared_contigs_and_info(world, annotate):
    text = vcf_text([world.snv("chr1", 30, ". odd NEW=5;FLAG"), world.snv("chr2", 40)])
    (world.folder / "in.vcf").write_text(text)
    out = world.folder / "o.vcf.gz"
    done = annotate(world.folder / "in.vcf", "-o", out)
    assert done.status == 0, done.err
    lines = gzip.decompress(out.read_bytes()).decode().splitlines()
    body = [line.split("\t") for line in lines if not line.startswith("#")]
    assert body[0][6] == "odd"
    assert body[0][7].startswith("NEW=5;FLAG;RP_STATUS=ok")
    assert not any("##contig" in line or "ID=NEW" in line for line in lines)
    done = annotate(world.folder / "in.vcf", "-o", world.folder / "o.bcf")
    assert (done.status, "header lacks" in done.err) == (1, True)
    assert not (world.folder / "o.bcf").exists()


def test_a_long_contig_gets_a_csi(world, annotate):
    big = "##contig=<ID=big,length=600000000>"
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30), "big 550000000 . A C . . ."], [big])
    told = world.folder / "run.json"
    done = annotate(vcf, "-o", world.folder / "o.vcf.gz", "--summary", told)
    assert done.status == 0, done.err
    assert (world.folder / "o.vcf.gz.csi").is_file()
    assert not (world.folder / "o.vcf.gz.tbi").exists()
    assert counts(told)[1]["gc"] == {"ok": 1, "unknown_contig": 1}


def test_unsorted_records_stay_unsorted_without_index(world, annotate):
    vcf = world.vcf("in.vcf", [world.snv("chr1", p) for p in (90, 30, 60)])
    out = world.folder / "o.vcf.gz"
    (world.folder / "o.vcf.gz.tbi").write_text("of an older file")
    told = world.folder / "run.json"
    done = annotate(vcf, "-o", out, "--summary", told)
    assert done.status == 0
    assert done.err == (
        f"{out} has no index, as its records are not sorted: bcftools sort -W {out} -o NEW\n"
    )
    assert json.loads(told.read_text())["unindexed"] == [str(out)]
    assert [r[1] for r in records(out)] == ["90", "30", "60"]
    assert not (world.folder / "o.vcf.gz.tbi").exists()
    assert annotate(vcf, "-o", out, "--quiet").err == ""


@pytest.mark.parametrize("out", ["o.vcf", "o.vcf.gz", "o.bcf"])
def test_no_records(world, annotate, out):
    done = annotate(
        *(world.vcf("in.vcf", []), "-o", world.folder / out, "--matrix", world.folder / "m.tsv"),
        *("--summary", world.folder / "run.json"),
    )
    assert done.status == 0, done.err
    assert records(world.folder / out) == []
    assert counts(world.folder / "run.json") == (0, {"gc": {}})
    assert len((world.folder / "m.tsv").read_text().splitlines()) == 1


def test_a_hundred_samples(world, annotate):
    columns = ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"]
    columns[0] += "".join(f"\ts{n}" for n in range(100))
    genotypes = " ".join(f"{n % 2}|{n % 3 % 2}" for n in range(100))
    vcf = world.vcf(
        "in.vcf", [world.snv("chr1", 30, f". . . GT {genotypes}")], [SAMPLES[0], *columns]
    )
    assert annotate(vcf, "-o", world.folder / "o.bcf").status == 0
    assert records(world.folder / "o.bcf")[0][8:] == ["GT", *genotypes.split()]


def test_iupac(world, annotate):
    base = world.base("chr1", 30)
    vcf = world.vcf("in.vcf", [f"chr1 30 . {base} R . . .", f"chr1 40 . M {base} . . ."])
    told = world.folder / "run.json"
    assert annotate(vcf, "-o", world.folder / "o.vcf", "--summary", told).status == 0
    assert counts(told)[1]["gc"] == {"ambiguous": 1, "ref_mismatch": 1}


def test_a_terminal_gets_the_table(world, annotate, everything, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    vcf, out = world.vcf("in.vcf", everything, SAMPLES), world.folder / "o.vcf"
    shown = annotate(vcf, "-o", out).err
    assert "13 ALTs in 10 records" in shown
    assert "ref_mismatch" in shown
    assert annotate(vcf, "-o", out, "--quiet").err == ""


def test_a_summary_is_there_if_the_outputs_are(world, annotate):
    good, told = world.vcf("in.vcf", [world.snv("chr1", 30)]), world.folder / "run.json"
    (world.folder / "cut.vcf").write_text(good.read_text() + "chr1\t40\n")
    done = annotate(world.folder / "cut.vcf", "-o", world.folder / "o.vcf", "--summary", told)
    assert (done.status, told.exists()) == (1, False)
    for summary in (world.folder / "o.vcf", good, world.folder):
        done = annotate(good, "-o", world.folder / "o.vcf", "--summary", summary)
        assert (done.status, (world.folder / "o.vcf").exists()) == (1, False), summary
    done = annotate(good, "--summary", "-")
    assert (done.status, done.out) == (1, "")
    assert "two outputs of the run would be -" in done.err


def test_utf8_is_kept_and_other_bytes_are_refused(world, annotate):
    declared = '##INFO=<ID=NOTE,Number=1,Type=String,Description="é">'
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30, ". . NOTE=é")], [declared])
    out = world.folder / "o.vcf"
    assert annotate(vcf, "-o", out).status == 0
    assert "NOTE=é;" in out.read_text()
    text = vcf.read_bytes()
    for odd in (
        text.replace(b"NOTE=\xc3\xa9", b"NOTE=\xe9"),
        text.replace(b'"\xc3\xa9"', b'"\xe9"'),
    ):
        assert odd != text
        vcf.write_bytes(odd)
        done = annotate(vcf, "-o", out)
        assert (done.status, "iconv" in done.err) == (1, True), done.err


def test_other_writing_of_an_allele_scores_the_same(world, annotate):
    letters = world.contigs["chr1"]
    start = next(i for i in range(50, 400) if letters[i] == letters[i + 1] != letters[i - 1])
    anchor, unit = letters[start - 1], letters[start]
    writings = [
        f"chr1 {start} . {anchor} {anchor}{unit} . . .",
        f"chr1 {start + 1} . {unit} {unit}{unit} . . .",
        f"chr1 {start} . {anchor}{unit * 2} {anchor}{unit * 3} . . .",
        f"chr1 {start} . {anchor}{unit} {anchor}{unit * 2},{anchor} . . .",
    ]
    vcf = world.vcf("in.vcf", sorted(writings, key=lambda r: int(r.split()[1])))
    assert annotate(vcf, "-o", world.folder / "o.vcf", model="place").status == 0
    scores = {tags["RP_PLACE_T0"].split(",")[0] for tags in info(world.folder / "o.vcf")}
    assert len(scores) == 1


@pytest.mark.parametrize("words", [[], ["--by", "assay"]])
def test_lines_of_the_header_have_ids(world, annotate, words):
    """VCF 4.3, 1.4: structured lines need an ID, unique for their key; some readers insist."""
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30)])
    (world.folder / "g.bed").write_text("chr1\t9\t200\tg\t0\t+\n")
    again, words = world.folder / "o.vcf", ["--genes", world.folder / "g.bed", *words]
    assert annotate(vcf, "-o", again, "--reference-md5", *words, all_targets=False).status == 0
    for path in (again, world.folder / "o2.vcf"):
        if path != again:
            assert annotate(again, "-o", path, *words, all_targets=False).status == 0
        lines = [line for line in header(path) if re.match("##[^=]+=<", line)]
        ids = [re.match("##([^=]+)=<ID=([^,>]+)", line) for line in lines]
        assert None not in ids
        assert len({found.groups() for found in ids}) == len(lines)
        kinds = {found[1] for found in ids}
        assert {"regplug_model", "regplug_overall", "regplug_reference", "regplug_genes"} <= kinds
