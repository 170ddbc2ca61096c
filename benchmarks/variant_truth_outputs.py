"""Which of a model's outputs stands for a cell or factor: changes of all targets ─views→ View.

`matched`: the targets whose label begins with the cell's name, or that of --choose; of several the
mean of changes over spreads. Where there is none, `mean`: that of all targets, and `best`: the one
target of the highest figure (of directions: over all sites), which is optimistic, as the same
variants chose it. A model of one target has that alone: `only`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.variant_truth_figures import Floats
from regplug.scoring.adapter import spreads
from regplug.scoring.card import ModelCard


class View(NamedTuple):
    """A column of changes (n,): what it is made of, and how that was chosen."""

    how: str  # "matched", "only", "mean" or "best"
    output: str
    changes: Floats


def views(
    card: ModelCard,
    changes: Floats,
    cell: str,
    chosen: Mapping[str, str],
    figure: Callable[[Floats], float],
) -> list[View]:
    """Return the views of changes (n, targets) that a cell is judged by.

    Args:
        card: of the model.
        changes: per variant and target.
        cell: or factor, that the variants were measured in; "" for one that no model has.
        chosen: cell → label of the target that stands for it.
        figure: of a column; the target of its highest value is `best`.
    """
    matched = matching(card.labels, cell, chosen)
    scaled = changes / spreads(card).astype(np.float64)
    if matched:
        name = card.labels[matched[0]] if len(matched) == 1 else f"mean of {len(matched)} {cell}"
        return [View("matched", name, scaled[:, matched].mean(axis=1))]
    if len(card.labels) == 1:
        return [View("only", card.labels[0], changes[:, 0])]
    values = [figure(column) for column in changes.T]
    best = int(np.argmax(np.nan_to_num(values, nan=-np.inf)))
    return [
        View("mean", f"mean of {len(card.labels)}", scaled.mean(axis=1)),
        View("best", f"{card.labels[best]}, best of {len(card.labels)}", changes[:, best]),
    ]


def matching(labels: Sequence[str], cell: str, chosen: Mapping[str, str]) -> list[int]:
    """Return the indices of the targets that stand for a cell: the chosen one, or those named so.

    A label is named so if it is the cell, or goes on with another character than a letter or digit.
    """
    if chosen.get(cell) in labels:
        return [labels.index(chosen[cell])]
    ends = [label[len(cell) : len(cell) + 1] for label in labels]
    return [
        i
        for i, (label, end) in enumerate(zip(labels, ends, strict=True))
        if cell and label.lower().startswith(cell.lower()) and not end.isalnum()
    ]
