import re
import sys

import numpy as np
import pytest

import regplug.motifs.matches
from benchmarks.motif_names import as_seen, by_chance
from regplug.errors import MissingLibraryError
from regplug.genome.codes import encode
from regplug.motifs.matches import (
    FIRST,
    FLAT,
    SHUFFLES,
    TAX_GROUPS,
    Collection,
    Matches,
    jaspar,
    match,
)
from regplug.motifs.motif import Motif

pytest.importorskip("memelite")


def word(letters, name=""):
    return Motif(name or letters, np.eye(4)[encode(letters)] * 0.96 + 0.01)


def test_q_values_are_of_all_pairs(monkeypatch):
    """Benjamini and Hochberg: sorted p × pairs / rank, then the smallest from there on."""
    p = np.array([[0.01, 0.04], [0.5, 0.02]])
    monkeypatch.setattr(regplug.motifs.matches, "_tomtom", lambda *_: p)
    found = match([word("A"), word("C")], Collection("two", [word("G"), word("T")]))
    # ranks .01 .02 .04 .5 -> .04 .04 .0533 .5
    np.testing.assert_allclose(found.q, [[0.04, 0.16 / 3], [0.5, 0.04]])
    assert [list(found.ranked(row)) for row in (0, 1)] == [[0, 1], [1, 0]]
    assert found.like(0) == []  # the shuffled ones are as good here


def test_like_is_significant_and_better_than_shuffled_columns():
    known = [word(letters) for letters in ("AC", "CC", "GC", "TC")]
    p = np.array([[1e-5, 1e-9, 1e-7, 1e-6], [1e-5, 1e-9, 1e-7, 1e-6], [0.1] * 4])
    q = np.array([[0.01, 0.01, 0.2, 0.01], [0.01] * 4, [0.01] * 4])
    found = Matches(p, q, np.array([1e-5, 1e-9, 0.2]), known, "four")
    assert [found.like(row) for row in range(3)] == [[1, 3], [], [0, 1, 2, 3]]


def test_orders_that_match_as_well(monkeypatch):
    """Four orders in 200 may; five tell that the match is one of chance, and end the search."""
    motifs = [word("AAAC", str(number)) for number in range(4)]
    # motif → the orders that match as it does
    equals = {1: [9, 30, 90, 150], 2: [30, 40, 50, 60, 170], 3: [3, 7, 9, 11, 13]}
    sizes = []

    def tomtom(queries, *_):
        sizes.append(len(queries))
        order = len(sizes) - 2  # the first call compares the motifs themselves
        rows = [0, 1, 2, 3] if order < FIRST else [0, 1, 2][: len(queries)]
        same = [order == -1 or order in equals.get(row, ()) for row in rows]
        return np.where(same, 1e-9, 1e-3)[:, None]

    monkeypatch.setattr(regplug.motifs.matches, "_tomtom", tomtom)
    found = match(motifs, Collection("one", [word("AAAC")]))
    assert [found.like(row) for row in range(4)] == [[0], [0], [], []]
    np.testing.assert_array_equal(found.shuffled, [1e-3, 1e-3, 1e-9, 1e-9])
    assert sizes == [4] * (1 + FIRST) + [3] * (171 - FIRST) + [2] * (SHUFFLES - 171)


@pytest.mark.slow
@pytest.mark.parametrize("tenths", [3, pytest.param(10, marks=pytest.mark.nightly)])
def test_motifs_of_chance_have_no_name(tenths):
    """Columns from anywhere, beside known motifs, by which q < 0.1 is let through easily.

    When the best of 20 orders was what a match had to beat, nine of these had a name.
    """
    random, collection = np.random.default_rng(2), jaspar()
    shown, chance = 3 * tenths, 12 * tenths
    known = [as_seen(random, motif) for motif in collection.motifs[:shown]]
    found = match([*known, *(by_chance(random, collection) for _ in range(chance))], collection)
    named = [bool(found.like(row)) for row in range(shown + chance)]
    assert sum(named[:shown]) >= 0.9 * shown
    assert sum(named[shown:]) <= 0.4 * tenths
    assert (found.q[shown:] < 0.1).any(axis=1).sum() > 1.5 * tenths  # TomTom alone names more


