"""`regplug attribute`: explain's numbers, files that others read, resumed runs, and mistakes."""

import csv
import json
import re
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pybigtools
import pytest

import regplug as front_door
from regplug.api.parts import contributions as parts
from regplug.genome.codes import encode
from regplug.interpret.attribute.file import read_contributions
from tests.toy_models import gc_model
from tests.toy_planted import MOTIF, planted_model


@pytest.fixture
def attribute(world, regplug):
    """Return a function that runs `regplug attribute` in the toy world; the output is out/."""

    def run(sequences, *arguments, model="place", out="out"):
        where = ("--fasta", world.fasta, "--model-repo", world.repo, "-o", world.folder / out)
        return regplug("attribute", model, sequences, *where, *arguments)

    return run


@pytest.fixture
def bed(world):
    path = world.folder / "in.bed"
    path.write_text("chr1\t100\t120\tfirst\n2\t50\t51\nchr1\t105\t130\n")
    return path


def fasta(world, *sequences):
    path = world.folder / "in.fa"
    path.write_text("".join(f">s{at}\n{letters}\n" for at, letters in enumerate(sequences)))
    return path


def test_a_map_of_explain(world, attribute, regplug, bed):
    """The window around base 110 (0-based) reaches from 100 to 120: explain's region 101-121."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("pyjaspar")
    done = attribute(bed, "--score", "diff")
    assert done.status == 0, done
    regplug(
        *("explain", "chr1:101-121", "--model", "place", "--model-repo", world.repo),
        *("--fasta", world.fasta, "--targets", "T0,T1", "-o", world.folder / "map"),
    )
    table = (world.folder / "map" / "map.tsv").read_text().splitlines()
    rows = list(csv.DictReader(table, delimiter="\t"))
    for target in ("T0", "T1"):
        stored = read_contributions(world.folder / "out" / f"{target}.h5")
        wanted = np.array([[row[b] for b in "ACGT"] for row in rows if row["target"] == target])
        wanted = wanted.astype(np.float32)
        assert stored.hypothetical[0] == pytest.approx(wanted - wanted.mean(axis=1)[:, None])


def test_the_file(world, attribute, bed):
    assert attribute(bed, "--targets", "T1", "--bigwig").status == 0
    with h5py.File(world.folder / "out" / "T1.h5") as file:
        raw, shap, own = (file[f"{name}/seq"][:] for name in ("raw", "shap", "projected_shap"))
        about = json.loads(file.attrs["about"])
        coords = {name: file["coords"][name][:].tolist() for name in file["coords"]}
        predictions = file["predictions"][:]
    codes = np.stack([encode(world.contigs[c][s : s + 21]) for c, s in SEEN])
    assert (raw == (codes[:, None] == np.arange(4)[:, None])).all()
    assert (raw.dtype, shap.dtype, own.dtype) == (np.int8, np.float32, np.float32)
    assert (own == raw * shap).all()
    assert coords == {
        "name": [b"first", b"2:51-51", b"chr1:106-130"],
        "chrom": [chrom.encode() for chrom, _ in SEEN],
        "start": [start for _, start in SEEN],
        "end": [start + 21 for _, start in SEEN],
    }
    assert (about["form"], about["target"]) == ("contributions 1", "T1")
    assert (about["method"], about["mutate"], about["score"]) == ("ism", "centred", "diff")
    assert len(about["sha256"]) == 64
    values = np.array([-1, 3, 1, 2])[codes] * 1.1 ** np.arange(21)
    assert predictions == pytest.approx(values.sum(axis=1), rel=1e-5)
    with pybigtools.open(str(world.folder / "out" / "T1.bw")) as track:
        near = track.values("chr1", 100, 128, fillna=np.nan)
        far = track.values("chr2", 0, 300, fillna=np.nan)
    middle = (110.5 + 117.5) // 2  # of the two windows: here the second's bases begin
    own = own.sum(axis=1)
    first = int(middle) - 100
    assert near[:first] == pytest.approx(own[0][:first])
    assert near[first:] == pytest.approx(own[2][first - 7 :])
    assert np.flatnonzero(~np.isnan(far)).tolist() == list(range(40, 61))


SEEN = [("chr1", 100), ("chr2", 40), ("chr1", 107)]


def test_within_and_centred_differ_where_columns_do(world, attribute, bed):
    """Of `place` a column's weight grows by 1.1: within the sequence, where the base stands."""
    for how in ("centred", "within"):
        attribute(bed, "--targets", "T0", "--mutate", how, out=how)
    centred, within = (
        read_contributions(world.folder / how / "T0.h5").hypothetical
        for how in ("centred", "within")
    )
    growth = 1.1 ** (np.arange(21) - 10)
    assert within == pytest.approx(centred * growth[None, :, None], rel=1e-4, abs=1e-4)


