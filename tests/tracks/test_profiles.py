"""Tracks of profiles: a literal network and tiling in numpy, and what libBigWig's readers see."""

from contextlib import closing

import numpy as np
import pytest

from regplug.errors import RegionError
from regplug.genome.codes import encode
from regplug.genome.variant import Interval, Variant
from regplug.models.embedded import Embedded
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.alleles import MOST_N, column
from regplug.tracks import profile_regions, profile_variants
from regplug.tracks.loops import fill_regions, fill_variants, reach_of
from regplug.tracks.regions import Tracked, covered
from regplug.tracks.variants import neighbourhoods
from tests.toy_genomes import random_letters
from tests.toy_profiles import BASES, WINDOW, ProfileToy
from tests.tracks.test_regions import Kept

LETTERS = random_letters(400, seed=6)
BEFORE, HOP = (WINDOW - BASES) // 2, BASES // 2
TOY = ProfileToy()


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profiles")
    TOY.imported(folder / "repo")
    ProfileToy(2, targets=3).imported(folder / "repo", "three")
    return folder / "repo"


def opened(folder):
    return closing(Embedded(folder, threads=1))


def tracked(folder, genome, *regions, step=1, targets=(0,)):
    """Return the values over regions of contig c: (contig, start, end) → values."""
    files = Kept(len(targets))
    with opened(folder) as backend:
        wanted = Tracked(VariantEffect(), backend, list(targets), step)
        places = covered([Interval("c", *r) for r in regions], genome, WINDOW)
        done = []
        fill_regions(places, wanted, genome, done.append)(files)
    assert sum(done) == sum(map(len, places))
    return files.values


