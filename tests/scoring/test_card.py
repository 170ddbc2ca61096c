import json

import msgspec
import pytest

from regplug.errors import ModelError
from regplug.scoring.card import ModelCard, Target, card_from_json, card_to_json
from regplug.scoring.outputs import Output

CARD = ModelCard(
    name="m",
    version="1",
    family="toy",
    window=101,
    targets=(Target("A", 0.5, {"protein": "é 😀"}), Target("B")),
    strand="mean",
    output_scale="score",
    max_batch_size=4,
    sha256="0" * 64,
    doc='a "quoted" \\ line\nand another',
)


def test_a_card_survives_json():
    assert card_from_json(card_to_json(CARD), source="m") == CARD


def test_json_is_ascii_and_readable():
    text = card_to_json(CARD)
    assert text.isascii()
    assert text.count("\n") > 20
    assert json.loads(text)["targets"][0]["about"] == {"protein": "é 😀"}
    assert json.loads(text)["targets"][1] == {"label": "B"}


def test_labels():
    assert CARD.labels == ["A", "B"]


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"window": "wide"},
        {"strand": "both"},
        {"targets": []},
        {"targets": [{"label": "A"}, {"label": "A"}]},
        {"targets": [{"label": "A", "size": 1}]},
        {"max_batch_size": 0},
        {"window": 0},
    ],
)
def test_a_card_that_does_not_fit_is_refused_by_name(change):
    text = json.dumps(json.loads(card_to_json(CARD)) | change)
    with pytest.raises(ModelError, match="card of some_model is damaged"):
        card_from_json(text, source="some_model")


PROFILE = {"name": "profile", "shape": [2, 1000], "kind": "profile_logits"}
COUNTS = {"name": "log_counts", "shape": [2], "kind": "log_count"}


def with_outputs(*outputs, scale="score"):
    whole = json.loads(card_to_json(CARD)) | {"outputs": outputs, "output_scale": scale}
    return card_from_json(json.dumps(whole), source="m")


def test_a_card_lists_outputs():
    card = with_outputs(PROFILE, COUNTS)
    assert card_from_json(card_to_json(card), source="m") == card
    assert [output.name for output in card.answers] == ["profile", "log_counts"]
    assert card.main == Output("log_counts", (2,), "log_count")


def test_a_card_without_outputs_says_nothing_of_them():
    assert "outputs" not in json.loads(card_to_json(CARD))
    assert card_to_json(with_outputs()) == card_to_json(CARD)
    assert CARD.answers == (CARD.main,) == (Output("scores", (2,), "score"),)


@pytest.mark.parametrize(
    ("outputs", "named"),
    [
        ([PROFILE], r"no output has the shape \(2,\)"),
        ([COUNTS, COUNTS], "two outputs are called log_counts"),
        ([COUNTS, PROFILE | {"name": "codes"}], "codes"),
        ([COUNTS, PROFILE | {"name": 'a" ]'}], 'a" '),
        ([COUNTS, PROFILE | {"shape": []}], "profile has no shape"),
        ([COUNTS, PROFILE | {"shape": [2, 0]}], "profile has no shape"),
        ([COUNTS, PROFILE | {"shape": [1 << 20, 5]}], "profile has no shape"),
        ([COUNTS, PROFILE | {"kind": "logits"}], "kind"),
        ([COUNTS | {"kind": "probability"}], "is a probability, and output_scale is score"),
        ([COUNTS | {"kind": "count"}], "is a count, and output_scale is score"),
    ],
)
def test_outputs_that_no_card_has(outputs, named):
    with pytest.raises(ModelError, match=named):
        with_outputs(*outputs)


def test_the_main_output_is_on_the_card_s_scale():
    assert with_outputs(COUNTS | {"kind": "count"}, scale="positive").main.kind == "count"


def test_a_missing_key_is_named():
    whole = msgspec.to_builtins(CARD)
    del whole["strand"]
    with pytest.raises(ModelError, match="strand"):
        card_from_json(json.dumps(whole), source="m")


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_is_no_card(text):
    with pytest.raises(ModelError, match="damaged"):
        card_from_json(text, source="m")
