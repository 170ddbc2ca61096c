"""How many filters of chance, and of known motifs, does `regplug motifs` name?

    python -m benchmarks.motif_names [--filters 300] [--seed 1]

Of chance: 8 to 19 columns drawn from all those of JASPAR's vertebrates. Known: motifs of theirs as
a filter sees them, 60 sites drawn from one, with up to four nearly flat columns on either side; a
name is right if it is the motif's own or begins with the same letters (ELK1, ELK4). Both kinds are
compared together, as the filters of a model are, so their q-values are of all.
"""

import argparse
import re

import numpy as np

from regplug.motifs.matches import REPORTED, Collection, jaspar, match
from regplug.motifs.motif import Motif

SITES = 60


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filters", type=int, default=300, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random, collection = np.random.default_rng(options.seed), jaspar()
    known = [random.choice(len(collection.motifs)) for _ in range(options.filters)]
    of_chance = [by_chance(random, collection) for _ in range(options.filters)]
    seen = [as_seen(random, collection.motifs[at]) for at in known]
    found = match([*of_chance, *seen], collection)
    like = [found.like(row) for row in range(len(found.p))]
    significant = (found.q < REPORTED).any(axis=1)
    right = [
        bool(names) and kin(collection.motifs[names[0]].also) == kin(collection.motifs[at].also)
        for names, at in zip(like[options.filters :], known, strict=True)
    ]
    for kind, rows in (
        ("of chance", range(options.filters)),
        ("known", range(options.filters, 2 * options.filters)),
    ):
        named = np.mean([bool(like[row]) for row in rows])
        print(f"{kind}: {significant[rows].mean():.1%} with q < {REPORTED}, {named:.1%} named")
    print(f"known: {np.mean(right):.1%} named rightly")


def by_chance(random: np.random.Generator, collection: Collection) -> Motif:
    """Return a motif of columns from anywhere."""
    columns = np.concatenate([motif.frequencies for motif in collection.motifs])
    return Motif("chance", columns[random.integers(len(columns), size=random.integers(8, 20))])


def as_seen(random: np.random.Generator, motif: Motif) -> Motif:
    """Return a known motif of few sites, with nearly flat columns around it."""
    shares = motif.frequencies / motif.frequencies.sum(axis=1, keepdims=True)
    counts = np.stack([random.multinomial(SITES, column) for column in shares])
    before, after = (random.dirichlet([20] * 4, random.integers(0, 5)) for _ in range(2))
    return Motif("seen", np.vstack([before, (counts + 0.5) / (SITES + 2), after]))


def kin(name: str) -> str:
    """Return the letters that a motif's name begins with, in upper case."""
    return re.match(r"[A-Z]*", name.upper())[0]  # type: ignore[index]


if __name__ == "__main__":
    main()
