"""Q, ACT, TOP and Z of a model, and those of a run, against counting and uniform draws."""

import msgspec
import numpy as np
import pytest
from scipy.stats import kstest

from regplug.errors import ModelError
from regplug.genome.variant import Status
from regplug.scoring.card import ModelCard, Target, card_from_json, card_to_json
from regplug.scoring.effects import Scores
from regplug.scoring.ranking import Ranking
from regplug.scoring.ranking_tags import Overall, ranking_fields
from tests.toy_backgrounds import background_of, drawn_scores, scores_of, with_background

NAN = float("nan")
SNVS = ("random", "snv")


def card(name="m", targets=4, spread=1.0, **changes):
    made = {"name": name, "version": "1", "family": "f", "window": 9, "strand": "mean"}
    made |= {"sha256": "0", "output_scale": "score", "max_batch_size": 1}
    labels = tuple(Target(f"T{i}", spread) for i in range(targets))
    return ModelCard(**made | {"targets": labels} | changes)


def calibrated(rng, count=4000, name="m", targets=4, variants="a"):
    return with_background(
        card(name, targets), [(*SNVS, drawn_scores(rng, count, targets), variants)]
    )


def tags(ranking, scores):
    return {field.id: field.values(scores) for field in ranking_fields(ranking)}


def test_by_hand():
    """Twenty places of activity 0 ... 19, each with a change of 1 but one with a change of 9."""
    ref = np.arange(20.0)[:, None]
    change = np.where(np.arange(20) == 10, -9.0, -1.0)[:, None]
    made = with_background(card(targets=1), [(*SNVS, scores_of(ref, ref + change), "a")])
    ranking = Ranking(made)
    new = scores_of([[4.5], [25.0], [-7.0]], [[3.5], [24.0], [-8.0]])
    found = ranking.ranked(new)
    # Stronger alleles 4.5, 25 and -7: of the places 5, 20 and none are weaker, of 21 with itself.
    assert found.act == pytest.approx([1 - 16 / 21, 20 / 21, 0], abs=0.03)
    assert found.z == pytest.approx([-1, -1, -1])
    # The statistic rises with the activity: 1 * -ln(1 - ACT) is beaten by those of 5 ... 19.
    assert found.q[0] == pytest.approx(16 / 21, abs=0.05)
    assert found.q[1] == pytest.approx(2 / 21, abs=0.03)  # by 9 * -ln(1 - 11 / 21) alone
    assert found.q[2] == pytest.approx(1)
    assert found.top.tolist() == [0, 0, 0]


def test_q_is_uniform_on_variants_that_were_held_out():
    rng = np.random.default_rng(0)
    made = calibrated(rng, 40_000)
    held_out = drawn_scores(rng, 4000)
    assert kstest(Ranking(made).ranked(held_out).q, "uniform").pvalue > 0.01
    for target in made.labels:
        found = Ranking(made, [target]).ranked(held_out)
        assert kstest(found.q, "uniform").pvalue > 0.01 / 4
        assert set(found.top) == {made.labels.index(target)}
    both = Ranking(made, ["T1", "T2"]).ranked(held_out)
    assert set(both.top) == {1, 2}
    for level in (0.01, 0.05, 0.2, 0.5):  # of some targets Q is conservative, and not by much
        share = (both.q <= level).mean()
        assert 0.6 * level < share < level + 3 * np.sqrt(level / 4000)


def test_small_q_are_as_frequent_as_they_say():
    """Over many backgrounds, the share of new variants with Q <= 0.002 is 0.002."""
    rng = np.random.default_rng(3)
    few = []
    for _ in range(60):
        ranking = Ranking(calibrated(rng, 1000, targets=8))
        few.append((ranking.ranked(drawn_scores(rng, 2000, 8)).q <= 0.002).mean())
    assert np.mean(few) == pytest.approx(0.002, abs=4 * np.std(few) / np.sqrt(60))
    assert 0.001 < np.mean(few) < 0.0025


def test_q_is_never_0_and_0_001_can_be_reached():
    made = calibrated(np.random.default_rng(1), 1000)
    huge = scores_of(np.full((1, 4), 1e3), np.full((1, 4), -1e6))
    q = Ranking(made).ranked(huge).q[0]
    assert q == pytest.approx(1 / 1001)
    text = tags(Ranking(made), huge)["RP_M__Q"][0]
    assert 0 < text <= 0.001


