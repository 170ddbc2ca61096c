"""What a model answers to a sequence: its outputs, and what each of them means."""

import re
from math import prod
from typing import Literal

import msgspec

Scale = Literal["probability", "positive", "score"]
Kind = Literal["probability", "count", "log_count", "profile_logits", "score"]
# A card's output_scale → the kind of what variants are scored by.
KINDS: dict[Scale, Kind] = {"probability": "probability", "positive": "count", "score": "score"}
_SCALES = {kind: scale for scale, kind in KINDS.items()}
MOST_NUMBERS = 1 << 22  # of an output, for a row
_NAME = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One output of a model.

    Attributes:
        name: of the graph's output: letters, digits and _.
        shape: of its answer to one row, such as (targets,), or (strands, bases) of a profile.
        kind: "probability" (0 to 1), "count" (above 0), "log_count" (natural logarithm),
            "profile_logits" (their softmax is the share of each base) or "score" (any number).
    """

    name: str
    shape: tuple[int, ...]
    kind: Kind


def scale_of(kind: Kind) -> Scale:
    """Return a card's output_scale where variants are scored by an output of this kind."""
    return _SCALES.get(kind, "score")


def fault_of(outputs: tuple[Output, ...], targets: int, scale: str) -> str | None:
    """Return why a card of so many targets and such an output_scale cannot have these outputs."""
    names = [output.name for output in outputs]
    for output in outputs:
        if not _NAME.fullmatch(output.name) or output.name == "codes":
            return f"the output {output.name[:40]!r} is not of letters, digits and _, or is codes"
        if names.count(output.name) > 1:
            return f"two outputs are called {output.name}"
        if min(output.shape, default=0) < 1 or prod(output.shape) > MOST_NUMBERS:
            return f"the output {output.name} has no shape of 1 to {MOST_NUMBERS} numbers"
    main = next((output for output in outputs if output.shape == (targets,)), None)
    if main is None:
        return f"no output has the shape ({targets},), a number for each target"
    if scale_of(main.kind) != scale:
        return f"the output {main.name} is a {main.kind}, and output_scale is {scale}"
    return None
