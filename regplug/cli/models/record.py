"""`regplug models record`: what tests have found, and what targets are of, into a model's card."""

from pathlib import Path

import click

from regplug.cli.shared.options import PATH


@click.command(short_help="Put figures of tests, or notes, into a card.")
@click.argument("name")
@click.option(
    "--along",
    multiple=True,
    type=PATH,
    metavar="METRICS.JSON",
    help="Of regplug test --along -o DIR; repeat it for several sets.",
)
@click.option("--variants", type=PATH, metavar="TSV", help="Of benchmarks.variant_truth -o TSV.")
@click.option(
    "--notes",
    type=PATH,
    metavar="TOML",
    help="What targets are of, and the data: [[targets]] and texts of regplug models new.",
)
@click.option("--model-repo", required=True, type=PATH, metavar="DIR", help="Folder of models.")
def record(
    name: str,
    along: tuple[Path, ...],
    variants: Path | None,
    notes: Path | None,
    model_repo: Path,
) -> None:
    """Put figures of tests into the card of model NAME, in place of those of their kind.

    --along: AUROC and AUPRC along a genome, beside GC content and the 6-mer regression. --variants:
    how well predicted effects agree with measured ones, beside GC content; of outputs that
    were picked on the same variants nothing is kept. --notes: what targets are of (cell, tissue,
    assay, ontology, accession ...), for `regplug models search`, and trained_on, cite_as, notice.
    `regplug models show NAME` prints all of it.
    """
    from msgspec.structs import replace

    from regplug.data.measure.recorded import along_figures, variant_figures
    from regplug.hooks.about import noted, read_notes
    from regplug.models.repository import read_card, rewrite_card

    if not along and variants is None and notes is None:
        raise click.UsageError("nothing to record: name --along, --variants or --notes")
    folder = model_repo / name
    card = read_card(folder)
    if along:
        found = tuple(figure for path in along for figure in along_figures(path, card))
        card = replace(card, along=found)
    if variants is not None:
        card = replace(card, variants=variant_figures(variants, card))
    if notes is not None:
        card = noted(card, read_notes(notes), source=notes)
    rewrite_card(folder, card)
    click.echo(
        f"{name}: {len(card.along)} figures along a genome, {len(card.variants)} on variants",
        err=True,
    )
