"""`regplug explain`: the numbers of annotate, the pictures' letters, and mistakes."""

import csv
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyBigWig
import pytest
from matplotlib.colors import to_hex
from msgspec.structs import replace

from regplug.files.colours import LOWERS, RAISES, diverging
from regplug.models.repository import Golden, write_model
from tests.cli.test_profile import site_model
from tests.toy_backgrounds import scores_of, with_background
from tests.toy_genomes import vcf_text, write_fasta
from tests.toy_models import table_model
from tests.toy_networks import random_panel

pytest.importorskip("matplotlib")
pytest.importorskip("pyjaspar")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KNOWN = """MEME version 4
ALPHABET= ACGT
MOTIF M1 GC
letter-probability matrix: w= 6
0 0 1 0\n0 1 0 0\n0 0 1 0\n0 1 0 0\n0 0 1 0\n0 1 0 0
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a repository of `place`: every column counts differently, scores stay below 10."""
    repo = tmp_path_factory.mktemp("place")
    table = np.array([[0.01, -0.01], [0.02, 0.03], [0.04, 0.01], [0.08, 0.02], [0, 0]])
    table_model(repo, "place", table, window=21, weights=1.1 ** np.arange(21))
    return repo


@pytest.fixture
def explain(world, regplug, tmp_path):
    """Return a function that runs `regplug explain` in the toy world, by default with model gc."""
    (tmp_path / "known.meme").write_text(KNOWN)

    def run(place, *arguments, model="gc", repo=world.repo, fasta=world.fasta):
        where = ("--fasta", fasta, "--model-repo", repo, "-o", tmp_path / "out")
        return regplug("explain", place, "--model", model, *where, *arguments)

    return run


@pytest.fixture
def numbers_only(monkeypatch):
    """Leave out what takes seconds: the picture, and the scan."""
    monkeypatch.setattr("regplug.interpret.explain.report.maps_figure", lambda *_, **__: None)
    monkeypatch.setattr("regplug.interpret.explain.report.save_formats", lambda *_: None)
    monkeypatch.setattr("regplug.motifs.hits.find_hits", lambda *_: [])


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def letter_heights(path, allele):
    """Return {(column, letter): height} of the letters' outlines in an SVG, by column."""
    found = {}
    for group in ElementTree.parse(path).getroot().iter():
        words = (group.get("id") or "").split("-")
        if words[0] == allele:
            outline = " ".join(part.get("d", "") for part in group.iter())
            heights = [float(pair[1]) for pair in re.findall(r"([\d.-]+) ([\d.-]+)", outline)]
            found[int(words[2]), words[3]] = max(heights) - min(heights)
    return dict(sorted(found.items()))


def annotated(regplug, folder, contigs, region, *arguments):
    """Return {(pos, ALT): {target: difference}} of every SNV in a 1-based region, by annotate."""
    chrom, first, last = region
    snvs = [
        f"{chrom} {pos} . {ref} {alt} . . ."
        for pos in range(first, last + 1)
        for ref in contigs[chrom][pos - 1]
        for alt in "ACGT"
        if ref not in (alt, "N")
    ]
    fasta = write_fasta(folder / f"{len(contigs[chrom])}.fa", contigs)
    (folder / "all.vcf").write_text(vcf_text(snvs, contigs))
    matrix = folder / "matrix.tsv"
    done = regplug(
        *("annotate", folder / "all.vcf", "--fasta", fasta, "--matrix", matrix),
        *("-o", folder / "out.vcf", *arguments),
    )
    assert done.status == 0, done.err
    return {(int(row["pos"]), row["alt"]): row for row in differences(matrix)}


def differences(matrix):
    """Return the rows of annotate's table, targets without the model's name."""
    return [{key.rpartition(".")[2]: cell for key, cell in row.items()} for row in rows(matrix)]


def agree(bases, expected, target, shift=0):
    """Compare rows of map.tsv with annotate's numbers; return how many were compared."""
    compared = 0
    for place, row in enumerate(bases):
        for alt in "ACGT":
            if alt == row["base"]:
                assert row[alt] in ("0.0", ".")
                continue
            wanted = expected[shift + place, alt][target]
            assert (row[alt] == ".") == (wanted == "."), (row, alt)
            if wanted != ".":
                assert float(row[alt]) == pytest.approx(float(wanted), abs=1e-5)
                compared += 1
    return compared