def test_kinds_have_backgrounds_of_their_own():
    rng = np.random.default_rng(2)
    small, large = drawn_scores(rng, 2000), drawn_scores(rng, 2000, scale=10)
    made = with_background(card(), [(*SNVS, small, "a"), ("random", "del_1", large, "b")])
    new = drawn_scores(rng, 500)
    of_snvs = Ranking(made).ranked(new).q
    of_deletions = Ranking(made).ranked(new._replace(kinds=["del_1"] * 500)).q
    assert (of_deletions >= of_snvs).all()
    assert of_deletions.mean() > of_snvs.mean() + 0.3
    none = Ranking(made).ranked(new._replace(kinds=["ins_6"] * 500))
    assert np.isnan(none.q).all()  # of insertions there is no background
    assert (none.top >= 0).all()


def test_strata():
    rng = np.random.default_rng(2)
    sets = [(*SNVS, drawn_scores(rng, 500), "a")]
    sets += [("elements", "snv", drawn_scores(rng, 500, scale=10), "b")]
    made, new = with_background(card(), sets), drawn_scores(rng, 100)
    assert Ranking(made).stratum == "random"
    elements = Ranking(made, stratum="elements")
    assert (elements.ranked(new).q >= Ranking(made).ranked(new).q).all()
    assert "in the background elements" in ranking_fields(elements)[2].description
    with pytest.raises(ModelError, match="m has no background of promoters: it has random, elem"):
        Ranking(made, stratum="promoters")


def test_alts_without_scores():
    rng = np.random.default_rng(2)
    new = drawn_scores(rng, 3)
    new.ref[1] = new.alt[1] = np.nan
    new = new._replace(status=[Status.OK, Status.TOO_LONG, Status.OK])
    found = tags(Ranking(calibrated(rng, 200)), new)
    assert found["RP_M__TOP"][1] is None
    for name in ("RP_M__Z", "RP_M__Q", "RP_M__ACT"):
        assert [np.isnan(value) for value in found[name]] == [False, True, False]


def test_q_of_some_targets():
    """1 - (1 - p)^k, where p is the smallest of the k, and at most Q among all."""
    rng = np.random.default_rng(6)
    made, new = calibrated(rng, 5000, targets=3), drawn_scores(rng, 300, 3)
    p = {label: Ranking(made, [label]).ranked(new).q for label in ("T0", "T1", "T2")}
    pair = np.minimum(p["T0"], p["T1"])
    known = pair < p["T2"]  # there Q among all is of this p
    assert 100 < known.sum() < 300
    expected = np.minimum(1 - (1 - pair) ** 2, Ranking(made).ranked(new).q)
    found = Ranking(made, ["T0", "T1"]).ranked(new).q
    assert found[known] == pytest.approx(expected[known], rel=0.02, abs=1e-3)


def test_without_a_background():
    both = scores_of([[0, 0], [0, 0], [NAN, NAN]], [[1, -3], [0, 0], [NAN, NAN]])
    spread = replace_spreads(card(targets=2), [0.1, 1.0])
    found = tags(Ranking(spread), both)
    assert found["RP_M__TOP"] == ["T0", "T0", None]
    assert found["RP_M__Z"] == pytest.approx([10, 0, NAN], nan_ok=True)
    assert np.isnan(found["RP_M__Q"]).all()
    assert np.isnan(found["RP_M__ACT"]).all()
    described = {field.id: field.description for field in ranking_fields(Ranking(spread))}
    for name in ("RP_M__Q", "RP_M__ACT"):
        assert "none: measure it (regplug models calibrate m)" in described[name]
    assert tags(Ranking(spread, ["T1"]), both)["RP_M__TOP"] == ["T1", "T1", None]
    for spreads in ([None, None], [0.1, None]):  # nothing to choose by
        bare = replace_spreads(card(targets=2), spreads)
        assert tags(Ranking(bare), both)["RP_M__TOP"] == [None] * 3
        assert np.isnan(tags(Ranking(bare), both)["RP_M__Z"]).all()
    only = replace_spreads(card(targets=1), [None])
    one = scores_of([[0]], [[1]])
    assert tags(Ranking(only), one)["RP_M__TOP"] == ["T0"]


def replace_spreads(of, spreads):
    targets = [
        msgspec.structs.replace(t, spread=s) for t, s in zip(of.targets, spreads, strict=True)
    ]
    return msgspec.structs.replace(of, targets=tuple(targets))


