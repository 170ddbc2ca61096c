"""`regplug explain`: which bases matter, and what a variant does to them."""

import re
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import backend_from, backend_options, fasta_option
from regplug.errors import MotifError, RegionError

if TYPE_CHECKING:
    from regplug.genome.fasta import Genome
    from regplug.genome.variant import Interval
    from regplug.interpret.explain.picture import Explained
    from regplug.motifs.motif import Motif
    from regplug.scoring.card import Target

_FORMS = "give chr5:1295113:G:A, or chr5:1295000-1295200"


@click.command()
@click.argument("place", metavar="VARIANT|REGION")
@click.option("--model", required=True, help="Name of a model (regplug models list).")
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="Of the model; repeat for more.  [default: the one that changes most]",
)
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--flank",
    type=click.IntRange(0, 2000),
    default=40,
    show_default=True,
    help="Bases shown on either side of a variant.",
)
@click.option("--name", default="", help="Of the variant or region, for the title.")
@click.option(
    "--style",
    type=click.Choice(["basset", "deepbind"]),
    default="basset",
    show_default=True,
    help="Whose colours and letters: plain changes, or times the score (0 where nothing binds).",
)
@click.option(
    "--motif",
    "proteins",
    multiple=True,
    help="Protein or motif to look for at a variant; repeat for more.  [default: the target's own, "
    "then all]",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Known motifs, MEME format.  [default: JASPAR CORE, vertebrates]",
)
@click.option("--genes", default="", help="GTF, for models of RNA.")
@fasta_option
@backend_options
def explain(
    place: str,
    model: str,
    targets: tuple[str, ...],
    output: Path,
    flank: int,
    name: str,
    style: Any,
    proteins: tuple[str, ...],
    against: Path | None,
    genes: str,
    fasta: str | None,
    **options: Any,
) -> None:
    """Draw the mutation map of a variant or a region: what every single-base change does.

    VARIANT is chr5:1295113:G:A, chr5-1295113-G-A or chr5:1295113G>A; REGION is
    chr5:1295000-1295200, 5,000 bases at most; both are 1-based. Each change is scored as
    `regplug annotate` scores that SNV. REF and ALT stand above each other, and a known motif there
    is named if its match is significant (q < 0.05 over those looked for).

    Writes map.png, map.svg, map.tsv, loss.bw and gain.bw (of REF), and at a variant motifs.tsv.
    """
    from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn

    from regplug.cli.shared.progress import bar
    from regplug.genome.fasta import Genome
    from regplug.genome.reference import find_fasta
    from regplug.genome.regions import parse_variant
    from regplug.genome.transcripts import Transcripts
    from regplug.hooks.manager import adapter_for, open_backend, plugin_manager
    from regplug.interpret.explain.maps import explain_place as run_explain
    from regplug.interpret.explain.picture import Explained
    from regplug.interpret.explain.report import check_map_folder, write_maps
    from regplug.motifs.hits import best, find_hits
    from regplug.scoring.adapter import FieldOptions
    from regplug.scoring.model import Model

    check_map_folder(output)
    asked = parse_variant(place)
    known = _motifs(against, proteins) if asked else []
    location, backend_options = backend_from(options)
    manager = plugin_manager()
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(find_fasta(fasta, {})))
        where = asked or _region(place, genome)
        backend = stack.enter_context(
            closing(open_backend(manager, location, model, backend_options))
        )
        card, transcripts = backend.card, Transcripts(genes) if genes else None
        tags = FieldOptions(tuple(dict.fromkeys(targets)))
        opened = Model(backend, adapter_for(manager, card), tags, transcripts)
        chosen = [card.labels.index(target) for target in tags.targets]
        columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
        with bar("bases changed", None, *columns) as advance:
            explained = run_explain(
                where, opened, genome, targets=chosen, flank=flank, progress=advance
            )
        variant = explained[0].variant
        of_rna = card.strand == "forward"
        hits = find_hits(genome, variant, known) if variant and not of_rna else []
        shown = [
            Explained(card, one, best(hits, _names(card.targets[one.target])), name)
            for one in explained
        ]
        write_maps(output, shown, hits, contigs=genome.lengths, style=style)
    _tell(output, shown)


def _region(text: str, genome: "Genome") -> "Interval":
    """Return the one region in `text`."""
    from regplug.genome.regions import parse_regions

    if re.fullmatch(r"rs\d+", text):
        raise RegionError(f"{text} is an rsID, and regplug knows no positions of those: {_FORMS}")
    regions = parse_regions(text, genome.lengths)
    if len(regions) != 1 or (":" not in text and not genome.contig(text)):
        raise RegionError(f"{text or 'nothing'} is neither a variant nor one region: {_FORMS}")
    return regions[0]


def _motifs(against: Path | None, proteins: Sequence[str]) -> "list[Motif]":
    """Return the known motifs to look for at a variant."""
    from regplug.motifs.hits import is_named
    from regplug.motifs.matches import Collection, jaspar
    from regplug.motifs.meme import RNA, read_meme

    if against is None:
        collection = jaspar()
    else:
        letters, motifs = read_meme(against)
        if letters == RNA:
            raise MotifError(f"the motifs in {against} are of RNA: give motifs of DNA")
        collection = Collection(str(against), motifs)
    for protein in proteins:
        if not any(is_named(motif, [protein]) for motif in collection.motifs):
            raise MotifError(f"no motif {protein} in {collection.title}: give --motif another name")
    return [motif for motif in collection.motifs if not proteins or is_named(motif, proteins)]


def _names(target: "Target") -> list[str]:
    """Return what the target's own motif may be called."""
    return [target.label, target.about.get("protein", target.label)]


def _tell(output: Path, shown: "Sequence[Explained]") -> None:
    for one in shown:
        motif = one.hit.text if one.hit else "no significant motif"
        click.echo(f"{one.title}" + (f"; {motif}" if one.explanation.variant else ""), err=True)
    click.echo(f"{output / 'map.png'}", err=True)
