"""In-silico mutagenesis by hand, and where overlapping sequences' bases go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regplug.genome.codes import encode
from regplug.genome.variant import Interval
from regplug.interpret.attribute.along import own_bases
from regplug.interpret.attribute.contributions import Named, actual, from_differences
from regplug.interpret.attribute.mutagenesis import within
from regplug.models.embedded import Embedded
from tests.toy_models import gc_model
from tests.toy_planted import MOTIF, planted_model


def test_a_motif_by_hand(tmp_path):
    """Each of three changes of a site's base loses 1: beside the mean of the four it is 3/4."""
    planted_model(tmp_path, window=40)
    codes = encode("C" * 10 + MOTIF + "C" * 23)[None]
    found = within(codes, Embedded(tmp_path / "planted"), [0], "diff")
    wanted = np.zeros((40, 4))
    wanted[10:17] = -0.25
    wanted[range(10, 17), encode(MOTIF)] = 0.75
    assert (found.hypothetical[0, 0] == wanted).all()
    assert found.predictions == 1
    assert np.isnan(found.references).all()


def test_unknown_bases_have_none(tmp_path):
    gc_model(tmp_path, window=21)
    codes = encode("NNACGTNCATTACGGATCCAG")[None]
    found = within(codes, Embedded(tmp_path / "gc"), [1, 0], "diff")
    strong, known = np.isin(codes[0], [1, 2]), codes[0] < 4
    assert (actual(found.hypothetical[0, 1], codes[0]) == np.where(strong, 0.5, -0.5) * known).all()
    assert (found.hypothetical[0, 0] == 2 * found.hypothetical[0, 1]).all()
    assert (found.hypothetical[0, 0][codes[0] == 4] == 0).all()


def test_places_without_a_score_have_none():
    differences = np.array([[0, -1, -1, -2], [np.nan] * 4], np.float32)
    assert (from_differences(differences) == [[1, 0, 0, -1], [0, 0, 0, 0]]).all()


PLACES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(-3, 60)), min_size=1, max_size=8)


@given(PLACES, st.integers(1, 12))
def test_each_base_is_of_the_sequence_whose_middle_is_nearest(places, bases):
    contigs = {"b": 50, "a": 40}
    named = [
        Named(str(at), Interval(contig, start, start + bases))
        for at, (contig, start) in enumerate(places)
    ]
    owner = {}
    for row, start, own in own_bases([*named, Named("none", None)], contigs):
        assert start == named[row].place.start
        for base in range(own.start, own.end):
            assert (own.chrom, base) not in owner
            owner[own.chrom, base] = row
    for contig, length in contigs.items():
        for base in range(length):
            far = [
                abs(2 * base + 1 - place.start - place.end)
                for _, place in named
                if place.chrom == contig and place.start <= base < place.end
            ]
            assert ((contig, base) in owner) == bool(far)
            if far:
                own = named[owner[contig, base]].place
                assert abs(2 * base + 1 - own.start - own.end) == min(far)


def test_they_come_in_the_order_of_the_genome():
    named = [Named("x", Interval("a", 5, 9)), Named("y", Interval("b", 0, 4)), Named("z", None)]
    found = [row for row, _, _ in own_bases(named, {"b": 50, "a": 40})]
    assert found == [1, 0]


@pytest.mark.parametrize("score", ["logit", "log2fc"])
def test_other_scales(tmp_path, score):
    """A base's change of a probability, as a logarithm: by hand."""
    from tests.toy_models import table_model

    table = np.array([[0.1], [0.2], [0.2], [0.1], [0]])
    table_model(tmp_path, "p", table, window=3, output_scale="probability")
    codes = encode("ACA")[None]  # 0.4; with C for an A 0.5, with A for the C 0.3
    found = within(codes, Embedded(tmp_path / "p"), [0], score)
    scale = {"logit": lambda p: np.log(p / (1 - p)), "log2fc": np.log2}[score]
    more, less = scale(0.5) - scale(0.4), scale(0.3) - scale(0.4)
    first = np.array([0, more, more, 0]) - more / 2
    second = np.array([less, 0, 0, less]) - less / 2
    assert found.hypothetical[0, 0] == pytest.approx(np.array([first, second, first]), abs=1e-6)
