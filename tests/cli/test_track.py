"""`regplug track`: the files, read by pybigtools, and what a user can get wrong."""

import subprocess
import sys
from pathlib import Path

import cyvcf2
import numpy as np
import pluggy
import pybigtools
import pytest

from regplug.genome.codes import decode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.hooks import hookspecs
from regplug.tracks.folder import file_names
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import gc_model
from tests.toy_networks import random_panel

ROOT = Path(__file__).parents[2]
EXAMPLES, REPO = ROOT / "examples", ROOT / "model_repo"
ENCODE = ("--model", "deepbind_encode", "--model-repo", REPO, "--threads", 1)
HG38 = EXAMPLES / "example.hg38.fa.gz"


def read(path: Path) -> dict[tuple[str, int, int], float]:
    """Return what a bigWig holds, contig by contig."""
    with pybigtools.open(str(path)) as file:
        return {
            (contig, low, high): value
            for contig in file.chroms()
            for low, high, value in file.records(contig)
        }


OF_BASE = {"A": 1, "C": 2, "G": 4, "T": 8}


def test_regions(world, track):
    done = track("--regions", "2:1-100,chr1:50-60,chr1:55-90", "--step", 1)
    assert done.status == 0, done.err
    assert done.out == ""
    assert done.err == f"{world.folder / 'out'}: 1 tracks\n"
    assert [path.name for path in (world.folder / "out").glob("*.bw")] == ["T0.bw"]
    with pybigtools.open(str(world.folder / "out/T0.bw")) as file:
        assert file.chroms() == {"chr1": 500, "chr2": 300}
    wanted = [("chr1", at) for at in range(49, 90)] + [("chr2", at) for at in range(100)]
    assert read(world.folder / "out/T0.bw") == {
        (contig, at, at + 1): OF_BASE[world.contigs[contig][at]] for contig, at in wanted
    }


def test_a_bed_gives_the_same(world, track):
    (world.folder / "r.bed").write_text("chr2\t0\t100\nchr1\t54\t90\tname\nchr1\t49\t60\n")
    assert track("--regions", "2:1-100,chr1:50-90").status == 0
    whole = read(world.folder / "out/T0.bw")
    (world.folder / "out").rename(world.folder / "before")
    assert track("--regions-file", world.folder / "r.bed").status == 0
    assert read(world.folder / "out/T0.bw") == whole
    assert len(whole) == 21 + 50  # a window of 21: every second base


def test_a_whole_fasta(tmp_path, track):
    contigs = {
        "chrB": "N" * 5000 + random_letters(70, seed=1) + "N" * 3000,
        "tiny": "ACGT" * 5,
        "chrA": "A" * 30,
    }
    done = track("--all", "--step", 1, fasta=write_fasta(tmp_path / "whole.fa", contigs))
    assert done.status == 0, done.err
    assert "left out: 1 contigs of under 21 bases" in done.err
    found = read(tmp_path / "out/T0.bw")
    assert found.keys() >= {("chrA", at, at + 1) for at in range(30)}
    assert {at for contig, at, _ in found if contig == "chrB"} == set(range(5008, 5062))
    assert not any(contig == "tiny" for contig, *_ in found)


def test_a_bedgraph_has_the_same_numbers(world, track):
    assert track("--regions", "chr1", model="place").status == 0
    found = read(world.folder / "out/T1.bw")
    (world.folder / "out").rename(world.folder / "before")
    assert track("--regions", "chr1", "--format", "bedgraph", model="place").status == 0
    lines = (world.folder / "out/T1.bedgraph").read_text().splitlines()
    cells = [line.split("\t") for line in lines]
    assert [(c, int(low), int(high)) for c, low, high, _ in cells] == list(found)
    assert [np.float32(value) for *_, value in cells] == list(found.values())


def test_chosen_targets_and_files(world, track):
    assert track("--regions", "chr1", "--targets", "T1", model="gc").status == 0
    assert [path.name for path in (world.folder / "out").glob("*.bw")] == ["T1.bw"]