def test_a_background_of_another_graph_is_refused():
    made = calibrated(np.random.default_rng(0), 200)
    other = msgspec.structs.replace(made, sha256="1")
    with pytest.raises(ModelError, match="another graph: measure it again"):
        Ranking(other)


# -- over models -------------------------------------------------------------------------


def two_models(rng, count, variants=("a", "a")):
    """Return two models whose scores on the same variants depend on each other."""
    both = drawn_scores(rng, count, 6)
    halves = [scores_of(both.ref[:, part], both.alt[:, part]) for part in (slice(4), slice(4, 6))]
    cards = [card("m", 4), card("n", 2)]
    return [
        with_background(c, [(*SNVS, half, name)])
        for c, half, name in zip(cards, halves, variants, strict=True)
    ]


def halves_of(both):
    return [scores_of(both.ref[:, part], both.alt[:, part]) for part in (slice(4), slice(4, 6))]


def test_rp_q_is_uniform_where_models_share_variants():
    rng = np.random.default_rng(5)
    rankings = [Ranking(made) for made in two_models(rng, 40_000)]
    overall = Overall(rankings)
    new = halves_of(drawn_scores(rng, 4000, 6))
    found = overall.columns(new)
    assert kstest(found["RP_Q"], "uniform").pvalue > 0.01
    smallest = np.minimum(*(r.ranked(s).q for r, s in zip(rankings, new, strict=True)))
    assert (np.array(found["RP_Q"]) >= smallest * 0.99).all()
    assert (np.array(found["RP_Q"]) <= np.minimum(2 * smallest, 1) * 1.1).all()
    assert "their joint distribution" in overall.fields[1].description
    for row in range(50):
        models = [r.ranked(s) for r, s in zip(rankings, new, strict=True)]
        better = int(models[1].q[row] < models[0].q[row])
        label = f"T{models[better].top[row]}"
        assert found["RP_TOP"][row] == f"{'mn'[better]}:{label}"


@pytest.mark.parametrize("how", ["other variants", "some targets"])
def test_without_shared_variants_rp_q_is_sidak(how):
    rng = np.random.default_rng(5)
    variants = ("a", "b") if how == "other variants" else ("a", "a")
    made = two_models(rng, 2000, variants)
    rankings = [Ranking(made[0]), Ranking(made[1], ["T1"] if how == "some targets" else [])]
    new = halves_of(drawn_scores(rng, 300, 6))
    found = Overall(rankings).columns(new)
    smallest = np.minimum(*(r.ranked(s).q for r, s in zip(rankings, new, strict=True)))
    assert found["RP_Q"] == pytest.approx(1 - (1 - smallest) ** 2, rel=0.01)
    assert "Sidak" in Overall(rankings).fields[1].description


def test_rp_q_of_a_single_model_is_its_q():
    rng = np.random.default_rng(5)
    ranking, new = Ranking(calibrated(rng, 500)), drawn_scores(rng, 50)
    assert Overall([ranking]).columns([new])["RP_Q"] == tags(ranking, new)["RP_M__Q"]


def test_models_without_a_background_or_a_score_do_not_count():
    rng = np.random.default_rng(5)
    new = halves_of(drawn_scores(rng, 3, 6))
    new[1].ref[0] = new[1].alt[0] = np.nan
    first, second = (Ranking(made) for made in two_models(rng, 500))
    both = Overall([first, second]).columns(new)
    alone = Overall([first, Ranking(card("n", 2))])
    assert both["RP_Q"][0] == alone.columns(new)["RP_Q"][0]
    assert all(top.startswith("m:") for top in alone.columns(new)["RP_TOP"])
    assert alone.fields[0].description.endswith("of m")
    nobody = Overall([Ranking(card("n", 2))])
    assert nobody.columns(new[1:]) == {}
    assert "no model has a background" in nobody.fields[1].description


# -- what travels in a card ---------------------------------------------------------------


def test_a_card_keeps_it():
    made = calibrated(np.random.default_rng(0), 200)
    again = card_from_json(card_to_json(made), source="m")
    assert again == made
    assert again.background.sha256 == made.background.sha256
    assert "background" not in card_to_json(card())


