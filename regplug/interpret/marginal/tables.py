"""Effects as tables: Marginals ─→ the rows of effects.tsv, positions.tsv, gc.tsv and pair.tsv.

All begin with motif, protein (`.`: none) and target. Effects are means over the backgrounds with
the ends of their 95 % bootstrap intervals; `.` is no number.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regplug.data.measure.bands import Mean
from regplug.interpret.marginal.effects import Curve, Effect
from regplug.interpret.marginal.pairs import ORDERS, Pair
from regplug.motifs.sites import Site

Row = Sequence[object]

_THREE = ("effect", "control", "above_control")


@dataclass(frozen=True, eq=False)
class Marginals:
    """All that `regplug marginalize` shows of a model.

    Attributes:
        model: its name.
        unit: of the effects.
        targets: labels of the targets, in the order of the arrays' last axis.
        backgrounds: what the motifs were put into, in words.
        effects: one per motif.
        positions: one per motif, or none.
        gc: one per motif, or none.
        pair: of two motifs, if there is a second one.
        remarks: what a user should be told of, such as targets that nothing changes.
    """

    model: str
    unit: str
    targets: Sequence[str]
    backgrounds: str
    effects: Sequence[Effect]
    positions: Sequence[Curve] = ()
    gc: Sequence[Curve] = ()
    pair: Pair | None = None
    remarks: Sequence[str] = ()

    @property
    def tables(self) -> dict[str, list[Row]]:
        """Return the rows of each table, a header first, by file name."""
        found = {"effects.tsv": list(_effects(self))}
        if self.positions:
            found["positions.tsv"] = list(_curves(self, self.positions, "start"))
        if self.gc:
            found["gc.tsv"] = list(_curves(self, self.gc, "gc"))
        if self.pair:
            found["pair.tsv"] = list(_pair(self.pair, self.targets))
        return found


def cell(value: object) -> str:
    """Return a cell of a table: six digits of a number, `.` for none."""
    if isinstance(value, float):
        return "." if math.isnan(value) else f"{value:.6g}"
    return str(value) or "."


def _effects(shown: Marginals) -> Iterator[Row]:
    yield [*("motif", "protein", "target", "site"), *_with_ends(_THREE)]
    for effect in shown.effects:
        for column, target in enumerate(shown.targets):
            yield [*_names(effect.site, target), effect.site.letters, *_numbers(effect, (column,))]


def _curves(shown: Marginals, curves: Sequence[Curve], name: str) -> Iterator[Row]:
    yield [*("motif", "protein", "target"), name, *_with_ends(_THREE)]
    for curve in curves:
        for column, target in enumerate(shown.targets):
            for row, at in enumerate(curve.at):
                numbers = _numbers(curve.effect, (row, column))
                yield [*_names(curve.effect.site, target), float(at), *numbers]


def _pair(pair: Pair, targets: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of pair.tsv; A is the first motif, B the second."""
    yield [
        *("motif", "protein", "target", "second", "order", "gap"),
        *_with_ends(("joint", "beyond", "beyond_control")),
    ]
    means = (pair.joint, pair.beyond, pair.control)
    for column, target in enumerate(targets):
        for row, order in enumerate(ORDERS):
            for at, gap in enumerate(pair.gaps):
                place = (row, at, column)
                numbers = [value for mean in means for value in _ends(mean, place)]
                names = [*_names(pair.first, target), pair.second.title, order.name, gap]
                yield [*names, *numbers]


def _names(site: Site, target: str) -> list[str]:
    return [site.name, site.also, target]


def _with_ends(columns: Sequence[str]) -> list[str]:
    return [f"{column}{end}" for column in columns for end in ("", "_low", "_high")]


def _numbers(effect: Effect, place: tuple[int, ...]) -> list[float]:
    means = (effect.effect, effect.control, effect.above)
    return [value for mean in means for value in _ends(mean, place)]


def _ends(mean: Mean, place: tuple[int, ...]) -> list[float]:
    return [float(array[place]) for array in (mean.mean, mean.low, mean.high)]
