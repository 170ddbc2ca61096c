r"""How well does a model imitate another one that it was distilled from? Told by single changes.

    python -m benchmarks.reporter_fidelity SET.h5 --teacher mpra_dragonn --model-repo REPO \
        --output-of reporter_K562=K562_minP,K562_SV40 \
        --output-of reporter_HepG2=HepG2_minP,HepG2_SV40 open_chromatin

Sites that the set validates on, drawn at random, are read as they are and with a random SNV in the
middle. The teacher's score is the mean of its outputs, each less its mean over the sites, in
standard deviations; the imitation's is its logit. Printed are Pearson's correlations of the scores
and of their changes.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.reporter_table import TOGETHER
from regplug.data.sites.parts import VALID
from regplug.data.sites.sites import Sites
from regplug.genome.codes import UNKNOWN, Codes
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.scoring.alleles import column
from regplug.scoring.backend import Backend, BackendOptions

Floats = NDArray[np.float64]


def main() -> None:
    """Print a line for each model and output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--model-repo", required=True)
    parser.add_argument("--output-of", action="append", required=True, metavar="NAME=LABEL,LABEL")
    parser.add_argument("--sites", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    asked = dict(pair.split("=", 1) for pair in options.output_of)
    ref, alt = pairs(options.set, options.sites, np.random.default_rng(options.seed))
    manager = plugin_manager()
    teacher, *models = (
        open_backend(manager, options.model_repo, name, BackendOptions(threads=1))
        for name in (options.teacher, *options.models)
    )
    raw = predicted(teacher, ref), predicted(teacher, alt)
    mean, spread = raw[0].mean(axis=0), raw[0].std(axis=0)
    theirs = [(scores - mean) / spread for scores in raw]
    print("model", "output", "sites", "r of scores", "r of changes", sep="\t")
    for model in models:
        ours = [logit(predicted(model, codes)) for codes in (ref, alt)]
        for name, labels in asked.items():
            at = [teacher.card.labels.index(label) for label in labels.split(",")]
            own = model.card.labels.index(name)
            before, after = (scores[:, at].mean(axis=1) for scores in theirs)
            same = np.corrcoef(before, ours[0][:, own])[0, 1]
            changes = np.corrcoef(after - before, (ours[1] - ours[0])[:, own])[0, 1]
            print(model.card.name, name, len(ref), f"{same:.3f}", f"{changes:.3f}", sep="\t")


def pairs(path: Path, count: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Return known sites to validate on (n, bases), and the same with an SNV in the middle."""
    with Sites(path) as sites:
        found = [
            sites.read(low, low + TOGETHER).codes[sites.parts[low : low + TOGETHER] == VALID]
            for low in range(0, len(sites), TOGETHER)
        ]
    codes = np.concatenate(found)
    codes = codes[(codes < UNKNOWN).all(axis=1)]
    ref = codes[rng.permutation(len(codes))[:count]]
    alt, middle = ref.copy(), column(ref.shape[1])
    alt[:, middle] = (alt[:, middle] + rng.integers(1, 4, len(alt))) % 4
    return ref, alt


def predicted(model: Backend, codes: Codes) -> Floats:
    """Return predictions (n, targets) of what a model's window holds of codes (n, bases)."""
    window = model.card.window or 0
    start = column(codes.shape[1]) - column(window)
    read = np.ascontiguousarray(codes[:, start : start + window])
    lows = range(0, len(read), TOGETHER)
    return np.concatenate([model.predict(read[low : low + TOGETHER]) for low in lows]).astype(float)


def logit(shares: Floats) -> Floats:
    """Return the logits of probabilities."""
    made: Floats = np.log(shares / (1 - shares))
    return made


if __name__ == "__main__":
    main()