def test_its_size():
    """Twenty targets, two strata, all kinds: as shipped."""
    rng = np.random.default_rng(0)
    kinds = {"snv": 5000, "mnv": 1000, "ins_1": 1000, "ins_2_5": 1000, "ins_6": 1000}
    kinds |= {"del_1": 1000, "del_2_5": 1000, "del_6": 1000}
    sets = [
        (stratum, kind, drawn_scores(rng, count, 20), f"{stratum} {kind}")
        for stratum in ("random", "elements")
        for kind, count in kinds.items()
    ]
    assert len(background_of(sets).data) < 70_000


def test_other_scores_have_another_sha256():
    first, second = (calibrated(np.random.default_rng(s), 200).background for s in (0, 1))
    assert first.sha256 != second.sha256
    renamed = msgspec.structs.replace(first, genome="other.fa", created_by="someone")
    assert renamed.sha256 == first.sha256


DAMAGES = {
    "data": ["", "%%%", "AAAA", "eJwDAAAAAAE="],
    "kind": ["snw", "del_1"],
    "stratum": ["Random", "a" * 50, "random,x>"],
    "scored": [0, 19, 5001, 300, 10**9],
    "variants": [10**9, 199, 201],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, some in DAMAGES.items() for v in some])
def test_damaged_backgrounds_are_refused(key, value):
    made = calibrated(np.random.default_rng(0), 200)
    background = made.background
    if key == "data":
        background = msgspec.structs.replace(background, data=value)
    else:
        of = msgspec.structs.replace(background.sets[0], **{key: value})
        background = msgspec.structs.replace(background, sets=(of,))
    with pytest.raises(ModelError, match=r"the background of m is damaged: .*calibrate m"):
        Ranking(msgspec.structs.replace(made, background=background))


@pytest.mark.parametrize("name", ["g\x1b[2J.fa", "g" * 500])
def test_a_genome_of_no_name_is_refused(name):
    made = calibrated(np.random.default_rng(0), 200)
    background = msgspec.structs.replace(made.background, genome=name)
    with pytest.raises(ModelError, match="the name of its genome is no name"):
        Ranking(msgspec.structs.replace(made, background=background))


def test_a_background_that_unpacks_to_gigabytes_is_refused():
    import base64
    import zlib

    made = calibrated(np.random.default_rng(0), 200)
    bomb = base64.b64encode(zlib.compress(bytes(10**7), 9)).decode()
    background = msgspec.structs.replace(made.background, data=bomb)
    with pytest.raises(ModelError, match="not as long as its sets say"):
        Ranking(msgspec.structs.replace(made, background=background))


def test_numbers_that_rise_or_are_not_finite_are_refused():
    import base64
    import zlib

    made = calibrated(np.random.default_rng(0), 200)
    raw = bytearray(zlib.decompress(base64.b64decode(made.background.data)))
    for damage in (b"\x00\x00\xc0\x7f", b"\x00\x00\x80\xff"):  # NaN, -inf
        other = bytes(damage + raw[4:])
        data = base64.b64encode(zlib.compress(other)).decode()
        background = msgspec.structs.replace(made.background, data=data)
        with pytest.raises(ModelError, match="a number is not finite"):
            Ranking(msgspec.structs.replace(made, background=background))
    first = np.frombuffer(raw, "<f4", 2).copy()[::-1].tobytes() + raw[8:]
    data = base64.b64encode(zlib.compress(bytes(first))).decode()
    background = msgspec.structs.replace(made.background, data=data)
    with pytest.raises(ModelError, match="do not fall"):
        Ranking(msgspec.structs.replace(made, background=background))


def test_variants_that_were_not_scored_keep_their_numbers():
    rng = np.random.default_rng(0)
    some = drawn_scores(rng, 300)
    some.ref[::3] = some.alt[::3] = np.nan
    made = with_background(card(), [(*SNVS, some, "a")])
    assert made.background.sets[0].scored == 200
    table = Ranking(made).tables["snv"]
    assert (table.codes == 255).nonzero()[0].tolist() == list(range(0, 300, 3))


def test_the_same_scores_give_the_same_bytes():
    assert calibrated(np.random.default_rng(0)) == calibrated(np.random.default_rng(0))


def test_columns_are_kept_for_the_same_scores_only():
    rng = np.random.default_rng(0)
    ranking = Ranking(calibrated(rng, 200))
    first, second = drawn_scores(rng, 5), drawn_scores(rng, 5)
    before = ranking.ranked(first).q
    assert ranking.ranked(second).q.tolist() != before.tolist()
    copied = Scores(first.ref.copy(), first.alt.copy(), first.status)
    assert ranking.ranked(copied).q == pytest.approx(before)
