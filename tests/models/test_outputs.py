"""A model of two outputs, worked out by hand: in process, on a server, and in its files."""

import json
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

from regplug.errors import BackendError, ModelError
from regplug.genome.codes import encode
from regplug.genome.variant import Status, Variant
from regplug.hooks.measuring import Measuring
from regplug.models import triton
from regplug.models.embedded import Embedded
from regplug.models.export import export_model
from regplug.models.repository import (
    check_model,
    promised_config,
    read_card,
    read_golden,
    read_onnx,
    rewrite_card,
)
from regplug.models.triton_proof import Answer, Proof
from regplug.models.verify import verify_model
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import card_to_json
from tests.toy_models import LOGITS, gc_model, profile_model

OURS = Path(__file__).parents[2] / "model_repo"
CODES = np.stack([encode(letters) for letters in ("ACGTACGGTTCA", "GGGGGGGGGGGG", "AAAAAAAAAAAT")])
COUNTS = [[6, 12], [12, 24], [0, 0]]  # of G and C, and twice that
MINUS = [-1, 3, 1, 2, -1, 3, 1, 1, 2, 2, 3, -1]  # logits of the first sequence's second strand


@pytest.fixture(params=["in process", "grpc", "http"])
def opened(request, repo):
    """Return what opens a model in process and on a real server, by each protocol."""
    if request.param == "in process":
        yield lambda name: closing(Embedded(repo / name, threads=1))
        return
    url = getattr(request.getfixturevalue("server"), request.param)
    options = BackendOptions()
    yield lambda name: closing(triton.regplug_open_backend(url, name, options))


@pytest.mark.triton
def test_those_that_are_asked_for(opened):
    with opened("profile") as backend:
        assert backend.predict(CODES).tolist() == COUNTS
        assert backend.predict(CODES, ("log_counts",)).tolist() == COUNTS
        profile = backend.predict(CODES, outputs=("profile",))
        assert profile.shape == (3, 2, 12)
        assert profile[0, 1].tolist() == MINUS
        assert profile[1].tolist() == [[4] * 12, [1] * 12]
        both = backend.predict(CODES, ("profile", "log_counts"))
        assert list(both) == ["profile", "log_counts"]
        np.testing.assert_array_equal(both["profile"], profile)
        assert both["log_counts"].tolist() == COUNTS
        assert list(backend.predict(CODES, ("log_counts", "profile"))) == ["log_counts", "profile"]


@pytest.mark.triton
@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 500])
def test_batches_are_joined(opened, rows):
    codes = np.random.default_rng(rows).integers(0, 5, (rows, 12), np.uint8)
    with opened("profile") as backend:
        both = backend.predict(codes, ("log_counts", "profile"))
    np.testing.assert_array_equal(both["profile"], LOGITS[codes].transpose(0, 2, 1))
    counted = ((codes == 1) | (codes == 2)).sum(1) + (codes == 4).sum(1) / 2
    np.testing.assert_array_equal(both["log_counts"], np.stack([counted, 2 * counted], 1))
    assert {answer.dtype for answer in both.values()} == {np.dtype(np.float32)}


@pytest.mark.triton
def test_an_output_that_is_not_there(opened):
    with opened("profile") as backend:
        with pytest.raises(ModelError, match="no output scores: it has profile, log_counts"):
            backend.predict(CODES, ("scores",))
        with pytest.raises(ModelError, match="no output counts"):
            backend.predict(CODES, ("profile", "counts"))
    with opened("gc") as backend:
        codes = np.zeros((1, 21), np.uint8)
        assert backend.predict(codes, ("scores",)).tolist() == [[0, 0]]
        with pytest.raises(ModelError, match="gc has no output profile: it has scores"):
            backend.predict(codes, ("profile",))


@pytest.mark.triton
def test_nan_in_an_output(opened):
    codes = CODES.copy()
    codes[2, 7] = 4
    with opened("profile_holed") as backend:
        assert backend.predict(codes)[2].tolist() == [0.5, 1]
        for asked in (("profile",), ("log_counts", "profile")):
            with pytest.raises(BackendError, match=r"answered nan for profile\[0, 7\]"):
                backend.predict(codes, asked)
        assert backend.predict(CODES, ("profile",)).shape == (3, 2, 12)


@pytest.mark.triton
def test_verify_replays_all(opened, repo):
    with opened("profile") as backend:
        assert verify_model(repo / "profile", backend) == 0


@pytest.mark.triton
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (2, 11)}, r"profile FP32 \[-1, 2, 12\], the card has .*\[-1, 2, 11\]"),
        ({"name": "shape"}, r"the output is missing, the card has shape FP32 \[-1, 2, 12\]"),
    ],
)
def test_a_server_with_other_outputs(server, repo, tmp_path, change, message):
    card = read_card(repo / "profile")
    profile = msgspec.structs.replace(card.outputs[0], **change)
    card = msgspec.structs.replace(card, outputs=(profile, *card.outputs[1:]))
    (tmp_path / "card.json").write_text(card_to_json(card))
    options = BackendOptions(card=str(tmp_path / "card.json"))
    with pytest.raises(BackendError, match=message):
        triton.regplug_open_backend(server.grpc, "profile", options)


def test_a_proof_of_each_output():
    counts, profile = np.ones((3, 2), np.float32), np.ones((3, 2, 12), np.float32)
    proof = Proof("profile", max_batch_size=4)
    proof.learn(Answer("1", {"log_counts": counts}), 12)
    assert proof.holds(Answer("1", {"log_counts": counts}), 12)
    both = Answer("1", {"log_counts": counts, "profile": profile})
    assert not proof.holds(both, 12)
    proof.learn(both, 12)
    assert proof.holds(both, 12)
    assert proof.holds(Answer("1", {"profile": profile}), 12)
    assert not proof.holds(both, 13)
    for other in (Answer("1", {**both.outputs, "profile": profile * 2}), Answer("2", both.outputs)):
        with pytest.raises(BackendError, match="two models called profile"):
            proof.holds(other, 12)


