"""What a model predicts along the genome ─track→ a folder of bigWigs, and views of them.

regions                ─track_regions→  a file per target
variants of a VCF      ─track_variants→ REF, ALT and difference, three files per target
finished tracks        ─TrackWriter→    hub, IGV session, page
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from regplug.api.annotate import File
from regplug.api.models import PLAIN, OpenModel, opened, trained_on
from regplug.api.parts.run import parted
from regplug.api.parts.tracks import BASES
from regplug.api.progress import Bar, silent
from regplug.api.track.along import along_regions, whole_genome
from regplug.api.track.around import around_variants
from regplug.api.track.asked import Asked, Format, Tracks
from regplug.api.track.views import view_writers, write_views
from regplug.errors import ConfigError
from regplug.files.output import check_folder
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.region_file import read_region_file
from regplug.genome.regions import parse_regions
from regplug.hooks.manager import plugin_manager
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import read_width


def track(
    model: str | OpenModel,
    *,
    output: File,
    regions: str = "",
    regions_file: File = "",
    vcf: File = "",
    whole: bool = False,
    fasta: File | None = None,
    targets: Sequence[str] = (),
    step: int | None = None,
    strands: bool = False,
    file_format: Format = "bigwig",
    views: Sequence[str] = (),
    assembly: str | None = None,
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    executor: str = "",
    resume: bool = False,
    part_size: int = BASES,
    bar: Bar = silent,
) -> Tracks:
    """Write what a model predicts along regions, around variants or along the whole genome.

    Args:
        model: a name, or an open model.
        output: a new folder.
        regions: CHR:FROM-TO,...; 1-based, inclusive; CHR is a whole contig.
        regions_file: BED, 1-based columns or VCF by its name, as `read_region_file` has it.
        vcf: variants around which REF, ALT and their difference are written.
        whole: the whole FASTA.
        fasta: reference; looked for as by `annotate` if it is not given.
        targets: by default all, of up to 16.
        step: bases from value to value; by default 1 for scans, profiles and variants, 50 for
            windows of 200 bases and more, else a tenth of the window.
        strands: of a model whose profile has two, a file for each, and not their sum.
        file_format: of the files.
        views: names of views (hub, igv, page, or a plugin's); they need bigWigs.
        assembly: what browsers call the FASTA; by default as in the VCF.
        force: go on though contigs, REFs or the model's organism do not fit the FASTA.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        executor: where parts of the regions are made: `sequential`, here, or as plugins say
            (`dask:local` ...); "": in one go, or `sequential` with `resume`.
        resume: keep finished parts in OUTPUT.parts until the folder is complete, and take those of
            an earlier call that are there.
        part_size: bases of a part.
        bar: shows bases, or variants.

    Raises:
        ConfigError: not one of regions, vcf and whole; strands or parts with vcf; an unknown view,
            or a view of bedGraphs.
        RegplugError: the input, the reference, the model or the folder does not do.
    """
    if sum(map(bool, (regions or regions_file, vcf, whole))) != 1:
        raise ConfigError("give --regions or --regions-file, or --vcf, or --all")
    if strands and vcf:
        raise ConfigError("--strands goes with regions, not with --vcf, whose tracks add them up")
    if vcf and (executor or resume):
        raise ConfigError("tracks around variants are made in one go: no --resume, no --executor")
    writers = view_writers(views, file_format)
    folder = Path(output).resolve()
    check_folder(folder, ())
    with ExitStack() as stack:
        (run,) = stack.enter_context(opened([model], repo, options))
        asked = Asked(
            run, tuple(targets), folder, step, file_format, assembly, bar, writers, strands
        )
        if vcf:
            made, tally = around_variants(asked, os.fspath(vcf), fasta, stack, force=force)
            left_out = 0
        else:
            tally = None
            genome = stack.enter_context(Genome(find_fasta(fasta)))
            if not force:
                check_organism(genome, trained_on([run]))
            file = os.fspath(regions_file)
            wanted = parse_regions(regions, genome.lengths)
            wanted += read_region_file(file) if file else []
            wanted, left_out = whole_genome(genome, asked) if whole else (wanted, 0)
            parting = stack.enter_context(
                parted(plugin_manager(), executor, str(folder), resume=resume, size=part_size)
            )
            made = along_regions(asked, wanted, genome, parting, repo, options)
            if parting:
                parting.folder.remove()
        window = read_width((run.backend if vcf else run.for_sequences).card)
        shown = write_views(writers, made)
        return Tracks(folder, made.tracks, shown, tally, made.genome.renamed, left_out, window)
