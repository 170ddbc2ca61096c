"""Backgrounds of made-up scores, so that what follows from them can be worked out."""

import hashlib

import numpy as np
from msgspec.structs import replace

from regplug.genome.variant import Status
from regplug.scoring.background import Background, BackgroundSet
from regplug.scoring.background_data import packed
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Scores


def scores_of(ref, alt, kinds=()):
    """Return Scores of arrays (n, targets)."""
    ref, alt = np.asarray(ref, np.float32), np.asarray(alt, np.float32)
    return Scores(ref, alt, [Status.OK] * len(ref), kinds)


def drawn_scores(rng, count, targets=4, scale=1.0):
    """Return scores whose targets move together, more so at places that are more active."""
    active = rng.gamma(2.0, size=(count, 1)) + 0.3 * rng.normal(size=(count, targets))
    change = rng.normal(size=(count, 1)) + 0.7 * rng.normal(size=(count, targets))
    return scores_of(scale * active, scale * (active + change * np.exp(active / 3)))


def background_of(sets, model="0"):
    """Return the Background of (stratum, kind, Scores, name of the list)."""
    made = [
        (
            BackgroundSet(
                stratum=stratum,
                kind=kind,
                variants=len(scores.ref),
                scored=int((~np.isnan(scores.ref).any(axis=1)).sum()),
                list=hashlib.sha256(name.encode()).hexdigest()[:16],
            ),
            scores,
        )
        for stratum, kind, scores, name in sets
    ]
    return Background(
        created_by="a test",
        genome="toy.fa",
        model=model,
        sets=tuple(of for of, _ in made),
        data=packed(made),
    )


def with_background(card: ModelCard, sets) -> ModelCard:
    """Return the card with the background of (stratum, kind, Scores, name of the list)."""
    return replace(card, background=background_of(sets, card.sha256))
