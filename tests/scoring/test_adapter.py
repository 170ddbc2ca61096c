import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.genome.variant import Status
from regplug.scoring.adapter import FieldOptions, VariantEffect, tag
from regplug.scoring.card import ModelCard, Target
from regplug.scoring.effects import Scores


def card(targets=2, *, scale="probability", spread=None, **changes):
    return ModelCard(
        **{"name": "m-1", "version": "1", "family": "f", "window": 9, "strand": "mean"}
        | {"sha256": "0"}
        | {"targets": tuple(Target(f"T{i}", spread[i] if spread else None) for i in range(targets))}
        | {"output_scale": scale, "max_batch_size": 1}
        | changes
    )  # fmt: skip


def fields(card, *targets, scores=("diff",)):
    found = VariantEffect().fields(card, FieldOptions(targets, scores))
    return {field.id: field for field in found}


def scores(ref, alt):
    ref, alt = (np.array(one, np.float32) for one in (ref, alt))
    return Scores(ref, alt, [Status.OK] * len(ref))


def test_tag():
    assert tag("m-1", "GATA1 (K562)") == "RP_M_1_GATA1__K562_"
    assert tag("é") == "RP__"


def test_only_targets_asked_for_have_tags():
    assert list(fields(card())) == []
    assert list(fields(card(17), "T3", "T16")) == ["RP_M_1_T3", "RP_M_1_T16"]


def test_scores_of_a_target():
    found = fields(card(), "T1", scores=("ref", "alt", "diff", "logit", "log2fc"))
    both = scores([[0, 0.5]], [[0, 0.8]])
    values = {key: field.values(both)[0] for key, field in found.items()}
    assert values["RP_M_1_T1__REF"] == pytest.approx(0.5)
    assert values["RP_M_1_T1__ALT"] == pytest.approx(0.8)
    assert values["RP_M_1_T1"] == pytest.approx(0.3)
    assert values["RP_M_1_T1__LOGIT"] == pytest.approx(np.log(4), rel=1e-5)
    assert values["RP_M_1_T1__LOG2FC"] == pytest.approx(np.log2(1.6), rel=1e-5)


def test_unknown_targets_and_scores():
    with pytest.raises(ModelError, match="m-1 has no target T9: regplug models show m-1"):
        fields(card(), "T0", "T9")
    with pytest.raises(ModelError, match="no score sad: choose from ref, alt, diff, logit, log2fc"):
        fields(card(), scores=("sad",))
    with pytest.raises(ModelError, match="__MAX has gone: __Z is the change of __TOP"):
        fields(card(), scores=("max",))


@pytest.mark.parametrize(
    ("scale", "score", "fits"),
    [
        ("probability", "logit", True),
        ("probability", "log2fc", True),
        ("positive", "logit", False),
        ("positive", "log2fc", True),
        ("score", "logit", False),
        ("score", "log2fc", False),
        ("score", "diff", True),
    ],
)
def test_logarithms_need_a_scale(scale, score, fits):
    if fits:
        assert fields(card(scale=scale), "T0", scores=(score,))
    else:
        with pytest.raises(ModelError, match=f"which has no {score}"):
            fields(card(scale=scale), scores=(score,))