def test_the_main_output_is_what_scores_and_predictions_are_of(regplug, tmp_path):
    profile_model(tmp_path)
    with closing(Embedded(tmp_path / "profile", threads=1)) as backend:
        codes = np.stack([encode("A" * 12), encode("A" * 10 + "CG")])
        alleles = Alleles(
            [Variant("c", 6, "A", "C")], [Status.OK], codes[:1], codes[1:], np.zeros(1, np.intp)
        )
        scores = VariantEffect().score(alleles, backend)
        assert (scores.ref.tolist(), scores.alt.tolist()) == ([[0, 0]], [[2, 4]])
    (tmp_path / "x.fa").write_text(">x\nACGTACGGTTCA\n")
    done = regplug("predict", tmp_path / "x.fa", "--model", "profile", "--model-repo", tmp_path)
    assert done.out == "name\tplus\tminus\nx\t6.0\t12.0\n"
    shown = regplug("models", "show", "profile", "--model-repo", tmp_path).out
    assert "profile\t2 x 12\tprofile_logits\nlog_counts\t2\tlog_count\n" in shown


def test_its_files(tmp_path):
    card = profile_model(tmp_path)
    config = (tmp_path / "profile" / "config.pbtxt").read_text()
    outputs = [line for line in config.splitlines() if line.startswith("output")]
    labels = 'label_filename: "targets.txt"'
    assert outputs == [
        'output [ { name: "profile" data_type: TYPE_FP32 dims: [ 2, 12 ] } ]',
        f'output [ {{ name: "log_counts" data_type: TYPE_FP32 dims: [ 2 ] {labels} }} ]',
    ]
    assert check_model(tmp_path / "profile") == card
    made = export_model(
        tmp_path / "again", card, read_onnx(tmp_path / "profile", card), Measuring(900)
    )
    golden = read_golden(tmp_path / "again" / "profile")
    for sequence, counts, profile in zip(
        golden.sequences, golden.scores, golden.outputs["profile"], strict=True
    ):
        codes = encode(sequence)
        assert counts[0] == sum(sequence.count(letter) for letter in "GC") + sequence.count("N") / 2
        assert profile == LOGITS[codes].T.ravel().tolist()
    with closing(Embedded(tmp_path / "again" / "profile", threads=1)) as backend:
        assert verify_model(tmp_path / "again" / "profile", backend) == 0
    rewrite_card(tmp_path / "again" / "profile", msgspec.structs.replace(made, doc="mine"))
    assert check_model(tmp_path / "again" / "profile").doc == "mine"
    with pytest.raises(ModelError, match="not of that profile"):
        rewrite_card(
            tmp_path / "again" / "profile", msgspec.structs.replace(made, outputs=card.outputs[1:])
        )


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"profile": [[0.0] * 24]}, r"profile, profile\[0, 3\]: golden sequence 1 is off by 8"),
        ({"profile": [[0.0] * 23]}, "golden.json has no profile for every sequence"),
        ({"profile": []}, "golden.json has no profile for every sequence"),
        ({}, "golden.json and card.json have other outputs"),
        ({"profile": [[0.0] * 24], "scores": [[1.0]]}, "have other outputs"),
    ],
)
def test_golden_answers_of_outputs(tmp_path, outputs, message):
    profile_model(tmp_path)
    golden = msgspec.structs.replace(read_golden(tmp_path / "profile"), outputs=outputs)
    (tmp_path / "profile" / "golden.json").write_bytes(msgspec.json.encode(golden))
    with (
        closing(Embedded(tmp_path / "profile", threads=1)) as backend,
        pytest.raises(ModelError, match=message),
    ):
        verify_model(tmp_path / "profile", backend)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "shape"}, "no output shape of 3 dimensions"),
        ({"shape": (24,)}, "no output profile of 2 dimensions"),
        ({"shape": (2, 13)}, "the output profile of profile has 12 columns in the graph, 13 in"),
    ],
)
def test_a_graph_that_does_not_answer_what_its_card_lists(tmp_path, change, message):
    made = profile_model(tmp_path)
    changed = msgspec.structs.replace(made.outputs[0], **change)
    card = msgspec.structs.replace(made, outputs=(changed, *made.outputs[1:]))
    (tmp_path / "profile" / "card.json").write_text(card_to_json(card))
    with pytest.raises(ModelError, match=message):
        Embedded(tmp_path / "profile", threads=1)


@pytest.mark.parametrize("folder", sorted(path.parent for path in OURS.glob("*/card.json")))
def test_models_of_before_stay_byte_equal(folder):
    card = read_card(folder)
    assert card_to_json(card) == (folder / "card.json").read_text()
    assert (folder / "config.pbtxt").read_text().startswith(promised_config(card))
    golden = (folder / "golden.json").read_bytes()
    assert msgspec.json.encode(read_golden(folder)) + b"\n" == golden


def test_a_model_of_one_output_has_the_files_of_before(tmp_path):
    gc_model(tmp_path)
    config = (tmp_path / "gc" / "config.pbtxt").read_text()
    assert config.splitlines()[4] == (
        'output [ { name: "scores" data_type: TYPE_FP32 dims: [ 2 ] '
        'label_filename: "targets.txt" } ]'
    )
    assert set(json.loads((tmp_path / "gc" / "golden.json").read_text())) == {"sequences", "scores"}
