"""Structural variants through every command that reads a VCF."""

import json
import re

import pytest

from regplug.genome.codes import decode, encode, reverse_complement
from regplug.models.repository import read_card
from tests.toy_structural import HEADER

INFO = [*HEADER, '##INFO=<ID=CIEND,Number=2,Type=Integer,Description="x">']
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


def tags_of(text):
    """Return INFO of each record: tag → text, of those that regplug writes."""
    rows = [line.split("\t") for line in text.split("\n") if line[:1] not in ("#", "")]
    pairs = [dict(pair.partition("=")[::2] for pair in row[7].split(";")) for row in rows]
    return [{tag: value for tag, value in one.items() if tag[:3] == "RP_"} for one in pairs]


@pytest.fixture
def groups(world):
    """Return records, each group of them one allele: as a symbol, as breakends, as bases."""
    letters = world.contigs["chr1"]
    found = []
    for start, end in ((100, 107), (200, 260)):  # of half a window of 21 and more
        before, inside, behind = letters[start - 1], letters[start:end], letters[end]
        turned = decode(reverse_complement(encode(inside)))
        found += [
            [
                f"{start} d {before} <DEL> . . END={end};SVTYPE=DEL",
                f"{start} d N <DEL> . . SVLEN={start - end}",
                f"{start} d {before} {before}[chr1:{end + 1}[ . . .",
                f"{end + 1} d {behind} ]1:{start}]{behind} . . .",
                f"{start} d {before}{inside} {before} . . .",
            ],
            [
                f"{start} u {before} <DUP:TANDEM> . . END={end};SVLEN={end - start}",
                f"{end} u {inside[-1]} {inside[-1]}[chr1:{start + 1}[ . . .",
                f"{start + 1} u {inside[0]} ]chr1:{end}]{inside[0]} . . .",
                f"{start} u {before} <INS> . . SEQ={inside}",
                f"{end} u {inside[-1]} {inside[-1]}{inside} . . .",
            ],
            [
                f"{start} i {before} <INV> . . END={end}",
                f"{start + 1} i {inside} {turned} . . .",
                f"{start} i {before}{inside} {before}{turned} . . CIPOS=-9,9",
            ],
        ]
    return [[f"chr1 {record}" for record in group] for group in found]


def test_however_an_allele_is_written_it_has_the_same_tags(world, annotate, groups):
    vcf = world.vcf("in.vcf", [record for group in groups for record in group], INFO)
    genes = world.folder / "genes.bed"
    genes.write_text("chr1\t0\t20\tLEFT\t0\t+\nchr1\t400\t450\tRIGHT\t0\t-\n")
    out = world.folder / "out.vcf"
    done = annotate(vcf, "--genes", genes, "-o", out, "--model", "place")
    assert (done.status, done.err) == (0, "contigs matched by name in the FASTA: 1 = chr1\n")
    tags, statuses = iter(tags_of(out.read_text())), []
    for group in groups:
        first, *others = [next(tags) for _ in group]
        assert all(other == first for other in others), group
        assert first["RP_STATUS"] == "ok"
        assert float(first["RP_PLACE_T0"]) != 0
        statuses.append(first["RP_PLACE__STATUS"])
    assert statuses == ["ok"] * 3 + ["junctions"] * 3


def test_why_others_have_no_score(world, annotate):
    base = world.base("chr1", 100)
    others = {
        "<DEL> . . END=90": "bad_span",
        "<DEL> . . END=501": "bad_span",
        "<DEL> . . END=150;SVLEN=-60": "bad_span",
        "<DEL> . . END=150;IMPRECISE": "imprecise",
        "<DEL> . . END=150;CIPOS=-30,30;CIEND=-10,10": "imprecise",
        "<DEL> . . SVTYPE=DEL": "symbolic",
        "<CNV> . . END=150": "symbolic",
        "<INS:ME:ALU> . . SVLEN=280": "symbolic",
        f"{base}[chr2:50[ . . .": "symbolic",
        f"{base}. . . .": "symbolic",
        "<DUP>,<INV> . . SVLEN=50,-500": "ok,bad_span",
    }
    vcf = world.vcf("in.vcf", [f"chr1 100 . {base} {rest}" for rest in others], INFO)
    done = annotate(vcf, "-o", "-")
    assert done.status == 0
    assert [tags["RP_STATUS"] for tags in tags_of(done.out)] == list(others.values())


def test_what_was_written_is_replayed(world, annotate, groups, regplug):
    vcf = world.vcf("in.vcf", [record for group in groups for record in group], INFO)
    out = world.folder / "out.vcf.gz"
    assert annotate(vcf, "-o", out).status == 0
    where = ("--fasta", world.fasta, "--model-repo", world.repo)
    done = regplug("verify", out, "--all", *where)
    assert done.status == 0, done.out + done.err


def test_symbols_are_not_looked_up(world, annotate):
    """Another <DEL> of a table may begin at the same base, and go elsewhere."""
    at = f"chr1 100 . {world.base('chr1', 100)} <DEL> . ."
    table, out = world.folder / "table.vcf.gz", world.folder / "out.vcf"
    assert annotate(world.vcf("short.vcf", [f"{at} END=140"], INFO), "-o", table).status == 0
    vcf = world.vcf("long.vcf", [f"{at} END=260"], INFO)
    wanted = annotate(vcf, "-o", "-").out
    done = annotate(vcf, "--from", table, "-o", out)
    assert done.status == 0, done.err
    assert tags_of(out.read_text()) == tags_of(wanted) != []


@pytest.fixture
def mixed(world, groups):
    """Return a VCF of an SNV, and alleles that have scores and no picture."""
    return world.vcf("in.vcf", [world.snv("chr1", 50), *(group[0] for group in groups)], INFO)


def test_tracks_show_short_alleles(world, track, mixed):
    long = world.vcf("long.vcf", [mixed.read_text().split("\n")[-2].replace("\t", " ")], INFO)
    done = track("--vcf", long)
    assert done.status == 1
    assert "can be drawn (1 junctions): tracks show those that are written as bases" in done.err
    done = track("--vcf", mixed, "--page")
    assert done.status == 0, done.err
    kept = json.loads((world.folder / "out" / "tracks.json").read_text())
    assert kept["regions"] == [["chr1", 39, 60]]


def test_a_page_lists_long_alleles_without_pictures(world, annotate, regplug, mixed):
    card = read_card(world.repo / "gc")
    assert card.background is None
    out, page = world.folder / "out.vcf", world.folder / "page.html"
    assert annotate(mixed, "-o", out).status == 0
    where = ("--fasta", world.fasta, "--model-repo", world.repo)
    done = regplug("top", out, "--page", page, *where)
    assert done.status == 0, done.err
    data = json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1])
    assert len(data["variants"]) == 7
    assert [v["pos"] for v in data["variants"] if "maps" in v] == [50]


@pytest.mark.parametrize(
    ("long", "message"),
    [
        (True, "an allele has more than 10 bases, half of the model's window, and annotate scores"),
        (False, "REF of chr1:100"),
    ],
)
def test_a_map_of_a_long_allele_is_refused(world, regplug, long, message):
    pytest.importorskip("matplotlib")
    ref = world.base("chr1", 100, 40)
    ref = ref if long else OTHER[ref[0]] + ref[1:]
    run = ("explain", f"chr1:100:{ref}:{ref[0]}", "--model", "gc", "-o", world.folder / "out")
    done = regplug(*run, "--fasta", world.fasta, "--model-repo", world.repo)
    assert done.status == 1
    assert message in done.err
