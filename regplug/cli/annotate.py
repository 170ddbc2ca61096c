"""`regplug annotate`: a VCF in, the same VCF with scores out."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click
import pluggy

from regplug import __version__
from regplug.cli.shared.options import backend_from, backend_options, fasta_option
from regplug.cli.shared.report import progress_bar, report
from regplug.errors import ModelError, OutputError
from regplug.files.output import STDOUT, check_paths
from regplug.genome.fasta import Genome
from regplug.genome.reference import check_build, find_fasta
from regplug.genome.regions import check_regions, parse_regions, read_bed
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Interval
from regplug.hooks.manager import adapter_for, cards, open_backend, plugin_manager, writer_for
from regplug.hooks.writer import Plan, VariantWriter
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.card import ModelCard
from regplug.scoring.model import INPUT_STATUS, Model, check_tags
from regplug.vcf.annotate import annotate_records as run_annotate
from regplug.vcf.outputs import outputs
from regplug.vcf.provenance import annotated_header, header_lines, tags_of
from regplug.vcf.records import VariantReader
from regplug.vcf.writers import TYPES, VcfText


@click.command()
@click.argument("vcf")
@fasta_option
@click.option("--output", "-o", default="-", help="VCF, VCF.gz or BCF by its suffix; - is stdout.")
@click.option(
    "--output-type", "-O", type=click.Choice(["v", "z", "u", "b"]), help="As in bcftools."
)
@click.option(
    "--model",
    "names",
    multiple=True,
    help="Model to run; repeat for more.  [default: all defaults]",
)
@click.option(
    "--targets", default="", help="Targets with tags of their own: T,T or MODEL:T,MODEL:T."
)
@click.option(
    "--scores", default="diff", show_default=True, help="Of ref, alt, diff, logit, log2fc."
)
@click.option("--regions", default="", help="Only these: CHR:FROM-TO,...; 1-based; needs an index.")
@click.option("--regions-file", default="", help="Only these: a BED file; needs an index.")
@click.option(
    "--genes", default="", help="GTF that tells the transcribed strand, for models of RNA."
)
@click.option("--matrix", default="", help="All targets, a row per ALT: FILE.parquet or .tsv(.gz).")
@click.option(
    "--reference-md5", is_flag=True, help="Write the contigs' md5 into the header (slow)."
)
@click.option("--force", is_flag=True, help="Go on though contigs or REFs do not fit the FASTA.")
@backend_options
def annotate(
    vcf: str,
    fasta: str | None,
    output: str,
    output_type: str | None,
    names: tuple[str, ...],
    targets: str,
    scores: str,
    regions: str,
    regions_file: str,
    genes: str,
    matrix: str,
    reference_md5: bool,
    force: bool,
    **backend: Any,
) -> None:
    """Annotate VCF (- is stdin) with what each ALT does to binding and accessibility.

    Models default to the repository's defaults; the reference to --fasta, $REGPLUG_FASTA, the
    user's config file, the ##reference line, or an installed genomepy genome, in this order.
    """
    location, options = backend_from(backend)
    manager = plugin_manager()
    with ExitStack() as stack:
        reader = stack.enter_context(closing(VariantReader(vcf)))
        reader.restrict(_regions(regions, regions_file, reader.contigs))
        path = find_fasta(fasta, reader.header_values, build=reader.assembly)
        genome = stack.enter_context(Genome(path))
        _refuse_overwriting([vcf, path, regions_file, genes], [output, matrix])
        if not force:
            check_build(genome, reader.contigs)
        backends = _backends(manager, location, options, names)
        for opened in backends:
            stack.enter_context(closing(opened))
        models = _models(manager, backends, targets, scores, genes)
        check_tags(models)
        run = [model.card for model in models]
        tags = {"regplug": [INPUT_STATUS]} | {f"regplug:{m.card.name}": m.fields for m in models}
        command = ["regplug", *sys.argv[1:]]
        lines = header_lines(__version__, command, run, genome, md5=reference_md5)
        text = reader.header_text
        plan = Plan(annotated_header(text, tags, lines), tags_of(text, tags), run)
        kinds = _writers(manager, output, output_type, matrix)
        with outputs(kinds, plan, reader.contigs) as writers, progress_bar() as progress:
            tally = run_annotate(
                reader, models, genome, writers=writers, force=force, progress=progress
            )
    report(tally, genome.renamed)


def _refuse_overwriting(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    files = [Path(output).absolute() for output in outputs if output not in ("", "-")]
    if len(set(files)) < len(files):
        raise OutputError(f"{files[0]} would be the VCF and the matrix: give them two names")
    check_paths(files, [Path("/dev/stdin" if one == "-" else one) for one in inputs if one])


def _regions(text: str, bed: str, contigs: Mapping[str, int | None]) -> list[Interval]:
    """Return the regions of both options, checked against the input's contigs."""
    regions = parse_regions(text, contigs) + (read_bed(bed) if bed else [])
    check_regions(regions, contigs)
    return regions


def _backends(
    manager: pluggy.PluginManager,
    location: str | None,
    options: BackendOptions,
    names: Sequence[str],
) -> list[Backend]:
    """Return the models to run, opened: those named, or the defaults."""
    names = names or [card.name for card in cards(manager, location, options) if card.default]
    if not names:
        raise ModelError("no default model there: name one with --model (regplug models list)")
    return [open_backend(manager, location, name, options) for name in dict.fromkeys(names)]


def _models(
    manager: pluggy.PluginManager,
    backends: Sequence[Backend],
    targets: str,
    scores: str,
    genes: str,
) -> list[Model]:
    """Return the opened models with their adapters and tags."""
    chosen = _targets(targets, {backend.card.name: backend.card for backend in backends})
    wanted = tuple(score for score in scores.split(",") if score)
    transcripts = Transcripts(genes) if genes else None
    return [
        Model(
            backend,
            adapter_for(manager, backend.card),
            FieldOptions(tuple(chosen[backend.card.name]), wanted),
            transcripts,
        )
        for backend in backends
    ]


def _targets(text: str, run: Mapping[str, ModelCard]) -> dict[str, list[str]]:
    """Return the targets that --targets names for each model; T is of all models that have it."""
    chosen: dict[str, list[str]] = {name: [] for name in run}
    for target in filter(None, text.split(",")):
        model, _, label = target.partition(":")
        having = [name for name, card in run.items() if target in card.labels]
        if not having and model in run and label in run[model].labels:
            having, target = [model], label
        if not having:
            raise ModelError(
                f"no target {target} in {' or '.join(run)}: "
                "regplug models show NAME lists the targets"
            )
        for name in having:
            chosen[name].append(target)
    return chosen


def _writers(
    manager: pluggy.PluginManager, output: str, output_type: str | None, matrix: str
) -> dict[str, type[VariantWriter]]:
    """Return what writes each output."""
    kind = TYPES[output_type] if output_type else writer_for(manager, output)
    kind = VcfText if kind is None and output in ("-", str(STDOUT)) else kind
    if kind is None:
        raise OutputError(f"what is {output}? End it in .vcf, .vcf.gz or .bcf, or give -O v|z|u|b")
    table = writer_for(manager, matrix) if matrix else None
    if matrix and (table is None or table in TYPES.values()):
        raise OutputError(f"what is {matrix}? End a matrix in .parquet, .tsv or .tsv.gz")
    return {output: kind} | ({matrix: table} if table else {})
