"""Sites: letters, matrices by hand, and what is put into sequences."""

import numpy as np
import pytest

from regplug.errors import MotifError
from regplug.genome.codes import decode, encode, reverse_complement
from regplug.motifs.motif import Motif
from regplug.motifs.sites import can_be_mixed, mixed, put, site_of, site_of_letters


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def planted(background, letters, start, rng):
    return decode(put(encode(background)[None], site_of_letters(letters), start, rng)[0])


@pytest.mark.parametrize("letters", ["ACGTRYSWKMBDHVN", "TGASTCA", "GATAA"])
def test_letters_come_back(letters):
    assert site_of_letters(letters.lower()).letters == letters


def test_u_is_t():
    assert site_of_letters("UGUA").letters == site_of_letters("UGUA").name == "TGTA"


@pytest.mark.parametrize("text", ["", "GATTAX", "NNN", "A" * 201])
def test_no_site(text):
    with pytest.raises(MotifError):
        site_of_letters(text)


def test_a_matrix_by_cavener():
    """One base over half and twice the next; two of over three quarters; else any. Ends are cut."""
    rows = [
        [0.25, 0.25, 0.25, 0.25],
        [0.6, 0.2, 0.1, 0.1],
        [0.55, 0.3, 0.1, 0.05],  # 0.55 is not twice 0.3, but they have 0.85
        [0.4, 0.3, 0.2, 0.1],
        [0.0, 0.5, 0.0, 0.5],
        [0.25, 0.25, 0.25, 0.25],
    ]
    assert site_of(Motif("M", np.array(rows))).letters == "AMNY"
    with pytest.raises(MotifError, match="motif M has no position"):
        site_of(Motif("M", np.array(rows[:1])))


def test_the_other_strand_is_that_of_a_sequence():
    site = site_of_letters("GATWAAR")
    assert site.reversed.letters == "YTTWATC"
    assert decode(reverse_complement(encode("GATTAAG"))) == "CTTAATC"
    assert np.array_equal(site.reversed.reversed.fits, site.fits)


def test_a_base_that_fits_stays(rng):
    assert planted("CCCCCC", "GNT", 2, rng) == "CCGCTC"
    assert planted("CCCCCC", "GST", 2, rng) == "CCGCTC"
    assert planted("CCCCCC", "GAT", 0, rng) == "GATCCC"


def test_others_become_one_that_fits_each_as_often(rng):
    made = put(np.zeros((4000, 3), np.uint8), site_of_letters("S"), 1, rng)
    assert set(made[:, [0, 2]].ravel()) == {0}
    shares = np.bincount(made[:, 1], minlength=4) / 4000
    np.testing.assert_allclose(shares, [0, 0.5, 0.5, 0], atol=0.03)  # 4 standard errors


def test_a_site_for_each_row(rng):
    sites = [site_of_letters("GA"), site_of_letters("TC")]
    made = put(np.zeros((2, 4), np.uint8), sites, 1, rng)
    assert [decode(row) for row in made] == ["AGAA", "ATCA"]


def test_controls_have_the_same_positions_and_are_not_the_site(rng):
    site = site_of_letters("AC")  # its reverse is GT, of other letters
    assert {control.letters for control in mixed(site, 20, rng)} == {"CA"}
    site = site_of_letters("CACGTG")
    made = [control.letters for control in mixed(site, 50, rng)]
    assert "CACGTG" not in made
    assert {"".join(sorted(letters)) for letters in made} == {"ACCGGT"}
    assert len(set(made)) > 10


def test_some_sites_have_no_other_order():
    assert not can_be_mixed(site_of_letters("AAA"))
    assert can_be_mixed(site_of_letters("AAC"))
