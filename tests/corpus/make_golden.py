"""Make the golden files of docs/scores.md's formulas anew: python -m tests.corpus.make_golden

All is counted and computed in plain Python, from the formulas as that page has them.
"""

import random
from math import log, log2
from pathlib import Path

FOLDER = Path(__file__).parent
PLACES, TARGETS = 1000, ("T0", "T1")
PAIRS = [
    *((0.5, 0.5), (0.2, 0.8), (0.8, 0.2), (0.5, 0.75), (0.1, 0.9), (0.001, 0.002), (0.9, 0.99)),
    *((0.0, 0.5), (1.0, 0.5), (0.0, 1.0), (0.25, 0.125)),
]
SPREAD = 0.25
TINY = 1e-7
Row = dict[str, tuple[float, float]]  # target → scores of REF and ALT


def formulas() -> list[list[str]]:
    """Return REF, ALT and what is made of them."""
    return [
        [
            *(f"{ref:g}", f"{alt:g}", f"{SPREAD:g}", f"{alt - ref:.9g}"),
            *(f"{(alt - ref) / SPREAD:.9g}", f"{_logit(alt) - _logit(ref):.9g}"),
            f"{log2(max(alt, TINY) / max(ref, TINY)):.9g}",
        ]
        for ref, alt in PAIRS
    ]


def _logit(probability: float) -> float:
    kept = min(max(probability, TINY), 1 - TINY)
    return log(kept / (1 - kept))


def drawn(count: int, seed: int, scale: float = 1) -> list[Row]:
    """Return scores of REF and ALT whose targets move together, as numbers of two digits.

    Args:
        count: of the rows.
        seed: what they are drawn from.
        scale: of their changes; those of the background have 1.
    """
    draw, rows = random.Random(seed), []
    for _ in range(count):
        place, change = draw.gammavariate(2, 1), draw.gauss(0, scale)
        row = {}
        for target in TARGETS:
            ref = round(place + draw.gauss(0, 0.3), 2)
            row[target] = (ref, round(ref + change + draw.gauss(0, 0.7), 2))
        rows.append(row)
    return rows


def extremeness(row: Row, target: str, others: list[Row]) -> tuple[float, float]:
    """Return ACT and S of a target: how active the place is, and the change weighed by that."""
    ref, alt = row[target]
    lower = sum(max(other[target]) < max(ref, alt) for other in others)
    act = lower / (1 + len(others))
    return act, abs(alt - ref) * -log(1 - act)


def share(value: float, values: list[float]) -> float:
    """Return the share of `values`, and of itself, that are at least as large."""
    return (1 + sum(other >= value for other in values)) / (1 + len(values))


def _own_shares(values: list[float]) -> list[float]:
    """Return the share of each value among the others."""
    return [share(value, values[:at] + values[at + 1 :]) for at, value in enumerate(values)]


def ranking(background: list[Row], alts: list[Row]) -> list[list[str]]:
    """Return ACT, S and p of each target of the ALTs, and their TOP and Q.

    Last what RP_Q is if each target is a model of its own: measured on the same variants, and not.
    """
    of_others = [background[:at] + background[at + 1 :] for at in range(len(background))]
    sizes = {
        target: [
            extremeness(row, target, others)[1]
            for row, others in zip(background, of_others, strict=True)
        ]
        for target in TARGETS
    }
    of_each = {target: _own_shares(sizes[target]) for target in TARGETS}
    smallest = [min(of_each[target][at] for target in TARGETS) for at in range(len(background))]
    own_qs = {target: _own_shares([-p for p in of_each[target]]) for target in TARGETS}
    smallest_q = [min(own_qs[target][at] for target in TARGETS) for at in range(len(background))]
    rows = []
    for row in alts:
        cells, ps, qs = [], {}, {}
        for target in TARGETS:
            act, size = extremeness(row, target, background)
            ps[target] = share(size, sizes[target])
            qs[target] = share(-ps[target], [-p for p in of_each[target]])
            cells += [f"{number:g}" for number in (*row[target], act, size, ps[target])]
        top = min(TARGETS, key=ps.__getitem__)
        q = (1 + sum(p <= ps[top] for p in smallest)) / (1 + len(smallest))
        least = min(qs.values())
        over = share(-least, [-q for q in smallest_q])
        rows.append([*cells, top, f"{q:g}", f"{over:g}", f"{1 - (1 - least) ** len(qs):g}"])
    return rows


def write(folder: Path) -> None:
    """Write the files into `folder`."""
    names = ["ref", "alt", "spread", "diff", "z", "logit", "log2fc"]
    _write(folder / "formulas.tsv", names, formulas())
    background = drawn(PLACES, seed=1)
    alts = drawn(80, seed=2) + drawn(20, seed=3, scale=3)
    names = [f"{t}_{side}" for t in TARGETS for side in ("ref", "alt")]
    rows = [[f"{score:g}" for target in TARGETS for score in row[target]] for row in background]
    _write(folder / "background.tsv", names, rows)
    names = [f"{t}_{what}" for t in TARGETS for what in ("ref", "alt", "act", "s", "p")]
    names += ["top", "q", "rp_q", "rp_q_sidak"]
    _write(folder / "ranking.tsv", names, ranking(background, alts))


def _write(path: Path, names: list[str], rows: list[list[str]]) -> None:
    path.write_text("\n".join("\t".join(row) for row in [names, *rows]) + "\n")


if __name__ == "__main__":
    write(FOLDER)
