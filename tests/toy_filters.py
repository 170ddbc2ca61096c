"""Convolutional models whose filters are words, as ONNX graphs in the repository's form."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.genome.codes import encode
from regplug.hooks.measuring import Measuring
from regplug.models.export import export_model
from regplug.models.stack import EPSILON, StackNetwork, StackShape
from regplug.models.stack_graph import stack_graph
from regplug.scoring.card import ModelCard, Target
from regplug.train.cnn.graph import ensemble_graph
from regplug.train.cnn.shape import CnnShape


def card_of(model: ModelProto, *, window: int, targets: int, **changes: object) -> ModelCard:
    return ModelCard(
        **{  # type: ignore[arg-type]
            "name": "words",
            "version": "1",
            "family": "toy",
            "window": window,
            "targets": tuple(Target(f"T{i}") for i in range(targets)),
            "strand": "mean",
            "output_scale": "probability",
            "max_batch_size": 16,
            "sha256": "",
        }
        | changes
    )


def word(letters: str) -> NDArray[np.float32]:
    """Return a filter (4, length) that counts the letters of a word; N counts nothing."""
    return np.eye(5, 4, dtype=np.float32)[encode(letters)].T


def basset_words(
    words: Sequence[str], last: NDArray[np.float64], *, width: int, pool: int, form: str = "valid"
) -> ModelProto:
    """Return a Basset of one layer: filter i is 1 at word i and 0 elsewhere.

    `last` (targets, filters, bins) weighs the pooled filters; the bias is 0.
    """
    known = np.array([len(one) - one.count("N") for one in words])
    filters = np.stack([word(one) for one in words])
    return basset_filters(filters, 1 - known, last, width=width, pool=pool, form=form)


def basset_filters(
    filters: NDArray[np.float32],
    biases: NDArray[np.float64],
    last: NDArray[np.float64],
    *,
    width: int,
    pool: int,
    form: str = "valid",
) -> ModelProto:
    """Return a Basset of one layer with these filters (n, 4, length), and `last` as above."""
    shape = StackShape(
        targets=len(last),
        width=width,
        form=form,  # type: ignore[arg-type]
        filters=(len(filters),),
        sizes=(filters.shape[2],),
        pools=(pool,),
        dense=(),
    )
    arrays = {name: np.zeros(size, np.float32) for name, size in shape.arrays().items()}
    arrays["convs.0.weight"] = filters.astype(np.float32)
    arrays["convs.0.bias"] = biases.astype(np.float32)
    arrays["conv_norms.0.weight"] += 1
    arrays["conv_norms.0.running_var"] += 1 - EPSILON
    arrays["last.weight"] = last.reshape(len(last), -1).astype(np.float32)
    return stack_graph(StackNetwork(shape, arrays))


def turned_words(words: Sequence[str], *, width: int, members: int = 1) -> ModelProto:
    """Return an ensemble whose stem counts letters of words, in both orientations."""
    shape = CnnShape(
        targets=1,
        width=width,
        channels=len(words),
        length=len(words[0]),
        pool=5,
        blocks=0,
        head="max",
    )
    stem = np.stack([word(one).T.ravel() for one in words])  # base by base
    ones, zeros = np.ones(len(words), np.float32), np.zeros(len(words), np.float32)
    weights = {
        "stem.weight": stem,
        "stem_norm.weight": ones,
        "stem_norm.bias": zeros,
        "stem_norm.running_mean": zeros,
        "stem_norm.running_var": ones,
        "head.weight": np.ones((1, 2 * len(words)), np.float32),
        "head.bias": np.zeros(1, np.float32),
    }
    return ensemble_graph(shape, [weights] * members)


def export_words(repo: Path, model: ModelProto, **card: object) -> ModelCard:
    """Write a model into `repo`; return its card."""
    return export_model(
        repo,
        card_of(model, **card),
        model.SerializeToString(),
        measuring=Measuring(3),  # type: ignore[arg-type]
    )