def test_a_summit_stands_where_a_variant_would(world, attribute):
    path = world.folder / "in.narrowPeak"
    path.write_text("chr1\t100\t180\tp\t0\t.\t1\t-1\t-1\t33\n")
    attribute(path, "--targets", "T0")
    assert read_contributions(world.folder / "out" / "T0.h5").sequences[0].place.start == 123


def test_both_alleles_of_a_variant(world, attribute, regplug):
    """An ALT's contributions are explain's of ALT; a deletion's too."""
    vcf = world.vcf("in.vcf", [world.snv("chr1", 201), "chr1 300 . N A . . .", _deletion(world)])
    done = attribute(vcf, "--targets", "T0", "--score", "diff", "--bigwig")
    assert done.status == 0, done
    assert "left out: 1 (ref_mismatch)" in done.err
    stored = read_contributions(world.folder / "out" / "T0.h5")
    names = [each.name for each in stored.sequences]
    ref, alt = world.base("chr1", 201), world.other("chr1", 201)
    assert names[:2] == [f"chr1:201:{ref}:{alt}/ref", f"chr1:201:{ref}:{alt}/alt"]
    assert [stored.letters[row, 10].tolist().index(1) for row in (0, 1)] == [*encode(ref + alt)]
    letters = world.contigs["chr1"]
    gone = letters[:401] + letters[404:]
    codes = encode(gone[390:411])
    assert (stored.letters[3] == (codes[:, None] == np.arange(4))).all()
    weight = np.array([1.0, 2, 4, 8]) * 1.1**10  # of the column that a change is centred on
    assert stored.hypothetical[3] == pytest.approx(
        np.tile(weight - weight.mean(), (21, 1)), rel=1e-4
    )
    assert done.err.count("left out") == 1


def _deletion(world):
    ref = world.base("chr1", 401, 4)
    return f"chr1 401 . {ref} {ref[0]} . . ."


def test_a_fasta(world, attribute):
    planted_model(world.folder / "more", window=21)
    path = fasta(world, "CC" + MOTIF + "C" * 12, "N" * 21, "ACGTNACGTACGTACGTACGT")
    done = attribute(path, "--model-repo", world.folder / "more", model="planted")
    assert done.status == 0, done
    assert "left out: 1 (mostly_n)" in done.err
    stored = read_contributions(world.folder / "out" / "sites.h5")
    assert stored.sequences == [("s0", None), ("s2", None)]
    assert (stored.hypothetical * stored.letters)[0].sum(axis=1).tolist() == (
        [0] * 2 + [0.75] * 7 + [0] * 12
    )


def test_through_torch(world, attribute):
    """The site of a known model: DeepLIFT's seven equal shares; its gradient is the filter's."""
    pytest.importorskip("torch")
    planted_model(world.folder / "more", window=7)
    path = fasta(world, MOTIF)
    for method in ("deeplift", "gradient"):
        done = attribute(
            *(path, "--method", method, "--references", 0, "--threads", 1),
            *("--model-repo", world.folder / "more"),
            model="planted",
            out=method,
        )
        assert done.status == 0, done
    shares, slopes = (
        read_contributions(world.folder / method / "sites.h5")
        for method in ("deeplift", "gradient")
    )
    assert (shares.hypothetical * shares.letters).sum(axis=2) == pytest.approx(1 / 7)
    assert (slopes.hypothetical * slopes.letters).sum(axis=2) == pytest.approx(0.75)
    assert (shares.about.references, shares.about.mutate) == (0, "")


@pytest.mark.parametrize("size", [1, 2, 50])
def test_parts_make_the_whole(world, attribute, bed, size):
    assert attribute(bed, out="whole").status == 0
    assert attribute(bed, "--resume", "--part-size", size, "--bigwig").status == 0
    for name in ("T0.h5", "T1.h5"):
        whole, made = (world.folder / out / name for out in ("whole", "out"))
        assert whole.read_bytes() == made.read_bytes()
    assert not list(world.folder.glob("*.parts"))


def test_a_run_that_was_interrupted_goes_on(world, attribute, bed, monkeypatch):
    real, made = parts.contribute, []

    def contribute(job):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(job.number)
        return real(job)

    monkeypatch.setattr(parts, "contribute", contribute)
    assert attribute(bed, "--resume", "--part-size", 1).status == 130
    assert not (world.folder / "out").exists()
    assert "--resume goes on" in attribute(bed, "--part-size", 1, "--executor", "sequential").err
    made.clear()
    assert attribute(bed, "--resume", "--part-size", 1).status == 0
    assert made == [2]
    monkeypatch.undo()
    attribute(bed, out="whole")
    assert (world.folder / "out" / "T0.h5").read_bytes() == (
        world.folder / "whole" / "T0.h5"
    ).read_bytes()


