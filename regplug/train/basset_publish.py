"""A finished run of chromatin accessibility → a model directory.

RUN ─read_run→ BassetRun ─run_graph→ model.onnx ─export_model→ REPO/<name>
"""

from pathlib import Path

from regplug import __version__
from regplug.card import ModelCard, Target, as_label
from regplug.errors import ModelError
from regplug.export import RANDOM_SNVS, export_model
from regplug.train.basset_run import read_run, run_graph
from regplug.train.panel_publish import without_folders
from regplug_basset.importer import CITE, rows_per_call
from regplug_basset.network import BassetShape


def publish_basset(
    run: Path,
    repo: Path,
    *,
    name: str,
    version: str,
    trained_on: str,
    assembly: str,
    default: bool,
    snvs: int = RANDOM_SNVS,
) -> ModelCard:
    """Write the model of a run into `repo`; return the model's card.

    The AUCs in the card are those of the validation sites, which said when to stop.

    Raises:
        ModelError: the run is not finished, or two targets have one name in a VCF.
    """
    found = read_run(run)
    labels = [as_label(target) for target in found.targets]
    if twice := [one for one in labels if labels.count(one) > 1]:
        raise ModelError(f"two targets of {run} are called {twice[0]} in a VCF: rename one")
    basset = isinstance(found.shape, BassetShape)
    aucs = found.metrics.valid_aucs.values()
    card = ModelCard(
        name=name,
        version=version,
        family="basset",
        window=found.shape.width,
        targets=tuple(
            Target(label, about={} if auc is None else {"valid_auc": f"{auc:.4f}"})
            for label, auc in zip(labels, aucs, strict=True)
        ),
        strand="mean",
        output_scale="probability",
        max_batch_size=rows_per_call(found.filters, found.shape.width),
        sha256="",
        default=default,
        assembly=assembly,
        doc=f"{'Basset' if basset else 'Convolutional network'} with an output per sample: "
        "probability of accessible chromatin, "
        f"{'mean' if basset else 'sigmoid of the mean logits'} of both strands",
        trained_on=trained_on or found.metrics.set.name,
        metrics={"mean validation AUC": round(found.metrics.valid_auc, 4)},
        cite_as=CITE if basset else "",
        created_by=f"regplug {__version__}: {without_folders(found.metrics.command)}",
    )
    return export_model(repo, card, run_graph(found).SerializeToString(), snvs=snvs)
