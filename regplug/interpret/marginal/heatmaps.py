"""The heat maps of marginal effects: a pair by gap and order, and many motifs × targets."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regplug.files.clustered import draw_tree, spaced
from regplug.files.colours import diverging
from regplug.files.figures import PAGE, SMALLEST, drawing
from regplug.interpret.marginal.pairs import ORDERS, Pair
from regplug.interpret.marginal.pictures import short, strongest
from regplug.interpret.marginal.tables import Marginals

_LINE = SMALLEST * 1.25 / 72  # inches that a name needs
_TALLEST = 8.0  # inches of a table
_MOST = 99.5  # percentile at which a table's colours end: else one motif would leave the rest white


def pair_figure(shown: Marginals, pair: Pair) -> Any:
    """Return a row of heat maps per target: what a pair does beyond the sum, and its control."""
    targets = strongest(shown)
    means = (pair.beyond.mean[:, :, targets], pair.control.mean[:, :, targets])
    limit = _limit(*means)
    with drawing(PAGE, len(targets) * 1.0 + 1.1) as figure:
        axes = figure.subplots(len(targets), 2, squeeze=False, sharex=True, sharey=True)
        for row, column in enumerate(targets):
            left, right = axes[row]
            for axis, values in zip((left, right), means, strict=True):
                image = _map(axis, values[:, :, row], limit)
            left.set_yticks(range(len(ORDERS)), [order.name for order in ORDERS])
            left.set_title(short(shown.targets[column]), loc="left", parse_math=False)
            right.set_title("B's positions in random orders", loc="left")
        _bar(figure, image, limit, list(axes.ravel()), location="right", aspect=20)
        ticks = range(0, len(pair.gaps), max(1, len(pair.gaps) // 8))
        axes[-1, 0].set_xticks(ticks, [str(pair.gaps[at]) for at in ticks])
        figure.suptitle(f"A: {pair.first.title}   B: {pair.second.title}", parse_math=False)
        figure.supxlabel(
            f"bases between A and B; colour: {shown.unit} of both, less that of each alone"
        )
        return figure


def table_figure(shown: Marginals) -> Any:
    """Return motifs × targets, both clustered by effect, beside the controls in the same order."""
    values = np.stack([effect.effect.mean for effect in shown.effects])
    control = np.stack([effect.control.mean for effect in shown.effects])
    limit = float(np.percentile(np.abs(values), _MOST)) or _limit(values)
    height = float(np.clip(len(values) * _LINE, 1.5, _TALLEST))
    longest = max(len(short(target)) for target in shown.targets) * 0.066
    with drawing(PAGE, height + longest + 1.3) as figure:
        grid = figure.add_gridspec(2, 3, width_ratios=(0.5, 2.2, 2.2), height_ratios=(0.4, height))
        rows = draw_tree(figure.add_subplot(grid[1, 0]), values, above=False)
        columns = draw_tree(figure.add_subplot(grid[0, 1]), values.T, above=True)
        axes = [figure.add_subplot(grid[1, at]) for at in (1, 2)]
        order = np.ix_(rows, columns)
        for axis, cells in zip(axes, (values[order], control[order]), strict=True):
            image = _map(axis, cells, limit)
            names = [short(shown.targets[column]) for column in columns]
            _named(axis, shown, columns, names)
        strength = np.abs(values[rows]).max(axis=1)
        named = spaced(strength, int(height / _LINE))
        axes[1].yaxis.tick_right()
        axes[1].set_yticks(named, [shown.effects[rows[at]].site.title for at in named])
        axes[0].set_yticks([])
        for axis, title in zip(axes, ("motif", "positions in random orders"), strict=True):
            axis.set_title(title)
        for text in axes[1].get_yticklabels():
            text.set_parse_math(False)
        ends = {"extend": "both"} if np.abs(values).max() > limit else {}
        bar = _bar(figure, image, limit, axes, location="bottom", aspect=40, **ends)
        bar.set_label(shown.unit)
        note = "" if len(named) == len(rows) else f"; {len(named)} of most effect are named"
        figure.suptitle(f"{len(rows)} motifs, {shown.model}{note}", parse_math=False)
        return figure


def _named(axis: Any, shown: Marginals, columns: list[int], names: list[str]) -> None:
    """Name the targets below, as many as there is room for."""
    step = -(-len(columns) // 22)
    axis.set_xticks(range(0, len(columns), step), names[::step], rotation=90)
    for text in axis.get_xticklabels():
        text.set_parse_math(False)


def _map(axis: Any, values: NDArray[np.float64], limit: float) -> Any:
    axis.set_facecolor("#D9D9D9")  # where there is no number
    axis.spines[:].set_visible(False)
    axis.tick_params(length=2)
    return axis.imshow(
        values, cmap=diverging(), vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
    )


def _bar(figure: Any, image: Any, limit: float, axes: Any, **where: Any) -> Any:
    ticks = {"ticks": (-limit, 0, limit), "format": "%.2g"}
    shrink = 0.5 if where["location"] == "bottom" else 1.0
    return figure.colorbar(image, ax=axes, pad=0.02, shrink=shrink, **ticks, **where)


def _limit(*arrays: NDArray[np.float64]) -> float:
    """Return where the colours end, either way: the largest value, or 1 if all are 0."""
    return max(float(np.nanmax(np.abs(values), initial=0)) for values in arrays) or 1.0
