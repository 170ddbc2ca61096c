"""Tracks of variants: the numbers of `annotate` at the variant, haplotypes in strings around it."""

from contextlib import closing

import numpy as np
import pytest

from regplug.errors import GenomeError
from regplug.genome.variant import Interval, Status, Variant
from regplug.models.embedded import Embedded
from regplug.scoring.adapter import FieldOptions, VariantEffect
from regplug.scoring.alleles import column
from regplug.scoring.model import Model, score_variants
from regplug.scoring.sequences import predict_sequences
from regplug.tracks import variants as module
from regplug.tracks.regions import Tracked
from regplug.tracks.variants import neighbourhoods, track_variants, window_reach
from tests.toy_genomes import random_letters
from tests.toy_models import position_model
from tests.tracks.test_regions import Kept

LETTERS = random_letters(300, seed=8)
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


def variant(pos, change):
    """Return a variant of LETTERS at 1-based `pos`: `2` changes two bases, `+A` adds, `-2` cuts."""
    ref = LETTERS[pos - 1]
    if change.startswith("+"):
        return Variant("c", pos, ref, ref + change[1:])
    if change.startswith("-"):
        return Variant("c", pos, LETTERS[pos - 1 : pos + int(change[1:])], ref)
    ref = LETTERS[pos - 1 : pos - 1 + int(change)]
    return Variant("c", pos, ref, "".join(OTHER[base] for base in ref))


def drawn(folder, genome, *variants, step=1):
    """Return the tracks, their variants as drawn, and the scores as `annotate` has them."""
    with closing(Embedded(folder, threads=1)) as backend:
        model = Model(backend, VariantEffect(), FieldOptions())
        examined, (scores,) = score_variants(variants, [model], genome)
        normalized = [allele.variant for allele in examined]
        short = [allele.is_short(model.window) for allele in examined]
        size = np.where(short, np.abs(scores.alt - scores.ref)[:, 0], np.nan)
        places = neighbourhoods(normalized, size, genome, window_reach(model.window))
        files = Kept(6)
        track_variants(places, Tracked(VariantEffect(), backend, [1, 0], step), genome, files)
    return files.values, places, scores


ALL = [(150, "1"), (150, "3"), (150, "+GATTACA"), (150, "-1"), (150, "-6"), (3, "-2"), (298, "+TT")]


@pytest.mark.parametrize("window", [20, 21])
@pytest.mark.parametrize(("pos", "change"), ALL)
def test_the_variants_base_has_the_numbers_of_annotate(tmp_path, genome_of, window, pos, change):
    position_model(tmp_path, window=window)
    found, [place], scores = drawn(tmp_path / "place", genome_of(c=LETTERS), variant(pos, change))
    at = place.variant.start
    wanted = [scores.ref[0], scores.alt[0], scores.alt[0] - scores.ref[0]]
    flat = [each[target] for target in (1, 0) for each in wanted]
    assert found["c", at, at + 1] == pytest.approx(flat, abs=1e-4)


@pytest.mark.parametrize("window", [20, 21])
@pytest.mark.parametrize(("pos", "change"), ALL)
def test_other_bases_have_their_windows_on_both_haplotypes(
    tmp_path, genome_of, window, pos, change
):
    position_model(tmp_path, window=window)
    found, [place], _ = drawn(tmp_path / "place", genome_of(c=LETTERS), variant(pos, change))
    one = place.variant
    start, end, grown = one.start, one.interval.end, len(one.alt) - len(one.ref)
    mutated = LETTERS[:start] + one.alt + LETTERS[end:]
    pad, before = "N" * 40, column(window)

    def predict(letters, base):
        first = 40 + base - before
        with closing(Embedded(tmp_path / "place", threads=1)) as backend:
            return predict_sequences([(pad + letters + pad)[first : first + window]], backend)[0, 0]

    bases = [low for _, low, _ in found]
    assert bases == list(range(max(0, start - (window - 1 - before)), min(300, end + before)))
    for base in bases:
        if base == start:
            continue
        there = base  # in ALT: the same base, counted from the variant's side that is nearer
        if base >= end:
            there = base + grown
        elif base >= start + len(one.alt):
            there = start + len(one.alt) - 1
        ref, alt, change_of = found["c", base, base + 1][3:]
        assert ref == pytest.approx(predict(LETTERS, base), rel=1e-5)
        assert alt == pytest.approx(predict(mutated, there), rel=1e-5)
        assert change_of == pytest.approx(alt - ref, abs=1e-4)


