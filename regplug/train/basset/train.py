"""Training a network of chromatin accessibility on sites, by a recipe.

Sites ─SiteSource→ Examples ─loop.train→ network ─Validation→ AUCs ─Records→ weights ─→ Metrics
"""

import hashlib
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from regplug.data.sites.sites import Sites
from regplug.errors import ConfigError, DataError, ModelError, OutputError, TrainingError
from regplug.files.output import complete, contents, naming
from regplug.files.runs import METRICS
from regplug.files.sources import sources_of
from regplug.files.weights import WEIGHTS
from regplug.hooks.manager import plugin_manager, stored_networks
from regplug.train.basset.build import Kinds, arrays_of, build, seed_from
from regplug.train.basset.recipe import BassetRecipe, Running, Shape
from regplug.train.basset.records import Records
from regplug.train.basset.run import Metrics, read_basset_run, read_metrics
from regplug.train.basset.source import SiteSource, Validation
from regplug.train.loop.loop import Resumable, best_of, train_networks
from regplug.train.loop.machine import machine
from regplug.train.loop.names import CHECKPOINT, LOG, TENSORBOARD


def train_basset(
    recipe: BassetRecipe,
    path: Path,
    out: Path,
    *,
    resume: bool = False,
    seeded_from: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
    stepped: Callable[[int, int, int], None] = lambda epoch, steps, step: None,
) -> Metrics:
    """Train a network on the sites in `path`; return what `out`/metrics.json says of it.

    `out` gets `weights.safetensors`, of the epoch with the best mean validation AUC, `log.csv` with
    a row per epoch, and at the end `metrics.json`. While it runs it holds `checkpoint.pt`, written
    after each epoch; with `resume` training goes on from there, on a CPU to the same weights.

    Args:
        recipe: see BassetRecipe.
        path: a set made by `regplug prepare basset`.
        out: folder of the run.
        resume: whether `out` may hold this run already.
        seeded_from: a run, or a file that `regplug models import basset` reads: training begins
            with its layers below the last, and of a run's last layer with the targets that have the
            same name; the rest and the optimiser are new.
        tell: called with lines of text.
        stepped: called after each step with the epoch, its number of steps, and how many are done.

    Raises:
        DataError: the set is damaged, or lacks sites of a part.
        ModelError: `seeded_from` cannot be read or has another shape.
        TrainingError: the loss is nan or infinite, or the checkpoint is damaged or of another run.
        OutputError: `out` holds something else, or cannot be written.
        ConfigError: the recipe does not fit the set or the machine.
    """
    with Sites(path) as sites, machine(recipe.train.device, compiled=recipe.train.compile) as here:
        shape = _shape(recipe, sites)
        source, validation = SiteSource(sites), Validation(sites, here)
        if not source.size:
            raise DataError(f"{path} has no sites to train on: make it with a smaller --valid")
        network = _network(recipe, shape, sites.samples, seeded_from)
        (data,) = sources_of([path])
        run = _identity(recipe, data.sha256, network)
        first = here.rank == 0
        finished = _finished(out, run, resume)
        if finished is not None:
            tell(f"{out} was finished before")
            return finished
        if first:
            with naming(out):
                out.mkdir(parents=True, exist_ok=True)
        for target in validation.left_out:
            tell(f"{target} has no AUC: its validation sites are of one class")
        epochs = train_networks(
            network,
            source,
            recipe.schedule,
            Resumable(out / CHECKPOINT, run, recipe.seed),
            done=Records(out, tell, tensorboard=recipe.train.tensorboard and first).add,
            validate=validation,
            machine=here,
            stepped=stepped,
        )
        best = best_of(epochs)
        kept = epochs[best - 1]
        metrics = Metrics(
            command=shlex.join(["regplug", *sys.argv[1:]]),
            recipe=recipe,
            kind=recipe.kind,
            shape=msgspec.structs.asdict(shape),
            targets=tuple(sites.samples),
            set=data,
            sites={"train": source.size, "valid": validation.size},
            epochs=len(epochs),
            best_epoch=best,
            valid_auc=kept.auc,
            valid_aucs=dict(zip(sites.samples, kept.aucs, strict=True)),
            valid_loss=kept.valid_loss,
            seconds=sum(epoch.seconds for epoch in epochs),
            run=run,
            seeded_from="" if seeded_from is None else seeded_from.name,
            torch=str(torch.__version__),
            numpy=np.__version__,
        )
        if first:
            with complete(out / METRICS) as partial:
                partial.write_bytes(msgspec.json.format(msgspec.json.encode(metrics)) + b"\n")
            (out / CHECKPOINT).unlink(missing_ok=True)
        return metrics


def _shape(recipe: BassetRecipe, sites: Sites) -> Shape:
    """Return the network's shape for the set; ConfigError if it does not fit."""
    try:
        return recipe.shape(targets=len(sites.samples), width=sites.card.settings.length)
    except ValueError as error:
        raise ConfigError(f"the recipe's network does not fit {sites.path}: {error}") from error


def _network(
    recipe: BassetRecipe, shape: Shape, targets: Sequence[str], seeded_from: Path | None
) -> Kinds:
    """Return a network of `targets` with its initial weights, perhaps those of `seeded_from`."""
    torch.manual_seed(recipe.seed)
    network = build(shape, recipe.dropout)
    if seeded_from is None:
        return network
    try:
        if seeded_from.is_dir():
            other = read_basset_run(seeded_from)
            theirs = {name: at for at, name in enumerate(other.metrics.targets)}
            same = {at: theirs[name] for at, name in enumerate(targets) if name in theirs}
            seed_from(network, other.arrays, same)
        else:
            seed_from(network, _arrays_in(seeded_from, shape.width))
    except ModelError as error:
        raise ModelError(f"cannot start from {seeded_from}: {error}") from error
    return network


def _arrays_in(path: Path, width: int) -> Mapping[str, NDArray[np.float32]]:
    """Return the arrays of the network in a file of weights that a plugin can read."""
    stored = stored_networks(plugin_manager(), path, width=width)
    if stored is None:
        raise ModelError(
            "it is no run, and no plugin reads such a file of weights (Torch7, .pth, .safetensors)"
        )
    return stored.networks[0].arrays


def _identity(recipe: BassetRecipe, data: str, network: Kinds) -> str:
    """Return a sha256 of all that the result depends on: settings, data, initial weights."""
    settings = msgspec.structs.replace(recipe, train=Running(), search=None)
    total = hashlib.sha256(msgspec.json.encode(settings) + data.encode())
    for name, array in arrays_of(network).items():
        total.update(name.encode() + array.tobytes())
    return total.hexdigest()


def _finished(out: Path, run: str, resume: bool) -> Metrics | None:
    """Return the metrics in `out` if this run is finished there; None if it is to be trained.

    Raises:
        OutputError: `out` holds other things, or a run though `resume` is False.
        TrainingError: a finished run of another recipe or set.
        ModelError: its metrics are damaged.
    """
    held = contents(out)
    ours = {CHECKPOINT, LOG, METRICS, TENSORBOARD, WEIGHTS}
    if held - ours or (out.exists() and not out.is_dir()):
        raise OutputError(f"{out} holds other things than a run: name a new folder")
    if held and not resume:
        raise OutputError(f"{out} holds a run: go on with --resume, or name a new folder")
    if METRICS not in held:
        return None
    metrics = read_metrics(out)
    if metrics.run != run:
        raise TrainingError(
            f"{out} holds a run with another recipe or other data: name a new folder"
        )
    return metrics