@pytest.mark.slow
def test_flat_ends_do_not_count():
    """A sharp E-box between nearly flat columns matches as it does alone, and is named by it.

    With its 15 flat columns, other orders of the columns matched as well as the E-box itself.
    """
    random = np.random.default_rng(0)
    box = word("GGTCACGTG")
    flanked = []
    for _ in range(5):
        before, after = random.dirichlet([30] * 4, 7), random.dirichlet([30] * 4, 8)
        flanked.append(Motif("flanked", np.vstack([before, box.frequencies, after])))
    assert max(motif.information[[*range(7), *range(-8, 0)]].max() for motif in flanked) < FLAT
    found = match([box, *flanked, Motif("flat", np.tile([0.3, 0.2, 0.2, 0.3], (12, 1)))], jaspar())
    np.testing.assert_array_equal(found.p[1:6], np.tile(found.p[0], (5, 1)))
    alike = [found.known[columns[0]].also for row in range(6) if (columns := found.like(row))]
    assert len(alike) >= 5
    assert set(alike) <= {"TFEC", "TFEB", "TFE3", "MITF", "USF1", "USF2"}
    assert (found.p[6] == 1).all()


@pytest.mark.slow
def test_a_word_is_found_among_random_ones():
    random = np.random.default_rng(1)
    known = [word("".join(random.choice(list("ACGT"), 12))) for _ in range(200)]
    known[70] = word("GGAACTTACTGA", "wanted")
    motifs = [word("TCAGTAAGTTCC"), Motif("none", np.empty((0, 4)))]
    found = match(motifs, Collection("words", known))
    assert known[found.ranked(0)[0]].name == "wanted"
    assert found.q[0, 70] < 1e-3
    assert found.like(0)[0] == 70
    assert (found.p[1] == 1).all()
    assert found.like(1) == []
    forward = match(motifs, Collection("words", known), both_strands=False)
    assert forward.p[0, 70] > 1e-3  # it lies on the other strand


@pytest.mark.slow
def test_few_known_motifs_and_no_motif():
    few = Collection("few", [word("GGAACTTAC"), word("ACGTACGTA")])
    assert match([word("GGAACTTAC")], few).ranked(0)[0] == 0
    assert match([], few).q.shape == (0, 2)


@pytest.mark.slow
def test_jaspar():
    collection = jaspar()
    assert re.fullmatch(r"JASPAR20\d\d CORE vertebrates", collection.title)
    assert len(collection.motifs) > 1000
    by_name = {motif.name: motif for motif in collection.motifs}
    assert by_name["MA0139.2"].also == "CTCF"  # its newest version in 2026
    for motif in collection.motifs:
        np.testing.assert_allclose(motif.frequencies.sum(axis=1), 1)


@pytest.mark.slow
@pytest.mark.parametrize("group", TAX_GROUPS)
def test_jaspar_of_each_group(group):
    collection = jaspar(group)
    assert re.fullmatch(rf"JASPAR20\d\d CORE {group}", collection.title)
    assert len(collection.motifs) > 90  # of JASPAR 2026: 94 of urochordates, 1,019 of vertebrates


@pytest.mark.slow
def test_jaspar_is_read_as_pyjaspar_reads_it():
    from pyjaspar import jaspardb

    database = jaspardb()
    expected = database.fetch_motifs(collection="CORE", tax_group=["nematodes"])
    database.conn.close()
    found = jaspar("nematodes").motifs
    assert [(one.name, one.also) for one in found] == [
        (one.matrix_id, one.name) for one in expected
    ]
    for motif, entry in zip(found, expected, strict=True):
        counts = np.array([entry.counts[base] for base in "ACGT"]).T
        np.testing.assert_array_equal(motif.frequencies, counts / counts.sum(axis=1, keepdims=True))
        assert motif.sites == round(counts.sum(axis=1).max())


@pytest.mark.slow
def test_a_site_of_yeast_is_found_among_those_of_fungi():
    """TTACCCG is the core of Reb1, and of its paralogue Nsi1."""
    found = match([word("TTACCCGG")], jaspar("fungi"))
    assert {found.known[at].also.upper() for at in found.like(0)[:2]} == {"REB1", "NSI1"}


@pytest.mark.parametrize("library", ["pyjaspar", "memelite"])
def test_a_library_that_is_not_installed(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        MissingLibraryError, match=rf"needs {library}: pip install 'regplug\[motifs\]'"
    ):
        match([word("ACGT")], jaspar() if library == "pyjaspar" else Collection("c", [word("A")]))
