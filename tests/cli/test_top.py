"""`regplug top`: rows in order, of whom they are asked for, and a page that shows them."""

import json
import os
import pty
import re
import subprocess
import sys

import numpy as np
import pytest

from regplug.models.repository import Golden, read_card, write_model
from tests.toy_backgrounds import drawn_scores, with_background
from tests.toy_genomes import vcf_text, write_fasta
from tests.toy_models import centre_model, gc_model

SHA = "0" * 64
TAGS = {
    "RP_TOP": "String", "RP_Q": "Float", "RP_STATUS": "String", "RP_GENE": "String",
    "RP_TSS_DISTANCE": "Integer", "RP_GC__TOP": "String", "RP_GC__Z": "Float",
    "RP_GC__ACT": "Float", "RP_GC__STATUS": "String", "RP_PLACE__TOP": "String",
    "RP_PLACE__Z": "Float", "RP_PLACE__STATUS": "String",
}  # fmt: skip
GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'


@pytest.fixture
def annotated(world):
    """Return a function that writes a VCF as regplug annotates it, its numbers given."""
    cards = {name: read_card(world.repo / name) for name in ("gc", "place")}

    def write(name, records, *, samples="", models=cards):
        header = [f'##INFO=<ID={t},Number=A,Type={k},Description="x">' for t, k in TAGS.items()]
        header += [
            f"##regplug_model=<ID={card.name},version=1,sha256={card.sha256},window=21,"
            'strand=mean,targets="",scores="diff">'
            for card in models.values()
        ]
        header.append('##regplug_overall=<models="gc,place">')
        header += [GT, f"##regplug_reference=<file=genome.fa,fai_sha256={SHA}>"]
        columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
        header.append(columns + (f"\tFORMAT\t{samples}" if samples else ""))
        path = world.folder / name
        path.write_text(vcf_text(records, world.contigs, header))
        return path

    return write


@pytest.fixture
def top(regplug):
    """Return a function that runs `regplug top`: the run, and its table's rows by column."""

    def run(*arguments):
        done = regplug("top", *arguments)
        names, *rows = [line.split("\t") for line in done.out.splitlines()] or [[]]
        return done, [dict(zip(names, row, strict=True)) for row in rows]

    return run


def snv(world, pos, info, rest=""):
    return f"{world.snv('chr1', pos)[:-5]}. . {info}{rest}"


RANKED = [  # pos, Q, Z of gc:T1
    (30, "0.5", "3"),
    (40, "0.001", "-2"),
    (50, "0.001", "-4"),
    (60, ".", "9"),
    (70, "0.9", "0.1"),
]


def ranked(world, rows=RANKED, more=""):
    return [
        snv(world, pos, f"RP_STATUS=ok;RP_TOP=gc:T1;RP_Q={q};RP_GC__Z={z};RP_GC__ACT=0.8{more}")
        for pos, q, z in rows
    ]


def test_by_q_and_then_by_z(world, annotated, top):
    """Without a Q, last; of those with the same, the larger |Z| first."""
    done, rows = top(annotated("a.vcf", ranked(world)))
    assert done.status == 0, done.err
    assert [row["pos"] for row in rows] == ["50", "40", "30", "70", "60"]
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5"]
    first = rows[0]
    assert (first["model"], first["target"]) == ("gc", "T1")
    assert (first["q"], first["z"], first["act"]) == ("0.001", "-4", "0.8")
    assert (first["gene"], first["tss_distance"]) == (".", ".")
    assert done.err == "5 ranked\n"
    few, kept = top(annotated("a.vcf", ranked(world)), "--max", 2)
    assert (kept, few.err) == (rows[:2], "5 ranked\n")


