"""`--engine` on the command line: the numbers of onnxruntime, or other ones that are named."""

import re

import numpy as np
import pytest


@pytest.fixture(params=["openvino", "torch"])
def engine(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def annotate(regplug, world):
    """Return a function that annotates, and what stands in RP_GC_T0 and the model's line."""
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in range(60, 100, 7)])
    place = ("--fasta", world.fasta, "--model-repo", world.repo)

    def run(*words, output="out.vcf"):
        path = world.folder / output
        line = ("annotate", vcf, *place, "--model", "place", "--targets", "T0", "-o", path)
        done = regplug(*line, *words)
        assert done.status == 0, done.err
        text = path.read_text()
        line = re.search("^##regplug_model=.*$", text, re.MULTILINE)[0]
        return np.array(re.findall(r"RP_PLACE_T0=([-\d.e]+)", text), float), line

    run.verify = lambda *words: regplug("verify", world.folder / "out.vcf", *place, *words)
    return run


def test_annotate_and_verify(annotate, engine):
    """In float32 a header does not tell what ran, as the numbers are the same."""
    wanted, line = annotate(output="plain.vcf")
    found, other = annotate("--engine", engine)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    assert (line, len(found)) == (other, 6)
    assert annotate.verify("--tolerance", "1e-3").status == 0


def test_other_numbers_are_named(annotate, engine):
    rounded = f"{engine}:bf16"
    wanted, _ = annotate(output="plain.vcf")
    found, line = annotate("--engine", rounded)
    assert line.endswith(",precision=bf16>")
    np.testing.assert_allclose(found, wanted, rtol=0.05, atol=0.5)
    done = annotate.verify("--tolerance", "100")
    assert done.status == 1
    assert "place: run in bf16 for the VCF, in float32 here (--engine)" in done.out + done.err
    done = annotate.verify("--engine", rounded)
    assert done.status == 0, done.out


@pytest.mark.parametrize("command", ["calibrate", "peaks"])
def test_cards_keep_scores_of_float32(regplug, world, engine, command):
    bed = world.folder / "peaks.bed"
    bed.write_text("".join(f"chr1\t{at}\t{at + 1}\n" for at in range(60, 200, 20)))
    words = {"calibrate": ("--snvs", 100), "peaks": (bed,)}[command]
    line = ("models", command, "place", *words, "--fasta", world.fasta, "--model-repo", world.repo)
    before = (world.repo / "place" / "card.json").read_bytes()
    done = regplug(*line, "--engine", f"{engine}:bf16")
    assert (done.status, (world.repo / "place" / "card.json").read_bytes()) == (1, before)
    assert "a card keeps scores of float32: leave :bf16 out of --engine" in done.err
    assert regplug(*line, "--engine", engine).status == 0
    assert f"--engine {engine}" in (world.repo / "place" / "card.json").read_text()
