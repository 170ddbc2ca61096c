"""The formulas of docs/scores.md against the golden files that plain Python makes of them."""

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest

from regplug.scoring.assays import Assays
from regplug.scoring.card import Target
from regplug.scoring.effects import EFFECTS
from regplug.scoring.ranking import Ranking
from regplug.scoring.ranking_tags import Overall
from tests.corpus.make_golden import MODELS, TARGETS, write
from tests.scoring.test_ranking import card
from tests.toy_backgrounds import scores_of, with_background

FOLDER = Path(__file__).parent


def table(name):
    with (FOLDER / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def column(rows, name):
    return np.array([float(row[name]) for row in rows])


def pairs(rows, targets=TARGETS):
    """Return Scores of REF and ALT, shape (n, targets)."""
    return scores_of(
        *(
            np.stack([column(rows, f"{target}_{side}") for target in targets], axis=1)
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
    clear = clear_of(rows, *TARGETS)
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


def of_assays(name, assays, background):
    """Return a model whose targets are of assays, measured on the background of some targets."""
    targets = tuple(Target(label, 0.5, {"assay": assay}) for label, assay in assays.items())
    made = msgspec.structs.replace(card(name), targets=targets)
    return with_background(made, [("random", "snv", pairs(background, assays), "a")])


def agree(found, expected, times):
    """Compare as a card's sketch allows, whose errors of a p count as often as a p counts."""
    assert np.array(found) == pytest.approx(expected, abs=0.03)
    rare = expected < 0.02
    assert rare.sum() > 2
    assert np.array(found)[rare] == pytest.approx(expected[rare], abs=0.002 * times)


@pytest.mark.parametrize(("name", "of"), [("two_q", ("m",)), ("two_of_five_q", ("m", "n"))])
def test_of_some_targets(name, of):
    """Two of three, and of five: 1 - (1 - p)^2, and at most what Q among all would be."""
    rows, background = table("ranking_of_some.tsv"), table("background_of_some.tsv")
    assays = {target: assay for model in of for target, assay in MODELS[model].items()}
    made = of_assays("m", assays, background)
    found = Ranking(made, ["T0", "T1"]).ranked(pairs(rows, assays))
    clear = clear_of(rows, "T0", "T1")
    assert len(clear) > 50
    assert [rows[at]["two_top"] for at in clear] == [made.labels[found.top[at]] for at in clear]
    agree(found.q, column(rows, name), times=2)
    p = np.minimum(column(rows, "T0_p"), column(rows, "T1_p"))
    below = 1 - (1 - p) ** 2 - column(rows, name)
    assert ((below > 0.06).sum() > 20) == (name == "two_q")  # only there it is Q among all


def test_of_assays():
    """ATAC has two of m's three targets and one of n's two; DNASE has the others."""
    rows, background = table("ranking_of_some.tsv"), table("background_of_some.tsv")
    models = [Ranking(of_assays(name, of, background)) for name, of in MODELS.items()]
    found = Assays(models, list(MODELS)).columns([pairs(rows, of) for of in MODELS.values()])
    agree(found["RP_ATAC__Q"], column(rows, "atac_q"), times=2 * len(MODELS))
    agree(found["RP_DNASE__Q"], column(rows, "dnase_q"), times=len(MODELS))
    clear = sorted(set(clear_of(rows, "T0", "T1")) & set(clear_of(rows, "two_q", "T3")))
    assert len(clear) > 40
    tops = found["RP_ATAC__TOP"]
    assert [tops[at] for at in clear] == [rows[at]["atac_top"] for at in clear]


def clear_of(rows, one, other):
    """Return the rows in which two probabilities are so far apart that a sketch tells them."""
    names = [name if name.endswith("_q") else f"{name}_p" for name in (one, other)]
    first, second = (np.log(column(rows, name)) for name in names)
    return np.flatnonzero(np.abs(first - second) > 0.2).tolist()


def test_the_files_are_those_that_the_formulas_make(tmp_path):
    write(tmp_path)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert len(made) == 5
    for name in made:
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name
