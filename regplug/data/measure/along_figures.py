"""The pictures of a test along a genome: precision-recall curves, and a stretch of signal."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from regplug.data.measure.along import GC, WORDS, TileScores, TileTest
from regplug.data.measure.figures import thinned
from regplug.data.sites.sites import UNLABELLED
from regplug.files.colours import AMBER, BLUE, VERMILLION
from regplug.files.figures import PAGE, printed

SHOWN = 8  # targets in a picture
ACROSS = 3  # of them side by side
STRETCH = 200_000  # bases of the stretch
COLOURS = {GC: "#888888", WORDS: AMBER}  # and the model BLUE
OPEN = VERMILLION


@printed
def precision_figure(scored: TileScores, tests: Sequence[TileTest]) -> Figure:
    """Return precision-recall curves of each target's scores; dotted is the share of open tiles."""
    targets = shown_targets(tests)
    across = min(ACROSS, len(targets))
    down = -(-len(targets) // across)
    figure = Figure(figsize=(PAGE / ACROSS * across, 2.5 * down + 0.3), layout="constrained")
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axis in axes.flat[len(targets) :]:
        axis.set_visible(False)
    for axis, target in zip(axes.flat, targets, strict=False):
        at = scored.names.index(target)
        known = scored.opened[:, at] != UNLABELLED
        labels = scored.opened[known, at]
        for test in (test for test in tests if test.target == target):
            if np.isnan(test.areas.values[1]):
                continue
            scores = scored.scores[test.score][known, at]
            precision, recall, _ = precision_recall_curve(labels, scores)
            precision[-1] = precision[-2]  # scikit-learn adds a last point that no threshold has
            axis.plot(
                *thinned(recall, precision),
                color=COLOURS.get(test.score, BLUE),
                linewidth=1.3,
                drawstyle="steps-post",
                label=f"{test.areas.values[1]:.3f} {test.score}",
            )
        axis.axhline(labels.mean(), color="#000000", linestyle=":", linewidth=0.8)
        axis.set_title(target, parse_math=False)
        axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision")
        for text in axis.legend(frameon=True, framealpha=0.8, edgecolor="none").get_texts():
            text.set_parse_math(False)
    return figure


@printed
def stretch_figure(
    scored: TileScores, tests: Sequence[TileTest], model: str, names: Sequence[str], length: int
) -> Figure:
    """Return a model's scores along the stretch with most open tiles, above the open tiles.

    Args:
        scored: of the tiles.
        tests: which targets to show.
        model: whose scores.
        names: of the contigs.
        length: bases of a tile.
    """
    rows = stretch(scored)
    targets = shown_targets(tests)
    figure = Figure(figsize=(PAGE, 0.9 * len(targets) + 0.7), layout="constrained")
    axes = figure.subplots(len(targets), 1, sharex=True, squeeze=False)[:, 0]
    middles = (scored.starts[rows] + length / 2) / 1e6
    for axis, target in zip(axes, targets, strict=True):
        at = scored.names.index(target)
        scores = scored.scores[model][rows, at]
        axis.fill_between(middles, scores, scores.min(), color=BLUE, linewidth=0)
        low, high = float(scores.min()), float(scores.max())
        depth = 0.22 * ((high - low) or 1)
        is_open = scored.opened[rows, at] == 1
        axis.vlines(middles[is_open], low - depth, low - depth / 3, color=OPEN, linewidth=1.2)
        axis.set_ylim(low - 1.2 * depth, high + depth / 4)
        axis.set_ylabel(target[:16], rotation=0, ha="right", va="center").set_parse_math(False)
    title = f"{model}, above the open tiles"
    axes[0].set_title(title, color="#333333", parse_math=False)
    axes[-1].set_xlabel(f"{names[int(scored.contigs[rows[0]])]}, Mb")
    return figure


def stretch(scored: TileScores) -> NDArray[np.int64]:
    """Return the rows of the STRETCH bases of a contig in which most tiles are open."""
    opened = np.append(0, (scored.opened == 1).sum(axis=1).cumsum())
    best: tuple[int, int, int] = (-1, 0, 0)
    for contig in np.unique(scored.contigs):
        here = np.flatnonzero(scored.contigs == contig)
        starts = scored.starts[here]
        ends = np.searchsorted(starts, starts + STRETCH) + here[0]
        counts = opened[ends] - opened[here]
        at = int(counts.argmax())
        if counts[at] > best[0]:
            best = int(counts[at]), int(here[at]), int(ends[at])
    return np.arange(*best[1:])


def shown_targets(tests: Sequence[TileTest]) -> list[str]:
    """Return the targets that have areas, of many SHOWN from the best to the worst AUPRC."""
    model = tests[0].score
    found = [test for test in tests if test.score == model and not np.isnan(test.areas.values[1])]
    if len(found) <= SHOWN:
        return [test.target for test in found]
    order: list[Any] = sorted(found, key=lambda test: -test.areas.values[1])
    return [order[at].target for at in np.linspace(0, len(order) - 1, SHOWN).astype(int)]