def test_each_alt_has_its_own(world, annotated, top):
    w = world
    base, alt = w.base("chr1", 30), w.other("chr1", 30)
    info = "RP_STATUS=ok,symbolic,ok;RP_TOP=gc:T0,.,place:T1;RP_Q=0.2,.,0.1;RP_PLACE__Z=.,.,-7"
    records = [
        f"chr1 30 rs5 {base} {alt},<DEL>,{base}A . . {info};RP_GC__STATUS=ok,.,ok",
        snv(w, 50, "RP_STATUS=ok;RP_GC__STATUS=mostly_n;RP_PLACE__STATUS=ok"),
        f"chr1 60 . {w.base('chr1', 60)} . . . .",
        snv(w, 70, "RP_STATUS=ref_mismatch"),
    ]
    done, rows = top(annotated("a.vcf", records))
    assert [(row["id"], row["alt"], row["target"], row["z"]) for row in rows] == [
        ("rs5", f"{base}A", "T1", "-7"),
        ("rs5", alt, "T0", "."),
    ]
    assert done.err == "2 ranked, 1 symbolic, 1 mostly_n, 1 missing, 1 ref_mismatch\n"


def test_without_a_background_z_decides(world, annotated, top):
    records = [
        snv(world, 30, "RP_STATUS=ok;RP_GC__TOP=T0;RP_GC__Z=2;RP_PLACE__TOP=T1;RP_PLACE__Z=-3"),
        snv(world, 40, "RP_STATUS=ok;RP_GC__TOP=a%2Cb;RP_GC__Z=5"),
    ]
    _, rows = top(annotated("a.vcf", records))
    assert [(row["model"], row["target"], row["z"]) for row in rows] == [
        ("gc", "a,b", "5"), ("place", "T1", "-3"),
    ]  # fmt: skip


def test_several_files_are_one_ranking(world, annotated, top):
    one = annotated("one.vcf", ranked(world))
    two = annotated("two.vcf", ranked(world, [(30, "0.0001", "1"), (80, "0.01", "1")]))
    done, rows = top(one, two)
    assert [row["pos"] for row in rows] == ["30", "50", "40", "80", "70", "60"]
    assert rows[0]["q"] == "0.0001"
    assert rows[0]["files"] == f"{one},{two}"
    assert rows[1]["files"] == str(one)
    assert done.err == "7 ranked\n"


def test_many_more_rows_than_are_kept(world, annotated, top):
    """The first 2 of 400, which come in the worst order."""
    rows = [(20 + n, f"{1 - n / 500:.4f}", "1") for n in range(400)]
    _, found = top(annotated("a.vcf", ranked(world, rows)), "--max", 2)
    assert [row["pos"] for row in found] == ["419", "418"]


def test_only_what_a_sample_carries(world, annotated, top):
    w = world
    base, alt = w.base("chr1", 30), w.other("chr1", 30)
    info = "RP_STATUS=ok,ok;RP_TOP=gc:T0,gc:T1;RP_Q=0.2,0.1"
    records = [
        f"chr1 30 . {base} {alt},{base}A . . {info} GT 0|1 2/2 ./.",
        snv(w, 50, "RP_STATUS=ok;RP_TOP=gc:T0;RP_Q=0.3", " GT 0/0 0|1 1"),
        snv(w, 60, "RP_STATUS=ok;RP_TOP=gc:T0;RP_Q=0.4", " GT ./1 0/0 0"),
    ]
    vcf = annotated("a.vcf", records, samples="kid\tmum\tdad")
    for sample, carried in {
        "kid": [("30", alt, "0|1"), ("60", w.other("chr1", 60), "./1")],
        "mum": [("30", f"{base}A", "2/2"), ("50", w.other("chr1", 50), "0|1")],
        "dad": [("50", w.other("chr1", 50), "1")],
    }.items():
        done, rows = top(vcf, "--sample", sample)
        assert [(row["pos"], row["alt"], row["genotype"]) for row in rows] == carried
        assert done.err == f"{len(carried)} ranked\n"
    done, _ = top(vcf, "--sample", "aunt")
    assert (done.status, "no sample aunt; it has kid, mum, dad" in done.err) == (1, True)


