"""q-values, against scipy's."""

import numpy as np
import pytest

from regplug.motifs.tested import benjamini_hochberg


def test_by_hand():
    """Ranks of .01 .02 .04 .5 among four: .04 .04 .0533 .5."""
    q = benjamini_hochberg(np.array([[0.5, 0.02], [0.01, 0.04]]))
    np.testing.assert_allclose(q, [[0.5, 0.04], [0.04, 0.16 / 3]])
    assert benjamini_hochberg(np.array([])).shape == (0,)


def test_as_scipy():
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    p = np.concatenate([random.random(500), random.random(40) * 1e-4, [0, 1, 1, 0.3, 0.3]])
    np.testing.assert_array_equal(benjamini_hochberg(p), stats.false_discovery_control(p))
