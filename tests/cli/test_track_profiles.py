"""`regplug track` of a model with counts and a profile: bigWigs, on a server too, and refusals."""

import json
import re
from pathlib import Path

import cyvcf2
import numpy as np
import pybigtools
import pyBigWig
import pytest

from regplug.genome.codes import encode
from regplug.models.server import local_server, serving
from regplug.scoring.alleles import column
from tests.toy_profiles import BASES, WINDOW, ProfileToy
from tests.tracks.test_profiles import literal

TOY = ProfileToy(rows=2)  # two strands of one target
HEADS = ("--head", "counts=log_count", "--head", "profile=profile_logits")


@pytest.fixture
def profiles(world, regplug):
    """Return a function that runs `regplug track` with the imported toy."""
    file = TOY.write(world.folder / "net.onnx")
    done = regplug(
        *("models", "import", "onnx", file, *HEADS, "--name", "toy"),
        *("-o", world.folder / "repo", "--snvs", 30, "--threads", 1),
    )
    assert done.status == 0, done.err

    def run(*arguments, out="out", repo=world.folder / "repo"):
        return regplug(
            *("track", "--model", "toy", "--model-repo", repo, "--fasta", world.fasta),
            *("-o", world.folder / out, *arguments),
        )

    return run


def read(path: Path, contig: str, start: int, end: int) -> np.ndarray:
    """Return the values of bases as pybigtools and pyBigWig have them, which agree."""
    with pybigtools.open(str(path)) as file:
        values = np.array(file.values(contig, start, end, fillna=np.nan))
    file = pyBigWig.open(str(path))
    np.testing.assert_array_equal(values, file.values(contig, start, end))
    file.close()
    return values


def test_a_base_has_the_reads_of_the_literal_network(world, profiles):
    done = profiles("--regions", "chr1:101-220,chr2")
    assert done.status == 0, done.err
    assert (done.out, done.err) == ("", f"{world.folder / 'out'}: 1 tracks\n")
    for contig, low, high in [("chr1", 100, 220), ("chr2", 0, 300)]:
        wanted = [value[0] for value in literal(TOY, world.contigs[contig])[low:high]]
        found = read(world.folder / "out/t0.bw", contig, low, high)
        np.testing.assert_allclose(found, wanted, rtol=1e-4)
    assert np.isnan(read(world.folder / "out/t0.bw", "chr1", 0, 100)).all()


def test_each_strand_has_a_file(world, regplug, profiles):
    done = profiles("--regions", "chr2:1-90", "--strands", "--page")
    assert done.status == 0, done.err
    folder = world.folder / "out"
    assert {path.name for path in folder.glob("*.bw")} == {"t0_plus.bw", "t0_minus.bw"}
    wanted = np.array(literal(TOY, world.contigs["chr2"], TOY.of_strands)[:90])
    for place, strand in enumerate(("plus", "minus")):
        found = read(folder / f"t0_{strand}.bw", "chr2", 0, 90)
        np.testing.assert_allclose(found, wanted[:, place], rtol=1e-4)
    assert profiles("--regions", "chr2:1-90", out="sum").status == 0
    summed = read(world.folder / "sum/t0.bw", "chr2", 0, 90)
    np.testing.assert_allclose(summed, wanted.sum(1), rtol=1e-4)


def test_strands_where_there_are_none(world, regplug, profiles):
    vcf = world.vcf("in.vcf", [world.snv("chr1", 200)])
    done = profiles("--vcf", vcf, "--strands")
    assert (done.status, "--strands goes with regions" in done.err) == (1, True)
    ProfileToy(targets=3).imported(world.folder / "three")
    done = regplug(
        *("track", "--model", "toy", "--model-repo", world.folder / "three", "--strands"),
        *("--fasta", world.fasta, "-o", world.folder / "out", "--regions", "chr2:1-90"),
    )
    assert (done.status, "toy has no profile of two strands" in done.err) == (1, True)
    assert not (world.folder / "out").exists()


def test_a_step_is_a_mean(world, profiles):
    assert profiles("--regions", "chr2").status == 0
    assert profiles("--regions", "chr2", "--step", 10, out="steps").status == 0
    bases = read(world.folder / "out/t0.bw", "chr2", 0, 300)
    steps = read(world.folder / "steps/t0.bw", "chr2", 0, 300)
    np.testing.assert_allclose(steps[::10], bases.reshape(-1, 10).mean(1), rtol=1e-5)
    assert (steps.reshape(-1, 10) == steps[::10, None]).all()


def test_around_variants(world, regplug, profiles):
    vcf = world.vcf("in.vcf", [world.snv("chr1", 200), world.snv("chr2", 20)])
    done = profiles("--vcf", vcf)
    assert done.status == 0, done.err
    ref, alt, change = (
        read(world.folder / f"out/t0.{kind}.bw", "chr1", 0, 500)
        for kind in ("ref", "alt", "difference")
    )
    start = 199 - column(WINDOW)
    letters = world.contigs["chr1"]
    changed = letters[:199] + world.other("chr1", 200) + letters[200:]
    first = start + (WINDOW - BASES) // 2
    for found, sequence in ((ref, letters), (alt, changed)):
        wanted = TOY.reads(encode(sequence[start : start + WINDOW]))[:, 0]
        np.testing.assert_allclose(found[first : first + BASES], wanted, rtol=1e-4)
        assert np.flatnonzero(~np.isnan(found)).tolist() == list(range(first, first + BASES))
    np.testing.assert_allclose(change, alt - ref, atol=1e-6)
    log_counts = np.log([side[first : first + BASES].sum() for side in (ref, alt)])
    done = regplug(
        *("annotate", vcf, "--fasta", world.fasta, "--model", "toy", "--targets", "t0"),
        *("--model-repo", world.folder / "repo", "-o", world.folder / "annotated.vcf"),
    )
    assert done.status == 0, done.err
    tags = [v.INFO.get("RP_TOY_T0") for v in cyvcf2.VCF(str(world.folder / "annotated.vcf"))]
    assert tags[0] == pytest.approx(log_counts[1] - log_counts[0], abs=1e-4)


