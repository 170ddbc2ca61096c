"""The report's pictures of a target: how its networks learned, and how they did on the test."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from regplug.data.measure.metrics import roc_band
from regplug.files.colours import BLUE
from regplug.files.figures import printed, svg_address
from regplug.train.deepbind.search import TriedSetting
from regplug.train.deepbind.target import Final

SIZE = (3.0, 2.8)  # inches of a panel; all four stand side by side on a wide screen
OTHERS, BEST, BAND = "#b8b8b8", BLUE, "#9fc9e5"
TOP = 1.5  # times the best curve's highest loss: where the axis ends; diverging curves leave it
COMMANDS = {
    Path.MOVETO: "M",
    Path.LINETO: "L",
    Path.CURVE3: "Q",
    Path.CURVE4: "C",
    Path.CLOSEPOLY: "Z",
}
RATES = np.linspace(0, 1, 201)  # of false positives, where the band is drawn


@printed
def settings_picture(tried: Sequence[TriedSetting]) -> str:
    """Return the losses of all settings by steps, the best (the first) highlighted; a data: URL."""
    figure = Figure(figsize=(2 * SIZE[0], SIZE[1]), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axis, name in zip(panels, ("training", "validation"), strict=True):
        for setting in reversed(tried):
            losses = _numbers(getattr(setting, name))
            axis.plot(setting.steps, losses, **_style(setting is tried[0]))
        _axes(axis, f"{name}, mean of the folds", "steps")
    panels[0].set_ylabel("loss")
    shown = [_numbers(setting.training + setting.validation) for setting in tried]
    _limit(panels[0], shown, shown[0])
    return svg_address(figure)


@printed
def finals_picture(steps: int, finals: Sequence[Final], kept: int) -> str:
    """Return the training losses of the final networks by steps, the kept one highlighted."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axis = figure.subplots()
    order = [final for i, final in enumerate(finals) if i != kept] + [finals[kept]]
    for final in order:
        points = len(final.curve)
        at = [steps * (i + 1) // points for i in range(points)]
        style = _style(final is finals[kept])
        axis.plot(at, _numbers(final.curve), **style)
        axis.plot(steps, _numbers([final.training_loss]), **style | {"marker": "D"})
    _axes(axis, "training, on all rows", "steps")
    axis.set_ylabel("loss")
    shown = [_numbers([*final.curve, final.training_loss]) for final in finals]
    _limit(axis, shown, shown[kept])
    return svg_address(figure)


@printed
def roc_picture(bound: NDArray[Any], scores: NDArray[Any]) -> str:
    """Return the ROC curve of scores (n,) for labels (n,), with its 95 % bootstrap band."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axis = figure.subplots()
    low, high = roc_band(bound, scores, RATES)
    false, true, _ = roc_curve(bound, scores)
    axis.fill_between(RATES, low, high, color=BAND, linewidth=0)
    axis.plot([0, 1], [0, 1], color=OTHERS, linestyle=":")
    axis.plot(false, true, color=BEST)
    axis.set_xlim(-0.01, 1.01)
    axis.set_ylim(-0.01, 1.01)
    axis.set_aspect("equal")
    _axes(axis, "ROC of the test set, 95 % band", "false positive rate")
    axis.set_ylabel("true positive rate")
    return svg_address(figure)


@printed
def scatter_picture(targets: NDArray[Any], scores: NDArray[Any]) -> str:
    """Return predicted scores (n,) against measured targets (n,)."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axis = figure.subplots()
    axis.scatter(targets, scores, s=6, alpha=0.4, color=BEST, linewidths=0, rasterized=True)
    _axes(axis, "test set", "measured, standardised")
    axis.set_ylabel("predicted")
    return svg_address(figure)


def glyph(letter: str) -> str:
    """Return a letter as the `d` of an SVG path that fills the unit square; y points down."""
    bold = FontProperties(family="DejaVu Sans", weight="bold")  # which comes with matplotlib
    path = TextPath((0, 0), letter, size=1, prop=bold)
    low, high = path.get_extents().get_points()
    drawn = []
    for points, code in path.iter_segments():
        scaled = (points.reshape(-1, 2) - low) / (high - low)
        numbers = (
            "" if code == Path.CLOSEPOLY else " ".join(f"{x:.3f} {1 - y:.3f}" for x, y in scaled)
        )
        drawn.append(COMMANDS[code] + numbers)
    return "".join(drawn)


def _axes(axis: Any, title: str, x: str) -> None:
    axis.set_title(title)
    axis.set_xlabel(x)


def _style(highlighted: bool) -> dict[str, Any]:
    if highlighted:
        return {"color": BEST, "linewidth": 2, "marker": "o", "markersize": 4}
    return {"color": OTHERS, "linewidth": 0.8, "marker": "o", "markersize": 2}


def _numbers(losses: Sequence[float | None]) -> NDArray[np.float64]:
    """Return the losses as an array, nan where the network diverged."""
    return np.array(losses, np.float64)


def _limit(axis: Any, losses: Sequence[NDArray[np.float64]], best: NDArray[np.float64]) -> None:
    """Let the axis show all losses of the best curve, and others up to TOP times its highest."""
    every = np.concatenate(losses)
    low, top = np.nanmin(every), min(np.nanmax(every), TOP * np.nanmax(best))
    margin = 0.05 * (top - low) or 0.01
    axis.set_ylim(low - margin, top + margin)
