"""Metrics: how well scores tell bound sequences from the others."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from regplug.codes import Codes
from regplug.train.data.shuffle import shuffle_dinucleotides
from regplug.train.models.deepbind import DeepBind

BATCH = 256


def auroc(bound: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return the area under the ROC curve of scores (n,) for labels (n,), both classes present."""
    return float(roc_auc_score(bound, scores))


@torch.no_grad()
def score(model: DeepBind, codes: Codes, *, scan: int | None) -> NDArray[np.float32]:
    """Return the scores (n,) of codes (n, bases), without dropout."""
    model.eval()
    batches = [torch.from_numpy(codes[i : i + BATCH]) for i in range(0, len(codes), BATCH)]
    scores: NDArray[np.float32] = torch.cat([model(batch, scan) for batch in batches]).numpy()
    return scores


def shuffle_auc(
    model: DeepBind, positives: Codes, *, scan: int | None, seed: int, shuffles: int = 1
) -> float:
    """Return the AUC of positives (n, bases) against `shuffles` dinucleotide shuffles of each."""
    sources = positives.repeat(shuffles, axis=0)
    shuffled = shuffle_dinucleotides(sources, rng=np.random.default_rng(seed))
    bound = np.arange(len(positives) + len(shuffled)) < len(positives)
    return auroc(bound, score(model, np.concatenate([positives, shuffled]), scan=scan))
