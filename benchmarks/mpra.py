"""Do predictions follow measured effects? Models beside saturation mutagenesis of 21 elements.

    python -m benchmarks.mpra MODEL... --variants mpra_satmut_dev.tsv.gz --loci loci.hg38.fa

The variants are those of Kircher et al. 2019 (Nat Commun 10:3583): log2 effects on a reporter, of
at least 10 barcodes; significant below p = 1e-5. MODEL is a folder, or a name in the project's
repository; its scores are those of `regplug annotate`. The loci hold only the elements: a variant
near an end, over a tenth of whose window is unknown, is not scored. A model of probabilities is
measured by the difference of logits, and by SAD.

Per experiment: Pearson's and Spearman's correlation, and how many significant variants have the
predicted sign (a prediction of 0 has none). Where most of them lower the activity, always guessing
so is right as often as the column `lower` says. Of a model with more than 4 targets only the one of
largest |Spearman| is shown: that is optimistic, as the same variants chose it. A star marks the
target of the cell in which the element was measured. The means below are of one target over all
elements (of up to 10 targets). They leave out experiments with fewer than 100 scored variants, and
average repeated experiments of an element first; their signs are counted over all experiments.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.mpra_variants import (
    CELLS,
    Experiment,
    Floats,
    padded,
    read_experiments,
    read_loci,
)
from regplug.genome.fasta import Genome
from regplug.genome.variant import Status
from regplug.hooks.manager import adapter_for, open_backend, plugin_manager
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import BackendOptions
from regplug.scoring.effects import EFFECTS, Scores
from regplug.scoring.examined import examine
from regplug.scoring.model import Model

FEW = 4  # targets that are all shown
LEAST = 100  # scored variants of an element that counts in the means
SHOWN = {"logit": "logit(ALT) - logit(REF)", "diff": "ALT - REF"}


class Agreement(NamedTuple):
    """How the predictions of each target follow an experiment: arrays (targets,)."""

    experiment: Experiment
    scored: int
    significant: int  # of those scored
    lower: int  # of those significant
    pearson: Floats
    spearman: Floats
    same_sign: NDArray[np.intp]  # of those significant

    @property
    def best(self) -> int:
        """Return the target of largest |Spearman|."""
        return int(np.nan_to_num(np.abs(self.spearman)).argmax())


def main() -> None:
    """Score the variants with each model and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--variants", type=Path, required=True)
    parser.add_argument("--loci", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    loci = read_loci(options.loci)
    experiments = read_experiments(options.variants, loci)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loci.fa"
        path.write_text("".join(f">{x.name}\n{padded(x.letters)}\n" for x in loci))
        with Genome(path) as genome:
            for name in options.models:
                measure(name, experiments, genome, options.threads)


def measure(name: str, experiments: Sequence[Experiment], genome: Genome, threads: int) -> None:
    """Score all experiments with one model and print its tables."""
    manager = plugin_manager()
    folder = Path(name)
    location = str(folder.parent) if (folder / "card.json").is_file() else None
    backend = open_backend(manager, location, folder.name, BackendOptions(threads=threads))
    try:
        card = backend.card
        if card.strand == "forward":
            raise SystemExit(f"{card.name} reads RNA, and these elements are not transcribed")
        model = Model(backend, adapter_for(manager, card), FieldOptions())
        scored = [
            (one, model.score([examine(variant, genome) for variant in one.variants], genome))
            for one in experiments
        ]
    finally:
        backend.close()
    for effect in SHOWN if card.output_scale == "probability" else ("diff",):
        found = [agreement(one, scores, effect) for one, scores in scored]
        print(f"{card.name}, window {model.window}: {SHOWN[effect]}\n")
        print_experiments(found, card.labels)
        print_means(found, card.labels)


def agreement(one: Experiment, scores: Scores, effect: str) -> Agreement:
    """Return how the predicted effects follow the measured ones."""
    predicted = EFFECTS[effect](scores.ref, scores.alt).astype(np.float64)
    scored = np.array([status is Status.OK for status in scores.status])
    both = scored & one.significant
    return Agreement(
        one,
        int(scored.sum()),
        int(both.sum()),
        int((one.effects[both] < 0).sum()),
        pearson(predicted[scored], one.effects[scored]),
        spearman(predicted[scored], one.effects[scored]),
        same_sign(predicted[both], one.effects[both]),
    )


def pearson(predicted: Floats, effects: Floats) -> Floats:
    """Return Pearson's correlation per target of predicted (n, targets) and effects (n,).

    NaN where there are fewer than two variants, or all are equal.
    """
    if len(effects) < 2:
        return np.full(predicted.shape[1], np.nan)
    x, y = predicted - predicted.mean(0), effects - effects.mean()
    with np.errstate(invalid="ignore"):
        correlations: Floats = y @ x / np.sqrt((y @ y) * (x * x).sum(0))
    return correlations


def spearman(predicted: Floats, effects: Floats) -> Floats:
    """Return Spearman's correlation per target, as `pearson`; equal values share a mean rank."""
    return pearson(rankdata(predicted, axis=0), rankdata(effects))


def same_sign(predicted: Floats, effects: Floats) -> NDArray[np.intp]:
    """Return, per target, how many of predicted (n, targets) have the sign of effects (n,)."""
    counts: NDArray[np.intp] = (predicted * effects[:, None] > 0).sum(0)
    return counts


def print_experiments(found: Sequence[Agreement], labels: Sequence[str]) -> None:
    """Print a row per experiment and target, or its best target where there are many."""
    best = "" if len(labels) <= FEW else f", best of {len(labels)}"
    print(
        f"| element | cell | scored | significant | lower | target{best} "
        "| Pearson | Spearman | sign right |"
    )
    print("|---|---|---:|---:|---:|---|---:|---:|---:|")
    for one in found:
        cell = CELLS.get(one.experiment.locus.name, "")
        first = [
            one.experiment.name,
            cell,
            f"{one.scored} of {len(one.experiment.variants)}",
            str(one.significant),
            share(one.lower, one.significant),
        ]
        for target in range(len(labels)) if len(labels) <= FEW else [one.best]:
            label = labels[target] + (" *" if labels[target] == cell else "")
            right = share(int(one.same_sign[target]), one.significant)
            figures = [f"{x[target]:+z.3f}" for x in (one.pearson, one.spearman)]
            print(f"| {' | '.join([*first, label, *figures, right])} |")
    print()


def print_means(found: Sequence[Agreement], labels: Sequence[str]) -> None:
    """Print the means over elements: of each target, or of the 10 of largest |Spearman|."""
    enough = [one for one in found if one.scored >= LEAST]
    if not enough:
        print(f"no element has {LEAST} scored variants, so there are no means\n")
        return
    names = [one.experiment.locus.name for one in enough]
    pearsons, spearmans = (
        mean_over_elements(names, values)
        for values in ([one.pearson for one in enough], [one.spearman for one in enough])
    )
    right = np.sum([one.same_sign for one in enough], axis=0)
    significant = sum(one.significant for one in enough)
    lower = share(sum(one.lower for one in enough), significant)
    print(
        f"| mean of {len(set(names))} elements ({len(enough)} experiments, "
        f"{sum(one.scored for one in enough)} variants) | Pearson | Spearman "
        f"| sign right, of {significant} ({lower} lower) |"
    )
    print("|---|---:|---:|---:|")
    for target in np.argsort(-np.abs(spearmans), kind="stable")[:10]:
        figures = f"{pearsons[target]:+z.3f} | {spearmans[target]:+z.3f}"
        print(f"| {labels[target]} | {figures} | {share(right[target], significant)} |")
    if len(labels) > FEW:
        sizes = [np.abs(one.spearman[[one.best]]) for one in enough]
        best = f"size of the best of {len(labels)} in each experiment (optimistic)"
        print(f"| {best} | | {mean_over_elements(names, sizes)[0]:.3f} | |")
    print()


def mean_over_elements(names: Sequence[str], values: Iterable[Floats]) -> Floats:
    """Return the mean over elements of values (targets,), of which an element may have several."""
    of_element: dict[str, list[Floats]] = {}
    for name, value in zip(names, values, strict=True):
        of_element.setdefault(name, []).append(value)
    mean: Floats = np.mean([np.mean(repeats, axis=0) for repeats in of_element.values()], axis=0)
    return mean


def share(part: int, whole: int) -> str:
    """Return a share in per cent, or nothing of nothing."""
    return f"{part / whole:.0%}" if whole else ""


if __name__ == "__main__":
    main()
