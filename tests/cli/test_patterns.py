"""`regplug patterns`: a page, tables and BEDs of planted motifs; TF-MoDISco's part is given."""

from xml.etree import ElementTree

import numpy as np
import pysam
import pytest

from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Contributions, Named
from regplug.interpret.attribute.file import FORM, About
from regplug.interpret.attribute.writer import ContributionFiles
from regplug.interpret.patterns import find
from tests.interpret.patterns.test_find import LOWERS, RAISES, planted, results

pytest.importorskip("memelite")
pytest.importorskip("jinja2")
pytest.importorskip("modiscolite")

pytestmark = pytest.mark.slow

KNOWN = "MEME version 4\nALPHABET= ACGT\n"


def meme(name, codes):
    rows = "\n".join(" ".join("1" if base == b else "0" for b in range(4)) for base in codes)
    return f"MOTIF {name} {name}\nletter-probability matrix: w= {len(codes)}\n{rows}\n"


@pytest.fixture
def contributions(tmp_path):
    """Return a file of 60 sequences on chr1, one every 1,000 bases, the last without a place."""
    codes, own, places = planted(60)
    letters = codes[..., None] == np.arange(4)
    hypothetical = np.where(letters, own[..., None], -own[..., None] / 3).astype(np.float32)
    about = About(FORM, "toy<b>", "1", "0" * 64, "T&0", "ism", "centred", "diff", 0, "0")
    named = [Named(f"s{n}", Interval("chr1", 1000 * n, 1000 * n + 220)) for n in range(59)]
    path = tmp_path / "T0.h5"
    none = np.zeros((60, 1), np.float32)
    with ContributionFiles({path: about}, [*named, Named("s59", None)], 220) as file:
        file.add(codes, Contributions(hypothetical[:, None], none, none))
    return path, codes, places


@pytest.fixture
def run(contributions, tmp_path, regplug, monkeypatch):
    """Return a function that runs the command; what modisco would write is written."""
    path, codes, places = contributions

    def modisco(words):
        results(words[words.index("-o") + 1], codes, places)
        return ""

    monkeypatch.setattr(find, "_run", modisco)
    noise = np.random.default_rng(1).integers(0, 4, (30, 9))
    motifs = [
        meme("AP1", RAISES),
        meme("ETS", LOWERS),
        *(meme(f"N{i}", n) for i, n in enumerate(noise)),
    ]
    (tmp_path / "known.meme").write_text(KNOWN + "".join(motifs))

    def command(*arguments):
        given = ("--against", tmp_path / "known.meme", "-o", tmp_path / "out")
        return regplug("patterns", path, *given, *arguments)

    return command


def table(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def test_the_folder(run, tmp_path, contributions):
    _, _, places = contributions
    done = run()
    assert done.status == 0, done
    assert done.out.splitlines() == [
        "pos.0\tTGACTCAGCA\t60 seqlets, 60 hits\tAP1",
        "neg.0\tCCGGAAGTGC\t60 seqlets, 60 hits\tETS",
    ]
    out = tmp_path / "out"
    header, *rows = table(out / "patterns.tsv")
    assert [row[:4] for row in rows] == [
        ["pos.0", "60", "60", "TGACTCAGCA"],
        ["neg.0", "60", "60", "CCGGAAGTGC"],
    ]
    assert [row[header.index("match_name")] for row in rows] == ["AP1", "ETS"]
    assert [float(row[header.index("contribution")]) for row in rows] == [10, -10]
    wanted = {
        ("chr1", 1000 * row + start, sign, "-" if reverse else "+")
        for sign, row, start, reverse in places
        if row < 59
    }
    for name in ("hits.bed", "seqlets.bed"):
        bed = table(out / name)
        found = {
            (chrom, int(start), 1 if name.startswith("pos") else -1, strand)
            for chrom, start, _, name, _, strand, *_ in bed
        }
        assert found == wanted
        assert all(int(row[2]) - int(row[1]) == 10 for row in bed)
        assert {row[8] for row in bed} == {"0,114,178", "213,94,0"}
        assert bed == sorted(bed, key=lambda row: (row[0], int(row[1]), int(row[2])))
    pysam.tabix_compress(str(out / "hits.bed"), str(tmp_path / "hits.bed.gz"))
    pysam.tabix_index(str(tmp_path / "hits.bed.gz"), preset="bed")
    with pysam.TabixFile(str(tmp_path / "hits.bed.gz")) as indexed:
        assert len([*indexed.fetch("chr1", 7000, 7220)]) == 2
    peaks = table(out / "sequences.narrowPeak")
    assert [peaks[3], peaks[59]] == [
        ["chr1", "3000", "3220", "s3", "0", ".", "0", "-1", "-1", "110"],
        ["s59", "0", "220", "s59", "0", ".", "0", "-1", "-1", "110"],
    ]
    assert len(peaks) == 60  # Fi-NeMo takes line n for sequence n
    assert len(table(out / "hits.tsv")) == 121  # with those of the sequence without a place
    ElementTree.parse(out / "patterns.svg")


def test_the_page_escapes_names_and_runs_nothing(run, tmp_path):
    run()
    page = (tmp_path / "out" / "patterns.html").read_text()
    assert "Patterns of toy&lt;b&gt;, T&amp;0" in page
    assert "<script" not in page
    assert page.count("data:image/svg+xml;base64,") == 4
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_a_second_run_has_the_same_bytes(run, tmp_path):
    made = []
    for _ in range(2):
        assert run().status == 0
        made.append(
            {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir() if p.name != "modisco.h5"}
        )
    assert made[0] == made[1]
    assert set(made[0]) == {
        *("patterns.html", "patterns.tsv", "patterns.meme"),
        *("patterns.png", "patterns.svg", "patterns.pdf"),
        *("matches.tsv", "hits.bed", "hits.tsv", "seqlets.bed", "sequences.narrowPeak"),
    }


def test_a_failure_leaves_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(find, "_run", lambda words: "ValueError: no")
    done = run()
    assert (done.status, "TF-MoDISco fails on the 60 sequences" in done.err) == (1, True)
    assert not (tmp_path / "out").exists()


def test_other_peoples_folders_are_left(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("all of it")
    assert "holds other things" in run().err
    assert (tmp_path / "out" / "thesis.doc").read_text() == "all of it"


def test_trim_keeps_more_of_a_pattern(run):
    """The three bases on either side have no contribution at all."""
    done = run("--trim", 0)
    assert done.out.splitlines()[0].split("\t")[1] == "NNNTGACTCAGCANNN"


def test_a_file_that_is_not_there(regplug, tmp_path):
    done = regplug("patterns", tmp_path / "x.h5", "-o", tmp_path / "out")
    assert done.status == 1
    assert f"there is no file {tmp_path / 'x.h5'}: make it with regplug attribute" in done.err


def test_a_file_of_no_contributions(regplug, tmp_path):
    (tmp_path / "x.h5").write_bytes(b"no HDF5")
    done = regplug("patterns", tmp_path / "x.h5", "-o", tmp_path / "out")
    assert (done.status, "holds no contributions that can be read" in done.err) == (1, True)
