"""Tracks of regions: bases that a toy model tells apart, and `predict_sequences` on the windows."""

from contextlib import closing

import numpy as np
import pytest

from regplug.errors import RegionError
from regplug.genome.codes import encode
from regplug.genome.variant import Interval, Status, Variant
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.alleles import enough_known
from regplug.scoring.card import read_width
from regplug.scoring.examined import examine
from regplug.scoring.sequences import predict_sequences
from regplug.tracks import regions as module
from regplug.tracks.bigwig import TrackFiles
from regplug.tracks.regions import Tracked, covered, default_step, runs, track_regions
from regplug_deepbind.importer import export_panel
from tests.toy_genomes import random_letters
from tests.toy_models import centre_model, gc_model, position_model
from tests.toy_networks import panel_card, random_network

OF_BASE = {"A": 1, "C": 2, "G": 4, "T": 8}  # centre_model's answers
LETTERS = random_letters(400, seed=6)


class Kept(TrackFiles):
    """Keeps what it is given: (contig, start, end) → values."""

    def __init__(self, tracks: int) -> None:
        super().__init__(tracks)
        self.values: dict[tuple[str, int, int], list[float]] = {}

    def _write(self, contig, edges, values):
        assert (np.diff(edges) > 0).all()
        for low, high, row in zip(edges[:-1].tolist(), edges[1:].tolist(), values, strict=True):
            self.values[contig, low, high] = row.tolist()


def tracked(folder, genome, *regions, step=1, targets=(0,)):
    """Return the values of a model in `folder`, over regions of contig c."""
    files = Kept(len(targets))
    with closing(Embedded(folder, threads=1)) as backend:
        places = covered([Interval("c", *r) for r in regions], genome, read_width(backend.card))
        track_regions(places, Tracked(VariantEffect(), backend, targets, step), genome, files)
    return files.values


@pytest.mark.parametrize("window", [20, 21])
def test_a_base_has_the_window_whose_variant_column_it_is_in(tmp_path, genome_of, window):
    centre_model(tmp_path, window=window)
    found = tracked(tmp_path / "centre", genome_of(c=LETTERS), (0, 400))
    assert found == {("c", i, i + 1): [OF_BASE[base]] for i, base in enumerate(LETTERS)}


@pytest.mark.parametrize(("step", "middle"), [(2, 0), (5, 2), (50, 24), (300, 149)])
def test_a_step_has_the_value_of_its_middle_base(tmp_path, genome_of, step, middle):
    centre_model(tmp_path)
    found = tracked(tmp_path / "centre", genome_of(c=LETTERS), (0, 400), step=step)
    starts = [start for start in range(0, 400, step) if start + middle < 400]
    assert found == {
        ("c", start, min(start + step, 400)): [OF_BASE[LETTERS[start + middle]]] for start in starts
    }


