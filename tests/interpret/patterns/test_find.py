"""TF-MoDISco finds what was planted, and what it cannot work on is named."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from regplug.errors import DataError
from regplug.genome.codes import encode, reverse_complement
from regplug.interpret.attribute.file import Stored, read_contributions
from regplug.interpret.patterns.find import check, find_patterns, read_patterns
from regplug.interpret.patterns.hits import find_pattern_hits

RAISES, LOWERS = encode("TGACTCAGCA"), encode("CCGGAAGTGC")


def planted(count: int, bases: int = 220, seed: int = 0):
    """Return codes and contributions: 1 for RAISES, -1 for LOWERS, each on either strand; noise.

    With them the places (sign, row, start, whether on the other strand).
    """
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (count, bases), dtype=np.uint8)
    own = random.normal(0, 0.01, (count, bases))
    places = []
    for row in range(count):
        for motif, sign, low in ((RAISES, 1, 60), (LOWERS, -1, 120)):
            start, reverse = int(random.integers(low, low + 30)), bool(random.random() < 0.5)
            stretch = slice(start, start + len(motif))
            codes[row, stretch] = reverse_complement(motif) if reverse else motif
            own[row, stretch] += sign
            places.append((sign, row, start, reverse))
    return codes, own.astype(np.float32), places


def write(path: Path, codes, own) -> Path:
    """Write contributions as ChromBPNet lays them out: a third is taken from the other bases."""
    letters = (codes[:, None] == np.arange(4)[:, None]).astype(np.int8)
    hypothetical = np.where(letters == 1, own[:, None], -own[:, None] / 3).astype(np.float32)
    with h5py.File(path, "w") as file:
        file["raw/seq"], file["shap/seq"] = letters, hypothetical
        file["projected_shap/seq"] = np.where(letters == 1, hypothetical, 0)
    return path


def contained(motif, found: str) -> bool:
    text = {bytes(b"ACGT"[base] for base in m).decode() for m in (motif, reverse_complement(motif))}
    return any(each in found for each in text)


@pytest.mark.nightly
def test_planted_motifs_are_found_and_so_are_their_places(tmp_path):
    pytest.importorskip("modiscolite")
    codes, own, places = planted(300)
    path = write(tmp_path / "planted.h5", codes, own)
    stored = read_contributions(path)
    found = find_patterns(path, stored, tmp_path / "m.h5", window=220, most=2000)
    assert [pattern.name for pattern in found] == ["pos.0", "neg.0"]
    for pattern, motif in zip(found, (RAISES, LOWERS), strict=True):
        assert contained(motif, pattern.motif.consensus())
        assert len(pattern.rows) > 250
        assert pattern.motif.width <= 12
    hits = find_pattern_hits(found, stored)
    planted_at = {(sign, row, start) for sign, row, start, _ in places}
    hit_at = {(1 if found[hit.pattern].raises else -1, hit.row, hit.place.start) for hit in hits}
    assert len(hit_at & planted_at) > 0.95 * len(planted_at)
    assert len(hit_at - planted_at) < 0.05 * len(planted_at)


def results(path: Path, codes, places, width: int = 16) -> Path:
    """Write what modisco would: a pattern of each sign with three bases around the motif."""
    with h5py.File(path, "w") as file:
        for sign, name, motif in ((1, "pos", RAISES), (-1, "neg", LOWERS)):
            seqlets = [(row, start, reverse) for s, row, start, reverse in places if s == sign]
            columns = np.zeros((width, 4))
            columns[range(3, 13), motif] = sign
            group = file.create_group(f"{name}_patterns/pattern_0")
            group["contrib_scores"] = columns
            group["sequence"] = np.where(columns == 0, 0.25 * (columns.any(1)[:, None] == 0), 1)
            group["seqlets/example_idx"] = [row for row, _, _ in seqlets]
            group["seqlets/start"] = [start - 3 for _, start, _ in seqlets]
            group["seqlets/is_revcomp"] = [reverse for _, _, reverse in seqlets]
    return path


@pytest.fixture
def made(tmp_path):
    """Return contributions of 60 sequences, the patterns in them, and where they were planted."""
    codes, own, places = planted(60)
    path = write(tmp_path / "planted.h5", codes, own)
    return (
        read_contributions(path),
        read_patterns(results(tmp_path / "m.h5", codes, places), 0),
        places,
    )


def test_a_pattern_is_cut_to_what_contributes(made):
    _, patterns, _ = made
    assert [pattern.name for pattern in patterns] == ["pos.0", "neg.0"]
    assert [pattern.raises for pattern in patterns] == [True, False]
    assert [pattern.core for pattern in patterns] == [slice(3, 13)] * 2
    assert [pattern.motif.consensus() for pattern in patterns] == ["TGACTCAGCA", "CCGGAAGTGC"]
    assert [pattern.motif.sites for pattern in patterns] == [60, 60]


def test_hits_are_the_planted_places(made):
    """On either strand; 1 for each of ten bases, and as like as noise of 0.01 lets it be."""
    stored, patterns, places = made
    hits = find_pattern_hits(patterns, stored)
    found = {(1 - 2 * hit.pattern, hit.row, hit.place.start, hit.strand == "-") for hit in hits}
    assert found == set(places)
    assert [hit.contribution for hit in hits] == pytest.approx(
        [10 - 20 * hit.pattern for hit in hits], abs=0.2
    )
    assert min(hit.similarity for hit in hits) > 0.99
    assert max(hit.p for hit in hits) < 1e-4


def test_bases_that_fit_and_contribute_nothing_are_no_hit(made):
    stored, patterns, _ = made
    silent = Stored(None, stored.letters, np.zeros_like(stored.hypothetical), [])
    assert find_pattern_hits(patterns, silent) == []
    other = Stored(None, stored.letters, -stored.hypothetical, [])
    assert find_pattern_hits(patterns, other) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda own: own * 0, "has no signal: all contributions are 0"),
        (lambda own: np.where(np.arange(len(own))[:, None] < 9, own, 0), "has 9 sequences with"),
        (lambda own: np.where(own > 0.5, np.inf, own), "contributions that are no numbers"),
    ],
)
def test_no_signal(tmp_path, change, message):
    codes, own, _ = planted(60)
    path = write(tmp_path / "x.h5", codes, change(own).astype(np.float32))
    with pytest.raises(DataError, match=message):
        check(path, read_contributions(path), 220)


@pytest.mark.parametrize(
    ("count", "bases", "window", "message"),
    [
        (30, 220, 220, "has 30 sequences with contributions"),
        (60, 220, 222, "a window of 222 does not do: an even number of bases, from 60 to the 220"),
        (60, 220, 61, "a window of 61 does not do"),
        (60, 220, 58, "a window of 58 does not do"),
    ],
)
def test_too_few_or_too_short(tmp_path, count, bases, window, message):
    codes, own, _ = planted(count, bases)
    path = write(tmp_path / "x.h5", codes, own)
    with pytest.raises(DataError, match=message):
        check(path, read_contributions(path), window)


def test_sequences_that_are_too_short(tmp_path):
    codes, own, _ = planted(60)
    path = write(tmp_path / "x.h5", codes[:, :41], own[:, :41])
    with pytest.raises(DataError, match="sequences of 41 bases, and patterns need 60"):
        check(path, read_contributions(path), 40)


@pytest.mark.nightly
def test_what_modisco_says_is_told(tmp_path):
    """Contributions that are all the same: no threshold can be set."""
    pytest.importorskip("modiscolite")
    codes, own, _ = planted(60)
    path = write(tmp_path / "x.h5", codes, np.ones_like(own))
    with pytest.raises(
        DataError, match=r"(TF-MoDISco fails on the 60 sequences|no pattern in) .*x"
    ):
        find_patterns(path, read_contributions(path), tmp_path / "m.h5", window=220, most=2000)


def test_results_that_are_none(tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(DataError, match="holds no patterns of TF-MoDISco"):
        read_patterns(path, 0)


def test_ends_are_cut_below_a_share_of_the_largest_column(tmp_path):
    codes, _, places = planted(5)
    path = results(tmp_path / "m.h5", codes, places)
    with h5py.File(path, "a") as file:
        file["pos_patterns/pattern_0/contrib_scores"][1, 0] = 0.2
    shares = (0.3, 0.15, 0)
    assert [read_patterns(path, 0, trim)[0].motif.width for trim in shares] == [10, 12, 16]
