"""DeepBind as a torch module, scored as one window or by the v0.11 scan.

codes ─best_windows→ one sub-window each ─features→ (n, filters) ─head→ scores (n,)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

BASES = 4


class DeepBind(nn.Module):
    """One network: filters, threshold, rectifier, maximum, an optional hidden layer, one score.

    The scan's score is the maximum over all sub-windows and both strands. A maximum passes its
    gradient to the winner alone, so `forward` first finds the winning sub-window without a graph,
    then scores that one with a graph: the value and the gradient of the whole scan, at the price of
    one window. While training, dropout acts on the winner's features; the winner is found without.

    Attributes:
        detectors: shape (length, 4, filters).
        thresholds: shape (filters,).
        weights1: shape (filters, hidden), or (filters, 1) without a hidden layer.
        biases1: shape (hidden,) or (1,).
        weights2: shape (hidden,), or None without a hidden layer.
        bias2: shape (), or None without a hidden layer.
    """

    def __init__(
        self,
        *,
        filters: int = 16,
        length: int = 24,
        hidden: int = 0,
        dropout: float = 0.0,
        seed: int,
    ) -> None:
        """Draw the first weights; the same seed gives the same."""
        super().__init__()
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int, scale: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(shape, generator=generator) * scale)

        self.detectors = normal(length, BASES, filters, scale=0.1)
        self.thresholds = nn.Parameter(torch.zeros(filters))
        self.weights1 = normal(filters, hidden or 1, scale=filters**-0.5)
        self.biases1 = nn.Parameter(torch.zeros(hidden or 1))
        self.weights2 = normal(hidden, scale=hidden**-0.5) if hidden else None
        self.bias2 = nn.Parameter(torch.zeros(())) if hidden else None
        self.dropout = dropout

    def forward(self, codes: Tensor, scan: int | None = None) -> Tensor:
        """Return the scores (n,) of uint8 codes (n, bases): the larger of the two strands'.

        `scan` is the sub-window's length in bases; None takes each sequence as one window.
        """
        if scan is None or codes.shape[1] <= scan:
            strands = torch.cat([codes, reverse_complement(codes)])
            return torch.maximum(*self._score_windows(strands).chunk(2))
        return self._score_windows(self.best_windows(codes, scan))

    @torch.no_grad()
    def best_windows(self, codes: Tensor, scan: int) -> Tensor:
        """Return the codes (n, scan) of each sequence's best sub-window, on its best strand."""
        strands = torch.cat([codes, reverse_complement(codes)])  # (2n, bases)
        detectors, thresholds = self._centred()
        features = scan_features(strands, detectors, scan)  # (starts, 2n, filters)
        scores = self._head((features + thresholds).relu())  # (starts, 2n)
        starts, n = scores.shape[0], codes.shape[0]
        best = scores.view(starts, 2, n).reshape(starts * 2, n).argmax(0)
        start, strand = best // 2, best % 2
        row = strand * n + torch.arange(n)
        return strands[row[:, None], start[:, None] + torch.arange(scan)]

    def _score_windows(self, windows: Tensor) -> Tensor:
        """Return the scores (n,) of windows (n, bases), one strand, each padded by itself."""
        detectors, thresholds = self._centred()
        kernel = detectors.permute(2, 1, 0)  # (filters, 4, length)
        placements = functional.conv1d(one_hot(windows), kernel, padding=len(detectors) - 1)
        features = (placements.amax(2) + thresholds).relu()  # (n, filters)
        return self._head(functional.dropout(features, self.dropout, self.training))

    def _head(self, features: Tensor) -> Tensor:
        """Return the scores (...) of features (..., filters)."""
        sums = features @ self.weights1 + self.biases1
        if self.weights2 is None or self.bias2 is None:
            return sums[..., 0]
        return sums.relu() @ self.weights2 + self.bias2

    def _centred(self) -> tuple[Tensor, Tensor]:
        """Return detectors whose columns sum to 0 over the bases, and thresholds to match.

        An unknown base (0.25 of each) then adds exactly 0, and padding is leaving columns out.
        """
        means = self.detectors.mean(1, keepdim=True)  # (length, 1, filters)
        return self.detectors - means, self.thresholds + means.sum((0, 1))


def one_hot(codes: Tensor) -> Tensor:
    """Return float32 (n, 4, bases) from codes (n, bases); an unknown base is four zeros."""
    return torch.eye(BASES + 1, BASES)[codes.long()].transpose(1, 2)


def reverse_complement(codes: Tensor) -> Tensor:
    """Return the other strand's codes, 5' to 3'; an unknown base stays unknown."""
    return torch.tensor([3, 2, 1, 0, 4], dtype=torch.uint8)[codes.flip(1).long()]


def scan_features(codes: Tensor, detectors: Tensor, scan: int) -> Tensor:
    """Return the maxima (starts, n, filters) of each sub-window's placements of centred detectors.

    Placements that hang over a sub-window's end see a truncated detector: its first h columns,
    ending at the last base, or its last h columns, starting at the first base. Each truncated sum
    is the one with h - 1 columns, one base along, plus a column; the sub-windows share these sums
    and the whole placements.
    """
    length, bases = len(detectors), codes.shape[1]
    starts = bases - scan + 1
    columns = functional.pad(detectors, (0, 0, 0, 1))  # (length, 5, filters), unknown base: 0
    by_base = codes.T.long().contiguous()  # (bases, n)

    heads = functional.embedding(by_base, columns[0])  # [e]: columns 0..h ending at base e
    right = heads[scan - 1 :].clone()
    for h in range(1, length):
        heads = functional.embedding(by_base[h:], columns[h]).add_(heads[:-1])  # [e - h]
        if h < length - 1:
            torch.maximum(right, heads[scan - 1 - h :], out=right)
    inside = _sliding_max(heads, scan - length + 1)

    tails = functional.embedding(by_base[: starts + length - 2], columns[length - 1])
    left = tails[:starts].clone()
    for h in range(length - 2, 0, -1):
        tails = functional.embedding(by_base[: starts + h - 1], columns[h]).add_(tails[1:])
        torch.maximum(left, tails[:starts], out=left)
    return torch.maximum(inside, torch.maximum(left, right, out=right), out=right)


def _sliding_max(values: Tensor, width: int) -> Tensor:
    """Return the maxima (m - width + 1, ...) of all runs of `width` rows of values (m, ...)."""
    span = 1
    while span < width:
        step = min(span, width - span)
        values = torch.maximum(values[step:], values[:-step])
        span += step
    return values