def test_parts_in_other_numbers_are_made_again(world, attribute, bed, monkeypatch):
    """As annotate has it: an engine of float32 goes on with another's parts, bfloat16 does not."""
    pytest.importorskip("torch")
    real, made, most = parts.contribute, [], 2

    def contribute(job):
        if len(made) == most:
            raise KeyboardInterrupt
        made.append(job.number)
        return real(job)

    monkeypatch.setattr(parts, "contribute", contribute)
    assert attribute(bed, "--resume", "--part-size", 1).status == 130
    most = 3
    made.clear()
    assert attribute(bed, "--resume", "--part-size", 1, "--engine", "torch:bf16").status == 0
    assert made == [0, 1, 2]
    about = read_contributions(world.folder / "out" / "T0.h5").about
    assert about
    assert (about.version, about.precision) == ("1", "bf16")


def test_deeplift_is_of_float32(world, attribute, bed):
    done = attribute(bed, "--method", "deeplift", "--engine", "torch:bf16")
    assert (done.status, (world.folder / "out").exists()) == (1, False)
    assert "deeplift is of float32: leave :bf16 out of --engine" in done.err


def test_what_a_killed_run_was_just_writing_is_in_nobodys_way(world, attribute, bed):
    folder = world.folder / "out.parts"
    folder.mkdir()
    (folder / ".77-thesis.npz").write_bytes(b"whole")
    assert "holds .77-thesis.npz, which is no part" in attribute(bed, "--resume").err
    (folder / ".77-thesis.npz").rename(folder / ".77-part-000001.npz")
    assert attribute(bed, "--resume").status == 0


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_run_goes_on(world, attribute, bed, after):
    """SIGKILL while parts are made; then the same bytes as in one go."""
    bed.write_text("".join(f"chr1\t{at}\t{at + 1}\n" for at in range(60, 400, 20)))
    command = [
        *(sys.executable, "-m", "regplug", "attribute", "place", str(bed)),
        *("--fasta", str(world.fasta), "--model-repo", str(world.repo)),
        *("-o", str(world.folder / "out"), "--resume", "--part-size", "1"),
    ]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    folder = world.folder / "out.parts"
    while len(list(folder.glob("part-*.json"))) < after and run.poll() is None:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    done = attribute(bed, "--resume", "--part-size", 1)
    assert done.status == 0, done
    attribute(bed, out="whole")
    for name in ("T0.h5", "T1.h5"):
        assert (world.folder / "out" / name).read_bytes() == (
            world.folder / "whole" / name
        ).read_bytes()


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        (["ACGT"], "place reads 21 bases, s0 has 4: give its region in a genome"),
        (["A" * 21, "C" * 30], "place reads 21 bases, s1 has 30: cut it"),
        (["N" * 21], "no sequence of .* has contributions .mostly_n: 1"),
    ],
)
def test_sequences_that_do_not_do(world, attribute, letters, message):
    done = attribute(fasta(world, *letters))
    assert done.status == 1
    assert re.search(message, done.err)
    assert not (world.folder / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--targets", "T7"], "place has no target T7"),
        (["--score", "logit"], "place predicts a score, which has no logit"),
        (["--method", "gradient", "--mutate", "within"], "--mutate is of ism"),
    ],
)
def test_options_that_do_not_go_together(world, attribute, bed, arguments, message):
    done = attribute(bed, *arguments)
    assert (done.status, message in done.err) == (1, True), done
    assert not (world.folder / "out").exists()


def test_what_a_fasta_has_not(world, attribute):
    path = fasta(world, "ACGTACGTACGTACGTACGTA")
    assert "no place in a genome" in attribute(path, "--bigwig").err
    assert "no flanks to centre on" in attribute(path, "--mutate", "centred").err


def test_a_region_beyond_the_genome(world, attribute):
    path = world.folder / "in.bed"
    path.write_text("chr1\t900\t920\n")
    assert "starts behind the end of chr1" in attribute(path).err


def test_a_damaged_file_is_named(world, attribute, bed):
    from regplug.errors import DataError

    attribute(bed)
    path = world.folder / "out" / "T0.h5"
    whole = path.read_bytes()
    for broken in (b"", b"no HDF5", whole[: len(whole) // 2], whole.replace(b"seq", b"sex")):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"T0\.h5"):
            read_contributions(path)


def test_in_python(world, bed):
    gc_model(world.folder / "more", window=21)
    made = front_door.attribute(
        "gc", bed, output=world.folder / "py", fasta=world.fasta, repo=str(world.folder / "more")
    )
    assert list(made.files) == ["T0", "T1"]
    assert (made.sequences, made.left_out, made.tracks) == (3, {}, {})
    assert all(path.is_file() for path in made.files.values())
