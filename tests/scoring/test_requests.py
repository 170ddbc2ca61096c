"""Requests of SNVs drawn at random: each row once, in its window; no base twice in a row."""

import numpy as np
import pytest

from regplug.genome.variant import Status, Variant
from regplug.scoring.alleles import Alleles
from regplug.scoring.requests import ALTS, ENOUGH, FEW, IN_CACHE, LONG, requests
from regplug.scoring.stretches import NUMBERS, LayerSize, Sizes


def drawn(rng, window, bases, count, other):
    """Return SNVs on three contigs, in any order, `other` of them with a base of their own."""
    contigs = {
        name: rng.integers(0, 5, bases + 2 * window).astype(np.uint8) for name in ("2", "10", "X")
    }
    chroms = rng.choice(list(contigs), count, p=[0.7, 0.2, 0.1])
    starts = rng.integers(window, bases + window, count)
    at = (window - 1) // 2
    ref = np.array(
        [contigs[c][s - at : s - at + window] for c, s in zip(chroms, starts, strict=True)]
    )
    for row in rng.integers(0, count, other):
        column = rng.choice([c for c in range(window) if c != at])
        ref[row, column] = (ref[row, column] + 1) % 5
    alt = ref.copy()
    alt[:, at] = (alt[:, at] + 1) % 4
    variants = [Variant(str(c), int(s) + 1, "A", "C") for c, s in zip(chroms, starts, strict=True)]
    return Alleles(variants, [Status.OK] * count, ref, alt, np.arange(count))


@pytest.mark.parametrize("other", [0, 40])
@pytest.mark.parametrize(("window", "bases"), [(3, 300), (20, 300), (20, 9000), (600, 5000)])
@pytest.mark.parametrize("numbers", [1, 2000, 1 << 20])
def test_each_row_is_asked_for_once_in_its_window(window, bases, other, numbers):
    rng = np.random.default_rng(window + bases + other)
    alleles, column = drawn(rng, window, bases, 700, other), (window - 1) // 2
    rows = np.flatnonzero(rng.random(700) < 0.9)
    sizes = Sizes(column, (LayerSize(3, 1, 1, 2), LayerSize(numbers, window // 2, 2, 3)))
    made = [*requests(alleles, rows, sizes)]
    asked = np.concatenate([request.rows for request in made])
    assert sorted(asked.tolist()) == rows.tolist()
    order = [(alleles.variants[row].chrom, alleles.variants[row].pos, row) for row in asked]
    assert order == sorted(order)
    for request in made:
        ref, alt = request.windows(window, column)
        assert np.array_equal(ref[request.of], alleles.ref[request.rows])
        assert np.array_equal(alt, alleles.alt[request.rows])
        assert len(request.rows) <= ALTS
        room = NUMBERS // 2 if sizes.numbers(FEW * window, FEW, FEW) <= NUMBERS // 2 else NUMBERS
        small = len(request.rows) <= ENOUGH or len(request.block) <= LONG * window
        most = room if small else IN_CACHE
        held = sizes.numbers(len(request.block), len(request.starts), len(request.rows))
        assert len(request.rows) == 1 or held <= most
        places = [alleles.variants[row] for row in request.rows]
        starts = request.starts[request.of]
        for before, after, moved in zip(places, places[1:], np.diff(starts).tolist(), strict=False):
            apart = after.pos - before.pos
            if other == 0 and before.chrom == after.chrom and apart < window:
                assert moved == apart  # they share all bases that both have