def test_a_region_s_map_is_annotate_s(explain, world, place, regplug, tmp_path):
    """From the first base of a contig on, over windows of 21 bases that all columns count in."""
    done = explain("chr1:1-60", model="place", repo=place)
    assert (done.status, done.out) == (0, ""), done.err
    assert "chr1:1-60   T0" in done.err or "chr1:1-60   T1" in done.err
    bases = rows(tmp_path / "out" / "map.tsv")
    model = ("--model-repo", place, "--model", "place")
    expected = annotated(regplug, tmp_path, world.contigs, ("chr1", 1, 60), *model)
    target = bases[0]["target"]
    assert agree(bases, expected, target, shift=1) == 180
    largest = {t: max(abs(float(row[t])) for row in expected.values()) for t in ("T0", "T1")}
    assert largest[target] == max(largest.values())  # both have a spread of 1
    assert [row["pos"] for row in bases] == [str(pos) for pos in range(1, 61)]
    assert "".join(row["base"] for row in bases) == world.base("chr1", 1, 60)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("gain.bw", "loss.bw", "map.pdf", "map.png", "map.svg", "map.tsv")
    ]
    for name in ("loss", "gain"):
        with pyBigWig.open(str(tmp_path / "out" / f"{name}.bw")) as track:
            assert track.chroms() == {"chr1": 500, "chr2": 300}
            values = track.values("chr1", 0, 61)
            np.testing.assert_allclose(values[:60], [float(row[name]) for row in bases], rtol=1e-6)
            assert np.isnan(values[60])
    drawn = letter_heights(tmp_path / "out" / "map.svg", "ref")
    assert list(drawn) == [(i, row["base"]) for i, row in enumerate(bases)]
    losses = np.array([float(row["loss"]) for row in bases])
    expected = 0.25 + 1.75 / losses.max() * losses  # Basset's letters
    for base in "ACGT":
        at = [i for i, row in enumerate(bases) if row["base"] == base]
        ratio = [drawn[i, base] / expected[i] for i in at]
        assert ratio == pytest.approx([ratio[0]] * len(at), rel=1e-3)
    assert (tmp_path / "out" / "map.png").read_bytes().startswith(b"\x89PNG")
    svg = (tmp_path / "out" / "map.svg").read_text()
    full = RAISES if max(float(row["gain"]) for row in bases) > losses.max() else LOWERS
    assert f"fill: {full.lower()}" in svg  # the largest change
    assert [to_hex(diverging()(at)).upper() for at in (0.0, 1.0)] == [LOWERS, RAISES]


@pytest.mark.usefixtures("numbers_only")
@pytest.mark.parametrize("change", ["snv", "insertion", "deletion", "exchange"])
def test_a_variant_s_maps_are_annotate_s_on_both_haplotypes(
    explain, world, place, regplug, tmp_path, change
):
    """ALT's map is what annotate says on a genome with ALT in it."""
    letters = world.contigs["chr2"]
    ref, alt = {
        "snv": (letters[99], world.other("chr2", 100)),
        "insertion": (letters[99], letters[99] + world.other("chr2", 101) + "GCG"),
        "deletion": (letters[99:103], letters[99]),
        "exchange": (letters[99:102], world.other("chr2", 100) + world.other("chr2", 102)),
    }[change]
    known = ("--against", tmp_path / "known.meme", "--targets", "T1", "--flank", "12")
    done = explain(f"chr2:100:{ref}:{alt}", *known, model="place", repo=place)
    assert done.status == 0, done.err
    bases = rows(tmp_path / "out" / "map.tsv")
    by_allele = {a: [row for row in bases if row["allele"] == a] for a in ("ref", "alt")}
    edited = letters[:99] + alt + letters[99 + len(ref) :]
    model = ("--model-repo", place, "--model", "place")
    start = int(by_allele["ref"][0]["pos"])
    for allele, contig in (("ref", letters), ("alt", edited)):
        shown = by_allele[allele]
        assert "".join(row["base"] for row in shown) == contig[start - 1 : start - 1 + len(shown)]
        region = ("chr2", start, start - 1 + len(shown))
        expected = annotated(regplug, tmp_path, {"chr2": contig}, region, *model)
        assert agree(shown, expected, "T1", shift=start) == 3 * len(shown)
    for row in bases:  # pos and ref are the reference's
        inserted = change == "insertion" and row["allele"] == "alt" and row["ref"] == "."
        assert inserted or row["ref"] == letters[int(row["pos"]) - 1]
    assert sum(row["ref"] == "." for row in bases) == 4 * (change == "insertion")
    variant = {"chr2": letters}
    (tmp_path / "one.vcf").write_text(vcf_text([f"chr2 100 . {ref} {alt} . . ."], variant))
    matrix = tmp_path / "one.tsv"
    again = ("--fasta", world.fasta, *model, "--matrix", matrix, "-o", tmp_path / "one.out.vcf")
    assert regplug("annotate", tmp_path / "one.vcf", *again).status == 0
    assert f"({float(differences(matrix)[0]['T1']):+.3g})" in done.err
    if change == "snv":  # and back again
        there = {a: float(by_allele[a][12][b]) for a, b in (("ref", alt), ("alt", ref))}
        assert there["ref"] == pytest.approx(-there["alt"], abs=1e-5)
        assert there["ref"] == pytest.approx(float(differences(matrix)[0]["T1"]), abs=1e-5)


