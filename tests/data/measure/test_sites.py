"""Predictions and areas of a set of sites are those worked out by hand, or by other programs."""

from contextlib import closing

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.metrics import average_precision_score, roc_auc_score

from regplug.data.measure.sites import check_fit, measure_targets, predict_part
from regplug.data.sites.sites import Sites
from regplug.errors import BackendError, DataError, ModelError
from regplug.models.embedded import Embedded
from tests.data.sites.toy_sites import write_sites
from tests.plugins.basset.reference import probabilities
from tests.plugins.basset.toys import basset_model, random_state
from tests.toy_models import gc_model, position_model, table_model


def predicted(model, path, part="test", progress=lambda count: None):
    with Sites(path) as sites, closing(Embedded(model, threads=1)) as backend:
        return predict_part(sites, part, backend, progress)


@pytest.mark.parametrize("part", ["train", "test"])
def test_each_site_of_a_part_meets_its_own_labels(tmp_path, random_codes, part):
    """Also where a part is spread over blocks; the toy model tells columns apart."""
    position_model(tmp_path)
    codes = random_codes(1000, 21, seed=1)
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, (1000, 2))
    parts = rng.choice(["train", "valid", "test"], 1000)
    path = write_sites(tmp_path / "s.h5", codes, {"T1": labels[:, 0], "T0": labels[:, 1]}, parts)
    told = []
    found = predicted(tmp_path / "place", path, part, told.append)
    table = np.array([[1.0, -1], [2, 3], [4, 1], [8, 2]])
    expected = (table[codes] * 1.1 ** np.arange(21)[:, None]).sum(1)[:, ::-1]
    np.testing.assert_allclose(found.scores, expected[parts == part], rtol=1e-5)
    assert (found.opened == labels[parts == part]).all()
    assert sum(told) == (parts == part).sum()
    assert found.names == ["T1", "T0"]
    assert not found.probabilities


def test_areas_of_a_basset_network(tmp_path, random_codes):
    """A network in numpy, and scikit-learn, give the same areas."""
    pytest.importorskip("safetensors")
    basset_model(tmp_path, "basset")
    codes = random_codes(60, 600, seed=3, unknown=0.01)
    expected = probabilities(random_state(), codes)
    rng = np.random.default_rng(4)
    labels = (rng.random(expected.shape) < 0.3) | (expected > np.quantile(expected, 0.8, axis=0))
    path = write_sites(tmp_path / "s.h5", codes, {"t2": labels[:, 2], "t0": labels[:, 0]})
    found = predicted(tmp_path / "basset", path)
    np.testing.assert_allclose(found.scores, expected[:, [2, 0]], atol=1e-5)
    for column, test in zip((2, 0), measure_targets(found, bootstraps=0), strict=True):
        both = labels[:, column], expected[:, column]
        assert test.name == f"t{column}"
        assert (test.positives, test.negatives) == (both[0].sum(), 60 - both[0].sum())
        assert test.auroc.value == pytest.approx(roc_auc_score(*both), abs=1e-6)
        assert test.auprc.value == pytest.approx(average_precision_score(*both), abs=1e-6)


def test_targets_are_found_by_name(tmp_path):
    card = gc_model(tmp_path, window=None)
    labels = [0, 1]

    def columns(*names):
        path = write_sites(tmp_path / "s.h5", ["AC", "GT"], dict.fromkeys(names, labels))
        with Sites(path) as sites:
            return check_fit(sites, "test", renamed(card, "K562", "a-b"))

    assert columns("a-b", "K562") == [1, 0]
    assert columns("K562") == [0]
    assert columns("a  b") == columns("a;b") == [1]  # as import names it
    with pytest.raises(ModelError, match=r"two targets of .*s\.h5 are one of gc's"):
        columns("a b", "a-b")
    with pytest.raises(
        ModelError, match=r"gc lacks 2 of the 3 targets of .*: k562, x; it has K562, a-b"
    ):
        columns("k562", "K562", "x")
    with pytest.raises(ModelError, match=r"lacks 12 of the 12 .* n9 and 2 more; it has"):
        columns(*(f"n{i}" for i in range(12)))


def renamed(card, *labels):
    return replace(card, targets=tuple(replace(card.targets[0], label=one) for one in labels))


def test_what_does_not_fit(tmp_path):
    gc_model(tmp_path, window=21)
    path = write_sites(tmp_path / "s.h5", ["ACGT", "GGGG"], {"T0": [0, 1]}, ["test", "train"])
    with pytest.raises(DataError, match=r"gc reads 21 bases, the sites of .*s\.h5 have 4: .* 21"):
        predicted(tmp_path / "gc", path)
    gc_model(tmp_path, "any", window=None)
    with pytest.raises(DataError, match=r"no sites in part valid \(train 1, valid 0, test 1\)"):
        predicted(tmp_path / "any", path, "valid")
    with pytest.raises(DataError, match="no target has both open and closed"):
        list(measure_targets(predicted(tmp_path / "any", path), bootstraps=0))


def test_promised_probabilities(tmp_path):
    table = np.full((5, 1), 0.3)
    table_model(tmp_path, "p", table, window=4, output_scale="probability")
    path = write_sites(tmp_path / "s.h5", ["ACGT"], {"T0": [0]})
    with pytest.raises(BackendError, match=r"p answered 1\.2 to 1\.2, and its card promises"):
        predicted(tmp_path / "p", path)


def test_what_is_not_known_does_not_count(tmp_path, random_codes):
    """Figures of a target are those of a set that has its known sites alone."""
    table = np.array([[0, 0.02], [0.02, 0], [0.02, 0.01], [0, 0.02], [0, 0]])
    table_model(tmp_path, "p", table, window=30, output_scale="probability")
    codes = random_codes(200, 30, seed=1)
    rng = np.random.default_rng(2)
    labels = rng.choice([0, 1, 255], (200, 2), p=[0.4, 0.3, 0.3])
    path = write_sites(tmp_path / "all.h5", codes, {"T0": labels[:, 0], "T1": labels[:, 1]})
    tests = list(measure_targets(predicted(tmp_path / "p", path), bootstraps=50))
    for at, test in enumerate(tests):
        known = labels[:, at] != 255
        alone = {f"T{at}": labels[known, at]}
        path = write_sites(tmp_path / "known.h5", codes[known], alone)
        (expected,) = measure_targets(predicted(tmp_path / "p", path), bootstraps=50)
        assert test[:5] == expected[:5]
        for column, other in zip(test.calibration, expected.calibration, strict=True):
            np.testing.assert_array_equal(column, other)
