"""An SNV's scores do not depend on what it is scored together with, and are kept as they are."""

from pathlib import Path

import numpy as np
import pytest

from regplug.models.cache import Cache
from regplug.models.embedded import Embedded
from regplug.models.remembered import Remembered
from regplug.scoring.alleles import Alleles
from regplug.scoring.pairs import pair_predictions
from tests.scoring.test_stretches import alleles_in, snvs

OURS = Path(__file__).parents[3] / "model_repo"
NAMES = ["deepbind_encode", "open_chromatin", "yeast"]


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
