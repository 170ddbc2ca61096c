"""Make the golden files of docs/scores.md's formulas anew: python -m tests.corpus.make_golden

All is counted and computed in plain Python, from the formulas as that page has them.
"""

import random
from collections.abc import Mapping
from math import log, log2
from pathlib import Path

FOLDER = Path(__file__).parent
PLACES, TARGETS = 1000, ("T0", "T1")
# Two models, and their targets' assays.
MODELS = {"m": {"T0": "ATAC", "T1": "ATAC", "T2": "DNASE"}, "n": {"T3": "ATAC", "T4": "DNASE"}}
PAIRS = [
    *((0.5, 0.5), (0.2, 0.8), (0.8, 0.2), (0.5, 0.75), (0.1, 0.9), (0.001, 0.002), (0.9, 0.99)),
    *((0.0, 0.5), (1.0, 0.5), (0.0, 1.0), (0.25, 0.125)),
]
SPREAD = 0.25
# The standard deviation of what is a target's own of a change. Those of m move together, so the
# best of its three is hardly better than the best of two.
OWN = {"T0": 0.25, "T1": 0.25, "T2": 0.25, "T3": 2.0, "T4": 2.0}
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


def drawn(
    count: int, seed: int, scale: float = 1, own: Mapping[str, float] | None = None
) -> list[Row]:
    """Return scores of REF and ALT whose targets move together, as numbers of two digits.

    Args:
        count: of the rows.
        seed: what they are drawn from.
        scale: of their changes; those of the background have 1.
        own: of each target, what is its own of a change; else TARGETS have 0.7.
    """
    draw, rows = random.Random(seed), []
    own = own or dict.fromkeys(TARGETS, 0.7)
    for _ in range(count):
        place, change = draw.gammavariate(2, 1), draw.gauss(0, scale)
        row = {}
        for target, deviation in own.items():
            ref = round(place + draw.gauss(0, 0.3), 2)
            row[target] = (ref, round(ref + change + draw.gauss(0, deviation), 2))
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


def _sizes(background: list[Row], target: str) -> list[float]:
    """Return S of each background variant among the others."""
    return [
        extremeness(row, target, background[:at] + background[at + 1 :])[1]
        for at, row in enumerate(background)
    ]


def ranking(background: list[Row], alts: list[Row]) -> list[list[str]]:
    """Return ACT, S and p of each target of the ALTs, and their TOP and Q.

    Last what RP_Q is if each target is a model of its own: measured on the same variants, and not.
    """
    sizes = {target: _sizes(background, target) for target in TARGETS}
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


def of_some(background: list[Row], alts: list[Row]) -> list[list[str]]:
    """Return p of each target of the ALTs, and what follows where some of a model's targets count.

    First Q of T0 and T1, which are ATAC of m's three targets, and their Q if all five were one
    model's. Then Q of ATAC and of DNASE, over both models; last TOP of T0 and T1, and of ATAC.
    """
    sizes = {target: _sizes(background, target) for target in OWN}
    of_each = {target: _own_shares(sizes[target]) for target in OWN}
    of_m, of_five = (
        [min(shares) for shares in zip(*(of_each[t] for t in targets), strict=True)]
        for targets in (MODELS["m"], OWN)
    )
    rows = []
    for row in alts:
        p = {t: share(extremeness(row, t, background)[1], sizes[t]) for t in OWN}
        top = min(("T0", "T1"), key=p.__getitem__)
        q, of_all = (_of_two(p[top], smallest) for smallest in (of_m, of_five))
        over = f"m:{top}" if q <= p["T3"] else "n:T3"
        atac, dnase = (1 - (1 - least) ** 2 for least in (min(q, p["T3"]), min(p["T2"], p["T4"])))
        scores = [score for pair in row.values() for score in pair]
        numbers = [f"{number:g}" for number in (*scores, *p.values(), q, of_all, atac, dnase)]
        rows.append([*numbers, top, over])
    return rows


def _of_two(p: float, smallest: list[float]) -> float:
    """Return Q of two targets whose smaller p this is, of a model with these smallest p of all."""
    return min(1 - (1 - p) ** 2, (1 + sum(other <= p for other in smallest)) / (1 + len(smallest)))


def write(folder: Path) -> None:
    """Write the files into `folder`."""
    names = ["ref", "alt", "spread", "diff", "z", "logit", "log2fc"]
    _write(folder / "formulas.tsv", names, formulas())
    background = drawn(PLACES, seed=1)
    alts = drawn(80, seed=2) + drawn(20, seed=3, scale=3)
    _write_scores(folder / "background.tsv", background)
    names = [f"{t}_{what}" for t in TARGETS for what in ("ref", "alt", "act", "s", "p")]
    names += ["top", "q", "rp_q", "rp_q_sidak"]
    _write(folder / "ranking.tsv", names, ranking(background, alts))
    background = drawn(PLACES, seed=4, own=OWN)
    alts = drawn(60, seed=5, own=OWN) + drawn(40, seed=6, scale=3, own=OWN)
    _write_scores(folder / "background_of_some.tsv", background)
    names = [f"{t}_{side}" for t in OWN for side in ("ref", "alt")] + [f"{t}_p" for t in OWN]
    names += ["two_q", "two_of_five_q", "atac_q", "dnase_q", "two_top", "atac_top"]
    _write(folder / "ranking_of_some.tsv", names, of_some(background, alts))


def _write_scores(path: Path, rows: list[Row]) -> None:
    names = [f"{target}_{side}" for target in rows[0] for side in ("ref", "alt")]
    _write(path, names, [[f"{score:g}" for pair in row.values() for score in pair] for row in rows])


def _write(path: Path, names: list[str], rows: list[list[str]]) -> None:
    path.write_text("\n".join("\t".join(row) for row in [names, *rows]) + "\n")


if __name__ == "__main__":
    write(FOLDER)
