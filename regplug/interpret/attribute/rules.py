"""DeepLIFT's rules: a value and its reference ─rule→ the output, whose gradients are multipliers.

A multiplier says how much of an output's change from the reference each input's change makes. Every
rule keeps the sum: multipliers times the changes of the inputs are the change of the output.
torch's own backward pass multiplies them, as each output has its value and, as its slope, the
multiplier.

Source: Shrikumar, Greenside and Kundaje 2017 (the rescale rule); for maxima, Lundberg and Lee's
shap, as tangermeme has it.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

NEAR = 1e-6  # changes below which a function's own slope is taken; Captum's and tangermeme's

Map = Callable[[Tensor], Tensor]


class Pair(NamedTuple):
    """A tensor of a network, of the sequences and of their references, row by row.

    Attributes:
        value: of the sequences.
        reference: of the references, without gradients; None: there are none, and plain gradients
            are wanted.
    """

    value: Tensor
    reference: Tensor | None


def linear(function: Callable[..., Tensor], *inputs: Pair) -> Pair:
    """Return what a function gives whose slopes do not depend on its inputs."""
    value = function(*(pair.value for pair in inputs))
    if any(pair.reference is None for pair in inputs):
        return Pair(value, None)
    with torch.no_grad():
        return Pair(value, function(*(pair.reference for pair in inputs)))


def elementwise(function: Map, x: Pair) -> Pair:
    """Return a function of each number by itself: its multiplier is change over change."""
    value = function(x.value)
    if x.reference is None:
        return Pair(value, None)
    with torch.no_grad():
        reference = function(x.reference)
        moved = x.value - x.reference
        near = moved.abs() < NEAR
        multiplier = (value - reference) / torch.where(near, torch.ones_like(moved), moved)
    return Pair(torch.where(near, value, _sloped(value, (multiplier, x.value))), reference)


def product(function: Callable[[Tensor, Tensor], Tensor], a: Pair, b: Pair) -> Pair:
    """Return a product, of whatever kind: each factor's multiplier is the other's mean.

    Δ(ab) = (b + b₀)/2 Δa + (a + a₀)/2 Δb.
    """
    value = function(a.value, b.value)
    if a.reference is None or b.reference is None:
        return Pair(value, None)
    with torch.no_grad():
        reference = function(a.reference, b.reference)
        half_a, half_b = (a.value + a.reference) / 2, (b.value + b.reference) / 2
    slope = function(a.value, half_b) + function(half_a, b.value)
    return Pair(value.detach() + slope - slope.detach(), reference)


def softmax(x: Pair, axis: int) -> Pair:
    """Return shares that sum to 1: a product of exponentials and of what their sum divides by."""
    if x.reference is None:
        return Pair(torch.softmax(x.value, axis), None)
    both = torch.maximum(x.value.detach(), x.reference)
    largest = both.amax(axis, keepdim=True)
    powers = elementwise(lambda values: (values - largest).exp(), x)
    total = linear(lambda values: values.sum(axis, keepdim=True), powers)
    return product(torch.mul, powers, elementwise(torch.reciprocal, total))


def maximum(x: Pair, indices: Callable[[Tensor], Tensor]) -> Pair:
    """Return maxima: the input that is the larger of the two maxima has all of the change.

    A maximum that is the reference's too, at the same place, has the slope of its own, 1.

    Args:
        x: shape (..., inputs).
        indices: tensor → where in the last axis the maxima are, shape (..., outputs).
    """
    with torch.no_grad():
        best = indices(x.value)
    value = x.value.gather(-1, best)
    if x.reference is None:
        return Pair(value, None)
    with torch.no_grad():
        other = indices(x.reference)
        reference = x.reference.gather(-1, other)
        change = value - reference
        winner = torch.where(change >= 0, best, other)
        moved = x.value.gather(-1, winner) - x.reference.gather(-1, winner)
        multiplier = change / torch.where(moved == 0, torch.ones_like(moved), moved)
        stands = (value == x.reference.gather(-1, best)).to(value.dtype)
    parts = (multiplier, x.value.gather(-1, winner)), (stands, x.value.gather(-1, best))
    return Pair(_sloped(value, *parts), reference)


def _sloped(value: Tensor, *parts: tuple[Tensor, Tensor]) -> Tensor:
    """Return the value; its gradient for each input of (multiplier, input) is the multiplier."""
    slope: Tensor = sum(multiplier * x for multiplier, x in parts)  # type: ignore[assignment]
    return value.detach() + slope - slope.detach()
