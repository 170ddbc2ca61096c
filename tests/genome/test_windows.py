import numpy as np
import pytest

from regplug.genome.fasta import BLOCK
from regplug.genome.variant import Interval
from regplug.genome.windows import windows_of
from tests.toy_genomes import random_letters

LETTERS = random_letters(2 * BLOCK + 999, seed=5)


@pytest.mark.parametrize("width", [1, 20, 600, BLOCK])
def test_windows_are_the_intervals(genome_of, width):
    """In any order, near and far, twice the same, over both ends and beyond them."""
    genome = genome_of(c=LETTERS, d="ACGT")
    rng = np.random.default_rng(0)
    starts = rng.integers(-2 * width, len(LETTERS) + 2 * width, 60)
    starts = np.concatenate([starts, starts[:5], [0, -width, len(LETTERS), 1 << 33]])
    found = windows_of(genome, "c", starts, width)
    assert found.shape == (69, width)
    for start, codes in zip(starts.tolist(), found, strict=True):
        assert np.array_equal(codes, genome.codes(Interval("c", start, start + width)))


def test_windows_that_share_a_block_are_read_together(genome_of, monkeypatch):
    genome, asked = genome_of(c=LETTERS), []
    codes = genome.codes
    monkeypatch.setattr(genome, "codes", lambda at: asked.append(len(at)) or codes(at))
    starts = np.arange(20_000, 20_000 + 40 * 1000, 40)
    windows_of(genome, "c", starts, 600)
    assert asked == [starts[-1] + 600 - starts[0]]
    asked.clear()
    windows_of(genome, "c", np.array([90_000, 5, 131_000]), 600)
    assert asked == [600, 131_000 + 600 - 90_000]


def test_no_windows(genome_of):
    assert windows_of(genome_of(c="ACGT"), "c", np.empty(0, np.int64), 7).shape == (0, 7)
