"""`regplug annotate --resume`: a run in parts ends as one in one go, whatever interrupts it."""

import signal
import subprocess
import sys
import time

import pyarrow.parquet
import pyBigWig
import pytest

from regplug.api.parts import records as of_records
from regplug.api.parts import tracks as of_tracks
from tests.cli.test_annotate import bcftools

OVER = 41  # records; the last part is shorter


@pytest.fixture
def vcf(world):
    lines = [world.snv("chr1", pos) for pos in range(10, 10 + 4 * (OVER - 3), 4)]
    ref = world.base("chr1", 300, 3)
    lines += [f"chr1 300 del {ref} {ref[0]},<DEL> . . .", "chr1 310 none N . . . ."]
    return world.vcf("in.vcf.gz", [*lines, world.snv("chr2", 40)])


@pytest.fixture
def scored(monkeypatch):
    """Count the parts that are scored; a number of parts after which the run ends can be set."""
    calls = []
    real = of_records.score_part

    def score(each):
        if len(calls) == score.most:
            raise KeyboardInterrupt
        calls.append(each.number)
        return real(each)

    score.most = 1000
    score.calls = calls
    monkeypatch.setattr(of_records, "score_part", score)
    return score


def rows(path):
    return [line for line in bcftools("view", path).split("\n") if not line.startswith("##")]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("out", ["out.vcf", "out.vcf.gz", "out.bcf"])
def test_parts_make_the_whole(world, annotate, vcf, size, out):
    whole, parts = world.folder / f"whole-{out}", world.folder / out
    assert annotate(vcf, "-o", whole, "--matrix", world.folder / "w.parquet").status == 0
    done = annotate(
        *(vcf, "-o", parts, "--resume", "--part-size", size),
        *("--matrix", world.folder / "p.parquet"),
    )
    assert done.status == 0, done
    assert rows(parts) == rows(whole)
    tables = [pyarrow.parquet.read_table(world.folder / f"{name}.parquet") for name in "pw"]
    assert tables[0].equals(tables[1])
    assert not list(world.folder.glob("*.parts"))
    indices = [path.name for path in world.folder.glob(f"{out}.*i")]
    assert len(indices) == (out != "out.vcf")


@pytest.mark.parametrize("matrix", ["m.tsv", "m.tsv.gz"])
def test_tables_of_text(world, annotate, vcf, matrix):
    texts = []
    for name, more in (("w", ()), ("p", ("--resume", "--part-size", 3))):
        path = world.folder / f"{name}{matrix}"
        annotate(vcf, "-o", world.folder / f"{name}.vcf", "--matrix", path, *more)
        texts.append(path.read_bytes())
    assert texts[0] == texts[1]


def test_summaries_agree(world, annotate, vcf):
    told = []
    for more in ((), ("--resume", "--part-size", 3)):
        done = annotate(vcf, "-o", world.folder / "o.vcf", "--summary", "-", *more)
        told.append(done.out.partition('"records"')[2])
    assert told[0]
    assert told[0] == told[1]


def test_what_is_scored_is_not_scored_again(world, annotate, vcf, scored):
    out, more = world.folder / "out.vcf", ("--resume", "--part-size", 10)
    scored.most = 2
    assert annotate(vcf, "-o", out, *more).status == 130
    assert not out.exists()
    assert len(list((world.folder / "out.vcf.parts").glob("*.json"))) == 2
    refused = annotate(vcf, "-o", out)
    assert refused.status == 0  # in one go, which has nothing to do with the parts
    whole = rows(out)
    scored.most = 1000
    assert annotate(vcf, "-o", out, *more).status == 0
    assert scored.calls == [0, 1, 2, 3, 4]
    assert rows(out) == whole
    assert not (world.folder / "out.vcf.parts").exists()


