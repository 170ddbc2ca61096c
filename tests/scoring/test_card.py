import json

import msgspec
import pytest

from regplug.errors import ModelError
from regplug.scoring.card import ModelCard, Target, card_from_json, card_to_json

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


def test_a_missing_key_is_named():
    whole = msgspec.to_builtins(CARD)
    del whole["strand"]
    with pytest.raises(ModelError, match="strand"):
        card_from_json(json.dumps(whole), source="m")


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_is_no_card(text):
    with pytest.raises(ModelError, match="damaged"):
        card_from_json(text, source="m")