def test_file_names():
    labels = ['a b"c', "a/b c", "A_b_c", "..", "", "ß" * 300, "x" * 300, "-o"]
    names = file_names(labels)
    assert names[:5] == ["a_b_c", "a_b_c_2", "A_b_c_3", "target", "target_2"]
    assert names[5:] == ["_" * 100, "x" * 100, "o"]


def test_values_are_those_of_predict_on_the_example(regplug, tmp_path):
    """The model that comes with regplug, each window cut out and scored by `regplug predict`."""
    done = regplug(
        *("track", *ENCODE, "--fasta", HG38, "-o", tmp_path / "out"),
        *("--regions", "chr5:1,295,105-1,295,300", "--targets", "GABPA,SP1"),
    )
    assert done.status == 0, done.err
    tracks = [read(tmp_path / f"out/{target}.bw") for target in ("GABPA", "SP1")]
    places = list(tracks[0])
    assert places[0] == ("chr5", 1295104, 1295110)
    assert places[1] == ("chr5", 1295110, 1295120)
    middles = [low // 10 * 10 + 4 for _, low, _ in places]
    with Genome(HG38) as genome:
        windows = [genome.codes(Interval("chr5", at - 50, at + 51)) for at in middles]
    (tmp_path / "w.fa").write_text("".join(f">w\n{decode(window)}\n" for window in windows))
    predicted = regplug("predict", tmp_path / "w.fa", *ENCODE).out.splitlines()
    header = predicted[0].split("\t")
    rows = [
        [float(row.split("\t")[header.index(t)]) for t in ("GABPA", "SP1")] for row in predicted[1:]
    ]
    found = [[track[place] for track in tracks] for place in places]
    np.testing.assert_allclose(found, rows, atol=1e-5)


def test_a_scan_is_base_by_base(regplug, tmp_path):
    random_panel(tmp_path / "repo")
    letters = random_letters(200, seed=9)
    fasta = write_fasta(tmp_path / "g.fa", {"c": letters})
    model = ("--model", "panel", "--model-repo", tmp_path / "repo", "--threads", 1)
    assert regplug("track", *model, "--fasta", fasta, "--all", "-o", tmp_path / "out").status == 0
    windows = [letters[start : start + 36] for start in range(200 - 36 + 1)]
    (tmp_path / "w.fa").write_text("".join(f">w\n{window}\n" for window in windows))
    rows = [
        row.split("\t") for row in regplug("predict", tmp_path / "w.fa", *model).out.splitlines()
    ]
    for target in range(3):
        found = read(tmp_path / f"out/T{target}.bw")
        assert list(found) == [("c", at, at + 1) for at in range(200)]
        inside = list(found.values())[17 : 17 + len(windows)]
        np.testing.assert_allclose(inside, [float(row[target + 1]) for row in rows[1:]], atol=1e-5)


def test_the_example_has_the_numbers_of_its_vcf(regplug, tmp_path, monkeypatch):
    """At each variant's base the three tracks are what `regplug annotate` writes, to 1e-5."""
    vcf, out = EXAMPLES / "variants.vcf", tmp_path / "out.vcf"
    model = (*ENCODE, "--fasta", HG38, "--targets", "GABPA,SP1,ZBTB7A")
    assert regplug("annotate", vcf, *model, "--scores", "ref,alt,diff", "-o", out).status == 0
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = regplug("track", *model, "--vcf", vcf, "-o", tmp_path / "out")
    assert done.status == 0, done.err
    assert "17 ALTs in 15 records" in done.err
    suffixes = {"ref": "__REF", "alt": "__ALT", "difference": ""}
    tracks = {
        (target, kind): read(tmp_path / f"out/{target}.{kind}.bw")
        for target in ("GABPA", "SP1", "ZBTB7A")
        for kind in suffixes
    }
    seen = 0
    for record in cyvcf2.VCF(str(out)):
        if record.ID in ("HBB_c.-137", "LDLR_c.-139C>G", "LDLR_c.-138del"):
            continue  # several ALTs at one base; see below
        for (target, kind), values in tracks.items():
            number = record.INFO.get(f"RP_DEEPBIND_ENCODE_{target}{suffixes[kind]}")
            place = (record.CHROM, record.POS - 1, record.POS)
            if number is None:
                assert place not in values
            else:
                assert values[place] == pytest.approx(number, rel=1e-5, abs=1e-5)
                seen += 1
    assert seen == 9 * 9
    for pos, ids in [(5227158, ["HBB_c.-137"]), (11089410, ["LDLR_c.-139C>G", "LDLR_c.-138del"])]:
        records = [record for record in cyvcf2.VCF(str(out)) if record.ID in ids]
        numbers = np.hstack([record.INFO["RP_DEEPBIND_ENCODE_SP1"] for record in records])
        value = tracks["SP1", "difference"][records[0].CHROM, pos - 1, pos]
        assert np.abs(numbers - value).min() < 1e-5


def test_one_indel_has_the_number_of_its_vcf(regplug, tmp_path):
    lines = (EXAMPLES / "variants.vcf").read_text().splitlines()
    vcf, out = tmp_path / "del.vcf", tmp_path / "out.vcf"
    kept = [line for line in lines if line.startswith("#") or "-138del" in line]
    vcf.write_text("\n".join(kept) + "\n")
    model = (*ENCODE, "--fasta", HG38, "--targets", "GABPA,SP1,REST")
    assert regplug("annotate", vcf, *model, "-o", out).status == 0
    assert regplug("track", *model, "--vcf", vcf, "-o", tmp_path / "out").status == 0
    [record] = cyvcf2.VCF(str(out))
    for target in ("GABPA", "SP1", "REST"):
        found = read(tmp_path / f"out/{target}.difference.bw")
        number = record.INFO[f"RP_DEEPBIND_ENCODE_{target}"]
        assert found["chr19", 11089409, 11089410] == pytest.approx(number, abs=1e-5)


class Seen:
    """A view that keeps what it was given."""

    name, help = "keep", "Keep what is given."

    def write(self, made):
        self.made = made
        self.bases = made.genome.letters(Interval("chr1", 0, 10))
        return made.folder / "kept.txt"


def test_views(world, track, monkeypatch):
    view = Seen()

    class Plugin:
        @hookspecs.hookimpl
        def regplug_track_writers(self):
            return [view]

    load = pluggy.PluginManager.load_setuptools_entrypoints

    def with_view(self, group):
        self.register(Plugin(), "views")
        return load(self, group)

    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", with_view)
    bad = f"chr1 30 . {world.other('chr1', 30)} {world.base('chr1', 30)} . . ."
    vcf = world.vcf("in.vcf", [world.snv("chr1", 20), bad, world.snv("chr2", 200)])
    done = track("--vcf", vcf, "--keep", "--assembly", "hg38", model="gc")
    assert done.status == 0, done.err
    assert done.err.endswith(f"keep: {world.folder / 'out' / 'kept.txt'}\n")
    made = view.made
    kinds = [(t.path.name, t.model, t.target, t.kind) for t in made.tracks]
    assert kinds == [
        (f"{target}.{kind}.bw", "gc", target, kind)
        for target in ("T0", "T1")
        for kind in ("ref", "alt", "difference")
    ]
    assert [str(v) for v in made.variants] == [str(v) for v in map(one_of, cyvcf2.VCF(str(vcf)))]
    assert (made.assembly, made.folder) == ("hg38", world.folder / "out")
    assert made.differences.shape == (3, 2)
    assert np.isnan(made.differences).any(axis=1).tolist() == [False, True, False]
    for file in made.tracks:
        values = read(file.path).values()
        assert (file.low, file.high) == (min(values), max(values))
    found = read(made.tracks[2].path)
    assert found["chr2", 199, 200] == made.differences[2, 0]
    assert view.bases == world.base("chr1", 1, 10)
    assert [region.chrom for region in made.regions] == ["chr1", "chr2"]
    assert "--keep" in track("--help").out
    done = track("--vcf", vcf, "--keep", "--format", "bedgraph")
    assert done.status == 2
    assert "--keep needs --format bigwig" in done.err


def one_of(record):
    return f"{record.CHROM}:{record.POS} {record.REF}>{record.ALT[0]}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--regions", "chr9:1-5"], "no contig chr9"),
        (["--regions", "chr1:501-502"], "behind the end of chr1 (500)"),
        (["--regions", "chr1:9-5"], "chr1:9-5 is no region"),
        (["--regions-file", "none.bed"], "cannot read the regions in none.bed"),
        (
            ["--regions", "chr1", "--model", "wide"],
            "chr1 has 500 bases, fewer than the window of 501",
        ),
        (["--all", "--model", "wide"], "has 501 bases, the model's window"),
        (["--regions", "chr1", "--targets", "T7"], "centre has no target T7"),
        (["--regions", "chr1", "--model", "many"], "many has 17 targets, more than 16: choose"),
        (["--regions", "chr1", "--model", "rna"], "rna reads the transcribed strand"),
        (["--vcf", "in.vcf", "--model", "rna"], "rna reads the transcribed strand"),
        (["--regions", "chr1", "--model", "any"], "any reads a sequence as a whole"),
        (["--regions", "chr1", "--model", "none"], "no model none"),
        (["--vcf", "empty.vcf"], "empty.vcf holds no variant"),
        (["--vcf", "bad.vcf"], "no ALT of bad.vcf can be drawn"),
        (["--vcf", "none.vcf"], "no file none.vcf"),
        (["--regions", "unknown"], "no window there can be scored"),
    ],
)
def test_bad_input(world, track, monkeypatch, tmp_path_factory, arguments, message):
    repo = tmp_path_factory.mktemp("repo")
    gc_model(repo, "wide", window=501)
    gc_model(repo, "rna", strand="forward")
    gc_model(repo, "any", window=None)
    gc_model(repo, "centre")
    table = np.zeros((5, 17))
    from tests.toy_models import table_model

    table_model(repo, "many", table, window=21)
    write_fasta(world.folder / "g.fa", {**world.contigs, "unknown": "N" * 90})
    world.vcf("in.vcf", [world.snv("chr1", 20)])
    world.vcf("empty.vcf", [])
    world.vcf("bad.vcf", ["chr1 20 . A <DEL> . . SVTYPE=DEL"])
    monkeypatch.chdir(world.folder)
    before = set(world.folder.iterdir())
    done = track("--model-repo", repo, *arguments, fasta="g.fa")
    assert done.status == 1
    assert message in done.err
    assert "Traceback" not in done.err
    assert set(world.folder.iterdir()) - before <= {world.folder / "g.fa.fai"}


