"""`regplug models int8`: a model in whole numbers, which says so wherever it is run."""

import re

import numpy as np
import onnx
import pytest

from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.repository import check_model, read_card
from regplug.scoring.backend import precision_of
from tests.test_readme import ROOT
from tests.toy_genomes import random_letters, vcf_text, write_fasta

SHIPPED = ROOT / "model_repo"


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def made(regplug, repo):
    """Return the folder of yeast_int8."""
    if not (repo / "yeast_int8").exists():
        done = regplug("models", "int8", "yeast", "-o", repo, "--threads", 1)
        assert (done.status, done.err) == (0, "")
        assert done.out == f"{repo / 'yeast_int8'}\n"
    return repo / "yeast_int8"


def test_its_weights_are_whole_numbers_and_its_card_says_so(made):
    card, plain = check_model(made), read_card(SHIPPED / "yeast")
    assert (card.precision, card.default, card.background, card.along) == ("int8", False, None, ())
    assert card.doc == f"{plain.doc} (in int8)"
    assert (card.labels, card.license, card.window) == (plain.labels, plain.license, plain.window)
    spreads, theirs = ([t.spread for t in each.targets] for each in (card, plain))
    np.testing.assert_allclose(spreads, theirs, rtol=0.15)
    assert spreads != theirs
    before, after = (onnx.load(at / "1" / "model.onnx").graph for at in (SHIPPED / "yeast", made))
    whole = [a for a in after.initializer if a.data_type == onnx.TensorProto.INT8 and a.dims[1:]]
    assert len(whole) >= [node.op_type for node in before.node].count("Conv") > 0


def test_it_says_what_the_model_says_a_little_less_exactly(made):
    codes = random_codes(np.random.default_rng(3), 60, 200)
    changed = codes.copy()
    changed[:, 99] = (changed[:, 99] + 1) % 4
    plain, ours = (Embedded(folder, threads=1) for folder in (SHIPPED / "yeast", made))
    changes = [(b.predict(changed) - b.predict(codes)).ravel() for b in (plain, ours)]
    assert 0.95 < np.corrcoef(*changes)[0, 1] < 1
    assert (precision_of(plain), precision_of(ours)) == ("", "int8")
    ours.precision = "bf16"  # as where a library was asked for that
    assert precision_of(ours) == "int8+bf16"


def test_outputs_name_it_and_are_not_mixed_with_float32(made, regplug, tmp_path, repo):
    letters = random_letters(600, seed=1)
    write_fasta(tmp_path / "genome.fa", {"chrI": letters})
    other = "ACGT"[("ACGT".index(letters[299]) + 1) % 4]
    vcf = tmp_path / "in.vcf"
    vcf.write_text(vcf_text([f"chrI 300 . {letters[299]} {other} . . ."], {"chrI": letters}))
    out, place = tmp_path / "out.vcf", ("--fasta", tmp_path / "genome.fa", "--model-repo", repo)
    done = regplug("annotate", vcf, *place, "--model", "yeast_int8", "--force", "-o", out)
    assert done.status == 0, done.err
    text = out.read_text()
    (line,) = re.findall("^##regplug_model=.*$", text, re.MULTILINE)
    assert line.endswith(",precision=int8>")
    assert regplug("verify", out, *place).status == 0
    out.write_text(text.replace(",precision=int8>", ">"))
    done = regplug("verify", out, *place)
    assert done.status == 1
    assert "yeast_int8: run in float32 for the VCF, in int8 here" in done.out + done.err


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("yeast_int8", "yeast_int8 is in int8 already: take the one in float32"),
        ("deepbind_single_scan", "deepbind_single_scan reads sequences of any length, which"),
        ("nosuch", "nosuch is no model; models are: "),
    ],
)
def test_what_is_refused_leaves_nothing(made, regplug, repo, tmp_path, name, why):
    place = ("--model-repo", repo) if name == "yeast_int8" else ()
    done = regplug("models", "int8", name, *place, "-o", tmp_path / "new")
    assert (done.status, done.err.startswith(f"regplug: {why}"), done.err.count("\n")) == (
        1,
        True,
        1,
    )
    assert not (tmp_path / "new").exists()
