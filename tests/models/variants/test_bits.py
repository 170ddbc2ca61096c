"""An SNV's scores do not depend on what it is scored together with, and are kept as they are."""

import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace
from onnx import shape_inference

from regplug.models.cache import Cache
from regplug.models.embedded import Embedded
from regplug.models.remembered import Remembered
from regplug.models.repository import read_card
from regplug.models.variants.served import graph_of
from regplug.scoring.alleles import Alleles
from regplug.scoring.pairs import pair_predictions
from regplug.scoring.requests import at_once, requests
from regplug.scoring.stretches import NUMBERS, Sizes
from tests.scoring.test_stretches import alleles_in, snvs

OURS = Path(__file__).parents[3] / "model_repo"
NAMES = ["basset_dhs4", "deepbind_encode", "open_chromatin", "yeast"]


def drawn(window: int) -> Alleles:
    codes = np.random.default_rng(7).integers(0, 4, 4000).astype(np.uint8)
    return alleles_in(snvs(codes, [*range(900, 1000, 7), 1500, 3000]), codes, window)


def chosen(alleles: Alleles, rows: np.ndarray) -> Alleles:
    return Alleles(
        [alleles.variants[row] for row in rows],
        [alleles.status[row] for row in rows],
        alleles.ref[rows],
        alleles.alt[rows],
        np.arange(len(rows)),
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_snv_has_the_same_bits_in_whatever_company(name: str) -> None:
    """So `verify` finds the same numbers in a few records that are drawn of a file."""
    backend = Embedded(OURS / name, threads=1)
    alleles = drawn(backend.card.window or 0)
    together = pair_predictions(alleles, backend)
    for rows in (np.array([0]), np.array([44, 3]), np.arange(5, 50, 3)):
        few = pair_predictions(chosen(alleles, rows), backend)
        for side, whole in zip(few, together, strict=True):
            assert side.tobytes() == whole[rows].tobytes()


def test_requests_run_side_by_side_and_have_the_same_bits() -> None:
    """Two requests wait for each other in the graph; one after the other neither would go on."""
    codes = np.random.default_rng(7).integers(0, 4, 300_000).astype(np.uint8)
    alone, several = (Embedded(OURS / "deepbind_encode", threads=threads) for threads in (1, 2))
    alleles = alleles_in(snvs(codes, range(900, 290_000, 700)), codes, alone.card.window or 0)
    wanted = [side.tobytes() for side in pair_predictions(alleles, alone)]
    assert [side.tobytes() for side in pair_predictions(alleles, several)] == wanted
    both, run = threading.Barrier(2, timeout=60), several._variants.session.run

    def met(*asked):
        both.wait()
        return run(*asked)

    session = SimpleNamespace(run=met)
    several.__dict__["_variants"] = several._variants._replace(session=session)
    sizes = several.sizes
    assert sizes
    asked = [*requests(alleles, np.arange(len(alleles.ref)), sizes)]
    found = several.predict_variants(asked[:2])
    for (_, alt), request in zip(found, asked[:2], strict=True):
        whole = pair_predictions(chosen(alleles, request.rows), alone)[1]
        assert alt.tobytes() == whole.tobytes()


def test_a_large_network_runs_one_request_at_a_time() -> None:
    """What requests read at once stays below what one may read."""
    sizes = Embedded(OURS / "open_chromatin", threads=1).sizes
    assert sizes
    few = at_once(sizes, 600)
    assert few > 1
    assert few * int(sizes.numbers(64 * 600, 64, 64).max()) <= NUMBERS

    def wider(times: int) -> Sizes:
        layers = tuple(one._replace(numbers=one.numbers * times) for one in sizes.layers)
        return replace(sizes, layers=layers)

    assert [at_once(wider(times), 600) for times in (16, 50)] == [2, 1]
    codes = np.random.default_rng(7).integers(0, 4, 99_000).astype(np.uint8)
    alleles = alleles_in(snvs(codes, range(900, 98_000, 700)), codes, 600)
    for times, most in ((16, NUMBERS // 2), (50, NUMBERS)):
        wide = wider(times)
        read = [
            int(wide.numbers(len(one.block), len(one.starts), len(one.rows)).max())
            for one in requests(alleles, np.arange(len(alleles.ref)), wide)
        ]
        assert most / 2 < max(read) <= most


@pytest.mark.parametrize("name", NAMES)
def test_it_is_known_how_many_axes_what_is_looked_up_has(name: str) -> None:
    """Else onnxruntime takes the slower pools after convolutions."""
    made = graph_of(OURS / name, read_card(OURS / name))
    assert made is not None
    values = shape_inference.infer_shapes(made).graph.value_info
    known = {value.name for value in values if value.type.tensor_type.HasField("shape")}
    read = {node.output[0] for node in made.graph.node if node.op_type == "Gather"}
    assert read
    assert not read - known


@pytest.mark.parametrize("name", NAMES)
def test_a_cache_keeps_these_bits(name: str, tmp_path: Path) -> None:
    backend = Embedded(OURS / name, threads=1)
    alleles = drawn(backend.card.window or 0)
    wanted = [side.tobytes() for side in pair_predictions(alleles, backend)]
    places = len({variant.pos for variant in alleles.variants})
    with Cache(tmp_path / "kept") as cache:
        for found in (0, places + len(alleles.ref)):
            remembered = Remembered(backend, cache)
            assert [side.tobytes() for side in pair_predictions(alleles, remembered)] == wanted
            assert cache.found == found


def test_a_model_that_scores_none_together_does_not_behind_a_cache(tmp_path: Path) -> None:
    backend = Embedded(OURS / "deepbind_single", threads=1)
    alleles = drawn(backend.card.window or 0)
    with Cache(tmp_path / "kept") as cache:
        found = pair_predictions(alleles, Remembered(backend, cache))
    np.testing.assert_array_equal(found[1], backend.predict(alleles.alt))


def test_where_the_memory_is_full_windows_go_by_themselves() -> None:
    backend = Embedded(OURS / "yeast", threads=1)
    alleles = drawn(backend.card.window or 0)
    wanted = pair_predictions(alleles, backend)

    class Full:
        def run(self, *arguments: object) -> None:
            raise RuntimeError("Failed to allocate memory for requested buffer")

    backend.__dict__["_variants"] = (Full(), backend.sizes)
    for found, side in zip(pair_predictions(alleles, backend), wanted, strict=True):
        np.testing.assert_allclose(found, side, atol=1e-5)
