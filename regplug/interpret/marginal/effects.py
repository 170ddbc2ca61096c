"""What a motif changes in backgrounds: Site ─marginal, along, by_gc→ means over the backgrounds.

An effect is the prediction of a background with the motif less that of the background itself, as
`regplug annotate` has of ALT and REF; the same backgrounds serve all motifs. A control is the same
motif with its positions in random orders, another one in each background.
Source: Koo et al. 2021, PLoS Comput Biol 17:e1008925 (global importance analysis).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.measure.bands import Mean, band
from regplug.errors import MotifError
from regplug.genome.codes import Codes
from regplug.interpret.marginal.backgrounds import random_backgrounds
from regplug.motifs.sites import Site, can_be_mixed, mixed, put
from regplug.scoring.effects import Array

SEED = 0
PLACES = 60  # of `along`, about
SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # of G and C, of `by_gc`

Progress = Callable[[int], None]  # is called with the number of sequences that were scored


class Scorer(NamedTuple):
    """How a change is counted.

    Attributes:
        predict: codes (n, width) → predictions (n, targets).
        change: predictions without and with → changes, both (n, targets).
        progress: is told how many sequences were scored.
    """

    predict: Callable[[Codes], Array]
    change: Callable[[Array, Array], Array]
    progress: Progress = lambda sequences: None

    def scores(self, codes: Codes) -> Array:
        """Return predictions (n, targets) of codes (n, width)."""
        scored = self.predict(codes)
        self.progress(len(codes))
        return scored


class Background(NamedTuple):
    """Sequences, shape (n, width), and what is predicted for them, (n, targets)."""

    codes: Codes
    scores: Array


class Effect(NamedTuple):
    """What a site does, beside its control.

    Attributes:
        site: the site.
        effect: its means; arrays (targets,), or with places or shares first, (places, targets).
        control: of the site's positions in random orders; NaN if all orders are alike.
        above: of the differences of the two, background by background.
    """

    site: Site
    effect: Mean
    control: Mean
    above: Mean


class Curve(NamedTuple):
    """An effect that depends on something.

    Attributes:
        at: on what, shape (p,): the site's first column, 0-based, or the share of G and C.
        effect: arrays (p, targets).
    """

    at: NDArray[np.float64]
    effect: Effect


def background(codes: Codes, scorer: Scorer) -> Background:
    """Return backgrounds with their predictions."""
    return Background(codes, scorer.scores(codes))


def middle(width: int, window: int) -> int:
    """Return the first column of `width` bases in the middle of a window."""
    return (window - width) // 2


def check_fits(sites: Sequence[Site], window: int, model: str) -> None:
    """Check that sites fit into a window.

    Raises:
        MotifError: one has more positions than the window.
    """
    for site in sites:
        if site.width > window:
            raise MotifError(
                f"{site.title} has {site.width} positions, and {model} reads {window} bases: "
                "leave it out"
            )


def marginal(site: Site, at: Background, scorer: Scorer) -> Effect:
    """Return the effect of a site in the middle, arrays (targets,)."""
    return _effect(site, *_changes(site, at, middle(site.width, at.codes.shape[1]), scorer))


def curve_sequences(site: Site, window: int, count: int) -> int:
    """Return how many sequences `along` and `by_gc` score in `count` backgrounds of a window."""
    return count * (2 * len(_starts(site, window)) + 3 * len(SHARES))


def along(site: Site, at: Background, scorer: Scorer) -> Curve:
    """Return the effect of a site at places all over the window, as far apart as need be."""
    starts = _starts(site, at.codes.shape[1])
    found = [_changes(site, at, int(start), scorer) for start in starts]
    return Curve(starts.astype(np.float64), _joined(site, found))


def by_gc(site: Site, count: int, width: int, scorer: Scorer) -> Curve:
    """Return the effect of a site in the middle of `count` random backgrounds of each of SHARES."""
    found = []
    for gc in SHARES:
        rng = np.random.default_rng(SEED)
        at = background(random_backgrounds(count, width, gc, rng), scorer)
        found.append(_changes(site, at, middle(site.width, width), scorer))
    return Curve(np.array(SHARES), _joined(site, found))


def controls(site: Site, count: int) -> list[Site]:
    """Return a control for each of `count` backgrounds; always the same ones."""
    return mixed(site, count, np.random.default_rng(SEED))


def with_site(
    codes: Codes, sites: Site | Sequence[Site], start: int, scorer: Scorer
) -> tuple[Codes, Array]:
    """Return backgrounds with a site (or one of their own) at a column, and their predictions."""
    made = put(codes, sites, start, np.random.default_rng(SEED))
    return made, scorer.scores(made)


def _starts(site: Site, window: int) -> NDArray[np.intp]:
    """Return first columns of a site, all over the window."""
    last = window - site.width
    return np.arange(0, last + 1, max(1, last // PLACES))


def _changes(site: Site, at: Background, start: int, scorer: Scorer) -> tuple[Array, Array]:
    """Return the changes by the site and by its control, each (n, targets)."""
    found = []
    for sites in (site, controls(site, len(at.codes))):
        _, scores = with_site(at.codes, sites, start, scorer)
        found.append(scorer.change(at.scores, scores))
    if not can_be_mixed(site):
        found[1] = np.full_like(found[1], np.nan)
    return found[0], found[1]


def _effect(site: Site, changes: Array, control: Array) -> Effect:
    return Effect(site, band(changes), band(control), band(changes - control))


def _joined(site: Site, found: Sequence[tuple[Array, Array]]) -> Effect:
    """Return an effect whose arrays have shape (p, targets)."""
    changes, control = (np.stack(arrays, axis=1) for arrays in zip(*found, strict=True))
    rows, *shape = changes.shape
    effect = _effect(site, changes.reshape(rows, -1), control.reshape(rows, -1))
    return Effect(site, *(mean.shaped(*shape) for mean in effect[1:]))
