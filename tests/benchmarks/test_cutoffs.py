"""Cutoffs of Q on toy sets, and controls that are like the sets."""

from types import SimpleNamespace

import numpy as np

from benchmarks.cutoffs import Controls, kinds, matched, row
from benchmarks.variant_truth_sets import Pairs
from regplug.genome.codes import encode
from regplug.genome.variant import Variant


def sites(*alleles: tuple[str, str]) -> Pairs:
    """Return sites of two letters and the SNV in the middle of three."""
    low, high = (np.stack([encode(pair[side]) for pair in alleles]) for side in (0, 1))
    return Pairs(high, low, 1)


def test_an_snv_is_of_one_kind_on_both_strands_and_both_ways():
    found = kinds(
        sites(("AAA", "AGA"), ("AGA", "AAA"), ("ATA", "ACA"), ("AAA", "ACA"), ("ACA", "AGA"))
    )
    assert found[0] == found[1] == found[2]
    assert len(set(found.tolist())) == 3


def test_four_kinds_of_snvs_as_either_allele_may_be_the_higher():
    pairs = [(f"A{a}A", f"A{b}A") for a in "ACGT" for b in "ACGT" if a != b]
    assert len(set(kinds(sites(*pairs)).tolist())) == 4


def test_controls_are_of_the_kind_and_nearest_in_gc_each_once():
    pool = sites(("AAA", "AGA"), ("GAG", "GGG"), ("GAG", "GGG"), ("GCG", "GAG"))
    variants = [Variant("chr1", place, "A", "G") for place in (10, 20, 30, 40)]
    found = matched(sites(("GTG", "GCG"), ("CAC", "CGC"), ("TAT", "TGT")), Controls(variants, pool))
    assert [variant.pos for variant in found.variants] == [20, 30, 10]


def test_a_row_of_counts_shares_and_lift():
    model = SimpleNamespace(card=SimpleNamespace(name="m"))
    found = np.array([0.001, 0.01, 0.04, 0.5])
    controls = np.array([0.02, 0.06, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert row(model, "set", "matched", found, controls) == (
        "| `m` | set (4) | matched (8) | 3 and 1: 0.86, 0.750, × 6.0 | 2 and 0 | 1 and 0 |"
    )
