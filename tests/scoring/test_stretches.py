import numpy as np
import pytest

from regplug.genome.variant import Status, Variant
from regplug.scoring.alleles import Alleles, encode_alleles
from regplug.scoring.examined import Examined
from regplug.scoring.pairs import pair_predictions
from regplug.scoring.requests import ALTS, requests
from regplug.scoring.stretches import LayerSize, Sizes, only_differs_at
from tests.toy_models import gc_model

WINDOW, COLUMN = 20, 9
SIZES = Sizes(COLUMN, (LayerSize(4, WINDOW, 0, 3),))


class OneContig:
    """A genome of chr1, whose codes are given; unknown outside."""

    def __init__(self, codes):
        self.inner, self.lengths = codes, {"chr1": len(codes)}

    def contig(self, name):
        return name

    def codes(self, interval):
        around = np.full(1000, 4, np.uint8)
        padded = np.concatenate([around, self.inner, around])
        return padded[interval.start + 1000 : interval.end + 1000]


def alleles_in(variants, codes, window):
    """Return variants of a genome with these codes in windows of so many bases."""
    examined = [Examined(variant, Status.OK) for variant in variants]
    return encode_alleles(examined, OneContig(codes), window=window)


def alleles_of(variants, codes):
    return alleles_in(variants, codes, WINDOW)


def snvs(codes, places):
    """Return all three SNVs at each 0-based place."""
    return [
        Variant("chr1", at + 1, "ACGT"[codes[at]], base)
        for at in places
        for base in "ACGT"
        if base != "ACGT"[codes[at]]
    ]


class Weighted:
    """Answers both ways with weighted sums of the codes; keeps what it was asked."""

    def __init__(self, card):
        self.card, self.sizes, self.asked, self.plain = card, SIZES, [], 0
        self._weights = np.random.default_rng(3).normal(size=(WINDOW, 2)).astype(np.float32)

    def predict(self, codes, outputs=()):
        self.plain += len(codes)
        return codes @ self._weights

    def predict_variants(self, requests):
        self.asked += requests
        return [self._together(request) for request in requests]

    def _together(self, request):
        ref = request.block[request.starts[:, None] + np.arange(WINDOW)]
        alt = ref[request.of]
        alt[:, COLUMN] = request.alt
        return ref @ self._weights, alt @ self._weights

    def close(self):
        pass


class Slow(Weighted):
    """One that has no graph for variants."""

    def __init__(self, card):
        super().__init__(card)
        self.sizes = None


@pytest.fixture
def codes():
    return np.random.default_rng(0).integers(0, 4, 400).astype(np.uint8)


@pytest.fixture
def card(tmp_path):
    return gc_model(tmp_path, window=WINDOW)  # of two targets


def test_windows_that_overlap_are_one_stretch_with_every_base_once(codes):
    alleles = alleles_of(snvs(codes, [50, 55, 69]), codes)
    (request,) = requests(alleles, np.arange(9), SIZES)
    first = 50 - COLUMN
    assert request.block.tolist() == codes[first : first + 19 + WINDOW].tolist()
    assert request.starts.tolist() == [0, 5, 19]
    assert request.of.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert request.alt.tolist() == alleles.alt[:, COLUMN].tolist()


def test_far_windows_stand_one_after_another(codes):
    alleles = alleles_of(snvs(codes, [200, 50]), codes)
    (request,) = requests(alleles, np.arange(6), SIZES)
    assert request.starts.tolist() == [0, WINDOW]
    assert request.rows.tolist() == [3, 4, 5, 0, 1, 2]  # in the order of the genome
    assert len(request.block) == 2 * WINDOW


def test_windows_of_other_flanks_share_nothing(codes):
    """As where a haplotype has another variant near: the codes decide, not the positions."""
    alleles = alleles_of(snvs(codes, [50, 55]), codes)
    ref = alleles.ref.copy()
    ref[3:, 0] = (ref[3:, 0] + 1) % 4
    other = Alleles(alleles.variants, alleles.status, ref, alleles.alt, alleles.owner)
    (request,) = requests(other, np.arange(6), SIZES)
    windows = request.block[request.starts[:, None] + np.arange(WINDOW)][request.of]
    assert np.array_equal(windows, ref[request.rows])
    assert len(request.block) == 2 * WINDOW


def test_requests_end_where_they_are_large(codes):
    alleles = alleles_of(snvs(codes, range(30, 330)), codes)
    made = [*requests(alleles, np.arange(len(alleles.ref)), SIZES)]
    assert [len(request.rows) for request in made] == [ALTS] * (900 // ALTS) + [900 % ALTS]
    tight = Sizes(COLUMN, (LayerSize(1 << 20, WINDOW, 0, 1),))
    assert all(len(r.starts) <= 15 for r in requests(alleles, np.arange(900), tight))


def test_rows_of_every_kind_get_the_scores_of_their_windows(codes, card):
    codes[100] = 4
    places = [3, 396, 90, 104, *range(200, 260)]
    variants = [
        *snvs(codes, places),
        Variant("chr1", 301, "ACGT"[codes[300]], "ACGT"[codes[300]] + "GG"),
    ]
    two = "".join("ACGT"[code] for code in codes[310:312])
    variants.append(Variant("chr1", 311, two, "".join("CGTA"["ACGT".index(b)] for b in two)))
    alleles = alleles_of(variants, codes)
    fast, slow = Weighted(card), Slow(card)
    for found, wanted in zip(
        pair_predictions(alleles, fast), pair_predictions(alleles, slow), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert sum(len(request.rows) for request in fast.asked) == len(snvs(codes, places))
    assert fast.plain == 2 * 3  # the insertion's two rows, and the MNV


def test_windows_too_large_for_one_request_go_by_themselves(codes, card):
    alleles = alleles_of(snvs(codes, [50, 55]), codes)
    fast = Weighted(card)
    fast.sizes = Sizes(COLUMN, (LayerSize(1 << 24, WINDOW, 0, 1),))
    pair_predictions(alleles, fast)
    assert not fast.asked
    assert fast.plain == 2 * 6


def test_only_one_column_may_differ():
    ref = np.zeros((4, 5), np.uint8)
    alt = ref.copy()
    alt[1, 2] = alt[2, 1] = alt[3, 1] = alt[3, 2] = 1
    assert only_differs_at(ref, alt, 2).tolist() == [False, True, False, False]