def literal(toy, letters, reads=None):
    """Return the value of each base, or None: the weighted mean of all tiles, one by one."""
    padded = encode("N" * WINDOW + letters + "N" * WINDOW)
    total, weight = [0.0] * len(letters), [0.0] * len(letters)
    for start in range(-(BASES // HOP) * HOP, len(letters), HOP):
        first = start - BEFORE
        window = padded[WINDOW + first : 2 * WINDOW + first]
        inside = letters[max(0, first) : first + WINDOW]
        if not inside or inside.count("N") > MOST_N * len(inside):
            continue
        of_tile = (reads or toy.reads)(window)
        for at in range(BASES):
            if 0 <= start + at < len(letters):
                share = min(at + 1, BASES - at)
                total[start + at] += share * of_tile[at]
                weight[start + at] += share
    return [t / w if w else None for t, w in zip(total, weight, strict=True)]


def check(found, wanted, low, high):
    """Check that [low, high) has the values wanted, and nothing else has one."""
    bases = {at: value for (_, at, end), value in found.items() if end == at + 1}
    assert len(bases) == len(found)
    assert sorted(bases) == [at for at in range(low, high) if wanted[at] is not None]
    for at, value in bases.items():
        np.testing.assert_allclose(value, wanted[at], rtol=1e-4)


def test_a_contig_is_the_mean_of_its_tiles(repo, genome_of):
    check(tracked(repo / "toy", genome_of(c=LETTERS), (0, 400)), literal(TOY, LETTERS), 0, 400)


def test_targets_have_tracks_of_their_own(repo, genome_of):
    found = tracked(repo / "three", genome_of(c=LETTERS), (100, 130), targets=[2, 0])
    wanted = literal(ProfileToy(2, targets=3), LETTERS)
    check(found, [value[[2, 0]] for value in wanted], 100, 130)


def test_unknown_bases(repo, genome_of):
    letters = "N" * 9 + LETTERS[9:190] + "N" * 30 + LETTERS[220:390] + "N" * 10
    wanted = literal(TOY, letters)
    assert [at for at, value in enumerate(wanted) if value is None] == [
        *range(25), *range(150, 250), *range(375, 400),
    ]  # fmt: skip
    check(tracked(repo / "toy", genome_of(c=letters), (0, 400)), wanted, 0, 400)
    assert tracked(repo / "toy", genome_of(c="N" * 400), (0, 400)) == {}


@pytest.mark.parametrize("step", [1, 7, 10, 64, 500])
def test_parts_have_the_values_of_the_whole(repo, genome_of, monkeypatch, step):
    genome = genome_of(c=LETTERS[:200] + "N" * 30 + LETTERS[230:])
    whole = tracked(repo / "toy", genome, (0, 400), step=step)
    for tiles in (256, 3, 1):
        monkeypatch.setattr(profile_regions, "TILES", tiles)
        for low, high in [(0, 400), (3, 4), (10, 25), (99, 301), (390, 400)]:
            found = tracked(repo / "toy", genome, (low, high), step=step)
            clipped = {
                (max(first, low), min(last, high)): value
                for (_, first, last), value in whole.items()
                if first < high and last > low
            }
            assert {key[1:] for key in found} == set(clipped)
            for (_, first, last), value in found.items():
                np.testing.assert_allclose(value, clipped[first, last], rtol=1e-5)


def test_a_step_has_the_mean_of_its_bases(repo, genome_of):
    genome = genome_of(c=LETTERS[:200] + "N" * 30 + LETTERS[230:])
    bases = {low: v for (_, low, _), v in tracked(repo / "toy", genome, (0, 400)).items()}
    found = tracked(repo / "toy", genome, (0, 400), step=7)
    assert len(found) > 40
    for (_, low, high), value in found.items():
        assert (low % 7, high - low) == (0, 7 if low < 399 else 1)
        known = [bases[at] for at in range(low, high) if at in bases]
        np.testing.assert_allclose(value, np.mean(known, axis=0), rtol=1e-5)


def test_few_tiles_are_held_at_once(repo, genome_of, monkeypatch):
    """However long a region is, and however many there are."""
    monkeypatch.setattr(profile_regions, "TILES", 8)
    held = []

    class Counting(VariantEffect):
        def track(self, stretches, backend, *, width, step):
            values = super().track(stretches, backend, width=width, step=step)
            held.append(sum(map(len, values)))
            return values

    regions = [Interval("c", 0, 3000), *(Interval("c", at, at + 3) for at in range(3000, 6000, 50))]
    with opened(repo / "toy") as backend:
        wanted = Tracked(Counting(), backend, [0], 1)
        files = Kept(1)
        genome = genome_of(c=random_letters(6000, seed=3))
        fill_regions(regions, wanted, genome, lambda _: None)(files)
    assert len(files.values) == 3000 + 60 * 3
    assert sum(held) > 120 + 120
    assert max(held) < 2 * 8 + 3  # a batch that is not full, and a piece


def test_no_seam_where_a_tile_ends(repo, genome_of):
    """The tiles' counts differ by half; what a tile's end adds to the change there is 1 / 25th."""
    toy = ProfileToy(4)
    toy.heads[:] = 0  # a flat profile: only the counts are seen
    toy.imported(repo.parent / "flat")
    found = tracked(repo.parent / "flat" / "toy", genome_of(c=LETTERS), (0, 400))
    values = np.array(list(found.values()))[:, 0]
    jumps = np.abs(np.diff(values)) / values[1:]
    assert values.max() > 1.3 * values.min()
    assert jumps.max() < 0.04


def test_a_step_that_is_too_long(repo, genome_of):
    with pytest.raises(RegionError, match="--step 65537 is too long for toy"):
        tracked(repo / "toy", genome_of(c=LETTERS), (0, 400), step=65537)


def drawn(folder, genome, *variants, step=1):
    """Return REF, ALT and difference around variants, and where they are drawn."""
    with opened(folder) as backend:
        wanted = Tracked(VariantEffect(), backend, [0], step)
        size = np.ones(len(variants), np.float32)
        places = neighbourhoods(variants, size, genome, reach_of(wanted))
        files = Kept(3)
        fill_variants(places, wanted, genome, lambda _: None)(files)
    return files.values, places


def haplotype_reads(toy, letters, base):
    """Return position → reads, of the bases that the window with `base` in its column tells of."""
    padded = encode("N" * WINDOW + letters + "N" * WINDOW)
    first = base - column(WINDOW)
    reads = toy.reads(padded[WINDOW + first : 2 * WINDOW + first])[:, 0]
    return {first + BEFORE + at: value for at, value in enumerate(reads)}


def mean_at(sides, at):
    return np.mean([side[at] for side in sides if at in side])


ALL = [("snv", 200), ("mnv", 200), ("insertion", 200), ("deletion", 200), ("snv", 3),
       ("deletion", 390)]  # fmt: skip


def variant(kind, pos):
    ref = LETTERS[pos - 1]
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    return {
        "snv": Variant("c", pos, ref, other[ref]),
        "mnv": Variant("c", pos, LETTERS[pos - 1 : pos + 2],
                       "".join(other[base] for base in LETTERS[pos - 1 : pos + 2])),
        "insertion": Variant("c", pos, ref, ref + "GATTACA"),
        "deletion": Variant("c", pos, LETTERS[pos - 1 : pos + 5], ref),
    }[kind]  # fmt: skip


@pytest.mark.parametrize(("kind", "pos"), ALL)
def test_ref_and_alt_are_those_of_annotates_windows(repo, genome_of, kind, pos):
    one = variant(kind, pos)
    found, _ = drawn(repo / "toy", genome_of(c=LETTERS), one)
    start, end, grown = one.start, one.interval.end, len(one.alt) - len(one.ref)
    changed = LETTERS[:start] + one.alt + LETTERS[end:]
    columns = [start, end - 1] if grown else [start]
    refs = [haplotype_reads(TOY, LETTERS, base) for base in columns]
    in_alt = [start, start + len(one.alt) - 1] if grown else [start]
    alts = [haplotype_reads(TOY, changed, base) for base in in_alt]
    told = sorted(set().union(*refs))
    assert [key[1] for key in found] == [at for at in told if 0 <= at < 400]
    for (_, at, _), (ref, alt, change) in found.items():
        there = at + grown if at >= end else min(at, start + len(one.alt) - 1)
        np.testing.assert_allclose(ref, mean_at(refs, at), rtol=1e-4)
        np.testing.assert_allclose(alt, mean_at(alts, there), rtol=1e-4)
        assert change == pytest.approx(alt - ref, abs=1e-6)


def test_between_variants_the_nearer_counts(repo, genome_of, monkeypatch):
    genome, left, right = genome_of(c=LETTERS), variant("snv", 200), variant("insertion", 221)
    found, places = drawn(repo / "toy", genome, right, left)
    assert [place.variant for place in places] == [left, right]
    alone = {one: drawn(repo / "toy", genome, one)[0] for one in (left, right)}
    for key, values in found.items():
        nearer = left if key[1] <= 209 else right
        assert values == pytest.approx(alone[nearer][key], rel=1e-5)
    assert {key[1] for key in found} == set(range(199 - 24, 220 + 26))
    monkeypatch.setattr(profile_regions, "TILES", 1)
    again, _ = drawn(repo / "toy", genome, right, left)
    assert again.keys() == found.keys()
    for key, values in again.items():
        assert values == pytest.approx(found[key], rel=1e-5)


def test_steps_around_a_variant(repo, genome_of):
    genome, one = genome_of(c=LETTERS), variant("snv", 200)
    bases = {low: v for (_, low, _), v in drawn(repo / "toy", genome, one)[0].items()}
    found, _ = drawn(repo / "toy", genome, one, step=5)
    assert ("c", 197, 202) in found  # the variant's base, 199, is its middle
    for (_, low, high), value in found.items():
        np.testing.assert_allclose(
            value, np.mean([bases[at] for at in range(low, high)], axis=0), rtol=1e-4, atol=1e-7
        )


def test_pairs_are_whole_where_tracks_are_cut(repo, genome_of):
    genome, near = genome_of(c=LETTERS), [variant("snv", 200), variant("snv", 205)]
    with opened(repo / "toy") as backend:
        wanted = Tracked(VariantEffect(), backend, [0], 1)
        pairs = profile_variants.profile_pairs(near, wanted, genome)
    assert [pair.interval for pair in pairs] == [Interval("c", 175, 225), Interval("c", 180, 230)]
    wanted = haplotype_reads(TOY, LETTERS, 204)
    np.testing.assert_allclose(pairs[1].ref[:, 0], list(wanted.values()), rtol=1e-4)
