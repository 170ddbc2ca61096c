"""What many models cost `regplug annotate`: bytes of INFO, processor time, memory, threads.

    python -m benchmarks.many_models [--models 100] [--backgrounds]

The models are small (21 bases, three targets each, of five assays in turn), so what is seen is the
cost of their number. They come in as by `regplug models import onnx`, and annotate the example.
With --backgrounds they have backgrounds too, of made-up scores, and so __Q and __ACT.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

import regplug
from regplug.hooks.about import About
from regplug.hooks.measuring import Measuring
from regplug.models.foreign import net_of
from regplug.models.imported import import_nets
from regplug.models.repository import model_names, read_card, rewrite_card
from regplug.scoring.card import Target
from tests.plugins.onnx.toys import Toy
from tests.toy_backgrounds import drawn_scores, with_background

EXAMPLES = Path(__file__).parents[1] / "examples"
ASSAYS = ("ATAC-seq", "DNase-seq", "ChIP-seq", "CAGE", "MPRA")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--backgrounds", action="store_true")
    options = parser.parse_args()
    count = options.models
    with tempfile.TemporaryDirectory() as folder:
        repo, out = Path(folder, "models"), Path(folder, "out.vcf")
        import_many(repo, count)
        if options.backgrounds:
            measure(repo)
        opening(repo, count)
        for by in ("model", "assay"):
            regplug.annotate(
                EXAMPLES / "variants.vcf", output=out, fasta=EXAMPLES / "example.hg38.fa.gz",
                models=["toy*"], by=by, repo=str(repo),
            )  # fmt: skip
            print(f"tags by {by}: {info_bytes(out):.0f} bytes of INFO a record")


def opening(repo: Path, count: int) -> None:
    """Print what it takes to open the models."""
    with ExitStack() as stack:
        stack.enter_context(regplug.open_model("toy0", repo=str(repo)))  # what all share
        seconds, held = time.process_time(), memory()
        for number in range(1, count):
            stack.enter_context(regplug.open_model(f"toy{number}", repo=str(repo)))
        threads = len(list(Path("/proc/self/task").iterdir()))
        print(
            f"{count} models opened: {time.process_time() - seconds:.1f} s of processor time, "
            f"{memory() - held:.0f} MB, {threads} threads on {os.cpu_count()} cores"
        )


def import_many(repo: Path, count: int) -> None:
    """Write so many small models."""
    for number in range(count):
        net = net_of(Toy(number, targets=3).graph(), f"{number}.onnx")
        about = {"assay": ASSAYS[number % len(ASSAYS)]}
        targets = tuple(Target(f"cell{cell}", about=about) for cell in range(3))
        card = About(name=f"toy{number}", targets=targets)
        import_nets([net], repo, card, command="onnx", measuring=Measuring(300, 1))


def measure(repo: Path) -> None:
    """Give each model a background of 2,000 SNVs, all of one list."""
    for number, name in enumerate(model_names(repo)):
        scores = drawn_scores(np.random.default_rng(number), 2000, 3)
        card = with_background(read_card(repo / name), [("random", "snv", scores, "a list")])
        rewrite_card(repo / name, card)


def info_bytes(vcf: Path) -> float:
    """Return the mean length of a record's INFO."""
    lines = [line for line in vcf.read_text().split("\n") if line and line[0] != "#"]
    return float(np.mean([len(line.split("\t")[7]) for line in lines]))


def memory() -> float:
    """Return the memory that this process holds, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


if __name__ == "__main__":
    sys.exit(main())