@pytest.mark.usefixtures("numbers_only")
def test_a_panel_of_deepbind_networks(explain, world, regplug, tmp_path):
    """Its differences come over fixed windows whose sub-windows all cover the variant."""
    repo = tmp_path / "models"
    random_panel(repo)
    done = explain("chr1:200-215", "--targets", "T2,T0", model="panel", repo=repo)
    assert done.status == 0, done.err
    model = ("--model-repo", repo, "--model", "panel")
    expected = annotated(regplug, tmp_path, world.contigs, ("chr1", 200, 215), *model)
    bases = rows(tmp_path / "out" / "map.tsv")
    for target in ("T2", "T0"):
        shown = [row for row in bases if row["target"] == target]
        assert agree(shown, expected, target, shift=200) == 48
        for name in ("loss", "gain"):
            with pyBigWig.open(str(tmp_path / "out" / f"{name}_{target}.bw")) as track:
                values = track.values("chr1", 199, 215)
            np.testing.assert_allclose(values, [float(row[name]) for row in shown], rtol=1e-6)


@pytest.mark.usefixtures("numbers_only")
def test_models_of_rna_need_a_gene(explain, world, regplug, tmp_path):
    repo = tmp_path / "models"
    site_model(repo)
    (tmp_path / "genes.gtf").write_text('chr1\tx\tgene\t1\t205\t.\t-\t.\tgene_id "g";\n')
    place = f"chr1:205:{world.base('chr1', 205)}:{world.other('chr1', 205)}"
    against = ("--against", tmp_path / "known.meme")
    failed = explain(place, *against, model="toy_rna", repo=repo)
    assert (failed.status, "--genes" in failed.err) == (1, True)
    genes = ("--genes", tmp_path / "genes.gtf")
    outside = f"chr1:206:{world.base('chr1', 206)}:{world.other('chr1', 206)}"
    failed = explain(outside, *against, *genes, model="toy_rna", repo=repo)
    assert (failed.status, "no_transcript" in failed.err) == (1, True)
    done = explain("chr1:196-215", *genes, model="toy_rna", repo=repo)
    assert done.status == 0, done.err
    model = ("--model-repo", repo, "--model", "toy_rna", *genes)
    expected = annotated(regplug, tmp_path, world.contigs, ("chr1", 196, 215), *model)
    assert agree(rows(tmp_path / "out" / "map.tsv"), expected, "SITE", shift=196) == 30


