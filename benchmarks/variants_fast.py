"""How much faster are SNVs that are scored together than window by window, and how exact?

    python -m benchmarks.variants_fast [--rounds 5] [--only NAME]

Random SNVs of a random genome at three densities, scored by `pair_predictions`: with the graph that
is made for variants, and without it. All of it on one thread, in CPU time, so that other work on
the machine counts little; the ways take turns, and the median of the rounds is printed. Errors are
the largest difference of a prediction from the same network in float64 (onnx's own reference
evaluator), on a few alleles. Where tangermeme and torch are installed, Basset is also given to
tangermeme's `substitution_effect` as it comes, with a module that averages both strands.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx

from benchmarks.annotate import REPO, cpu_name
from benchmarks.variants_fast_networks import basset, basset_in_torch, bpnet, hard
from regplug.genome.codes import Codes, decode
from regplug.genome.variant import Interval, Status, Variant
from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.repository import Golden, read_card, read_onnx, write_model
from regplug.scoring.alleles import Alleles, encode_alleles
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard, Target
from regplug.scoring.examined import Examined
from regplug.scoring.pairs import pair_predictions
from tests.models.variants.toy_graphs import reference

DENSITIES = {
    "dense: 1 per 4 bp": 4,
    "1000 Genomes: 1 per 40": 40,
    "a person's genome: 1 per 700": 700,
    "sparse: 1 per 2,000": 2000,
}
HEAD = "network | SNVs | plain ms | together ms | ratio | × tangermeme | error | plain's error"
CHECKED = 4  # SNVs whose predictions are compared with float64


class Network(NamedTuple):
    """A model and how many SNVs are scored: where windows overlap, and where they do not."""

    folder: Path
    many: int
    few: int


class Contig:
    """A genome of one contig in memory."""

    def __init__(self, codes: Codes) -> None:
        self._codes, self.lengths = codes, {"chr1": len(codes)}

    def contig(self, name: str) -> str:
        """Return the name: there is one contig."""
        return name

    def codes(self, interval: Interval) -> Codes:
        """Return the bases of an interval inside the contig."""
        return self._codes[interval.start : interval.end]


class Plain:
    """A backend without its graph for variants."""

    def __init__(self, backend: Backend) -> None:
        self.card, self.predict, self.close = backend.card, backend.predict, backend.close


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="a part of the names of networks")
    options = parser.parse_args()
    print(f"{cpu_name()}, one thread; median CPU time of {options.rounds} rounds\n")
    print(f"| {HEAD} |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, network in _networks(Path(scratch)).items():
            if options.only in name:
                _measure(name, network, options.rounds)


def _networks(scratch: Path) -> dict[str, Network]:
    """Return the networks; those of random weights are written to `scratch`."""
    made = {
        "Basset 600 x 164": Network(written(scratch, "basset", basset()), 256, 64),
        "Basset, heavy-tailed weights": Network(written(scratch, "hard", hard()), 64, 16),
        "ChromBPNet's size": Network(written(scratch, "bpnet", bpnet()), 16, 2),
    }
    shipped = ("open_chromatin", "deepbind_encode", "basset_dhs4", "yeast")
    return {name: Network(REPO / name, 256, 128) for name in shipped} | made


def written(repo: Path, name: str, graph: onnx.ModelProto) -> Path:
    """Write a graph of codes and scores as a model of `repo`; return its directory."""
    data = graph.SerializeToString()
    targets = graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    card = ModelCard(
        name=name,
        version="1",
        family="variant_effect",
        window=graph.graph.input[0].type.tensor_type.shape.dim[1].dim_value,
        targets=tuple(Target(f"T{number}") for number in range(targets)),
        strand="mean",
        output_scale="score",
        max_batch_size=64,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return write_model(repo, card, onnx=data, golden=Golden([], []))


def _measure(name: str, network: Network, rounds: int) -> None:
    together = Embedded(network.folder, threads=1)
    plain = Plain(together)
    for density, every in DENSITIES.items():
        alleles = _alleles(together.card.window or 0, every, network)
        ways: dict[str, Callable[[], Any]] = {
            "plain": lambda of=alleles: pair_predictions(of, plain),
            "together": lambda of=alleles: pair_predictions(of, together),
        }
        if name.startswith("Basset 600") and (tangermeme := _tangermeme(network.folder, alleles)):
            ways["tangermeme"] = tangermeme
        seconds = _turns(ways, rounds)
        per = {way: 1000 * taken / len(alleles.ref) for way, taken in seconds.items()}
        against = f"{per['tangermeme'] / per['together']:.1f}" if "tangermeme" in per else ""
        errors = ("", "")
        if network.many > 16:  # of larger networks float64 takes hours
            found = _errors(network.folder, alleles, together, plain)
            errors = (f"{found[0]:.1e}", f"{found[1]:.1e}")
        print(
            f"| {name} | {density} | {per['plain']:.2f} | {per['together']:.2f} "
            f"| {per['plain'] / per['together']:.2f} | {against} "
            f"| {errors[0]} | {errors[1]} |",
            flush=True,
        )


def _alleles(window: int, every: int, network: Network) -> Alleles:
    """Return random SNVs, one per `every` bases on average, in windows of a random genome."""
    count = network.many if every < window else network.few
    rng = np.random.default_rng(0)
    codes = random_codes(rng, 1, count * every + 2 * window)[0]
    places = window + np.sort(rng.choice(count * every, count, replace=False))
    snvs = [
        Variant("chr1", int(at) + 1, decode(codes[at : at + 1]), "ACGT"[(codes[at] + step) % 4])
        for at, step in zip(places, rng.integers(1, 4, count), strict=True)
    ]
    return encode_alleles([Examined(snv, Status.OK) for snv in snvs], Contig(codes), window=window)


def _turns(
    ways: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Return the median seconds of each way, of CPU time or another clock; they take turns."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for work in ways.values():
        work()  # what is made once
    for _ in range(rounds):
        for way, work in ways.items():
            began = clock()
            work()
            seconds[way].append(clock() - began)
    return {way: statistics.median(taken) for way, taken in seconds.items()}


def _errors(
    folder: Path, alleles: Alleles, together: Backend, plain: Backend
) -> tuple[float, float]:
    """Return the largest errors of the predictions together and of the plain ones."""
    graph = onnx.load_from_string(read_onnx(folder, read_card(folder)))
    chosen = slice(len(alleles.ref) // 2, len(alleles.ref) // 2 + CHECKED)
    windows = np.concatenate([side[chosen] for side in (alleles.ref, alleles.alt)])
    # One by one: float64 takes much memory.
    wanted = np.concatenate([reference(graph, window[np.newaxis]) for window in windows])
    found = np.concatenate([side[chosen] for side in pair_predictions(alleles, together)])
    alone = plain.predict(windows)
    return float(abs(found - wanted).max()), float(abs(alone - wanted).max())


def _tangermeme(folder: Path, alleles: Alleles) -> Callable[[], Any] | None:
    """Return a call of tangermeme's substitution_effect on the same SNVs, or None without it."""
    try:
        import torch
        from tangermeme.variant_effect import substitution_effect
    except ImportError:
        return None
    torch.set_num_threads(1)
    network = basset_in_torch(folder)
    letters = torch.from_numpy(np.eye(4, dtype=np.float32)[alleles.ref]).transpose(1, 2)
    column = int((alleles.ref[0] != alleles.alt[0]).argmax())
    changes = [(row, column, int(alt[column])) for row, alt in enumerate(alleles.alt)]
    return lambda: substitution_effect(
        network, letters, torch.tensor(changes), batch_size=256, device="cpu"
    )


if __name__ == "__main__":
    main()
