"""How far the scales of a mutation map reach."""

import numpy as np
import pytest

from regplug.genome.variant import Interval
from regplug.interpret.explain.maps import Explanation
from regplug.interpret.explain.mutation_map import MutationMap
from regplug.interpret.explain.picture import Explained, maps_figure
from regplug.scoring.card import ModelCard, Target

pytest.importorskip("matplotlib")


def explained(largest, *, scale, spread=None, aspect=""):
    """Return a map of 30 bases whose changes reach from -largest to largest."""
    codes = np.arange(30).astype(np.uint8) % 4
    changes = np.random.default_rng(0).uniform(-largest, largest, (30, 4)).astype(np.float32)
    changes[3, 2] = -largest
    changes[np.arange(30), codes] = 0
    card = ModelCard(
        name="toy", version="1", family="toy", window=30, targets=(Target("T", spread),),
        strand="mean", output_scale=scale, max_batch_size=1, sha256="",
    )  # fmt: skip
    made = MutationMap(Interval("chr1", 0, 30), codes, 0.0, changes)
    return Explained(card, Explanation(0, None, made, None), None, aspect=aspect)


@pytest.mark.parametrize(
    ("largest", "about", "wanted"),
    [
        (0.02, {"scale": "probability", "spread": 0.001}, 0.1),  # as Basset draws it
        (0.3, {"scale": "probability"}, 0.3),
        (0.002, {"scale": "score", "spread": 0.0005}, 0.002),  # else all would be white
        (0.002, {"scale": "score", "spread": 0.03}, 0.03),  # less than random SNVs do
        (0.002, {"scale": "score", "spread": 3.0}, 0.1),
        (0.002, {"scale": "score"}, 0.002),
        (0.002, {"scale": "positive", "spread": 0.03, "aspect": "profile"}, 0.002),
        (0.0, {"scale": "score"}, 1e-5),
    ],
)
def test_small_changes_are_seen_where_no_probabilities_are_drawn(largest, about, wanted):
    figure = maps_figure([explained(largest, **about)])
    (mesh,) = [made for axis in figure.axes for made in axis.collections if made.get_clim()[1]][:1]
    assert mesh.get_clim() == pytest.approx((-wanted, wanted))
