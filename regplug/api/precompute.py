"""A look-up table: EverySnv ─annotate_records→ a bgzipped, indexed VCF of all SNVs of regions."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Literal, NamedTuple

from regplug.api.annotate import File
from regplug.api.models import PLAIN, OpenModel, matching, opened, trained_on
from regplug.api.parts.records import RECORDS, in_parts
from regplug.api.parts.run import parted
from regplug.api.parts.settings import Files, settings_of
from regplug.api.prepared import DIFF, asked_of, plan_of, refuse_overwriting, scoring_models
from regplug.api.progress import Bar, silent
from regplug.errors import OutputError, RegionError
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.region_file import read_region_file
from regplug.genome.regions import parse_regions
from regplug.genome.transcripts import transcripts_of
from regplug.hooks.manager import plugin_manager
from regplug.hooks.writer import Batch, VariantWriter
from regplug.models.cache import Cache
from regplug.scoring.backend import BackendOptions
from regplug.scoring.model import by_assay
from regplug.vcf.annotate import Tally, annotate_records
from regplug.vcf.every_snv import EverySnv
from regplug.vcf.outputs import outputs
from regplug.vcf.writers import VcfBgzip


class Precomputed(NamedTuple):
    """What a run wrote.

    Attributes:
        tally: how many ALTs got which status.
        bases: of the regions.
        unknown: those of them that are not A, C, G or T, and have no records.
        by_assay: names of the models whose tags are those of assays.
    """

    tally: Tally
    bases: int
    unknown: int
    by_assay: Sequence[str] = ()


def precompute(
    regions: Sequence[str] = (),
    *,
    output: File,
    fasta: File | None = None,
    models: Iterable[str | OpenModel] = (),
    targets: Sequence[str] = (),
    all_targets: bool = False,
    scores: Sequence[str] = DIFF,
    background: str = "",
    by: Literal["model", "assay"] | None = None,
    regions_file: File = "",
    genes: File = "",
    no_version: bool = False,
    reference_md5: bool = False,
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    cache: Cache | None = None,
    executor: str = "",
    resume: bool = False,
    part_size: int = RECORDS,
    command: Sequence[str] = (),
    bar: Bar = silent,
) -> Precomputed:
    """Write a table of all SNVs of regions with the tags that `annotate` writes.

    Each base that is known has three records of one ALT each, in the order of the FASTA.

    Args:
        regions: CHR, CHR:POS or CHR:FROM-TO; 1-based.
        output: .vcf.gz or .vcf.bgz; it gets an index.
        fasta: reference; looked for as by `annotate`, but for what a VCF would name.
        models: names, patterns of names (`deepbind_*`) or open models; by default all defaults.
        targets: with tags of their own, among which __TOP is chosen: T, or MODEL:T.
        all_targets: give every target tags of its own.
        scores: of ref, alt, diff, logit, log2fc; of all targets if none is named.
        background: the stratum that changes are compared with.
        by: whose tags sum up, as for `annotate`.
        regions_file: BED, 1-based columns or VCF by its name, as `read_region_file` has it.
        genes: GTF, GFF3 or BED12, as for `annotate`.
        no_version: leave this version and the call out of the header.
        reference_md5: write the contigs' md5 into the header (slow).
        force: go on though a model's organism does not fit the FASTA.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        cache: predictions that are there are not computed again; new ones are kept there.
        executor: where parts of the table are made, as for `annotate`.
        resume: keep finished parts in OUTPUT.parts, and take those that are there.
        part_size: records of a part.
        command: for the header; by default the call.
        bar: shows how many SNVs are done.

    Raises:
        RegplugError: a region, the reference, a model or the output does not do; the message says
            what to try next. Nothing half-written is left.
    """
    output, genes, regions_file = os.fspath(output), os.fspath(genes), os.fspath(regions_file)
    command = command or [f"regplug.precompute({list(regions)!r}, output={output!r})"]
    if not output.endswith(VcfBgzip.suffixes):
        raise OutputError(f"a table is a bgzipped VCF with an index: end {output} in .vcf.gz")
    with ExitStack() as stack:
        path = find_fasta(fasta)
        genome = stack.enter_context(Genome(path))
        wanted = parse_regions(",".join(regions), genome.lengths)
        wanted += read_region_file(regions_file) if regions_file else []
        snvs = EverySnv(wanted, stack.enter_context(Genome(path)))
        refuse_overwriting([path, regions_file, genes], [output])
        run = stack.enter_context(opened(matching(models, repo, options), repo, options))
        if not force:
            check_organism(genome, trained_on(run))
        asked = asked_of(run, targets, scores, background, all_targets=all_targets, by=by)
        transcripts = transcripts_of(genes, genome)
        scoring = scoring_models(run, asked, transcripts, cache)
        named = () if no_version else command
        plan = plan_of(snvs.header_text, genome, scoring, named, genes, reference_md5=reference_md5)
        advance = stack.enter_context(bar("SNVs", 3 * snvs.bases))

        def progress(done: Batch | Tally) -> None:
            advance(done.alts if isinstance(done, Tally) else len(done.variants))

        kinds: dict[str, type[VariantWriter]] = {output: VcfBgzip}
        parting = stack.enter_context(
            parted(plugin_manager(), executor, output, resume=resume, size=part_size)
        )
        with outputs(kinds, plan, snvs.contigs, write_index=True) as writers:
            if parting:
                files = Files(path, genes, repo or "", str(cache.path) if cache else "")
                settings = settings_of(
                    run, asked, plan, kinds.values(), files, options, force=force
                )
                tally, _ = in_parts(snvs, settings, parting, writers, progress=progress)
            else:
                tally = annotate_records(
                    *(snvs, scoring, genome), writers=writers, genes=transcripts, progress=progress
                )
            if not tally.alts:
                raise RegionError(f"all {snvs.bases:,} bases of the regions are N in {path}")
        if parting:
            parting.folder.remove()
    return Precomputed(tally, snvs.bases, snvs.unknown, by_assay(scoring))
