"""Windows of the loudest placements, by hand and against the independent scorer."""

from dataclasses import replace

import numpy as np
import pytest

from regplug.genome.codes import decode, encode
from regplug.motifs.motif import Motif, motifs_of
from regplug_deepbind.network import Network
from regplug_deepbind.sites import activations, site_counts
from tests.plugins.deepbind.reference import score

WORD = Network(  # 1 filter: relu(matches of GATA - 3); an unknown base is a quarter of a match
    detectors=np.eye(4, dtype=np.float32)[encode("GATA")][:, :, None],
    thresholds=np.array([-3], np.float32),
    weights1=np.ones((1, 1), np.float32),
    biases1=np.zeros(1, np.float32),
    weights2=None,
    bias2=0.0,
    reverse_complement=True,
    average_pooling=False,
)


def filter_motifs(network: Network, sequences) -> list[Motif]:
    return motifs_of(site_counts(network, sequences))


SEQUENCES = [encode(s) for s in ("CCGATACC", "CCCTATCC", "ATACCCCCC", "CCCC")]


def test_activations():
    values = activations(WORD, encode("CGATAC")[None])[0, :, 0]
    np.testing.assert_array_equal(values, [0, 0, 0, 0, 1, 0, 0, 0, 0])
    values = activations(WORD, encode("ATA")[None])[0, :, 0]
    np.testing.assert_array_equal(values, [0, 0, 0.25, 0, 0, 0])


def test_motif_of_a_word():
    """GATA ahead, GATA on the other strand, NATA hanging over the start, and nothing."""
    [motif] = filter_motifs(WORD, SEQUENCES)
    counts = np.array([[0.25, 0.25, 2.25, 0.25], [3, 0, 0, 0], [0, 0, 0, 3], [3, 0, 0, 0]])
    np.testing.assert_allclose(motif.frequencies, (counts + 1e-4) / 3.0004)
    assert (motif.name, motif.sites, motif.consensus()) == ("0", 3, "GATA")


def test_one_strand():
    [motif] = filter_motifs(replace(WORD, reverse_complement=False), SEQUENCES)
    assert motif.sites == 2


def test_one_window_per_sequence_and_the_first_of_equals():
    [motif] = filter_motifs(WORD, [encode("GATACGATACTATC")])
    assert motif.sites == 1
    assert decode(motif.frequencies.argmax(axis=1).astype(np.uint8)) == "GATA"


@pytest.mark.parametrize("both", [True, False])
def test_activations_agree_with_the_independent_scorer(both):
    random = np.random.default_rng(3)
    codes = random.integers(0, 5, (20, 30), dtype=np.uint8)
    network = replace(
        WORD,
        detectors=random.normal(size=(7, 4, 1)).astype(np.float32),
        thresholds=np.array([-0.5], np.float32),
        reverse_complement=both,
    )
    strands = [codes, np.where(codes < 4, 3 - codes, codes)[:, ::-1].astype(np.uint8)]
    largest = [activations(network, strand)[:, :, 0].max(axis=1) for strand in strands]
    expected = np.maximum(*largest) if both else largest[0]
    np.testing.assert_allclose(score(network, codes, whole=True), expected, atol=1e-5)