@pytest.mark.parametrize("what", ["targets", "record", "damage", "told", "cut", "size", "model"])
def test_only_parts_of_the_same_content_and_settings_are_taken(world, annotate, vcf, scored, what):
    out, more = world.folder / "out.vcf", ["--resume", "--part-size", "10"]
    scored.most = 3
    annotate(vcf, "-o", out, *more)
    scored.most, scored.calls[:] = 1000, []
    part = world.folder / "out.vcf.parts" / "part-000001.vcf"
    expected = [0, 1, 2, 3, 4]
    if what == "targets":
        more += ["--targets", "T1"]
    elif what == "record":
        lines = [world.snv("chr1", pos) for pos in range(10, 10 + 4 * OVER, 4)]
        lines[12] = lines[12].replace(" . . .", " 30 . .")
        vcf = world.vcf("in.vcf.gz", lines)
        expected = [1, 3, 4]
    elif what == "damage":
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
        expected = [1, 3, 4]
    elif what == "told":  # how many ALTs got which status
        about = part.with_suffix(".json")
        content = about.read_text()
        assert content.count('"alts":10') == 1, content
        about.write_text(content.replace('"alts":10', '"alts":90'))
        expected = [1, 3, 4]
    elif what == "cut":
        part.write_bytes(part.read_bytes()[:-9])
        expected = [1, 3, 4]
    elif what == "size":
        more[-1] = "20"
        expected = [0, 1, 2]
    else:
        more += ["--model", "centre"]
    assert annotate(vcf, "-o", out, *more).status == 0
    assert scored.calls == expected
    plain = world.folder / "plain.vcf"
    words = [word for word in more if word in ("--targets", "T1", "--model", "centre")]
    assert annotate(vcf, "-o", plain, *words).status == 0
    assert rows(out) == rows(plain)


def killed_and_resumed(line, out, *, after, times):
    """Run a command, SIGKILL it each time that there are `after` more parts, then let it end."""
    line = [sys.executable, "-m", "regplug", *map(str, line), "-o", str(out), "--resume"]
    killed = 0
    while True:
        with subprocess.Popen(line, stderr=subprocess.DEVNULL) as process:
            parts = len(list(out.parent.glob(f"{out.name}.parts/*.json")))
            while process.poll() is None and killed < times:
                if len(list(out.parent.glob(f"{out.name}.parts/*.json"))) >= parts + after:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
                    break
                time.sleep(0.005)
            status = process.wait()
        if status == 0:
            return killed
        assert status == -signal.SIGKILL
        assert not out.exists()


@pytest.mark.slow
@pytest.mark.fault("killed runs", "SIGKILL at random moments, and --resume: the same records")
def test_kill_and_resume(world, annotate):
    lines = [world.snv("chr1", pos) for pos in range(15, 485)]
    vcf = world.vcf("in.vcf.gz", lines)
    tables = [world.folder / name for name in ("whole.tsv", "parts.tsv")]
    whole, out = world.folder / "whole.vcf", world.folder / "out.vcf"
    annotate(vcf, "-o", whole, "--matrix", tables[0])
    line = ["annotate", vcf, "--fasta", world.fasta, "--matrix", tables[1], "--part-size", 2]
    line += ["--model-repo", world.repo, "--model", "gc", "--all-targets"]
    assert killed_and_resumed(line, out, after=20, times=5) >= 3
    assert rows(out) == rows(whole)
    assert tables[0].read_text() == tables[1].read_text()


@pytest.mark.slow
@pytest.mark.fault("killed runs", "SIGKILL of track and precompute, and --resume: the same values")
@pytest.mark.parametrize("what", ["track", "precompute"])
def test_kill_and_resume_along_regions(world, regplug, what):
    line = [what, "--fasta", world.fasta, "--model-repo", world.repo, "--model", "gc"]
    line += ["--regions", "chr1,chr2"] if what == "track" else ["chr1:31-290"]
    name = "out" if what == "track" else "out.vcf.gz"
    whole, out = world.folder / f"whole-{name}", world.folder / name
    assert regplug(*line, "-o", whole).status == 0
    assert killed_and_resumed([*line, "--part-size", 12], out, after=4, times=3) == 3
    if what == "track":
        for track in ("T0.bw", "T1.bw"):
            assert bigwig(out / track) == bigwig(whole / track)
    else:
        assert rows(out) == rows(whole)


def test_what_a_killed_process_left_half_written_is_no_obstacle(world, annotate, vcf, scored):
    """SIGKILL between the first byte of a part and its name leaves .PID-NAME in the folder."""
    out, more = world.folder / "out.vcf", ("--resume", "--part-size", 10)
    scored.most = 2
    annotate(vcf, "-o", out, *more)
    (world.folder / "out.vcf.parts" / ".4711-part-000002.vcf").write_bytes(b"##fileform")
    scored.most = 1000
    assert annotate(vcf, "-o", out, *more).status == 0
    assert scored.calls == [0, 1, 2, 3, 4]
    assert not (world.folder / "out.vcf.parts").exists()


@pytest.mark.slow
def test_processes(world, annotate, vcf):
    whole, out = world.folder / "whole.vcf", world.folder / "out.vcf"
    annotate(vcf, "-o", whole)
    done = annotate(vcf, "-o", out, "--executor", "processes:2", "--part-size", 10)
    assert done.status == 0, done
    assert rows(out) == rows(whole)


