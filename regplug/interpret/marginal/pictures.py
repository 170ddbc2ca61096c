"""The pictures of marginal effects: targets, places, shares of G and C; a motif a panel."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from regplug.files.colours import GREY, RAISES, SERIES
from regplug.files.figures import COLUMN, PAGE, drawing
from regplug.interpret.marginal.effects import Curve
from regplug.interpret.marginal.tables import Marginals

LINES = 6  # targets of a panel of lines
LONGEST = 30  # letters of a target's name
_ACROSS = 3  # panels beside each other


def effects_figure(shown: Marginals) -> Any:
    """Return the effects on all targets as points with their intervals, controls in grey."""
    effects = shown.effects
    across = min(len(effects), _ACROSS)
    rows = -(-len(effects) // across)
    height = rows * (0.17 * len(shown.targets) + 0.9) + 0.3
    with drawing(COLUMN if across == 1 else PAGE, height) as figure:
        axes = figure.subplots(rows, across, squeeze=False, sharey=True, sharex=True).ravel()
        at = np.arange(len(shown.targets))
        for axis, effect in zip(axes, effects, strict=False):
            _points(axis, effect.control, at + 0.18, GREY, "positions in random orders")
            _points(axis, effect.effect, at - 0.18, RAISES, "motif")
            axis.axvline(0, color="black", linewidth=0.6)
            axis.set_title(effect.site.title, parse_math=False)
            axis.set_yticks(at, [short(target) for target in shown.targets], parse_math=False)
            axis.set_ylim(len(at) - 0.4, -0.6)
        for axis in axes[len(effects) :]:
            axis.set_axis_off()
        figure.supxlabel(shown.unit)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return figure


def curves_figure(shown: Marginals, what: Literal["positions", "gc"]) -> Any:
    """Return the effects over places or shares of G and C, lines of the targets that move most."""
    curves: Sequence[Curve] = getattr(shown, what)
    chosen = strongest(shown)
    across = min(len(curves), _ACROSS)
    rows = -(-len(curves) // across)
    with drawing(COLUMN if across == 1 else PAGE, rows * 1.9 + 0.4 + 0.16 * len(chosen)) as figure:
        axes = figure.subplots(rows, across, squeeze=False, sharey=True, sharex=True).ravel()
        for axis, curve in zip(axes, curves, strict=False):
            for column, colour in zip(chosen, SERIES, strict=False):
                _line(axis, curve, column, colour, short(shown.targets[column]))
            axis.axhline(0, color="black", linewidth=0.6)
            axis.set_title(curve.effect.site.title, parse_math=False)
        for axis in axes[len(curves) :]:
            axis.set_axis_off()
        figure.supxlabel(
            "first base of the motif, from the window's first"
            if what == "positions"
            else "share of G and C in random backgrounds"
        )
        figure.supylabel(shown.unit)
        legend = figure.legend(
            *axes[0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=1 if across == 1 else 3,
            title="dashed: the motif's positions in random orders",
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
        return figure


def strongest(shown: Marginals) -> list[int]:
    """Return the columns of LINES targets, in order: the largest effects of each motif in turn."""
    sizes = -np.abs([effect.effect.mean for effect in shown.effects])
    turns = sizes.argsort(axis=1, kind="stable").T.ravel()
    return sorted(list(dict.fromkeys(turns.tolist()))[:LINES])


def short(text: str) -> str:
    """Return a name, cut to LONGEST."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _points(axis: Any, mean: Any, at: Any, colour: str, label: str) -> None:
    bars = np.abs(np.stack([mean.mean - mean.low, mean.high - mean.mean]))
    axis.errorbar(
        mean.mean, at, xerr=bars, fmt="o", color=colour, markersize=3, elinewidth=1, label=label
    )


def _line(axis: Any, curve: Curve, column: int, colour: str, label: str) -> None:
    effect, control = curve.effect.effect, curve.effect.control
    axis.plot(curve.at, effect.mean[:, column], color=colour, label=label)
    axis.fill_between(
        *(curve.at, effect.low[:, column], effect.high[:, column]),
        color=colour,
        alpha=0.2,
        linewidth=0,
    )
    axis.plot(curve.at, control.mean[:, column], color=colour, linestyle="--", linewidth=0.8)