def test_genes(world, annotated, top):
    own = annotated("own.vcf", ranked(world, more=";RP_GENE=OWN;RP_TSS_DISTANCE=-5"))
    genes = world.folder / "genes.bed"
    genes.write_text("chr1\t9\t45\tLEFT\t0\t+\n")
    _, rows = top(own, "--genes", genes)
    assert (rows[0]["gene"], rows[0]["tss_distance"]) == ("OWN", "-5")
    _, rows = top(annotated("none.vcf", ranked(world)), "--genes", genes)
    assert (rows[0]["gene"], rows[0]["tss_distance"]) == ("LEFT", "40")  # 50 is behind 10


def test_what_annotate_wrote_is_in_the_order_of_bcftools(world, regplug, top, tmp_path):
    """With a background, which gives each ALT a Q."""
    card = gc_model(tmp_path / "models")
    onnx = (tmp_path / "models" / "gc" / "1" / "model.onnx").read_bytes()
    rng = np.random.default_rng(3)
    made = with_background(card, [("random", "snv", drawn_scores(rng, 500, targets=2), "list")])
    write_model(tmp_path / "models", made, onnx=onnx, golden=Golden([], []))
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in range(20, 480, 3)])
    out = world.folder / "o.bcf"
    where = ("--fasta", world.fasta, "--model-repo", tmp_path / "models", "--model", "gc")
    assert regplug("annotate", vcf, *where, "-o", out).status == 0
    asked = r"%POS\t%RP_Q\t%RP_GC__Z\t%RP_TOP\t%RP_GC__ACT\n"
    command = ["bcftools", "query", "-f", asked, out]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = sorted(
        (line.split("\t") for line in lines), key=lambda c: (float(c[1]), -abs(float(c[2])))
    )
    _, rows = top(out, "--max", 200)
    keys = [[r["pos"], r["q"], r["z"], f"{r['model']}:{r['target']}", r["act"]] for r in rows]
    assert len(keys) == 154
    assert keys == wanted


def test_to_a_file_and_what_is_not_annotated(world, annotated, top):
    vcf, out = annotated("a.vcf", ranked(world)), world.folder / "new" / "top.tsv"
    done, _ = top(vcf, "-o", out)
    assert (done.status, done.out) == (0, "")
    assert out.read_text() == top(vcf)[0].out
    plain = world.vcf("plain.vcf", [world.snv("chr1", 30)])
    out.unlink()
    done, _ = top(vcf, plain, "-o", out)
    assert (done.status, out.exists()) == (1, False)
    assert "no ##regplug_model line" in done.err


def test_a_damaged_tag_is_named(world, annotated, top):
    text = annotated("a.vcf", ranked(world)).read_text()
    damaged = world.folder / "b.vcf"
    for old, new, said in (
        ("RP_TOP=gc:T1;RP_Q=0.5", "RP_TOP=gc:T1;RP_Q=0.5,7", ""),  # more values than ALTs
        ("ID=RP_Q,Number=A,Type=Float", "ID=RP_Q,Number=A,Type=String", ""),
        ("RP_Q=0.5", "RP_Q=half", "chr1:30"),
    ):
        text = text.replace(old, new)
        damaged.write_text(text)
        done, _ = top(damaged)
        assert (done.status, "Traceback" in done.err) == (1 if said else 0, False), done.err
        assert said in done.err


def test_on_a_terminal_there_is_a_table(world, annotated):
    vcf = annotated("a.vcf", ranked(world, more=";RP_GENE=G;RP_TSS_DISTANCE=-1234"))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "regplug", "top", vcf]
    environment = os.environ | {"COLUMNS": "120", "TERM": "dumb"}
    subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, check=True, env=environment)
    os.close(theirs)
    text = os.read(ours, 1 << 16).decode()
    os.close(ours)
    first = next(line for line in text.splitlines() if line.startswith("1 "))
    change = f"{world.base('chr1', 50)}>{world.other('chr1', 50)}"
    assert first.split()[1:3] == ["chr1:50", change]
    assert "T1 (gc)" in first
    assert "G -1,234" in first


