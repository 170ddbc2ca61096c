"""`regplug annotate` of a list is that of the VCF which bcftools makes of it."""

import gzip

import pysam
import pysam.bcftools
import pytest

from tests.cli.test_annotate import bcftools, records


@pytest.fixture
def of(world):
    """Return CHROM, POS, REF and ALT of some variants, not sorted."""
    w = world
    snvs = [("chr2", 50), ("chr1", 30), ("chr1", 90)]
    rows = [(chrom, str(pos), w.base(chrom, pos), w.other(chrom, pos)) for chrom, pos in snvs]
    return [*rows, ("chr1", "200", w.base("chr1", 200, 3), w.base("chr1", 200))]


def converted(world, rows):
    """Return the records of regplug's output for the VCF that bcftools makes of a table."""
    table = world.folder / "converted.tsv"
    table.write_text("".join("\t".join(row) + "\n" for row in rows))
    pysam.faidx(str(world.fasta))
    words = ["--tsv2vcf", str(table), "-f", str(world.fasta), "-c", "CHROM,POS,REF,ALT"]
    vcf = world.folder / "converted.vcf"
    pysam.bcftools.convert(*words, "-o", str(vcf), catch_stdout=False)
    return vcf


FORMS = {
    "colons.txt": lambda rows: [":".join(row) for row in rows],
    "dashes.txt": lambda rows: ["-".join(row) for row in rows],
    "columns.tsv": lambda rows: ["\t".join(row) for row in rows],
    "blanks.txt": lambda rows: ["# mine", "", *(" ".join(row) for row in rows)],
    "named.tsv": lambda rows: [
        "# with a comment",
        "score\talt\tREF\t#Chrom\tpos",
        *(f"0.5\t{alt}\t{ref}\t{chrom}\t{pos}" for chrom, pos, ref, alt in rows),
    ],
    "packed.tsv.gz": lambda rows: ["#CHROM\tPOS\tREF\tALT", *("\t".join(row) for row in rows)],
}


@pytest.mark.parametrize("name", FORMS)
def test_a_list_is_annotated_as_its_vcf(world, annotate, of, name):
    text = ("\n".join(FORMS[name](of)) + "\n").encode()
    file = world.folder / name
    file.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    done = annotate(file, "-o", world.folder / "o.vcf")
    assert (done.status, done.err) == (0, "")
    assert annotate(converted(world, of), "-o", world.folder / "expected.vcf").status == 0
    expected = records(world.folder / "expected.vcf")
    assert [row[:8] for row in records(world.folder / "o.vcf")] == [row[:8] for row in expected]
    assert len(expected) == 4
    assert annotate(file, "-o", world.folder / "t.vcf", "-t", "chr1:1-100").status == 0
    positions = [row[1] for row in records(world.folder / "t.vcf")]
    assert positions == ["30", "90"]


def test_ids_of_a_table_are_kept(world, annotate, of):
    rows = ["\t".join([*row[:2], f"mine{at}", *row[2:]]) for at, row in enumerate(of)]
    file = world.folder / "v.tsv"
    file.write_text("\n".join(["CHROM\tPOS\tID\tREF\tALT", *rows]))
    assert annotate(file, "-o", world.folder / "o.vcf").status == 0
    ids = [row[2] for row in records(world.folder / "o.vcf")]
    assert ids == ["mine0", "mine1", "mine2", "mine3"]


@pytest.fixture
def dbsnp(world):
    rows = []
    for pos, name in ((30, "rs1"), (40, "rs10"), (60, "rs2;rs3"), (80, "rs4"), (120, "rs4")):
        rows.append(world.snv("chr1", pos).replace(" . ", f" {name} ", 1))
    return world.vcf("dbsnp.vcf.gz", rows)


def test_rsids(world, annotate, dbsnp):
    """They are the records that bcftools finds by ID, in the list's order, among variants."""
    file = world.folder / "v.txt"
    snv = f"chr1:100:{world.base('chr1', 100)}:{world.other('chr1', 100)}"
    file.write_text(f"rs4\n{snv}\nrs3\nrs1\n")
    done = annotate(file, "--dbsnp", dbsnp, "-o", world.folder / "o.vcf")
    assert (done.status, done.err) == (0, "")
    rows = {row[1]: row for row in records(world.folder / "o.vcf")}
    assert list(rows) == ["80", "120", "100", "60", "30"]
    found = bcftools("view", "-H", "-i", 'ID~"rs4" || ID~"rs3" || ID="rs1"', dbsnp)
    for line in found.splitlines():
        cells = line.split("\t")
        assert rows.pop(cells[1])[:5] == cells[:5]
    assert list(rows) == ["100"]
    assert annotate(dbsnp, "-o", world.folder / "all.vcf").status == 0
    whole = {row[1]: row for row in records(world.folder / "all.vcf")}
    named = [row for row in records(world.folder / "o.vcf") if row[2] != "."]
    assert [row[7] for row in named] == [whole[row[1]][7] for row in named]


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("chr1:30:A\n", [], "line 1 is no variant, 'chr1:30:A': write CHROM:POS:REF:ALT"),
        ("chr1>,x\t30\tA\tC\n", [], "line 1 is no variant, 'chr1>,x\\t30"),
        ("chr\x001:30:A:C\n", [], "line 1 is no variant"),
        ("CHROM POS ID REF ALT\nchr1 30 rs\x851 A C\n", [], "line 2 is no variant"),
        ("chr1\t30\tA\tC\nchr1\tx\tA\tC\n", [], "line 2 is no variant"),
        ("chr1\t30\tA\n", [], "line 1 is no variant"),
        ("chr1\t30\tA\tC;D\n", [], "line 1 is no variant"),
        ("rs1\n", [], "the list has rsIDs, such as rs1: give a VCF that has them, --dbsnp"),
        (
            "rs1\nrs9\nrs100\n",
            ["--dbsnp", "dbsnp.vcf.gz"],
            "no rs9, rs100, of 3 rsIDs 2",
        ),
        ("rs1\n", ["--dbsnp", "missing.vcf.gz"], "no file missing.vcf.gz"),
        ("chr1:30:A:C\n", ["-r", "chr1"], "regions need a VCF with an index, not v.txt"),
    ],
)
def test_what_is_no_list(world, annotate, dbsnp, monkeypatch, text, words, said):
    monkeypatch.chdir(world.folder)
    (world.folder / "v.txt").write_text(text)
    done = annotate("v.txt", "-o", "o.vcf", *words)
    assert done.status == 1
    assert said in done.err
    assert not (world.folder / "o.vcf").exists()


def test_dbsnp_without_a_list(world, annotate, dbsnp):
    done = annotate(dbsnp, "--dbsnp", dbsnp, "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "--dbsnp finds the rsIDs of a list" in done.err


@pytest.mark.parametrize("kind", ["v", "z", "b"])
def test_a_vcf_that_is_called_txt_is_a_vcf(world, annotate, kind):
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30, "50 . .")])
    file = world.folder / "in.txt"
    bcftools("view", f"-O{kind}", "-o", file, vcf)
    assert annotate(file, "-o", world.folder / "o.vcf").status == 0
    assert records(world.folder / "o.vcf")[0][5] == "50"
