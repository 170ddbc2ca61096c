"""The tags of haplotypes: `__PHASE`, `__HAP`, `__JOINT1`, `__JOINT2` of a model and of its targets.

Columns of them come from `columns`, as they need the scores on haplotypes beside the others.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regplug.scoring.adapter import (
    FieldOptions,
    InfoField,
    Values,
    chosen_targets,
    has_spreads,
    spreads,
    tag,
)
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Array, Scores, difference
from regplug.scoring.sketch import Floats

if TYPE_CHECKING:
    from regplug.scoring.on_haplotypes import Phased
    from regplug.scoring.ranking import Ranking

_WORDS = (
    "phased; partial: the sample has ALTs in the window that could not be put on a haplotype; "
    "outside: ALTs that are not in this file count; unphased, no_sequence, conflict: scored on the "
    "reference; absent: the sample does not have it; no_call; a status of the haplotype; . where "
)
DIGITS = 3  # significant, of changes in spreads


def phased_fields(card: ModelCard, options: FieldOptions) -> list[InfoField]:
    """Return the tags that a model writes about haplotypes."""
    name, stem = card.name, tag(card.name)
    fields = [
        InfoField(
            f"{stem}__PHASE",
            f"How {name} scored the ALT on the sample's haplotypes: {_WORDS}{stem}__STATUS tells",
            "String",
        ),
        InfoField(
            f"{stem}__HAP",
            f"{name}: as {stem}__Z, on the haplotype that has the ALT, with its other ALTs; the "
            "mean where both have it",
            "Float",
        ),
    ]
    for number in (1, 2):
        joint = f"{stem}__JOINT{number}"
        of = f"{name}, haplotype {number}, the ALTs of the cluster that begins here together"
        fields += [
            InfoField(joint, f"{of}: as {stem}__Z, of {joint}_TOP", "Float"),
            InfoField(f"{joint}_TOP", f"{of}: as {stem}__TOP", "String"),
            InfoField(f"{joint}_N", f"{of}: how many they are", "Integer"),
        ]
    for index in _targets(card, options):
        label = card.targets[index].label
        what, stem = f"{name} {label}", tag(name, label)
        fields.append(InfoField(f"{stem}__HAP", f"{what}: ALT - REF on the haplotype", "Float"))
        fields += [
            InfoField(
                f"{stem}__JOINT{number}",
                f"{what}: haplotype {number} - REF, for the cluster that begins here",
                "Float",
            )
            for number in (1, 2)
        ]
    return fields


def phased_columns(
    ranking: "Ranking", options: FieldOptions, alone: Scores, phased: "Phased"
) -> dict[str, Values]:
    """Return the columns of `phased_fields`: tag → n values.

    Args:
        ranking: of the model.
        options: its own.
        alone: the scores of the ALTs on the reference, whose top targets `__HAP` is of.
        phased: those on haplotypes.
    """
    card = ranking.card
    stem = tag(card.name)
    changes = difference(phased.scores.ref, phased.scores.alt)
    columns: dict[str, Values] = {
        f"{stem}__PHASE": phased.phase,
        f"{stem}__HAP": _short(_of_top(changes, ranking.ranked(alone).top, ranking)),
    }
    chosen = _targets(card, options)
    columns |= _of_targets(card, chosen, changes, "__HAP")
    for number, (joint, sizes) in enumerate(zip(phased.joint, phased.sizes, strict=True), start=1):
        ranked, labels = ranking.ranked(joint), [*card.labels, None]
        suffix = f"__JOINT{number}"
        columns[f"{stem}{suffix}"] = _short(ranked.z)
        columns[f"{stem}{suffix}_TOP"] = [labels[index] for index in ranked.top]
        columns[f"{stem}{suffix}_N"] = sizes
        columns |= _of_targets(card, chosen, difference(joint.ref, joint.alt), suffix)
    return columns


def _targets(card: ModelCard, options: FieldOptions) -> list[int]:
    return chosen_targets(card, options.targets) if options.targets else []


def _of_targets(
    card: ModelCard, chosen: Sequence[int], changes: Array, suffix: str
) -> Mapping[str, Values]:
    return {
        tag(card.name, card.targets[index].label) + suffix: changes[:, index].tolist()
        for index in chosen
    }


def _of_top(changes: Array, top: NDArray[np.intp], ranking: "Ranking") -> Floats:
    """Return the changes of each ALT's top target in its spreads; NaN where there is none."""
    if not has_spreads(ranking.card):
        return np.full(len(top), np.nan)
    picked = changes[np.arange(len(top)), top] / spreads(ranking.card)[top]
    return np.where(top >= 0, picked, np.nan).astype(np.float64)


def _short(numbers: Floats) -> list[float]:
    return [float(f"{number:.{DIGITS}g}") for number in numbers.tolist()]
