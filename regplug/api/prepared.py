"""What `annotate` and `precompute` prepare alike: what is asked of models, tags, and the header."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from regplug.api.models import OpenModel, targets_of
from regplug.errors import ModelError, OutputError
from regplug.files.output import check_paths
from regplug.files.version import VERSION
from regplug.genome.fasta import Genome
from regplug.genome.transcripts import Transcripts
from regplug.hooks.writer import Plan
from regplug.models.cache import Cache
from regplug.scoring.adapter import FieldOptions, InfoField
from regplug.scoring.model import INPUT_STATUS, Model, check_tags, over_models
from regplug.scoring.ranking_tags import FEW
from regplug.vcf.near_genes import GENE_FIELDS, SOURCE
from regplug.vcf.provenance import annotated_header, header_lines, tags_of

DIFF = ("diff",)


def refuse_overwriting(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Raise OutputError if two outputs are the same file, or an output is an input."""
    given = [Path(output).absolute() for output in outputs if output]
    if len(set(given)) < len(given):
        twice = next(name for name in outputs if given.count(Path(name).absolute()) > 1)
        raise OutputError(f"two outputs of the run would be {twice}: give each a name of its own")
    files = [Path(output).absolute() for output in outputs if output not in ("", "-")]
    check_paths(files, [Path("/dev/stdin" if path == "-" else path) for path in inputs if path])


def asked_of(
    run: Sequence[OpenModel],
    targets: Sequence[str],
    scores: Sequence[str],
    background: str,
    sample: str = "",
    *,
    all_targets: bool,
    by: Literal["model", "assay"] | None = None,
) -> dict[str, FieldOptions]:
    """Return what is asked of each model, by its name."""
    if all_targets and targets:
        raise ModelError("all targets, or those named: give --targets or --all-targets")
    if sample and by == "assay":
        raise ModelError("haplotypes have tags of each model: --phased without --by assay")
    every = all_targets or (not targets and tuple(scores) != DIFF)
    chosen = targets_of(targets, [model.card for model in run])
    return {
        card.name: FieldOptions(
            tuple(card.labels if every else dict.fromkeys(chosen[card.name])),
            tuple(scores),
            background,
            by or ("model" if sample or len(run) <= FEW else "assay"),
            sample,
        )
        for card in (model.card for model in run)
    }


def scoring_models(
    run: Sequence[OpenModel],
    options: Mapping[str, FieldOptions],
    transcripts: Transcripts | None,
    cache: Cache | None,
) -> list[Model]:
    """Return the models as they score variants, no two with the same tag."""
    models = [model.for_variants(options[model.card.name], transcripts, cache) for model in run]
    check_tags(models)
    return models


def plan_of(
    header: str,
    genome: Genome,
    models: Sequence[Model],
    command: Sequence[str],
    genes: str,
    *,
    reference_md5: bool,
) -> Plan:
    """Return a run's plan; `header` is the input's, whose tags of an earlier run are replaced."""
    tags = tags_of_run(models, genes=bool(genes))
    lines = header_lines(VERSION, command, models, genome, genes=genes, md5=reference_md5)
    cards = [model.card for model in models]
    pairs = {model.card.name: model.pairs for model in models}
    phased = any(model.options.sample for model in models)
    full = annotated_header(header, tags, lines)
    return Plan(full, tags_of(header, tags), cards, pairs, phased)


def tags_of_run(models: Sequence[Model], *, genes: bool) -> dict[str, list[InfoField]]:
    """Return the tags that a run writes: source (`regplug`, `regplug:MODEL` ...) → its tags."""
    tags = {
        "regplug": [INPUT_STATUS, *(f for shared in over_models(models) for f in shared.fields)]
    }
    tags |= {f"regplug:{model.card.name}": model.fields for model in models}
    return tags | ({SOURCE: list(GENE_FIELDS)} if genes else {})
