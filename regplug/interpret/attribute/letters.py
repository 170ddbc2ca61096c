"""Codes of a graph as letters: what a graph does to codes is a move of letters.

Codes (n, bases) stand as (n, bases, 5): 1 for the base that is there, the fifth for an unknown
one. So gradients come back to each base of the sequence from the other strand, too, and from bases
that were put around it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regplug.genome.codes import UNKNOWN
from regplug.interpret.attribute import rules
from regplug.interpret.attribute.rules import Pair
from regplug.models.torch_graph.graph import Step

LETTERS = UNKNOWN + 1
_SAME = ("Cast", "Identity", "Min")
_MOVES = ("Concat", "Expand", "Gather", "Pad", "Reshape", "Slice", "Squeeze", "Transpose",
          "Unsqueeze")  # fmt: skip
OF_CODES = (*_SAME, *_MOVES, "Shape")


class Letters(NamedTuple):
    """Codes of a graph, of any shape, as letters in an axis more, the last."""

    pair: Pair


def of_codes(step: Step, inputs: Sequence[Any]) -> Letters | Pair | Tensor:
    """Return what an operator makes of letters: letters at other places, numbers, or a shape.

    Raises:
        ValueError: it does something else to codes.
    """
    (kind, *_), (first, *others) = step, inputs
    if kind == "Min" and not all(
        int(value) == UNKNOWN for value in inputs if isinstance(value, Tensor)
    ):
        raise ValueError(kind)
    if kind in _SAME:
        (letters,) = (value for value in inputs if isinstance(value, Letters))
        return letters
    if kind == "Shape":
        shape: Tensor = step([first.pair.value[..., 0]])
        return shape
    if kind == "Gather" and isinstance(first, Tensor):
        return _looked_up(first, others[0].pair)
    if kind not in _MOVES:
        raise ValueError(kind)
    moved = [value.pair for value in inputs if isinstance(value, Letters)]
    return Letters(rules.linear(lambda *given: _moved(step, inputs, given), *moved))


def _moved(step: Step, inputs: Sequence[Any], given: Sequence[Tensor]) -> Tensor:
    """Return letters moved as codes would be; `given` are those among the inputs, in order."""
    found = []
    for letter in range(LETTERS):
        of_letter = iter(given)
        moving = [next(of_letter)[..., letter] if isinstance(v, Letters) else v for v in inputs]
        if step.kind == "Pad":
            moving[2] = (inputs[2] == letter).float()
        found.append(step(moving))
    return torch.stack(found, dim=-1)


def _looked_up(table: Tensor, codes: Pair) -> Letters | Pair:
    """Return the rows of a table that codes choose: other codes, or a number or several each."""
    if not table.is_floating_point():
        other = torch.nn.functional.one_hot(table.long(), LETTERS).float()
        return Letters(rules.linear(lambda x: x @ other, codes))
    return rules.linear(lambda x: x @ table, codes)
