"""DeepBind networks of the same shape, side by side: the settings of a calibration train together.

codes, both strands ─best_placements→ features (n, networks, filters) ─head→ scores (n, networks)
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regplug.files.weights import StoredWeights
from regplug.train.deepbind.placements import best_placements, mean_placements, pad, placed
from regplug.train.loop.strands import reverse_complement

Pool = Literal["max", "max+mean"]
BY_FILTER = ("detectors", "thresholds")  # parameters whose last axis is networks * filters
STORED = ("detectors", "thresholds", "weights1", "biases1", "bias2")  # of every network
BATCH = 256  # sequences scored at once


class DeepBinds(nn.Module):
    """Networks that read the same sequences: filters, threshold, rectifier, pooling, one score.

    Each network is that of Alipanahi et al. 2015: with `both_strands`, a sequence's score is the
    larger of its two strands'. In training with max pooling, the better strand is found without
    dropout, which then acts on that strand's features.

    Attributes:
        detectors: shape (length, 4, networks * filters), a network's filters side by side.
        thresholds: shape (networks * filters,).
        weights1: shape (networks, features, hidden or 1); features are filters, or twice as many
            with pool "max+mean": max, mean, max, mean ...
        biases1: shape (networks, hidden or 1).
        weights2: shape (networks, hidden), or None without a hidden layer.
        bias2: shape (networks,), or None without a hidden layer.
        dropout: shape (networks,), the share of a sequence's features dropped.
    """

    dropout: Tensor

    def __init__(
        self,
        networks: int,
        *,
        filters: int,
        length: int,
        hidden: int,
        pool: Pool = "max",
        both_strands: bool = True,
    ) -> None:
        """Make networks whose weights are all 0; see `draw`."""
        super().__init__()
        features = filters * (2 if pool == "max+mean" else 1)
        self.networks, self.filters, self.length = networks, filters, length
        self.pool, self.both_strands = pool, both_strands
        self.detectors = nn.Parameter(torch.zeros(length, 4, networks * filters))
        self.thresholds = nn.Parameter(torch.zeros(networks * filters))
        self.weights1 = nn.Parameter(torch.zeros(networks, features, hidden or 1))
        self.biases1 = nn.Parameter(torch.zeros(networks, hidden or 1))
        self.weights2 = nn.Parameter(torch.zeros(networks, hidden)) if hidden else None
        self.bias2 = nn.Parameter(torch.zeros(networks)) if hidden else None
        self.register_buffer("dropout", torch.zeros(networks))

    @classmethod
    def of(cls, stored: StoredWeights) -> "DeepBinds":
        """Return a single network with the weights of a trained network."""
        arrays, flags = stored
        network = cls(
            1,
            filters=len(arrays["thresholds"]),
            length=len(arrays["detectors"]),
            hidden=len(arrays["weights2"]) if "weights2" in arrays else 0,
            pool="max+mean" if flags["average_pooling"] else "max",
            both_strands=flags["reverse_complement"],
        )
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                weights = torch.as_tensor(np.array(arrays[name]))
                parameter.copy_(weights.reshape(parameter.shape))
        return network

    @torch.no_grad()
    def draw(self, network: int, scales: Mapping[str, float], *, seed: int) -> None:
        """Draw a network's detectors and weights from normal distributions; the rest stays 0.

        Args:
            network: its index.
            scales: parameter → standard deviation.
            seed: the same seed gives the same weights.
        """
        generator = torch.Generator().manual_seed(seed)
        for name, scale in scales.items():
            weights = self._of(name, network)
            weights.copy_(torch.randn(weights.shape, generator=generator) * scale)

    def _of(self, name: str, network: int) -> Tensor:
        """Return a network's part of the parameter `name`."""
        parameter: Tensor = getattr(self, name)
        if name in BY_FILTER:
            return parameter[..., network * self.filters : (network + 1) * self.filters]
        return parameter[network]

    def per_network(self, values: Sequence[float], name: str) -> Tensor:
        """Return a value per network in a shape that broadcasts with the parameter `name`."""
        column = torch.tensor(values)
        if name in BY_FILTER:
            return column.repeat_interleave(self.filters)
        return column.view(-1, *[1] * (getattr(self, name).dim() - 1))

    def forward(self, codes: Tensor) -> Tensor:
        """Return the scores (n, networks) of uint8 codes (n, bases)."""
        strands = torch.cat([codes, reverse_complement(codes)]) if self.both_strands else codes
        padded = pad(strands, self.length)
        if self.pool == "max+mean":
            scores = self._head(self._all_placements(padded))
            return torch.maximum(*scores.chunk(2)) if self.both_strands else scores
        return self._best_placement(padded, len(codes))

    def _best_placement(self, padded: Tensor, n: int) -> Tensor:
        """Return the scores (n, networks) of padded strands (n or 2n, columns), max pooling."""
        detectors, thresholds = self._centred()
        sums, starts = best_placements(detectors, padded)
        with torch.no_grad():
            scores = self._head(self._by_network((sums + thresholds).relu()), drop=False)
        if not torch.is_grad_enabled():
            return torch.maximum(*scores.chunk(2)) if self.both_strands else scores
        rows = torch.arange(n, device=padded.device)[:, None].expand(n, self.networks)
        if self.both_strands:
            rows = rows + n * (scores[n:] > scores[:n])  # the better strand
        rows = rows.repeat_interleave(self.filters, 1)  # (n, networks * filters)
        best = placed(detectors, sums.gather(0, rows), padded, rows, starts.gather(0, rows))
        return self._head(self._by_network((best + thresholds).relu()))

    def _all_placements(self, padded: Tensor) -> Tensor:
        """Return maxima and means (n, networks, 2 * filters) over the placements, interleaved."""
        detectors, thresholds = self._centred()
        sums, starts = best_placements(detectors, padded)
        rows = torch.arange(len(padded), device=padded.device)[:, None].expand_as(starts)
        best = placed(detectors, sums, padded, rows, starts)
        means = mean_placements(detectors, thresholds, padded)
        pooled = torch.stack([(best + thresholds).relu(), means], 2)
        return pooled.view(len(padded), self.networks, -1)

    def _by_network(self, features: Tensor) -> Tensor:
        return features.view(-1, self.networks, self.filters)

    def _head(self, features: Tensor, *, drop: bool = True) -> Tensor:
        """Return the scores (n, networks) of features (n, networks, features)."""
        if drop and self.training and bool(self.dropout.any()):
            keep = 1 - self.dropout[:, None]
            features = features * torch.bernoulli(keep.expand_as(features)) / keep
        sums = torch.einsum("nkf,kfh->nkh", features, self.weights1) + self.biases1
        if self.weights2 is None or self.bias2 is None:
            return sums[..., 0]
        return torch.einsum("nkh,kh->nk", sums.relu(), self.weights2) + self.bias2

    def _centred(self) -> tuple[Tensor, Tensor]:
        """Return detectors whose columns sum to 0 over the bases, and thresholds to match.

        An unknown base (0.25 of each) then adds exactly 0.
        """
        means = self.detectors.mean(1, keepdim=True)  # (length, 1, filters)
        return self.detectors - means, self.thresholds + means.sum((0, 1))

    @torch.no_grad()
    def score(self, codes: Tensor) -> Tensor:
        """Return the scores (n, networks) of uint8 codes (n, bases), without dropout."""
        was = self.training
        self.eval()
        codes = codes.to(self.detectors.device)
        starts = range(0, len(codes), BATCH)
        scores = torch.cat([self(codes[start : start + BATCH]) for start in starts])
        self.train(was)
        return scores

    def network(self, index: int) -> StoredWeights:
        """Return the weights of the network at `index`, as they are stored.

        Their names and shapes are those of a published parameter file: detectors (length, 4,
        filters), thresholds (filters,), weights1 (features, hidden or 1), biases1 (hidden or 1,),
        weights2 (hidden,) with a hidden layer, and bias2 (1,), 0 without one.
        """

        def array(name: str) -> NDArray[np.float32]:
            return np.array(self._of(name, index).detach().cpu())

        arrays = {name: array(name) for name in ("detectors", "thresholds", "weights1", "biases1")}
        if self.weights2 is not None:
            arrays["weights2"] = array("weights2")
        bias2 = 0.0 if self.bias2 is None else self.bias2[index].item()
        return StoredWeights(
            arrays | {"bias2": np.array([bias2], np.float32)},
            {
                "reverse_complement": self.both_strands,
                "average_pooling": self.pool == "max+mean",
            },
        )
