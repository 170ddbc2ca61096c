"""What `regplug track` does: the tracks of regions, and those of variants."""

from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import numpy as np

from regplug.cli.shared.progress import bar
from regplug.cli.shared.report import report
from regplug.errors import ModelError, RegionError, VariantFileError
from regplug.genome.fasta import Genome
from regplug.genome.reference import check_build, find_fasta
from regplug.genome.regions import merged, parse_regions, read_bed
from regplug.genome.variant import Interval, Variant
from regplug.hooks.manager import adapter_for, open_backend, open_for_sequences, plugin_manager
from regplug.hooks.track_writer import TrackSet
from regplug.interpret.explain.maps import explain_place
from regplug.interpret.explain.mutation_map import MutationMap
from regplug.scoring.adapter import FEW_TARGETS, FieldOptions, chosen_targets
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard, read_width
from regplug.scoring.effects import difference
from regplug.scoring.model import Model
from regplug.tracks.folder import write_tracks
from regplug.tracks.regions import covered, default_step
from regplug.tracks.regions import track_regions as track_regions
from regplug.tracks.variants import neighbourhoods, score_variants, track_variants
from regplug.vcf.annotate import Tally
from regplug.vcf.records import VariantReader, variants_of


@dataclass(frozen=True)
class Asked:
    """What the options ask for."""

    model: str
    targets: tuple[str, ...]
    output: Path
    step: int | None
    file_format: Literal["bigwig", "bedgraph"]
    assembly: str | None
    force: bool
    fasta: str | None
    location: str | None
    backend: BackendOptions


def over_regions(asked: Asked, regions: str, bed: str, stack: ExitStack) -> TrackSet:
    """Write tracks over `regions` and those of a BED file; over the whole FASTA without either."""
    manager = plugin_manager()
    genome = stack.enter_context(Genome(find_fasta(asked.fasta, {})))
    backend = stack.enter_context(
        closing(open_for_sequences(manager, asked.location, asked.model, asked.backend))
    )
    card = backend.card
    targets, width = _targets(card, asked), read_width(card)
    wanted = parse_regions(regions, genome.lengths) + (read_bed(bed) if bed else [])
    if not (regions or bed):
        wanted = _whole(genome, width)
    places = covered(wanted, genome, width)
    with bar("bases", sum(map(len, places))) as advance:
        tracks = write_tracks(
            asked.output,
            asked.model,
            [card.labels[target] for target in targets],
            ["score"],
            genome,
            lambda files: track_regions(
                places,
                adapter_for(manager, card),
                backend,
                genome,
                targets=targets,
                step=asked.step or default_step(card),
                files=files,
                progress=advance,
            ),
            file_format=asked.file_format,
        )
    none = np.empty((0, 0), np.float32)
    return TrackSet(asked.output, tracks, asked.assembly, genome, tuple(places), (), none)


def around_variants(asked: Asked, vcf: str, stack: ExitStack) -> TrackSet:
    """Write REF, ALT and difference tracks around the variants of a VCF; tell their statuses."""
    manager = plugin_manager()
    reader = stack.enter_context(closing(VariantReader(vcf)))
    path = find_fasta(asked.fasta, reader.header_values, build=reader.assembly)
    genome = stack.enter_context(Genome(path))
    if not asked.force:
        check_build(genome, reader.contigs)
    backend = stack.enter_context(
        closing(open_backend(manager, asked.location, asked.model, asked.backend))
    )
    card, adapter = backend.card, adapter_for(manager, backend.card)
    targets = _targets(card, asked)
    model = Model(backend, adapter, FieldOptions(asked.targets))
    records = [variants_of(record) for record in reader]
    variants = [variant for record in records for variant in record]
    if not variants:
        raise VariantFileError(f"{reader.path} holds no variant: there is nothing to draw")
    normalized, scores = score_variants(variants, model, genome, force=asked.force)
    differences = difference(scores.ref, scores.alt)[:, targets]
    spread = np.array([card.targets[target].spread or 1 for target in targets], np.float32)
    size = np.abs(differences / spread).max(axis=1)
    drawn = neighbourhoods(normalized, size, genome, model.window)
    tally = Tally(len(variants), len(records), {card.name: Counter(scores.status)})
    report(tally, genome.renamed)
    if not drawn:
        raise VariantFileError(f"no ALT of {reader.path} can be scored: there is nothing to draw")
    with bar("variants", len(drawn)) as advance:
        tracks = write_tracks(
            asked.output,
            asked.model,
            [card.labels[target] for target in targets],
            ["ref", "alt", "difference"],
            genome,
            lambda files: track_variants(
                drawn,
                adapter,
                backend,
                genome,
                targets=targets,
                step=asked.step or 1,
                files=files,
                progress=advance,
            ),
            file_format=asked.file_format,
        )
    assembly = asked.assembly or reader.assembly or None
    regions = tuple(merged(place.interval for place in drawn))

    def maps(variant: Variant, target: str) -> list[MutationMap]:
        found = explain_place(variant, model, genome, targets=[card.labels.index(target)])
        return list(found[0].maps.values())

    return TrackSet(
        asked.output, tracks, assembly, genome, regions, tuple(variants), differences, maps
    )


def _targets(card: ModelCard, asked: Asked) -> list[int]:
    """Return the places of the targets.

    Raises:
        ModelError: an unknown one, none named of many, or the model reads the transcribed strand.
    """
    if card.strand == "forward":
        raise ModelError(
            f"{asked.model} reads the transcribed strand, and a track has none: "
            "regplug profile draws it around exons"
        )
    targets = chosen_targets(card, list(dict.fromkeys(asked.targets)))
    if not targets:
        raise ModelError(
            f"{asked.model} has {len(card.targets)} targets, more than {FEW_TARGETS}: choose with "
            f"--targets (regplug models show {asked.model} lists them)"
        )
    return targets


def _whole(genome: Genome, width: int) -> list[Interval]:
    """Return all contigs as long as a window; tell how many are not."""
    whole = [Interval(name, 0, length) for name, length in genome.lengths.items()]
    kept = [contig for contig in whole if len(contig) >= width]
    if not kept:
        raise RegionError(f"no contig of {genome.path} has {width} bases, the model's window")
    if len(kept) < len(whole):
        click.echo(f"left out: {len(whole) - len(kept)} contigs of under {width} bases", err=True)
    return kept