def test_steps_are_counted_from_the_contigs_first_base(tmp_path, genome_of):
    centre_model(tmp_path)
    found = tracked(tmp_path / "centre", genome_of(c=LETTERS), (13, 14), (37, 52), step=10)
    assert found == {
        ("c", low, high): [OF_BASE[LETTERS[at]]]
        for low, high, at in [(13, 14, 14), (37, 40, 34), (40, 50, 44), (50, 52, 54)]
    }


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("window", [20, 21])
def test_values_are_those_of_predict(tmp_path, genome_of, window, step):
    position_model(tmp_path, window=window)
    found = tracked(tmp_path / "place", genome_of(c=LETTERS), (0, 400), step=step, targets=[1, 0])
    padded = "N" * 30 + LETTERS + "N" * 30
    centres = [low + (step - 1) // 2 for _, low, _ in found]
    starts = [30 + centre - (window - 1) // 2 for centre in centres]
    with closing(Embedded(tmp_path / "place", threads=1)) as backend:
        wanted = predict_sequences([padded[start : start + window] for start in starts], backend)
    assert len(found) == len(range((step - 1) // 2, 400, step))
    assert list(found.values()) == wanted[:, [1, 0]].tolist()


def test_small_batches_give_the_same(tmp_path, genome_of, monkeypatch):
    position_model(tmp_path)
    genome = genome_of(c=LETTERS.replace("ACG", "NNN"))
    regions = [(0, 30), (31, 33), (90, 300)]
    whole = tracked(tmp_path / "place", genome, *regions, step=3)
    monkeypatch.setattr(module, "BATCH", 4)
    assert tracked(tmp_path / "place", genome, *regions, step=3) == whole
    monkeypatch.setattr(module, "PIECE", 5)
    assert tracked(tmp_path / "place", genome, *regions, step=3) == whole


def test_there_is_a_value_where_a_variant_has_one(tmp_path, genome_of):
    """The rule for unknown bases is that of `annotate`, at the ends of the contig too."""
    from regplug.scoring.alleles import encode_alleles as windows

    gc_model(tmp_path)
    letters = "NN" + LETTERS[:60] + "NNN" + LETTERS[63:90] + "N" * 30 + LETTERS[120:150] + "N"
    genome = genome_of(c=letters)
    found = {low for _, low, _ in tracked(tmp_path / "gc", genome, (0, len(letters)))}
    for pos, base in enumerate(letters, start=1):
        if base != "N":
            one = examine(Variant("c", pos, base, "A" if base != "A" else "C"), genome)
            ok = windows([one], genome, window=21).status == [Status.OK]
            assert ok == (pos - 1 in found)
    assert 0 < len(found) < len(letters)


def test_enough_known():
    codes = encode("NNACGTACGTACGN")
    assert enough_known(codes, 0, 14, 10).tolist() == [False, True, True, True, True]
    assert enough_known(codes, -2, 11, 10).tolist() == [True] * 5  # the ends lie outside


@pytest.mark.parametrize("swapped", [False, True])
def test_each_target_of_a_scan_has_its_own_sub_window(tmp_path, genome_of, swapped):
    networks = [random_network(1, 6), random_network(2, 10, hidden=4), random_network(3, 10)]
    networks = networks[::-1] if swapped else networks
    export_panel(tmp_path, panel_card("panel", 3), networks, measuring=Measuring(3))
    found = tracked(tmp_path / "panel_scan", genome_of(c=LETTERS), (100, 200), targets=[0, 1, 2])
    with closing(Embedded(tmp_path / "panel_scan", threads=1)) as backend:
        for target, network in enumerate(networks):
            width = int(1.5 * network.length)
            starts = [base - (width - 1) // 2 for base in range(100, 200)]
            wanted = predict_sequences([LETTERS[s : s + width] for s in starts], backend)
            values = [found["c", base, base + 1][target] for base in range(100, 200)]
            np.testing.assert_allclose(values, wanted[:, target], atol=1e-5)


def test_covered(genome_of):
    genome = genome_of(chr2=LETTERS, chr1=LETTERS, short="ACGT")
    regions = [("1", 5, 9), ("chr2", 390, 2**31), ("chr1", 8, 20), ("chr2", 1, 2)]
    wanted = [("chr2", 1, 2), ("chr2", 390, 400), ("chr1", 5, 20)]
    found = covered([Interval(*region) for region in regions], genome, 21)
    assert found == [Interval(*region) for region in wanted]
    for region, message in [
        (("chr3", 0, 5), "no contig chr3"),
        (("chr1", 400, 500), "behind the end of chr1"),
        (("short", 0, 4), "short has 4 bases, fewer than the window of 21"),
    ]:
        with pytest.raises(RegionError, match=message):
            covered([Interval(*region)], genome, 21)


def test_default_steps(tmp_path):
    steps = {
        width: default_step(gc_model(tmp_path, window=width)) for width in (8, 101, 199, 200, 600)
    }
    assert steps == {8: 1, 101: 10, 199: 19, 200: 50, 600: 50}
    assert default_step(gc_model(tmp_path, window=None, scan=24)) == 1


def test_runs():
    assert runs(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert runs(np.array([], bool)) == []
