"""How fast do engines run the same models, and how far are their answers from onnxruntime's?

    python -m benchmarks.engines [--windows 256] [--rounds 5] [--model NAME ...] [--model-repo DIR]

One thread, in this process. The engines take turns, a round each, and the median is printed:
alleles per second of processor time, two windows an allele, each read on both strands, window by
window (what SNVs near each other share is not shared here). The first call, which may prepare
something, is not counted. The distance is of scores; r is the correlation of ALT - REF of SNVs in
the middle, all targets, with onnxruntime's.
"""

import argparse
import statistics
import time
from contextlib import ExitStack, closing

import numpy as np

from benchmarks.annotate import cpu_name
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.models.export import random_codes
from regplug.scoring.alleles import column
from regplug.scoring.backend import BackendOptions, engine_of

ENGINES = ("onnxruntime", "openvino", "torch", "openvino:bf16", "torch:bf16")
MODELS = ("open_chromatin", "basset_dhs4", "deepbind_encode", "deepbind_single")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--windows", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", action="append")
    parser.add_argument("--model-repo")
    options = parser.parse_args()
    print(f"{cpu_name()}; median of {options.rounds} rounds of {options.windows} windows\n")
    print("| model | engine | alleles/s | lowest-highest | to onnxruntime | largest distance | r |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for name in options.model or MODELS:
        _measure(name, options)


def _measure(name: str, options: argparse.Namespace) -> None:
    """Print a model's rows."""
    with ExitStack() as stack:
        backends = [
            stack.enter_context(
                closing(
                    open_backend(
                        plugin_manager(),
                        options.model_repo,
                        name,
                        BackendOptions(threads=1, engine=engine),
                    )
                )
            )
            for engine in ENGINES
        ]
        width = backends[0].card.window
        assert width, "a model of variants"
        codes = random_codes(np.random.default_rng(0), options.windows, width)
        changed = codes.copy()
        changed[:, column(width)] = (changed[:, column(width)] + 1) % 4
        answers = [backend.predict(codes) for backend in backends]
        changes = [
            (backend.predict(changed) - answer).ravel()
            for backend, answer in zip(backends, answers, strict=True)
        ]
        rates: list[list[float]] = [[] for _ in ENGINES]
        for _ in range(options.rounds):
            for backend, found in zip(backends, rates, strict=True):
                start = time.process_time()
                backend.predict(codes)
                found.append(options.windows / 2 / (time.process_time() - start))
    first = statistics.median(rates[0])
    for backend, found, answer, change in zip(backends, rates, answers, changes, strict=True):
        median, apart = statistics.median(found), np.abs(answer - answers[0]).max()
        r = np.corrcoef(change, changes[0])[0, 1]
        print(
            f"| `{name}` | {engine_of(backend)} | {median:,.0f} | {min(found):,.0f}-"
            f"{max(found):,.0f} | {median / first:.2f} | {apart:.1g} | "
            f"{r:.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
