"""`regplug track`: what a model predicts along the genome, for genome browsers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import (
    backend_from,
    backend_options,
    fasta_option,
    force_option,
    regions_file_option,
    targets_option,
)
from regplug.cli.shared.parts import parts_options

if TYPE_CHECKING:
    from regplug.api.track.asked import Tracks

VIEWS = "regplug.track_writers"  # key in the context's meta: pairs of a TrackWriter and its option


class TrackCommand(click.Command):
    """Has an option for each view of tracks that is installed."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options, those of the views included."""
        if VIEWS not in ctx.meta:
            from regplug.hooks.manager import plugin_manager, track_writers

            ctx.meta[VIEWS] = [
                (writer, click.Option([f"--{name}", f"view{at}"], is_flag=True, help=writer.help))
                for at, (name, writer) in enumerate(track_writers(plugin_manager()).items())
            ]
        return [*super().get_params(ctx), *(option for _, option in ctx.meta[VIEWS])]


@click.command(
    cls=TrackCommand, short_help="Write a model's predictions along the genome, as bigWigs."
)
@click.option("--model", help="Name of a model (regplug models list).")
@click.option("--regions", default="", help="CHR:FROM-TO,...; 1-based; CHR is a whole contig.")
@regions_file_option()
@click.option("--all", "whole", is_flag=True, help="The whole FASTA.")
@click.option("--vcf", default="", help="REF, ALT and their difference around each variant.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="New folder to write.")
@click.option("--views-of", metavar="DIR", help="Only views, of tracks that were finished there.")
@targets_option("Of the model.  [default: all, of up to 16]")
@click.option(
    "--step",
    type=click.IntRange(1),
    help="Bases from value to value.  [default: 1 for scans, profiles and --vcf, 50 for windows of "
    "200 bases and more, else a tenth of the window]",
)
@click.option(
    "--strands", is_flag=True, help="Of a profile of two strands, a file for each, not their sum."
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["bigwig", "bedgraph"]),
    default="bigwig",
    show_default=True,
    help="Of the files.",
)
@click.option("--assembly", help="What browsers call the FASTA.  [default: as in the VCF]")
@parts_options("Bases", 1_000_000)
@force_option
@fasta_option
@backend_options
def track(
    regions: str,
    regions_file: str,
    whole: bool,
    vcf: str,
    model: str | None,
    output: Path | None,
    views_of: str | None,
    **options: Any,
) -> None:
    """Write what a model predicts along the genome: a bigWig per target.

    A value is that of the window around the middle base of its step; with a DeepBind scan, each
    base has its own. There is none where more than a tenth of the window is N. A model with counts
    and a profile has reads at each base, softmax(logits) * exp(log counts); with --step, means.

    With --vcf, three files per target: REF, ALT and their difference, wherever a window holds the
    variant. At the variant's base (trimmed and left-aligned) stand the numbers of regplug annotate.
    Deleted bases have ALT's last base's value; inserted bases have no place but in the mean at
    their anchor. Between variants, a base belongs to the nearer one; of several ALTs of one base
    the most extreme is drawn.
    """
    from regplug.api.track.track import track as track_model
    from regplug.api.track.views import views_of as views_of_tracks
    from regplug.cli.shared.progress import bar
    from regplug.cli.shared.report import report

    pairs = click.get_current_context().meta[VIEWS]
    views = [writer.name for writer, option in pairs if options.pop(option.name)]
    repo, backend = backend_from(options)
    if views_of:
        if model or output or regions or regions_file or whole or vcf:
            raise click.UsageError("--views-of goes with views, --fasta and --model-repo alone")
        if not views:
            raise click.UsageError("--views-of needs a view: --hub, --igv or --page")
        about = {name: options[name] for name in ("fasta", "assembly")}
        tell(views_of_tracks(views_of, views, repo=repo, options=backend, **about))
        return
    if model is None or output is None:
        raise click.UsageError("give --model and -o, or --views-of DIR")
    if sum(map(bool, (regions or regions_file, vcf, whole))) != 1:
        raise click.UsageError("give --regions or --regions-file, or --vcf, or --all")
    if views and options["file_format"] != "bigwig":
        raise click.UsageError(f"--{views[0]} needs --format bigwig")
    made = track_model(
        model,
        output=output,
        regions=regions,
        regions_file=regions_file,
        whole=whole,
        vcf=vcf,
        views=views,
        repo=repo,
        options=backend,
        bar=bar,
        **options,
    )
    if made.left_out:
        click.echo(f"left out: {made.left_out} contigs of under {made.window} bases", err=True)
    if made.tally:
        report(made.tally, made.renamed)
    tell(made)


def tell(made: "Tracks") -> None:
    """Print on stderr what there is."""
    click.echo(f"{made.folder}: {len(made.files)} tracks", err=True)
    for name, path in made.views.items():
        click.echo(f"{name}: {path}", err=True)
