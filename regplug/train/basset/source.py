"""The sites of a set: a source of training examples, and what networks are validated on.

Sites ─SiteSource.batches→ Examples; Sites ─Validation→ loss and AUCs of a network
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from regplug.data.measure.metrics import auroc
from regplug.data.sites.sites import GRADES, UNLABELLED, SiteBatch, Sites
from regplug.errors import DataError
from regplug.train.basset.build import Kinds, probabilities
from regplug.train.loop.examples import Examples
from regplug.train.loop.machine import Machine

TOGETHER = 512  # sites scored at once


class SiteSource:
    """The sites to train on, read from the disk in a new random order each epoch.

    A target that is not known counts nothing, and one that is graded is a share, 0 to 1.

    Attributes:
        size: how many there are.
    """

    def __init__(self, sites: Sites) -> None:
        """Take the training part of a set.

        Raises:
            DataError: it is damaged, or nothing is known in it of a sample.
        """
        self._sites = sites
        self.size = int((sites.parts == 0).sum())
        if self.size and sites.card.unknown:
            self._check_known()

    def _check_known(self) -> None:
        """Raise DataError if all training labels of a sample are unknown: nothing is learned."""
        known = np.zeros(len(self._sites.samples), bool)
        for batch in self._sites.batches("train", TOGETHER):
            known |= (batch.targets != UNLABELLED).any(axis=0)
            if known.all():
                return
        names = ", ".join(self._sites.samples[at] for at in np.flatnonzero(~known))
        raise DataError(
            f"{self._sites.path}: all labels of {names} are unknown in the sites to train on: make "
            "the set without, or with sites where they are known"
        )

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Examples]:
        """Yield the sites in random order, `size` at a time; a smaller rest is left out."""
        for batch in self._sites.batches("train", size, rng=rng, graded=True):
            if len(batch.codes) == size:
                yield self._examples(batch)

    def _examples(self, batch: SiteBatch) -> Examples:
        """Return a batch's examples; the mean of the weights is 1, as where all is known."""
        if not self._sites.card.unknown and not self._sites.card.graded:
            return Examples(batch.codes, batch.targets)
        known = batch.targets != UNLABELLED
        weights = known.astype(np.float32) / max(float(known.mean()), np.finfo(np.float32).tiny)
        targets = batch.targets * known
        if self._sites.card.graded:
            targets = targets / np.where(self._sites.is_graded, np.float32(GRADES), np.float32(1))
        return Examples(batch.codes, targets, weights)


class Validation:
    """Measures a network on a set's validation sites, as its exported graph would score them.

    Attributes:
        size: how many sites there are.
        left_out: samples without an AUC, as their sites are all of one class.
    """

    def __init__(self, sites: Sites, machine: Machine) -> None:
        """Read the validation part of a set; it stays in memory.

        Raises:
            DataError: there is none, it is damaged, or no target has sites of both classes in it.
        """
        batches = list(sites.batches("valid", TOGETHER))
        if not batches:
            raise DataError(
                f"{sites.path} has no sites to validate on, which say when to stop: make it with "
                "regplug prepare basset --valid"
            )
        self._codes = np.concatenate([batch.codes for batch in batches])
        self._targets = np.concatenate([batch.targets for batch in batches])
        self._machine = machine
        self._known = self._targets != UNLABELLED
        self.size = len(self._targets)
        self._measured = (self._targets == 1).any(axis=0) & (self._targets == 0).any(axis=0)
        self.left_out = [sites.samples[at] for at in np.flatnonzero(~self._measured)]
        if not self._measured.any():
            raise DataError(
                f"{sites.path}: no target has both open and closed sites to validate on: make it "
                "with a larger regplug prepare basset --valid"
            )

    def __call__(self, network: nn.Module) -> tuple[float, tuple[float | None, ...]]:
        """Return the mean binary cross entropy, and each target's AUC; of what is known alone.

        The AUC is None for a target whose sites are all of one class. If a score is not finite, the
        loss is nan and there are no AUCs.
        """
        scores = self._scores(cast(Kinds, network))
        targets = torch.from_numpy(self._targets * self._known).float()
        if not scores.isfinite().all():
            return float("nan"), ()
        if self._known.all():
            loss = functional.binary_cross_entropy(scores, targets).item()
        else:
            known = torch.from_numpy(self._known)
            loss = functional.binary_cross_entropy(scores[known], targets[known]).item()
        columns: list[NDArray[np.float32]] = list(scores.numpy().T)
        return loss, tuple(
            auroc(targets[known], column[known]) if measured else None
            for targets, known, column, measured in zip(
                self._targets.T, self._known.T, columns, self._measured.tolist(), strict=True
            )
        )

    @torch.no_grad()
    def _scores(self, network: Kinds) -> Tensor:
        """Return the probabilities (sites, targets); each process scores its share."""
        machine = self._machine
        scores = torch.zeros(self._targets.shape, device=machine.device)
        for low in range(machine.rank * TOGETHER, self.size, machine.world * TOGETHER):
            codes = torch.from_numpy(self._codes[low : low + TOGETHER]).to(machine.device)
            scores[low : low + TOGETHER] = probabilities(network, codes)
        return machine.total(scores).cpu()