@pytest.mark.triton
def test_a_server_gives_the_same(world, profiles):
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    vcf = world.vcf("in.vcf", [world.snv("chr1", 200), world.snv("chr1", 210)])
    regions = ("--regions", "chr1,chr2:1-90")
    assert profiles(*regions, out="here").status == 0
    assert profiles("--vcf", vcf, out="here_vcf").status == 0
    with serving(world.folder / "repo") as server:
        for scheme in ("grpc", "http"):
            url = getattr(server, scheme)
            done = profiles(*regions, out=scheme, repo=url)
            assert done.status == 0, done.err
            assert profiles("--vcf", vcf, out=f"{scheme}_vcf", repo=url).status == 0
    for here, there in (("here", ""), ("here_vcf", "_vcf")):
        for path in sorted((world.folder / here).glob("*.bw")):
            for scheme in ("grpc", "http"):
                other = world.folder / f"{scheme}{there}" / path.name
                for contig, bases in world.contigs.items():
                    np.testing.assert_allclose(
                        read(other, contig, 0, len(bases)),
                        read(path, contig, 0, len(bases)),
                        rtol=1e-5,
                    )


@pytest.mark.fault("a model", "a profile that nobody can place")
@pytest.mark.parametrize(
    ("toy", "message"),
    [
        (
            ProfileToy(kind="score"),
            "toy has a profile (profile) but no counts, as counts is a score",
        ),
        (
            ProfileToy(window=WINDOW + 1),
            "toy reads 115 bases and its profile covers 50",
        ),
        (
            ProfileToy(targets=3, rows=4),
            "toy has 3 targets and a profile of shape (4, 50)",
        ),
    ],
)  # fmt: skip
def test_models_that_are_refused(world, regplug, toy, message):
    toy.imported(world.folder / "repo")
    vcf = world.vcf("in.vcf", [world.snv("chr1", 200)])
    for what in (("--regions", "chr1"), ("--vcf", vcf), ("--all",)):
        done = regplug(
            *("track", "--model", "toy", "--model-repo", world.folder / "repo"),
            *("--fasta", world.fasta, "-o", world.folder / "out", *what),
        )
        assert (done.status, done.out) == (1, "")
        assert message in done.err
        assert not (world.folder / "out").exists()


def test_too_many_targets_have_to_be_chosen(world, regplug):
    toy = ProfileToy(targets=17)
    toy.imported(world.folder / "repo")

    def run(*targets):
        return regplug(
            *("track", "--model", "toy", "--model-repo", world.folder / "repo"),
            *("--fasta", world.fasta, "-o", world.folder / "out", "--regions", "chr2:1-40"),
            *targets,
        )

    done = run()
    assert done.status == 1
    assert "has 17 targets, more than 16: choose with --targets" in done.err
    assert run("--targets", "t16").status == 0
    wanted = [value[16] for value in literal(toy, world.contigs["chr2"])[:40]]
    np.testing.assert_allclose(read(world.folder / "out/t16.bw", "chr2", 0, 40), wanted, rtol=1e-4)


def rows_of(page: Path) -> list[dict]:
    """Return the variants on a page."""
    data = re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1]
    return json.loads(data)["variants"]


def test_a_page_has_the_whole_profile_of_each_variant(world, regplug, profiles):
    """On the pages of `track`, `track --views-of` and `top`; tracks are cut between variants."""
    pos = [200, 206, 300]
    records = [world.snv("chr1", at) for at in pos]
    records += [f"chr1 350 . {world.base('chr1', 350)} <DEL> . . ."]
    vcf = world.vcf("in.vcf", records)
    assert profiles("--vcf", vcf, "--page").status == 0
    where = ("--fasta", world.fasta, "--model-repo", world.folder / "repo")
    before = (world.folder / "out" / "page.html").read_bytes()
    (world.folder / "out" / "page.html").unlink()
    assert regplug("track", "--views-of", world.folder / "out", *where, "--page").status == 0
    assert (world.folder / "out" / "page.html").read_bytes() == before
    done = regplug("models", "calibrate", "toy", *where, "--snvs", 900)
    assert done.status == 0, done.err
    out = world.folder / "annotated.vcf"
    assert regplug("annotate", vcf, *where, "--model", "toy", "-o", out).status == 0
    done = regplug("top", out, *where, "--page", world.folder / "top.html")
    assert done.status == 0, done.err

    letters = world.contigs["chr1"]
    for page, shown in (("out/page.html", 4), ("top.html", 3)):
        rows = rows_of(world.folder / page)
        assert len(rows) == shown
        assert [row["pos"] for row in rows if "profile" not in row] == [350] * (shown - 3)
        for row in rows:
            if "profile" not in row:
                continue
            start = row["pos"] - 1 - column(WINDOW)
            changed = letters[: row["pos"] - 1] + row["alt"] + letters[row["pos"] :]
            assert row["profile"]["start"] == start + (WINDOW - BASES) // 2 + 1
            for allele, sequence in (("REF", letters), ("ALT", changed)):
                wanted = TOY.reads(encode(sequence[start : start + WINDOW]))[:, 0]
                np.testing.assert_allclose(row["profile"][allele], wanted, rtol=1e-3)
