"""Counts and profile logits → coverage: how many reads a model predicts at each base.

ChromBPNet and BPNet answer twice to a window: how many reads its middle has, and how they lie there
(Avsec et al. 2021; Pampari et al. 2024). Any card that lists such outputs is understood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from regplug.errors import BackendError, ModelError
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output

Array = NDArray[np.float32]
LARGEST = 80.0  # log count; float32 ends at e ** 88


@dataclass(frozen=True)
class Coverage:
    """A model's counts and profile, and how they belong together.

    Attributes:
        counts: the output of shape (targets,).
        profile: the output of logits.
        targets: of the model.
        bases: that the profile covers, in the middle of the window.
        base_first: whether the profile's bases stand before its rows.
    """

    counts: Output
    profile: Output
    targets: int
    bases: int
    base_first: bool

    @property
    def names(self) -> tuple[str, str]:
        """Return the outputs to ask a backend for."""
        return self.profile.name, self.counts.name

    def logits(self, profile: Array) -> Array:
        """Return a profile's answers (n, *shape) as (n, targets, strands * bases).

        The strands of a target stand side by side, as one softmax is over both.
        """
        rows, of_base = len(profile), self.targets * self.strands
        if self.base_first:
            profile = profile.reshape(rows, self.bases, of_base).transpose(0, 2, 1)
        return profile.reshape(rows, self.targets, self.strands * self.bases)

    @property
    def strands(self) -> int:
        """Return how many strands a target's profile has, 1 or 2: then plus stands first."""
        return prod(self.profile.shape) // (self.bases * self.targets)

    def values(self, answers: Mapping[str, Array]) -> Array:
        """Return reads at each base, shape (n, bases, targets); strands are added up.

        Raises:
            BackendError: as `of_strands`.
        """
        values: Array = self.of_strands(answers).sum(axis=3)
        return values

    def of_strands(self, answers: Mapping[str, Array]) -> Array:
        """Return reads at each base, shape (n, bases, targets, strands).

        softmax(logits) * exp(log counts). Source: chrombpnet, predict_to_bigwig.py, which takes exp
        though networks are trained on log(1 + reads); one softmax of both strands has predict.py of
        bpnet-refactor.

        Raises:
            BackendError: a log count is more than LARGEST.
        """
        shares = softmax(self.logits(answers[self.profile.name]))
        counts = answers[self.counts.name].astype(np.float64)
        if self.counts.kind == "log_count":
            if counts.size and counts.max() > LARGEST:
                raise BackendError(
                    f"{self.counts.name} is {counts.max():.4g} somewhere, and no logarithm of "
                    "reads: import the model again, with --head NAME=count if it counts"
                )
            counts = np.exp(counts)
        shares = shares.reshape(*counts.shape, self.strands, self.bases)
        reads = shares * counts[:, :, None, None]
        of_strands: Array = reads.transpose(0, 3, 1, 2).astype(np.float32)
        return of_strands

    def form(self, profile: Array) -> Array:
        """Return how unevenly reads lie, shape (n, targets), of a profile's answers (n, *shape).

        The sum of softmax(logits) * (logits - their mean), large where few bases have most of the
        reads. Source: BPNet's profile contributions (Avsec et al. 2021), as in
        get_weightedsum_meannormed_logits of chrombpnet and ProfileWrapper of bpnet-lite.
        """
        logits = self.logits(profile).astype(np.float64)
        weighted = softmax(logits) * (logits - logits.mean(axis=-1, keepdims=True))
        form: Array = weighted.sum(axis=-1).astype(np.float32)
        return form


def softmax(logits: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each base's share of the reads, along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True), dtype=np.float64)
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def coverage_of(card: ModelCard) -> Coverage | None:
    """Return a model's coverage; None if it has no profile.

    Raises:
        ModelError: it has several profiles, or one without counts, or it cannot be told which bases
            or targets the profile is of.
    """
    profiles = [output for output in card.answers if output.kind == "profile_logits"]
    if not profiles:
        return None
    if fault := _fault(card, profiles):
        raise ModelError(f"{card.name} {fault}")
    sizes = _sizes(profiles[0])
    bases = max(sizes)
    return Coverage(card.main, profiles[0], len(card.targets), bases, sizes[0] == bases)


def _sizes(profile: Output) -> list[int]:
    """Return the sizes of a profile's axes, without those of one."""
    return [size for size in profile.shape if size > 1] or [1]


def _fault(card: ModelCard, profiles: list[Output]) -> str:
    """Return why a model has no coverage, and what to do; "" if it has."""
    names = ", ".join(output.name for output in profiles)
    if len(profiles) > 1:
        return f"has several profiles ({names}): import it with one --head NAME=profile_logits"
    if card.main.kind not in ("log_count", "count"):
        return (
            f"has a profile ({names}) but no counts, as {card.main.name} is a {card.main.kind}: "
            "import it with --head NAME=log_count"
        )
    sizes, targets = _sizes(profiles[0]), len(card.targets)
    bases, window = max(sizes), card.window or 0
    others = sizes[1:] if sizes[0] == bases else sizes[:-1]
    strands = [[targets, 2], [2]] if targets == 1 else [[targets, 2]]
    if others != ([targets] if targets > 1 else []) and others not in strands:
        return (
            f"has {targets} targets and a profile of shape {profiles[0].shape}: (targets, bases) "
            "or (targets, strands, bases) is read, or bases first, so import one target"
        )
    if not 1 < bases <= window or (window - bases) % 2:
        return (
            f"reads {window} bases and its profile covers {bases}: not two or more in its middle, "
            "so it is not known which they are"
        )
    return ""
