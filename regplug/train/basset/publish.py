"""Finished runs of chromatin accessibility → a model directory.

RUNS ─read_basset_run→ BassetRun ─ensemble→ model.onnx ─predict_part→ AUCs ─export_model→ <name>
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from regplug.data.measure.metrics import auroc
from regplug.data.measure.sites import Predicted, predict_part
from regplug.data.sites.sites import Sites
from regplug.errors import ModelError
from regplug.files.commands import for_a_card
from regplug.files.version import VERSION
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.models.export import PLAIN, export_model
from regplug.models.stack import StackShape, rows_per_call
from regplug.scoring.card import ModelCard, Target, as_label
from regplug.train.basset.run import BassetRun, read_basset_run, run_graph
from regplug.train.cnn.graph import Member, joint_graph
from regplug.train.cnn.shape import CnnShape
from regplug.train.loop.about import About

CITE = "Kelley, Snoek and Rinn 2016, Genome Research 26:990, doi:10.1101/gr.200535.115"
MEANS = {
    "valid_auc": "mean validation AUC",
    "auc": "mean AUC",
    "auc_closed": "mean AUC, closed",
    "auc_elsewhere": "mean AUC, open elsewhere",
}

Aucs = Mapping[str, NDArray[np.float64]]  # kind → AUC of each target, nan without both classes


def publish_basset(
    runs: Sequence[Path],
    repo: Path,
    about: About,
    *,
    test: Path | None = None,
    outputs: Mapping[Path, Sequence[str]] = {},
    measuring: Measuring = PLAIN,
) -> ModelCard:
    """Write the model of a run, or of several as one ensemble, into `repo`; return its card.

    Runs may have different targets, and windows: a target is the mean of the runs that have it, and
    a run of a narrower window reads the middle of the widest. A target of a run may be taken under
    another name, and so count for an output that is not called as it is, or for two.

    With `test`, the card has the AUCs of the exported graph on the set's part `test`: of a target's
    open sites against all other sites, and where some of these are closed in all samples and some
    open in others, against each kind. Without `test` it has the AUCs on the validation sites, by
    which the best epoch was chosen.

    Args:
        runs: folders of finished runs; several become an ensemble.
        repo: the model repository.
        about: what the user says of the model.
        test: a set of sites (.h5), or None.
        outputs: run → the targets that are taken of it, TARGET or TARGET:NAME; of other runs all.
        measuring: how the targets' spreads are measured.

    Raises:
        ModelError: a run is not finished, two targets have one name in a VCF, several runs are not
            of kind cnn, or `outputs` names a run or target that is not there.
        DataError: the set is damaged, or does not fit.
    """
    found = [read_basset_run(run) for run in runs]
    taken = [_taken(run, name, outputs) for run, name in zip(found, runs, strict=True)]
    if unknown := [str(run) for run in outputs if run not in runs]:
        raise ModelError(f"outputs of {unknown[0]} are asked for, which is not exported")
    targets = list(dict.fromkeys(name for of in taken for name in of))
    onnx = ensemble(found, targets, taken).SerializeToString()
    first = found[0]
    labels = [as_label(target) for target in targets]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise ModelError(f"two targets of {runs[0]} are called {twice[0]} in a VCF: rename one")
    basset = isinstance(first.shape, StackShape)
    what = "Basset" if basset else f"{len(runs)} convolutional network{'s' * (len(runs) > 1)}"
    average = "mean" if basset else "sigmoid of the mean logits"
    card = ModelCard(
        name=about.name,
        version=about.version,
        family="basset",
        window=max(run.shape.width for run in found),
        targets=tuple(map(Target, labels)),
        strand="mean",
        output_scale="probability",
        max_batch_size=rows_per_call(max(run.filters * run.shape.width for run in found)),
        sha256="",
        default=about.default,
        assembly=about.assembly,
        doc=about.doc
        or f"{what} with an output per sample: probability that the site is open or bound, "
        f"{average} of both strands",
        trained_on=about.trained_on
        or ", ".join(dict.fromkeys(run.metrics.set.name for run in found)),
        license=about.license,
        cite_as=about.cite_as or (CITE if basset else ""),
        created_by=f"regplug {VERSION}: "
        + "; ".join(for_a_card(run.metrics.command) for run in found),
    )
    aucs = _validated(found, targets, taken) if test is None else _tested(card, onnx, test)
    return export_model(repo, _with_aucs(card, aucs), onnx, measuring)


def _taken(run: BassetRun, name: Path, outputs: Mapping[Path, Sequence[str]]) -> dict[str, str]:
    """Return name in the model → target of the run in folder `name` that is taken."""
    taken: dict[str, str] = {}
    for asked in outputs.get(name, run.targets):
        target, _, called = (asked, "", "") if asked in run.targets else asked.rpartition(":")
        if target not in run.targets:
            raise ModelError(f"{name} has no target {asked}: it has {', '.join(run.targets)}")
        if taken.setdefault(called or target, target) != target:
            raise ModelError(f"{name} has two targets for {called or target}")
    return taken


def ensemble(
    runs: Sequence[BassetRun], targets: Sequence[str], taken: Sequence[Mapping[str, str]]
) -> ModelProto:
    """Return the graph of a run, or of several of kind cnn, whose logits are averaged.

    Args:
        runs: a target is averaged over those that have it.
        targets: of the graph.
        taken: of each run, target of the graph → the run's own.

    Raises:
        ModelError: several runs that cannot be averaged, or weights that do not fit.
    """
    if len(runs) == 1 and tuple(taken[0].values()) == runs[0].targets:
        return run_graph(runs[0])
    members = []
    for run, of in zip(runs, taken, strict=True):
        if not isinstance(run.shape, CnnShape):
            raise ModelError("runs of kind basset have no ensemble: export each whole, by itself")
        outputs = [run.targets.index(of[target]) if target in of else None for target in targets]
        members.append(Member(run.shape, run.arrays, outputs))
    try:
        return joint_graph(members, probabilities=True)
    except (KeyError, ValueError) as error:
        raise ModelError(f"a run's weights do not fit its shape: {error}") from error


def _validated(
    runs: Sequence[BassetRun], targets: Sequence[str], taken: Sequence[Mapping[str, str]]
) -> Aucs:
    """Return the targets' AUCs on validation sites, means over the runs they are taken of.

    What is made of targets of several names has none: none of their labels is of it.
    """
    aucs = []
    for target in targets:
        of_runs = [
            (of[target], run.metrics.valid_aucs[of[target]])
            for run, of in zip(runs, taken, strict=True)
            if target in of
        ]
        alike = len({name for name, _ in of_runs}) == 1
        aucs.append(np.array([auc for _, auc in of_runs], float).mean() if alike else np.nan)
    return {"valid_auc": np.array(aucs)}


def _tested(card: ModelCard, onnx: bytes, test: Path) -> Aucs:
    """Return the AUCs of the graph on the sites of the test."""
    with tempfile.TemporaryDirectory() as scratch, Sites(test) as sites:
        export_model(Path(scratch), card, onnx, Measuring(3))
        with closing(Embedded(Path(scratch) / card.name)) as backend:
            return site_aucs(predict_part(sites, "test", backend))


def site_aucs(predicted: Predicted) -> Aucs:
    """Return each target's AUC, of its open sites against its closed sites, and against two kinds.

    The last two stand apart only where the sites are of both kinds. A site counts for the targets
    that are known there; closed is one that is open in no sample, as far as is known.
    """
    scores, opened = predicted.scores, predicted.opened == 1
    is_closed = predicted.opened == 0
    closed = ~opened.any(axis=1)
    against = {"auc": np.ones(len(closed), bool)}
    if closed.any():
        against |= {"auc_closed": closed, "auc_elsewhere": ~closed}
    columns = range(scores.shape[1])
    return {
        kind: np.array(
            [_auc(opened[:, at], others & is_closed[:, at], scores[:, at]) for at in columns]
        )
        for kind, others in against.items()
    }


def _auc(
    positive: NDArray[np.bool_], negative: NDArray[np.bool_], scores: NDArray[np.float32]
) -> float:
    """Return the AUC of positives against negatives, nan where either is missing."""
    if not positive.any() or not negative.any():
        return np.nan
    rows = positive | negative
    return auroc(positive[rows], scores[rows])


def _with_aucs(card: ModelCard, aucs: Aucs) -> ModelCard:
    """Return the card with the targets' AUCs, and their means over the targets that have one."""
    targets = tuple(
        msgspec.structs.replace(
            target,
            about={kind: f"{of[at]:.4f}" for kind, of in aucs.items() if np.isfinite(of[at])},
        )
        for at, target in enumerate(card.targets)
    )
    metrics = {
        MEANS[kind]: round(float(np.nanmean(of)), 4)
        for kind, of in aucs.items()
        if np.isfinite(of).any()
    }
    return msgspec.structs.replace(card, targets=targets, metrics=metrics)