def test_the_page(world, annotated, top, regplug):
    """Its maps have annotate's numbers; links lead to the variant; what RNA needs is not there."""
    vcf, page = annotated("a.vcf", ranked(world, RANKED[:3])), world.folder / "out" / "page.html"
    where = ("--fasta", world.fasta, "--model-repo", world.repo)
    done, rows = top(vcf, "--page", page, *where, "--cache", world.folder / "kept")
    assert done.status == 0, done.err
    assert [row["pos"] for row in rows] == ["50", "40", "30"]
    first, found = page.read_bytes(), re.search(r"0 of (\d+) predictions", done.err)[1]
    done, _ = top(vcf, "--page", page, *where, "--cache", world.folder / "kept")
    assert f"{found} of {found} predictions" in done.err
    assert page.read_bytes() == first
    text = page.read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert [fact["cells"]["rank"] for fact in data["facts"]] == [1, 2, 3]
    assert data["facts"][0]["target"] == "T1 (gc)"
    assert data["facts"][0]["cells"]["Q"] == 0.001
    assert "The first 3 of 3 ranked ALTs" in data["about"][0]
    assert data["columns"] == ["gc, top target"]
    matrix = world.folder / "m.tsv"
    plain = world.vcf("plain.vcf", [world.snv("chr1", pos) for pos in (30, 40, 50)])
    run = ("annotate", plain, "-o", world.folder / "o.vcf", "--model", "gc", "--matrix", matrix)
    assert regplug(*run, *where).status == 0
    lines = [line.split("\t") for line in matrix.read_text().splitlines()[1:]]
    change = {line[1]: float(line[-1]) for line in lines}
    for variant in data["variants"]:
        ref, alt = variant["maps"]
        at = variant["pos"] - ref["start"]
        put_in = "ACGT".index(variant["alt"])
        assert ref["differences"][at][put_in] == change[str(variant["pos"])]
        assert alt["score"] - ref["score"] == change[str(variant["pos"])]
        assert variant["links"]["IGV"].startswith("http://localhost:60151/goto?locus=chr1:1-")
        assert "UCSC" not in variant["links"]  # the toy genome is no assembly
    kinds = [t["type"] for t in data["igv"]["tracks"]]
    assert kinds == ["annotation", "merged", "wig"]


def test_the_page_of_a_model_of_rna_has_maps_and_no_tracks(world, annotated, top, tmp_path):
    card = centre_model(tmp_path / "models", "gc", strand="forward")
    genes, page = world.folder / "genes.bed", world.folder / "page.html"
    genes.write_text("chr1\t9\t90\tG\t0\t+\n")
    record = snv(world, 40, "RP_STATUS=ok;RP_TOP=gc:T0;RP_Q=0.1")
    vcf = annotated("a.vcf", [record], models={"gc": card})
    where = ("--fasta", world.fasta, "--model-repo", tmp_path / "models", "--page", page)
    for more, maps in ((("--genes", genes), True), ((), False)):
        done, _ = top(vcf, *where, *more)
        assert done.status == 0, done.err
        text = re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1]
        data = json.loads(text)
        assert [t["type"] for t in data["igv"]["tracks"]] == ["annotation"]
        assert ("maps" in data["variants"][0]) is maps


def test_a_page_of_other_models_or_another_genome_is_refused(world, annotated, top, tmp_path):
    card = gc_model(tmp_path / "other", window=23)
    vcf, page = annotated("a.vcf", ranked(world)), world.folder / "page.html"
    done, _ = top(vcf, "--page", page, "--fasta", world.fasta, "--model-repo", tmp_path / "other")
    assert (done.status, page.exists()) == (1, False)
    assert f"{card.name} is another model" in done.err
    other = write_fasta(world.folder / "b.fa", {c: t[::-1] for c, t in world.contigs.items()})
    done, _ = top(vcf, "--page", page, "--fasta", other, "--model-repo", world.repo)
    assert (done.status, page.exists()) == (1, False)
    assert "was scored on another genome than" in done.err
    done, _ = top(vcf, "--page", vcf)
    assert (done.status, "would be replaced" in done.err) == (1, True)