def test_beyond_its_tracks_a_variant_changes_nothing(tmp_path, genome_of):
    """The tracks reach as far as windows can hold the variant, and both ends of them do."""
    position_model(tmp_path)
    found, _, _ = drawn(tmp_path / "place", genome_of(c=LETTERS), variant(150, "3"))
    changes = [values[5] for values in found.values()]
    assert changes[0] != 0
    assert changes[-1] != 0
    assert len(changes) == 21 + 2


def test_between_variants_the_nearer_counts(tmp_path, genome_of):
    position_model(tmp_path)
    genome = genome_of(c=LETTERS)
    left, right = variant(150, "1"), variant(156, "+T")
    found, places, _ = drawn(tmp_path / "place", genome, right, left)
    assert [place.interval for place in places] == [
        Interval("c", 139, 153), Interval("c", 153, 166)
    ]  # fmt: skip
    alone = {one: drawn(tmp_path / "place", genome, one)[0] for one in (left, right)}
    for (contig, low, high), values in found.items():
        nearer = left if low <= 152 else right  # 152 is three bases from both
        assert values == alone[nearer][contig, low, high]
    assert [low for _, low, _ in found] == list(range(139, 166))


def test_of_several_alts_the_most_extreme_is_drawn(tmp_path, genome_of):
    position_model(tmp_path)
    alts = [Variant("c", 150, LETTERS[149], alt) for alt in "ACGT" if alt != LETTERS[149]]
    _, [place], scores = drawn(tmp_path / "place", genome_of(c=LETTERS), *alts)
    assert place.variant == alts[int(np.abs(scores.alt - scores.ref)[:, 0].argmax())]


def test_contigs_are_in_the_genomes_order_and_called_as_there(tmp_path, genome_of):
    position_model(tmp_path)
    genome = genome_of(chr2=LETTERS, chr1=LETTERS)
    one = variant(150, "1")
    variants = [Variant(name, one.pos, one.ref, one.alt) for name in ("1", "chr2")]
    found, _, _ = drawn(tmp_path / "place", genome, *variants)
    assert list(dict.fromkeys(contig for contig, _, _ in found)) == ["chr2", "chr1"]


def test_steps_are_counted_from_the_variant(tmp_path, genome_of):
    position_model(tmp_path)
    genome = genome_of(c=LETTERS)
    fine = drawn(tmp_path / "place", genome, variant(150, "-3"))[0]
    found = drawn(tmp_path / "place", genome, variant(150, "-3"), step=5)[0]
    assert [low for _, low, _ in found] == [139, 142, 147, 152, 157]
    assert [high for _, _, high in found] == [142, 147, 152, 157, 162]
    for values, middle in zip(found.values(), range(139, 162, 5), strict=True):
        assert values == pytest.approx(fine["c", middle, middle + 1], abs=1e-4)


def test_small_batches_give_the_same(tmp_path, genome_of, monkeypatch):
    position_model(tmp_path)
    genome = genome_of(c=LETTERS[:140] + "NNNNNNN" + LETTERS[147:])
    variants = [variant(50, "1"), variant(90, "-2"), variant(157, "1"), variant(162, "+AC")]
    whole = drawn(tmp_path / "place", genome, *variants)[0]
    monkeypatch.setattr(module, "BATCH", 1)
    assert drawn(tmp_path / "place", genome, *variants)[0] == whole
    gap = [low for _, low, _ in whole if 130 <= low < 160]
    assert gap[0] == 155  # windows around the bases before are mostly N


def test_what_has_no_score_is_not_drawn(tmp_path, genome_of):
    position_model(tmp_path)
    bad = [Variant("c", 20, "*", "A"), variant(50, "-15"), Variant("d", 1, "A", "C")]
    found, places, scores = drawn(tmp_path / "place", genome_of(c=LETTERS), *bad)
    assert (found, places) == ({}, [])
    assert scores.status == [Status.REF_MISMATCH, Status.JUNCTIONS, Status.UNKNOWN_CONTIG]


def test_another_build_is_an_error(tmp_path, genome_of):
    position_model(tmp_path)
    wrong = [Variant("c", pos, OTHER[LETTERS[pos - 1]], "N") for pos in range(30, 60)]
    with pytest.raises(GenomeError, match="another genome build"):
        drawn(tmp_path / "place", genome_of(c=LETTERS), *wrong)
