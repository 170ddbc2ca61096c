"""The pictures of a test on sites: ROC curves, precision-recall curves, calibration."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from regplug.data.measure.calibration import BINS, Calibration
from regplug.data.measure.sites import Predicted, SiteTest
from regplug.files.colours import BLACK, BLUE, SERIES, VERMILLION
from regplug.files.figures import PAGE, printed

# Of up to eight targets; of more, three have the colours of RANKED and the others are grey.
COLOURS = (VERMILLION, BLUE, *SERIES[2:], "#8C564B")
GREY, CHANCE = "#BBBBBB", "#888888"
RANKED = {"best": BLUE, "median": BLACK, "worst": VERMILLION}
LONGEST = 32  # letters of a name
POINTS = 500  # of a curve, at most
SIZE = (PAGE, 4.4)  # inches


class Line(NamedTuple):
    """How the target in row `at` is drawn; a grey one has no label."""

    at: int
    label: str
    style: dict[str, Any]


@printed
def roc_figure(predicted: Predicted, tests: Sequence[SiteTest]) -> Figure:
    """Return the ROC curves of the targets that have both classes."""
    lines = ranked([test.name for test in tests], [test.auroc.value for test in tests])
    figure = Figure(figsize=SIZE, layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color=CHANCE, linestyle=":")
    for line in lines:
        false, true, _ = roc_curve(*predicted.known(line.at))
        axis.plot(*thinned(false, true), **line.style)
    _axes(axis, "false positive rate", "true positive rate")
    axis.set_title(f"ROC, {_of(predicted, lines)}")
    _legend(figure, lines, "AUROC", Line2D([], [], color=CHANCE, linestyle=":", label="chance"))
    return figure


@printed
def precision_figure(predicted: Predicted, tests: Sequence[SiteTest]) -> Figure:
    """Return the precision-recall curves; dashed lines are the share of open sites."""
    lines = ranked([test.name for test in tests], [test.auprc.value for test in tests])
    figure = Figure(figsize=SIZE, layout="constrained")
    axis = figure.subplots()
    for line in lines:
        opened, scores = predicted.known(line.at)
        precision, recall, _ = precision_recall_curve(opened, scores)
        precision[-1] = precision[-2]  # scikit-learn adds a last point that no threshold has
        axis.plot(*thinned(recall, precision), **line.style, drawstyle="steps-post")
        if line.label:
            axis.axhline(opened.mean(), **line.style | {"linestyle": "--", "linewidth": 0.9})
    _axes(axis, "recall", "precision")
    axis.set_title(f"Precision-recall, {_of(predicted, lines)}")
    dashed = Line2D([], [], color=CHANCE, linestyle="--", linewidth=0.9, label="base rate")
    _legend(figure, lines, "AUPRC", dashed)
    return figure


@printed
def calibration_figure(predicted: Predicted, tests: Sequence[SiteTest]) -> Figure:
    """Return the shares of open sites over predicted probabilities, above the sites of each bin.

    The bars of targets with a label are Wilson's 95 % intervals.
    """
    found = {at: test.calibration for at, test in enumerate(tests) if test.calibration is not None}
    errors = [found[at].error if at in found else np.nan for at in range(len(tests))]
    lines = ranked([test.name for test in tests], errors, lower=True)
    figure = Figure(figsize=(SIZE[0], 5.8), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1.2))
    top.plot([0, 1], [0, 1], color=CHANCE, linestyle=":")
    for line in lines:
        _reliability(top, found[line.at], line)
        below.stairs(found[line.at].sites, np.linspace(0, 1, BINS + 1), baseline=None, **line.style)
    _axes(top, "", "share of open sites")
    top.set_title(f"Calibration, {_of(predicted, lines)}")
    below.set(yscale="log", ylim=(0.7, None), xlabel="predicted probability", ylabel="sites")
    ideal = Line2D([], [], color=CHANCE, linestyle=":", label="calibrated")
    _legend(figure, lines, "calibration error", ideal)
    return figure


def ranked(names: Sequence[str], values: Sequence[float], *, lower: bool = False) -> list[Line]:
    """Return how to draw the targets that have a value, those with a label last.

    Up to eight have a colour and a label each; of more, the best, the median and the worst. The
    best has the highest value, or with `lower` the lowest.
    """
    order = sorted(np.flatnonzero(~np.isnan(values)).tolist(), key=lambda at: values[at])
    if lower:
        order.reverse()
    if len(order) <= len(COLOURS):
        return [
            Line(at, f"{values[at]:.3f} {_short(names[at])}", {"color": colour, "linewidth": 1.4})
            for at, colour in zip(sorted(order), COLOURS, strict=False)
        ]
    chosen = dict(zip(RANKED, (order[-1], order[(len(order) - 1) // 2], order[0]), strict=True))
    grey = {"color": GREY, "linewidth": 0.5}
    return [Line(at, "", grey) for at in sorted(set(order) - set(chosen.values()))] + [
        Line(
            at,
            f"{values[at]:.3f} {_short(names[at])}, {rank}",
            {"color": RANKED[rank], "linewidth": 1.6},
        )
        for rank, at in chosen.items()
    ]


def _reliability(axis: Any, found: Calibration, line: Line) -> None:
    """Draw a target's bins, with their intervals where it has a label."""
    filled = found.sites > 0
    predicted, observed = found.predicted[filled], found.observed[filled]
    if not line.label:
        axis.plot(predicted, observed, **line.style)
        return
    low, high = found.interval()[:, filled]
    reach = np.maximum([observed - low, high - observed], 0)  # rounding can make them negative
    axis.errorbar(
        *(predicted, observed, reach), **line.style, marker="o", markersize=3, elinewidth=0.8
    )


def thinned(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return POINTS of a curve's points at most, evenly along it."""
    along = np.append(0, np.hypot(np.diff(x), np.diff(y)).cumsum())
    kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], POINTS)))
    return x[kept], y[kept]


def _axes(axis: Any, x: str, y: str) -> None:
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y)


def _of(predicted: Predicted, lines: Sequence[Line]) -> str:
    targets = "target" if len(lines) == 1 else "targets"
    return f"{len(lines)} {targets}, {len(predicted.scores):,} sites"


def _legend(figure: Figure, lines: Sequence[Line], title: str, other: Line2D) -> None:
    """List the lines with a label, beside the picture."""
    handles = [Line2D([], [], **line.style, label=line.label) for line in lines if line.label]
    grey = [Line2D([], [], color=GREY, linewidth=0.5, label="other targets")]
    handles += [*(grey if len(handles) < len(lines) else []), other]
    legend = figure.legend(handles=handles, title=title, loc="outside right upper")
    for text in legend.get_texts():
        text.set_parse_math(False)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
