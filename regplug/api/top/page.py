"""Rows of `regplug top` ─write_page→ a page: table, tracks and mutation maps of each ALT's target.

Each model has one row of tracks, around every ALT of which it has the top target: that target's.
"""

import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regplug.api.annotate import File
from regplug.api.models import OpenModel, opened
from regplug.api.progress import Bar
from regplug.api.top.drawn import drawn_rows
from regplug.errors import ConfigError, GenomeError, ModelError, VariantFileError
from regplug.files.output import complete
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.regions import merged
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Interval, Status, Variant
from regplug.hooks.manager import plugin_manager, track_writers
from regplug.hooks.track_writer import Facts, Profile, TrackFile, TrackSet
from regplug.interpret.explain.mutation_map import MutationMap
from regplug.models.cache import Cache
from regplug.scoring.backend import BackendOptions
from regplug.scoring.effects import Array
from regplug.scoring.examined import Examined, examine
from regplug.vcf.leading_row import RANKED, Row

WHAT = (
    "Q is the share of background variants that are at least as extreme, over all models. Z is "
    "ALT − REF in spreads, standard deviations over random SNVs. Activity is the share of "
    "background places that score lower than the stronger allele."
)


class Drawing(NamedTuple):
    """What a page shows.

    Attributes:
        rows: the leading ALTs, in order.
        counts: status → ALTs.
        sample: whose ALTs these are, or "".
        weights: model → sha256 of its graph, as the VCFs have it.
        header: the plain lines of the first VCF's header, for the reference.
        assembly: that it names, or "".
        genes: for models of RNA; None: they are not drawn.
    """

    rows: Sequence[Row]
    counts: Mapping[str, int]
    sample: str
    weights: Mapping[str, Collection[str]]
    header: Mapping[str, str]
    assembly: str
    genes: Transcripts | None


def write_page(
    drawing: Drawing,
    path: Path,
    *,
    fasta: File | None,
    repo: str | None,
    options: BackendOptions,
    cache: Cache | None,
    bar: Bar,
) -> None:
    """Write the page.

    Args:
        drawing: what it shows.
        path: of the file.
        fasta: reference; looked for as by `annotate` if it is not given.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        cache: of predictions.
        bar: shows the variants that are drawn.

    Raises:
        VariantFileError: there are no rows.
        ModelError: a model is another than the one that annotated.
        GenomeError: the FASTA is another than the one of the VCF.
        RegplugError: as the genome, the models and the writer raise.
    """
    writers = track_writers(plugin_manager())
    if "page" not in writers:
        raise ConfigError("no plugin is installed that writes pages (regplug plugins lists them)")
    if not drawing.rows:
        raise VariantFileError("no ALT has a place, so there is nothing to draw")
    names = list(dict.fromkeys(row.model for row in drawing.rows))
    with ExitStack() as stack:
        found = find_fasta(fasta, drawing.header, build=drawing.assembly)
        genome = stack.enter_context(Genome(found))
        run = stack.enter_context(opened(names, repo, options))
        _check_models(drawing.weights, run)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        progress = stack.enter_context(bar("variants drawn", len(drawing.rows)))
        page = writers["page"].write(_track_set(drawing, run, genome, folder, cache, progress))
        with complete(path.absolute()) as partial:
            shutil.copyfile(page, partial)


def _check_models(weights: Mapping[str, Collection[str]], run: Sequence[OpenModel]) -> None:
    """Raise ModelError if a model has other weights than when a VCF was annotated."""
    for model in run:
        if set(weights.get(model.card.name, ())) != {model.card.sha256}:
            raise ModelError(
                f"{model.card.name} is another model than the one that annotated the VCF: annotate "
                "again, or give --model-repo"
            )


def _check_genome(examined: Sequence[Examined], genome: Genome) -> None:
    """Raise GenomeError if an ALT that was scored does not fit the FASTA."""
    for allele in examined:
        if allele.status is not Status.OK:
            raise GenomeError(
                f"{allele.variant} was scored on another genome than {genome.path} "
                f"({allele.status}): give the FASTA that the VCF was annotated with"
            )


def _track_set(
    drawing: Drawing,
    run: Sequence[OpenModel],
    genome: Genome,
    folder: Path,
    cache: Cache | None,
    progress: Callable[[int], None],
) -> TrackSet:
    """Return what the page shows, its tracks in `folder`."""
    rows = drawing.rows
    examined = [examine(row.variant, genome) for row in rows]
    _check_genome(examined, genome)
    drawn = [
        drawn_rows(model, rows, examined, drawing.genes, cache)
        for model in run
        if drawing.genes or model.card.strand != "forward"
    ]
    columns: list[Array] = []
    tracks: list[TrackFile] = []
    regions: list[Interval] = []
    for of_model in drawn:
        changes = of_model.changes(genome)
        if places := of_model.places(changes, genome):
            tracks += of_model.tracks(places, genome, folder, progress)
            regions += [place.interval for place in places]
            columns.append(np.full(len(rows), np.nan, np.float32))
            columns[-1][of_model.rows] = changes
    by_row = {row: of_model for of_model in drawn for row in of_model.rows}

    def index_of(variant: Variant) -> int:
        return next(i for i, row in enumerate(rows) if row.variant == variant)

    def maps(variant: Variant, _: str) -> Sequence[MutationMap]:
        index = index_of(variant)
        return by_row[index].maps(index, genome) if index in by_row else ()

    def profiles(variant: Variant, _: str) -> Profile | None:
        index = index_of(variant)
        return by_row[index].profile(index, genome) if index in by_row else None

    return TrackSet(
        folder,
        tuple(tracks),
        drawing.assembly or None,
        genome,
        tuple(merged(regions)),
        tuple(row.variant for row in rows),
        np.stack(columns, axis=1) if columns else np.empty((len(rows), 0), np.float32),
        maps,
        [row.id for row in rows],
        [_facts(place, row) for place, row in enumerate(rows, start=1)],
        _about(drawing),
        profiles,
    )


def _facts(place: int, row: Row) -> Facts:
    """Return what the table says of a row."""
    cells: dict[str, str | float | None] = {
        "rank": place,
        "Q": row.q,
        "model": row.model,
        "target": row.target,
        "Z": row.z,
        "activity": row.act,
        "gene": row.gene or None,
        "TSS distance": row.distance,
    }
    cells |= {"genotype": row.genotype} if row.genotype else {}
    files = ", ".join(Path(name).name for name in row.files)
    return Facts(f"{row.target} ({row.model})", cells | {"file": files})


def _about(drawing: Drawing) -> list[str]:
    """Return the lines above the table."""
    total, placed = sum(drawing.counts.values()), drawing.counts.get(RANKED, 0)
    whose = f" that {drawing.sample} carries" if drawing.sample else ""
    others = [f"{n:,} {status}" for status, n in drawing.counts.items() if status != RANKED]
    without = f"; without a place: {', '.join(others)}" if others else ""
    return [
        f"The first {len(drawing.rows):,} of {placed:,} ranked ALTs, by Q and then |Z|, "
        f"of {total:,}{whose}{without}.",
        WHAT,
    ]