def test_refused(world, annotate, vcf):
    done = annotate(vcf, "--resume")
    assert (done.status, done.err) == (
        1,
        "regplug: --resume needs an output with a name: give -o FILE\n",
    )
    done = annotate(vcf, "--executor", "nowhere", "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "no executor nowhere: there are sequential" in done.err
    folder = world.folder / "o.vcf.parts"
    folder.mkdir()
    (folder / "thesis.doc").write_text("mine")
    done = annotate(vcf, "--resume", "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "holds thesis.doc, which is no part of a run" in done.err
    assert (folder / "thesis.doc").exists()
    (folder / "thesis.doc").rename(folder / "part-000001.json")
    done = annotate(vcf, "--executor", "sequential", "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "--resume goes on with it" in done.err


def test_haplotypes_are_not_cut(world, annotate, vcf):
    done = annotate(vcf, "--phased", "--resume", "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "a haplotype reaches over the ends of parts" in done.err


def test_an_executor_needs_no_name_of_an_output(world, annotate, vcf):
    plain = annotate(vcf, "--no-version")
    parts = annotate(vcf, "--no-version", "--executor", "sequential", "--part-size", 5)
    assert parts.status == 0
    assert parts.out == plain.out


def test_no_records(world, annotate):
    empty = world.vcf("empty.vcf", [])
    done = annotate(empty, "--resume", "-o", world.folder / "o.vcf")
    assert done.status == 0
    assert rows(world.folder / "o.vcf")[1:] == [""]
    assert not (world.folder / "o.vcf.parts").exists()


def test_a_stream_and_a_failing_part(world, annotate, vcf):
    """Records of another build: the run ends, and the parts before stay."""
    lines = [world.snv("chr1", pos) for pos in range(15, 215)]
    wrong = [f"chr1 {pos} . {world.other('chr1', pos)} N . . ." for pos in range(215, 315)]
    mixed = world.vcf("mixed.vcf", lines + wrong)
    done = annotate(mixed, "--resume", "--part-size", 100, "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert "build" in done.err
    assert len(list((world.folder / "o.vcf.parts").glob("*.json"))) == 2


def bigwig(path):
    with pyBigWig.open(str(path)) as file:
        return {chrom: file.intervals(chrom) for chrom in file.chroms()}


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("where", [["--all"], ["--regions", "chr1:31-204,chr1:251-440,chr2"]])
def test_tracks_in_parts(world, regplug, monkeypatch, step, where):
    """The values of a run in one go; and no part is made twice."""
    line = ["track", "--model", "gc", "--fasta", world.fasta, "--model-repo", world.repo]
    line += ["--step", step, *where]
    assert regplug(*line, "-o", world.folder / "whole").status == 0
    calls, real = [], of_tracks.track_part

    def make(job):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(job.number)
        return real(job)

    monkeypatch.setattr(of_tracks, "track_part", make)
    parts = ["-o", world.folder / "parts", "--resume", "--part-size", 90]
    assert regplug(*line, *parts).status == 130
    assert not (world.folder / "parts").exists()
    monkeypatch.setattr(of_tracks, "track_part", lambda job: calls.append(job.number) or real(job))
    done = regplug(*line, *parts)
    assert done.status == 0, done
    assert calls == list(range(calls[-1] + 1))
    assert calls[-1] > 5
    for name in ("T0.bw", "T1.bw"):
        assert bigwig(world.folder / "parts" / name) == bigwig(world.folder / "whole" / name)
    assert not (world.folder / "parts.parts").exists()


def test_tracks_around_variants_are_not_cut(world, regplug, vcf):
    line = ["track", "--model", "gc", "--fasta", world.fasta, "--model-repo", world.repo]
    done = regplug(*line, "--vcf", vcf, "--resume", "-o", world.folder / "t")
    assert done.status == 1
    assert "tracks around variants are made in one go" in done.err


def test_a_table_of_all_snvs_in_parts(world, regplug, monkeypatch):
    line = ["precompute", "chr1:51-90", "chr2:20-31", "--fasta", world.fasta]
    line += ["--model-repo", world.repo, "--model", "gc"]
    assert regplug(*line, "-o", world.folder / "whole.vcf.gz").status == 0
    done = regplug(*line, "-o", world.folder / "p.vcf.gz", "--resume", "--part-size", 50)
    assert done.status == 0, done
    assert rows(world.folder / "p.vcf.gz") == rows(world.folder / "whole.vcf.gz")
    assert len(rows(world.folder / "p.vcf.gz")) == 2 + 3 * 52
    assert (world.folder / "p.vcf.gz.tbi").exists()
