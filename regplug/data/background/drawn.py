"""Stretches of a genome ─drawn→ variants as they arise there, of one kind and length.

SNVs have the spectrum of common human variants: transitions are more frequent than transversions,
and those of CpG most, but in CpG islands, which are not methylated. Half of the insertions and
deletions are a repeat's unit more or less, as polymerases slip. Of the long insertions half are
tandem copies, and half copies of another place, on either strand.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regplug.data.background.ground import drawn_blocks
from regplug.genome.codes import UNKNOWN, Codes, decode, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Variant
from regplug.scoring.kinds import INSERTIONS, LONG, MNV, SNV

Weights = NDArray[np.float64]

# Relative rates of A C G T (rows) to A C G T among common SNVs of the human genome.
_RATES = np.array(
    [
        [0.0, 0.29, 1.0, 0.25],
        [0.46, 0.0, 0.44, 1.3],
        [1.3, 0.44, 0.0, 0.46],
        [0.25, 1.0, 0.29, 0.0],
    ]
)
_CPG = 12.0  # times the rate of C>T and G>A at a CpG
_CPG_IN_ISLAND = 1.5  # the same where CpG are dense
_DENSE = 0.04  # CpG per base in the 201 bases around
_AROUND = 100
_SLIP = 0.5  # share of insertions and deletions at repeats of their own length
_COPY = 0.5  # share of the other insertions that copy what is next to them
LONG_LENGTHS = (1000, 10_000)  # bases of long ones; each doubling is as likely
_TRIES, _FEW_TRIES = 200, 10  # draws of long ones: many have no room; and if none had so far
LENGTHS = {"1": (1, 1), "2_5": (2, 5), "6": (6, 30)}  # of insertions and deletions, by class


def drawn(
    genome: Genome,
    stretches: Sequence[Interval],
    kind: str,
    count: int,
    rng: np.random.Generator,
) -> list[Variant]:
    """Return `count` variants of one kind, drawn with replacement.

    Args:
        genome: that REF and flanks come from.
        stretches: where they may lie.
        kind: of KINDS.
        count: how many.
        rng: draws them.

    Raises:
        GenomeError: there are no known bases in `stretches`.
    """
    blocks, codes = drawn_blocks(genome, stretches, rng)
    if kind == SNV:
        return _snvs(blocks, codes, count, rng)
    if kind == MNV:
        return _mnvs(blocks, codes, count, rng)
    if kind in LONG:
        return _long(genome, blocks, codes, kind, count, rng)
    return _length_changes(blocks, codes, kind, count, rng)


def snv_weights(codes: Codes) -> Weights:
    """Return how often each base turns into A, C, G, T, relatively: (bases,) → (bases, 4)."""
    known = codes != UNKNOWN
    weights: Weights = np.where(known[:, None], _RATES[np.where(known, codes, 0)], 0.0)
    cpg = np.flatnonzero((codes[:-1] == 1) & (codes[1:] == 2))
    starts = np.zeros(len(codes) + 1)
    starts[cpg + 1] = 1
    until = np.cumsum(starts)
    for at, to in ((cpg, 3), (cpg + 1, 0)):
        low = np.maximum(at - _AROUND, 0)
        high = np.minimum(at + _AROUND + 1, len(codes))
        dense = (until[high] - until[low]) / (high - low) > _DENSE
        weights[at, to] *= np.where(dense, _CPG_IN_ISLAND, _CPG)
    return weights


def _snvs(
    blocks: Sequence[Interval], codes: Sequence[Codes], count: int, rng: np.random.Generator
) -> list[Variant]:
    def variant(block: Interval, letters: Codes, flat: int) -> Variant:
        at, to = divmod(flat, 4)
        return _variant(block, at, letters[at : at + 1], np.array([to], np.uint8))

    return _by_weight(
        blocks, codes, lambda letters: snv_weights(letters).ravel(), count, rng, variant
    )


def _mnvs(
    blocks: Sequence[Interval], codes: Sequence[Codes], count: int, rng: np.random.Generator
) -> list[Variant]:
    """Return pairs of neighbouring bases that both change."""

    def variant(block: Interval, letters: Codes, at: int) -> Variant:
        ref = letters[at : at + 2]
        return _variant(block, at, ref, ((ref + rng.integers(1, 4, 2)) % 4).astype(np.uint8))

    return _by_weight(blocks, codes, lambda letters: _known(letters, 2), count, rng, variant)


def _length_changes(
    blocks: Sequence[Interval],
    codes: Sequence[Codes],
    kind: str,
    count: int,
    rng: np.random.Generator,
) -> list[Variant]:
    """Return insertions or deletions, with the base before them."""
    name = kind.partition("_")[2]
    shortest, longest = LENGTHS[name]
    lengths = np.arange(shortest, longest + 1)
    share = 1 / lengths**1.5
    how_many = rng.multinomial(count, share / share.sum())
    inserted, found = kind in INSERTIONS, list[Variant]()
    for length, wanted in zip(lengths.tolist(), how_many.tolist(), strict=True):
        slips = int(rng.binomial(wanted, _SLIP))
        for number, slip in ((slips, True), (wanted - slips, False)):
            found += _of_length(blocks, codes, length, number, rng, inserted, slip=slip)
    return [found[index] for index in rng.permutation(len(found))]


def _of_length(
    blocks: Sequence[Interval],
    codes: Sequence[Codes],
    length: int,
    count: int,
    rng: np.random.Generator,
    inserted: bool,
    *,
    slip: bool,
) -> list[Variant]:
    """Return insertions or deletions of `length` bases, at repeats or anywhere."""

    def variant(block: Interval, letters: Codes, at: int) -> Variant:
        unit = letters[at + 1 : at + 1 + length]
        if inserted and not slip and rng.random() >= _COPY:
            unit = rng.integers(0, 4, length).astype(np.uint8)
        short, long = letters[at : at + 1], np.append(letters[at], unit).astype(np.uint8)
        return _variant(block, at, *((short, long) if inserted else (long, short)))

    def weights(letters: Codes) -> NDArray[np.bool_]:
        known = _known(letters, length + 1)
        return known & _repeated(letters, length) if slip else known

    found = _by_weight(blocks, codes, weights, count, rng, variant)
    if slip and len(found) < count:  # there is no such repeat
        found = _of_length(blocks, codes, length, count, rng, inserted, slip=False)
    return found


def _long(
    genome: Genome,
    blocks: Sequence[Interval],
    codes: Sequence[Codes],
    kind: str,
    count: int,
    rng: np.random.Generator,
) -> list[Variant]:
    """Return long variants that begin in the blocks; fewer where there is no room for more."""

    def anchors(number: int) -> Iterator[Interval]:
        """Yield `number` known bases, each with as many behind it as a variant has."""
        known = _by_weight(blocks, codes, lambda letters: _known(letters, 1), number, rng, _snv)
        low, high = np.log(LONG_LENGTHS)
        sizes = np.exp(rng.uniform(low, high, number)).astype(int)
        for at, size in zip(known, sizes.tolist(), strict=True):
            if at.pos + size <= genome.lengths[at.chrom]:
                yield Interval(at.chrom, at.start, at.pos + size)

    found = list[Variant]()
    for tried in range(_TRIES):
        if len(found) == count or (not found and tried == _FEW_TRIES):
            break
        others = anchors(count - len(found))
        for place in anchors(count - len(found)):
            other = next(others, place) if rng.random() >= _COPY else place
            there, put = genome.codes(place), genome.codes(other)[1:]
            if UNKNOWN in there or UNKNOWN in put:
                continue
            if other is not place and rng.random() < 0.5:
                put = reverse_complement(put)
            alleles = {
                "ins_long": (there[:1], np.append(there[:1], put)),
                "del_long": (there, there[:1]),
                "inv_long": (there, reverse_complement(there)),
            }
            found.append(_variant(place, 0, *alleles[kind]))
    return found


def _snv(block: Interval, letters: Codes, at: int) -> Variant:
    """Return a base of a block, as a variant that changes nothing."""
    return _variant(block, at, letters[at : at + 1], letters[at : at + 1])


def _known(codes: Codes, length: int) -> NDArray[np.bool_]:
    """Return which bases begin `length` known bases, shape (bases,)."""
    up_to = np.cumsum(np.append(0, codes != UNKNOWN))
    known = np.zeros(len(codes), np.bool_)
    last = len(codes) - length + 1
    if last > 0:
        known[:last] = up_to[length:] - up_to[:-length] == length
    return known


def _repeated(codes: Codes, length: int) -> NDArray[np.bool_]:
    """Return which bases have the same `length` bases twice behind them, shape (bases,)."""
    same = codes[:-length] == codes[length:]
    up_to = np.cumsum(np.append(0, same))
    repeated = np.zeros(len(codes), np.bool_)
    last = len(same) - length
    if last > 0:
        repeated[:last] = (up_to[length + 1 :] - up_to[1:-length]) == length
    return repeated


def _by_weight(
    blocks: Sequence[Interval],
    codes: Sequence[Codes],
    weights: Callable[[Codes], NDArray[Any]],
    count: int,
    rng: np.random.Generator,
    variant: Callable[[Interval, Codes, int], Variant],
) -> list[Variant]:
    """Return `count` variants, each made at a place that is drawn by its weight."""
    totals = np.array([weights(letters).sum() for letters in codes], float)
    if count == 0 or totals.sum() == 0:
        return []
    of_blocks = rng.multinomial(count, totals / totals.sum())
    found = []
    for block, letters, number in zip(blocks, codes, of_blocks, strict=True):
        if number:
            up_to = np.cumsum(weights(letters), dtype=float)
            at = np.searchsorted(up_to, rng.random(number) * up_to[-1], side="right")
            found += [variant(block, letters, place) for place in at.tolist()]
    return [found[index] for index in rng.permutation(len(found))]


def _variant(block: Interval, at: int, ref: Codes, alt: Codes) -> Variant:
    return Variant(block.chrom, block.start + at + 1, decode(ref), decode(alt))
