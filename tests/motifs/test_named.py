"""Motifs by name, letters and file."""

import numpy as np
import pytest

from regplug.errors import MotifError
from regplug.motifs.matches import Collection, jaspar
from regplug.motifs.meme import write_meme
from regplug.motifs.motif import Motif
from regplug.motifs.named import sites_named

SURE = np.eye(4)


def motif(name, also, letters):
    return Motif(name, SURE[["ACGT".index(letter) for letter in letters]], 20, also)


KNOWN = Collection(
    "toy",
    [
        motif("MA0002.1", "CTCF", "CCGC"),
        motif("MA0001.2", "CTCF", "GGCC"),
        motif("MA0003.1", "MYB", "AACG"),
        motif("MA0004.1", "Gata1::Tal1", "GATA"),
        Motif("MA0005.1", np.full((3, 4), 0.25), 20, "FLAT"),
    ],
)


def found(*words):
    named = sites_named(words, lambda: KNOWN)
    return [(site.name, site.letters) for site in named.sites], named.remarks


def test_by_name_id_and_letters():
    assert found("gata1::tal1", "MA0002", "TGASTCA")[0] == [
        ("MA0004.1", "GATA"),
        ("MA0002.1", "CCGC"),
        ("TGASTCA", "TGASTCA"),
    ]


def test_a_name_comes_before_letters():
    """M, Y and B are letters of IUPAC's."""
    assert found("MYB")[0] == [("MA0003.1", "AACG")]


def test_the_first_of_a_name_is_taken_and_said():
    sites, remarks = found("CTCF")
    assert sites == [("MA0001.2", "GGCC")]
    assert remarks == ["CTCF is MA0001.2 here; others of that name: MA0002.1"]


def test_all_but_the_flat_once_each():
    sites, remarks = found("all", "MYB")
    assert [name for name, _ in sites] == ["MA0002.1", "MA0001.2", "MA0003.1", "MA0004.1"]
    assert remarks == ["motif MA0005.1 has no position with a clear base: leave it out"]


def test_a_file(tmp_path):
    write_meme(tmp_path / "m.meme", [motif("own", "", "ACCA")])
    assert found(str(tmp_path / "m.meme"))[0] == [("own", "ACCA")]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("GATA1:TAL1", "no motif GATA1:TAL1 in toy: is it Gata1::Tal1?"),
        ("CTCFF", "is it CTCF?"),
        ("zzz9", "give a name or ID of it"),
        ("none.meme", "none.meme"),
    ],
)
def test_unknown_ones_are_named_with_those_near(word, told):
    with pytest.raises(MotifError, match=told):
        found(word)


def test_the_commonest_base_fits_everywhere_in_jaspar():
    pytest.importorskip("pyjaspar")
    known = jaspar()
    named = sites_named(["all"], lambda: known)
    by_name = {motif.name: motif for motif in known.motifs}
    assert len(named.sites) + len(named.remarks) == len(known.motifs) > 800
    for site in named.sites:
        best = by_name[site.name].frequencies.argmax(axis=1)
        fits = [
            site.fits[np.arange(site.width), best[start : start + site.width]].all()
            for start in range(len(best) - site.width + 1)
        ]
        assert any(fits), site.title
    (ctcf,) = sites_named(["CTCF"], lambda: known).sites
    assert ctcf.title == "CTCF MA0139.2"
