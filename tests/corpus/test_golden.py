"""The formulas of docs/scores.md against the golden files that plain Python makes of them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from regplug.scoring.effects import EFFECTS
from regplug.scoring.ranking import Ranking
from regplug.scoring.ranking_tags import Overall
from tests.corpus.make_golden import TARGETS, write
from tests.scoring.test_ranking import card
from tests.toy_backgrounds import scores_of, with_background

FOLDER = Path(__file__).parent


def table(name):
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def column(rows, name):
    return np.array([float(row[name]) for row in rows])


def pairs(rows):
    """Return Scores of REF and ALT, shape (n, targets)."""
    return scores_of(
        *(
            np.stack([column(rows, f"{target}_{side}") for target in TARGETS], axis=1)
            for side in ("ref", "alt")
        )
    )


@pytest.mark.parametrize("name", ["diff", "logit", "log2fc"])
def test_formulas(name):
    rows = table("formulas.tsv")
    ref, alt = (column(rows, side).astype(np.float32)[:, None] for side in ("ref", "alt"))
    assert EFFECTS[name](ref, alt)[:, 0] == pytest.approx(column(rows, name), rel=1e-5, abs=1e-6)


def test_ranking():
    """A card keeps a sketch of its background: what is common is known to a hundredth or two."""
    rows = table("ranking.tsv")
    background = pairs(table("background.tsv"))
    made = with_background(card(targets=2, spread=0.5), [("random", "snv", background, "a")])
    found = Ranking(made).ranked(pairs(rows))
    tops = [TARGETS[at] for at in found.top]
    clear = [
        at
        for at, row in enumerate(rows)
        if abs(np.log(float(row["T0_p"]) / float(row["T1_p"]))) > 0.2
    ]
    assert len(clear) > 50
    assert [tops[at] for at in clear] == [rows[at]["top"] for at in clear]
    assert found.q[clear] == pytest.approx(column(rows, "q")[clear], abs=0.02)
    acts = [float(rows[at][f"{tops[at]}_act"]) for at in clear]
    assert found.act[clear] == pytest.approx(acts, abs=0.02)
    changes = [
        float(rows[at][f"{tops[at]}_alt"]) - float(rows[at][f"{tops[at]}_ref"]) for at in clear
    ]
    assert found.z[clear] == pytest.approx(np.array(changes) / 0.5, abs=1e-3)


def test_the_rarest_are_counted_exactly():
    rows = table("ranking.tsv")
    made = with_background(
        card(targets=2), [("random", "snv", pairs(table("background.tsv")), "a")]
    )
    found = Ranking(made).ranked(pairs(rows))
    rare = np.flatnonzero(column(rows, "q") < 0.02)
    assert len(rare) > 0
    assert found.q[rare] == pytest.approx(column(rows, "q")[rare], abs=0.002)


@pytest.mark.parametrize("target", TARGETS)
def test_of_one_target_q_is_its_p(target):
    rows = table("ranking.tsv")
    background = pairs(table("background.tsv"))
    made = with_background(card(targets=2), [("random", "snv", background, "a")])
    found = Ranking(made, [target]).ranked(pairs(rows))
    p = column(rows, f"{target}_p")
    assert found.q == pytest.approx(p, abs=0.05)
    assert found.q[p < 0.02] == pytest.approx(p[p < 0.02], abs=0.002)
    assert (p < 0.02).sum() > 2


@pytest.mark.parametrize(("shared", "name"), [(True, "rp_q"), (False, "rp_q_sidak")])
def test_over_models(shared, name):
    """Each target as a model of its own, that were measured on the same variants, or on others."""
    rows, background = table("ranking.tsv"), pairs(table("background.tsv"))
    models, found = [], []
    for at in range(len(TARGETS)):
        of = scores_of(background.ref[:, [at]], background.alt[:, [at]])
        variants = "a" if shared else str(at)
        made = with_background(card(f"m{at}", targets=1), [("random", "snv", of, variants)])
        models.append(Ranking(made))
        alts = pairs(rows)
        found.append(scores_of(alts.ref[:, [at]], alts.alt[:, [at]]))
    made = np.array(Overall(models).columns(found)["RP_Q"])
    assert made == pytest.approx(column(rows, name), abs=0.05)
    rare = column(rows, name) < 0.02
    assert rare.any()
    assert made[rare] == pytest.approx(column(rows, name)[rare], abs=0.002)


def test_the_files_are_those_that_the_formulas_make(tmp_path):
    write(tmp_path)
    for name in ("formulas.tsv", "background.tsv", "ranking.tsv"):
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name