@pytest.mark.usefixtures("numbers_only")
def test_the_default_target_is_that_of_top(explain, world, tmp_path):
    """T1 moves twice as much as T0; over a spread five times as large, less."""
    place = f"chr1:100:{world.base('chr1', 100)}:{world.other('chr1', 100)}"
    known = ("--against", tmp_path / "known.meme", "--flank", "0")
    for spreads, best in (((1.0, 1.0), "T1"), ((1.0, 5.0), "T0"), ((None, 5.0), "T1")):
        repo = tmp_path / best / str(spreads[0])
        repo.mkdir(parents=True)
        _spread_model(repo, spreads)
        for where in (place, "chr1:100-104"):
            done = explain(where, *known, repo=repo)
            assert done.status == 0, done.err
            assert f"   {best}" in done.err


@pytest.mark.usefixtures("numbers_only")
def test_what_a_score_means(explain, world, tmp_path):
    """Of 1,000 background places 50 have each of the scores 0, 1 ... 19: a model that counts."""
    place = f"chr1:100:{world.base('chr1', 100)}:{world.other('chr1', 100)}"
    known = ("--against", tmp_path / "known.meme", "--flank", "0", "--targets", "T0")
    gc = sum(letter in "CG" for letter in world.base("chr1", 90, 21))
    alt = gc + (world.other("chr1", 100) in "CG") - (world.base("chr1", 100) in "CG")
    repo = tmp_path / "models"
    card = table_model(repo, "gc", np.array([[0, 0], [1, 2], [1, 2], [0, 0], [0, 0.0]]), window=21)
    assert "background places" not in explain(place, *known, repo=repo).err
    onnx = (repo / "gc" / "1" / "model.onnx").read_bytes()
    scores = np.arange(1000.0)[:, None] % 20 * [1, 2]  # 50 places have each of 0, 1 ... 19
    made = with_background(card, [("random", "snv", scores_of(scores, scores), "list")])
    write_model(repo, made, onnx=onnx, golden=Golden([], []))
    said = explain(place, *known, repo=repo).err
    found = re.search(r"REF above ([\d.]+) %, ALT above ([\d.]+) % of background", said)
    lower = [100 * 50 * score / 1001 for score in (gc, alt)]  # of 1,000 and the ALT itself
    assert [float(number) for number in found.groups()] == pytest.approx(lower, abs=1.5)


def _spread_model(repo, spreads):
    """Write a model of two targets with these spreads."""
    table = np.array([[1.0, 2], [2, 4], [4, 8], [8, 16], [0, 0]])
    card = table_model(repo, "gc", table, window=21)
    targets = [replace(one, spread=s) for one, s in zip(card.targets, spreads, strict=True)]
    onnx = (repo / "gc" / "1" / "model.onnx").read_bytes()
    write_model(repo, replace(card, targets=tuple(targets)), onnx=onnx, golden=Golden([], []))


def test_names_and_reports_are_replaced(explain, world, tmp_path):
    """T0 of the last model is never above 0: DeepBind's letters have no height."""
    table = np.array([[-1.0], [-2], [-1], [-1], [0]])
    table_model(tmp_path / "models", "gc", table, window=21)
    for arguments in (
        ("--targets", "T0,T1"),
        ("--style", "deepbind", "--model-repo", tmp_path / "models"),
    ):
        done = explain("chr1:100-105", *arguments, "--name", "<a $1$> & b")
        assert done.status == 0, done.err
        assert "<a $1$> & b chr1:100-105" in done.err
        ElementTree.parse(tmp_path / "out" / "map.svg")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("gain.bw", "loss.bw", "map.pdf", "map.png", "map.svg", "map.tsv")
    ]


