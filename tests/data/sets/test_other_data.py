"""The real PBM, SELEX and RNA SELEX files, counted by other means."""

import gzip
from collections import Counter

import numpy as np
import pytest

from regplug.data.sets.intensities import Columns, prepare_intensities
from regplug.data.sets.selex import COPIES, prepare_selex
from regplug.genome.codes import decode

pytestmark = pytest.mark.data
NAMES = "seq", "intensity", "background"


@pytest.mark.parametrize("factor", ["Cebpb", "Egr2", "Foxo1", "Sp1"])
@pytest.mark.parametrize("design", ["HK", "ME"])
def test_probes(data, factor, design):
    path = data / "pbm" / f"{factor}_{design}.txt.gz"
    with gzip.open(path, "rt") as lines:
        rows = [line.split() for line in lines]
    made = prepare_intensities(path, Columns("intensity", names=NAMES), percentile=100)
    assert made.codes.shape == (len(rows), 35)
    assert [decode(row) for row in made.codes[:100]] == [row[0] for row in rows[:100]]
    values = np.array([float(row[1]) for row in rows])
    assert made.targets == pytest.approx((values - values.mean()) / values.std(), abs=1e-4)


@pytest.mark.parametrize("protein", ["RBP14", "RBP17", "RBP36"])
def test_counted_reads(data, protein):
    path = data / "rna_selex" / f"{protein}_4.txt.gz"
    with gzip.open(path, "rt") as lines:
        counts = Counter()
        for line in lines:
            read, count = line.strip().split(",")
            counts[read] += int(count)
    made = prepare_selex(path, strand="forward", distinct=True)
    assert made.card.positives == len(counts)
    assert made.card.dropped.get(COPIES, 0) == counts.total() - len(counts)
    assert {decode(row) for row in made.codes[: len(counts)]} == set(counts)