@pytest.mark.parametrize("arguments", [[], ["--all", "--regions", "chr1"], ["--vcf", "x", "--all"]])
def test_what_to_draw_is_one_thing(track, arguments):
    done = track(*arguments)
    assert done.status == 2
    assert "give --regions or --regions-file, or --vcf, or --all" in done.err


def test_a_folder_with_other_things_is_left_alone(world, track):
    (world.folder / "out").mkdir()
    (world.folder / "out/T0.bw").write_text("of another run")
    done = track("--regions", "chr1")
    assert done.status == 1
    assert "out exists and holds other things: name a new folder" in done.err
    assert (world.folder / "out/T0.bw").read_text() == "of another run"


def test_a_full_disk_leaves_nothing(world):
    """The disk is full after 200 bytes of the bigWig."""
    program = (
        "import resource, sys\n"
        "from regplug.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "main()\n"
    )
    command = [
        *(sys.executable, "-c", program, "track", "--model", "place", "--model-repo", world.repo),
        *("--fasta", world.fasta, "--all", "--step", "1", "-o", world.folder / "out"),
    ]
    Genome(world.fasta).close()  # its index
    before = set(world.folder.iterdir())
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"cannot write {world.folder / 'out'}: pyBigWig failed" in done.stderr
    assert "is the disk full?" in done.stderr
    assert set(world.folder.iterdir()) == before