def test_mistakes(explain, world, tmp_path):
    ref, alt = world.base("chr1", 100), world.other("chr1", 100)
    good = f"chr1:100:{ref}:{alt}"
    meme = ("--against", tmp_path / "known.meme")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").touch()
    long_fasta = write_fasta(tmp_path / "long.fa", {"c": "ACGT" * 1300, "n": "N" * 100 + "ACGT"})
    before = sorted(tmp_path.rglob("*"))
    for place, arguments, message in [
        ("chr3:5-9", (), "no contig chr3 in"),
        ("chr3:5:A:C", meme, "no contig chr3 in"),
        ("chr1:480-501", (), "ends behind the end of chr1, which has 500 bases"),
        ("chr1:600-601", (), "ends behind the end of chr1"),
        ("chr1:9-5", (), "it must end behind its start"),
        ("chr1:0-5", (), "positions start at 1"),
        ("chr1:1-5,chr2:1-5", (), "neither a variant nor one region: give chr5:1295113:G:A"),
        ("rs12740374", (), "is an rsID"),
        ("TERT", (), "neither a variant nor one region"),
        ("", (), "neither a variant nor one region"),
        (f"chr1:100:{ref}:<DEL>", (), "is not a region"),
        ("chr1:1-2", ("--targets", "CTCF"), "gc has no target CTCF"),
        ("chr1:1-2", ("--model", "none"), "no model none in"),
        (f"chr1:100:{alt}:{ref}", meme, f"has there, {ref}: is it another build"),
        (f"chr1:100:{ref}:{ref}", meme, "REF and ALT are the same"),
        ("chr1:501:A:C", meme, "has there, N"),
        (f"chr1:100:{ref}:{ref}{'ACGT' * 5}", meme, "more than 10 bases, half of the model's"),
        (good, (*meme, "--motif", "CTCF"), "no motif CTCF in"),
        (good, ("--against", tmp_path / "no.meme"), "no.meme: it cannot be read"),
        (good, ("--against", world.fasta), "the first line is not 'MEME version"),
        ("chr1:1-2", ("-o", tmp_path / "taken"), "holds other things: name a new folder"),
        ("chr1:1-2", ("-o", Path(__file__) / "out"), "is a file"),
        ("c:1-5001", ("--fasta", long_fasta), "has 5,001 bases, and a map at most 5,000"),
        ("c", ("--fasta", long_fasta), "has 5,200 bases, and a map at most 5,000"),
        ("n:101-104", ("--fasta", long_fasta), "no base of n:101-104 has a score"),
        ("n:104:T:A", ("--fasta", long_fasta, *meme), "mostly_n, over a tenth"),
    ]:
        done = explain(place, *arguments)
        assert (done.status, done.out) == (1, ""), (place, done.err)
        assert message in done.err, done.err
        assert "Traceback" not in done.err
        left = [path for path in sorted(tmp_path.rglob("*")) if path.suffix != ".fai"]
        assert left == [path for path in before if path.suffix != ".fai"]


@pytest.mark.usefixtures("numbers_only")
def test_a_variant_is_written_in_many_ways(explain, world, tmp_path):
    ref, alt = world.base("chr1", 100), world.other("chr1", 100)
    meme = ("--against", tmp_path / "known.meme", "--motif", "gc", "--flank", "0")
    tables = []
    for place in (f"chr1:100:{ref}:{alt}", f"1-100-{ref}-{alt}", f"chr1:100{ref}>{alt}".lower()):
        done = explain(place, *meme)
        assert done.status == 0, done.err
        tables.append((tmp_path / "out" / "map.tsv").read_text())
    assert tables[0] == tables[1] == tables[2]


def test_tert_c228t_makes_a_site_for_gabpa(regplug, tmp_path):
    """CCGGAAG, GABPA's motif, is there after the variant (Huang et al. 2013; Bell et al. 2015)."""
    out = tmp_path / "out"
    done = regplug(
        *("explain", "chr5:1295113:G:A", "--name", "TERT C228T", "--model", "deepbind_encode"),
        *("--fasta", _example(tmp_path), "-o", out),
    )
    assert done.status == 0, done.err
    assert "TERT C228T chr5:1295113 G>A   GABPA: " in done.err
    assert "; GABPA MA0062" in done.err
    alt = [row for row in rows(out / "map.tsv") if row["allele"] == "alt"]
    site = [row for row in alt if 1295107 <= int(row["pos"]) <= 1295114]
    assert "".join(row["base"] for row in site) == "CCCGGAAG"
    tallest = sorted(alt, key=lambda row: -float(row["loss"]))[:8]
    assert sum(row in site for row in tallest) >= 5
    assert (out / "motifs.tsv").read_text().startswith("motif\tprotein\tref_bits")


def _example(folder):
    """Return the example's genome, where its index may be written."""
    for name in ("example.hg38.fa.gz", "example.hg38.fa.gz.fai", "example.hg38.fa.gz.gzi"):
        shutil.copy(ROOT / "examples" / name, folder)
    return folder / "example.hg38.fa.gz"
