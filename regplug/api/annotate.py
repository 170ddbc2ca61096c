"""A VCF in, the same VCF with scores out.

VariantReader, Genome, OpenModel ─annotate_records→ outputs
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Literal, NamedTuple

import pluggy

from regplug.api.filling import check_filling
from regplug.api.models import PLAIN, OpenModel, matching, opened, trained_on
from regplug.api.parts.records import RECORDS, in_parts
from regplug.api.parts.run import parted
from regplug.api.parts.settings import Files, settings_of
from regplug.api.prepared import DIFF, asked_of, plan_of, refuse_overwriting, scoring_models
from regplug.errors import OutputError, VariantFileError
from regplug.files.output import STDOUT, destination
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import check_build, find_fasta
from regplug.genome.region_file import read_region_file
from regplug.genome.regions import check_regions, parse_regions
from regplug.genome.transcripts import transcripts_of
from regplug.genome.variant import Interval
from regplug.hooks.manager import plugin_manager, writer_for
from regplug.hooks.writer import Batch, VariantWriter
from regplug.models.cache import Cache
from regplug.scoring.backend import BackendOptions
from regplug.scoring.model import INPUT_STATUS, Model, by_assay
from regplug.scoring.ranking_tags import OVER_ALL
from regplug.vcf.annotate import Tally, annotate_records
from regplug.vcf.genotypes import sample_of
from regplug.vcf.lists import as_vcf
from regplug.vcf.lookup import Lookup
from regplug.vcf.outputs import outputs
from regplug.vcf.overlap import Overlap, around, lies_in
from regplug.vcf.phased_records import PhasedRecords
from regplug.vcf.records import VariantReader
from regplug.vcf.selection import EVERYTHING, Selection
from regplug.vcf.summary import summary as summarised
from regplug.vcf.summary import write_summary
from regplug.vcf.writers import TYPES, VcfText, check_wanted_index, writer_of_type

File = str | os.PathLike[str]
AROUND = 4  # windows on either side of a region, in which ALTs count as neighbours


class Annotated(NamedTuple):
    """What a run did.

    Attributes:
        tally: how many ALTs got which status.
        renamed: contigs, as the VCF calls them → as the FASTA does.
        unindexed: outputs without an index, as their records are not sorted.
        gone: tags that an earlier run wrote, and that this run has not.
        warnings: of the bcftools that selected, such as samples that there are not.
        by_assay: names of the models whose tags are those of assays.
        unfilled: why nothing could be filled in from a table, or "".
    """

    tally: Tally
    renamed: Mapping[str, str]
    unindexed: Sequence[str]
    gone: Collection[str] = ()
    warnings: Sequence[str] = ()
    by_assay: Sequence[str] = ()
    unfilled: str = ""


def annotate(
    vcf: File,
    *,
    output: File,
    fasta: File | None = None,
    models: Iterable[str | OpenModel] = (),
    targets: Sequence[str] = (),
    all_targets: bool = False,
    scores: Sequence[str] = DIFF,
    background: str = "",
    by: Literal["model", "assay"] | None = None,
    regions: str = "",
    regions_file: File = "",
    regions_overlap: Overlap = "record",
    selection: Selection = EVERYTHING,
    dbsnp: File = "",
    genes: File = "",
    table: File = "",
    matrix: File = "",
    summary: File = "",
    output_type: str | None = None,
    write_index: bool | Literal["csi", "tbi"] = False,
    no_version: bool = False,
    reference_md5: bool = False,
    phased: bool = False,
    sample: str = "",
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    cache: Cache | None = None,
    executor: str = "",
    resume: bool = False,
    part_size: int = RECORDS,
    command: Sequence[str] = (),
    progress: Callable[[Batch | Tally], None] = lambda done: None,
) -> Annotated:
    """Write the VCF with what each ALT does to binding and accessibility.

    Args:
        vcf: VCF or BCF, plain or bgzipped; `-` is standard input. Or a list of variants, .txt,
            .tsv or .parquet, as `vcf.lists.as_vcf` has it.
        output: VCF, VCF.gz or BCF by its suffix; `-` is standard output.
        fasta: reference; looked for in `$REGPLUG_FASTA`, the configuration file, the VCF's
            ##reference line and genomepy's folder if it is not given.
        models: names, patterns of names (`deepbind_*`) or open models; by default all defaults.
        targets: with tags of their own, among which __TOP is chosen: T, or MODEL:T.
        all_targets: give every target tags of its own.
        scores: of ref, alt, diff, logit, log2fc, or the `pairs` of a model; of all targets if none
            is named.
        background: the stratum that changes are compared with, as `regplug models show` lists them;
            by default the first that a model was measured on.
        by: whose tags sum up: each model's, or over all models each assay's; None: each assay's
            where there are more than `ranking_tags.FEW` models.
        regions: CHR:FROM-TO,...; 1-based; needs an index.
        regions_file: BED, 1-based columns or VCF by its name, as `read_region_file` has it; needs
            an index.
        regions_overlap: what must overlap a region: POS (`pos`), the record with all of REF or up
            to END (`record`), or what the ALTs change (`variant`); with `pos`, each record is in
            one of two regions that touch.
        selection: which records and samples of the file are read, scored and written, by options
            of bcftools; the others are left out.
        dbsnp: VCF or BCF with the rsIDs of a list of variants.
        genes: GTF, GFF3 or BED12: the nearest gene of each ALT (RP_GENE, RP_TSS_DISTANCE), and the
            transcribed strand, for models of RNA.
        table: bgzipped VCF with an index, of `precompute` or `annotate` with the same models and
            options: ALTs that it has are filled in from it, and the others computed.
        matrix: a table of all targets, a row per ALT: .parquet, .tsv or .tsv.gz.
        summary: what the run did, as JSON (`vcf.summary.Summary`); `-` is standard output.
        output_type: v, z, u or b as in bcftools, where the suffix does not tell; z and b with a
            level of compression too, z0 to z9.
        write_index: give an error where `output` can have no index; those that can always get one.
            `csi` or `tbi`: of that kind.
        no_version: leave this version and the call out of the header.
        reference_md5: write the contigs' md5 into the header (slow).
        phased: score each ALT on its haplotype too, and a haplotype's ALTs together.
        sample: whose haplotypes; the only one of the file if it is not given.
        force: go on though contigs, REFs or a model's organism do not fit the FASTA.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        cache: predictions that are there are not computed again; new ones are kept there.
        executor: where the parts of the run are scored: `sequential`, here, or as plugins say
            (`dask:local`, `dask://HOST:PORT`); "": in one go, or `sequential` with `resume`.
        resume: keep finished parts in OUTPUT.parts until the output is complete, and take those of
            an earlier call that are there. Needs an output with a name.
        part_size: records of a part.
        command: for the header; by default the call.
        progress: called with each batch that is written, or the counts of each part.

    Raises:
        RegplugError: the input, the reference, a model or an output does not do; the message says
            what to try next. Nothing half-written is left.
    """
    vcf, output, matrix = os.fspath(vcf), os.fspath(output), os.fspath(matrix)
    genes, regions_file, summary = os.fspath(genes), os.fspath(regions_file), os.fspath(summary)
    dbsnp, table, command = os.fspath(dbsnp), os.fspath(table), command or _call(vcf, output)
    if sample and not phased:
        raise VariantFileError(f"whose haplotypes, {sample}'s? Give --phased with --sample")
    if phased and (executor or resume):
        raise VariantFileError(
            "a haplotype reaches over the ends of parts: run --phased without --resume and "
            "--executor, by region if need be (-r)"
        )
    if table and phased:
        raise VariantFileError("a table has no haplotypes: run --phased without --from")
    manager = plugin_manager()
    with ExitStack() as stack:
        source = stack.enter_context(as_vcf(vcf, dbsnp))
        if source != vcf and (regions or regions_file):
            raise VariantFileError(f"regions need a VCF with an index, not {vcf}: -t takes them")
        apart = not (phased or executor or resume)  # these look at samples, or hand records on
        reader = stack.enter_context(closing(VariantReader(source, selection, samples_apart=apart)))
        if write_index:
            kind = write_index if isinstance(write_index, str) else ""
            check_wanted_index(output, reader.contigs, kind)
        wanted = _regions(regions, regions_file, reader.contigs)
        reader.restrict(wanted, regions_overlap)
        path = find_fasta(fasta, reader.header_values, build=reader.assembly)
        genome = stack.enter_context(Genome(path))
        inputs = [vcf, path, regions_file, genes, dbsnp, table, *selection.files]
        refuse_overwriting(inputs, [output, matrix, summary])
        whose = sample_of(reader.header, reader.path, sample) if phased else ""
        if not force:
            check_build(genome, reader.contigs)
        run = stack.enter_context(opened(matching(models, repo, options), repo, options))
        if not force:
            check_organism(genome, trained_on(run))
        asked = asked_of(run, targets, scores, background, whose, all_targets=all_targets, by=by)
        transcripts = transcripts_of(genes, genome)
        scoring = scoring_models(run, asked, transcripts, cache)
        named = () if no_version else command
        plan = plan_of(
            *(reader.header_text, genome, scoring, named, genes), reference_md5=reference_md5
        )
        kinds = _writers(manager, output, output_type, matrix)
        filling, unfilled = None, ""
        if table:
            _check_text(kinds)
            filling = stack.enter_context(closing(Lookup(table, genome)))
            unfilled = check_filling(filling, scoring, genome, genes)
        told = stack.enter_context(destination(summary)) if summary else None
        parting = stack.enter_context(
            parted(manager, executor, output, resume=resume, size=part_size)
        )
        with outputs(kinds, plan, reader.contigs, write_index=write_index) as writers:
            if parting:
                kept = str(cache.path) if cache else ""
                files = Files(path, genes, repo or "", kept, "" if unfilled else table)
                settings = settings_of(
                    run, asked, plan, kinds.values(), files, options, force=force
                )
                tally, renamed = in_parts(reader, settings, parting, writers, progress=progress)
            else:
                records = _on_haplotypes(reader, whose, scoring, wanted, regions_overlap)
                tally = annotate_records(
                    *(records, scoring, genome),
                    writers=writers,
                    samples_of=reader.samples_of,
                    genes=transcripts,
                    lookup=None if unfilled else filling,
                    force=force,
                    progress=progress,
                )
                renamed = genome.renamed
        if parting:
            parting.folder.remove()
        unindexed = [writer.name for writer in writers if writer.unindexed]
        if told:
            write_summary(summarised(command, tally, renamed, unindexed), told)
        written = {tag.id for model in scoring for tag in model.fields}
        gone = set(plan.dropped) - {INPUT_STATUS.id, *OVER_ALL} - written
        told_of = (reader.warnings, by_assay(scoring), unfilled)
        return Annotated(tally, renamed, unindexed, gone, *told_of)


def _call(vcf: str, output: str) -> list[str]:
    """Return the call from Python, for the header."""
    return [f"regplug.annotate({vcf!r}, output={output!r})"]


def _regions(text: str, file: str, contigs: Mapping[str, int | None]) -> list[Interval]:
    """Return the regions of both options, checked against the input's contigs."""
    regions = parse_regions(text, contigs) + (read_region_file(file) if file else [])
    check_regions(regions, contigs)
    return regions


def _on_haplotypes(
    reader: VariantReader,
    sample: str,
    models: Sequence[Model],
    regions: Sequence[Interval],
    overlap: Overlap,
) -> VariantReader | PhasedRecords:
    """Return the records; of a sample's haplotypes, if one is named, with what lies beside them.

    What lies beside a record may lie outside of the regions.
    """
    if not sample:
        return reader
    windows = [model.window for model in models]
    if not regions:
        return PhasedRecords(reader, sample, windows)
    reader.restrict([around(region, AROUND * max(windows)) for region in regions], overlap)
    return PhasedRecords(reader, sample, windows, lies_in(regions, overlap))


def _check_text(kinds: Mapping[str, type[VariantWriter]]) -> None:
    """Raise OutputError if an output is no VCF or BCF: what is filled in is text, and no scores."""
    for name, kind in kinds.items():
        if not issubclass(kind, tuple(TYPES.values())):
            raise OutputError(
                f"{name} holds scores, and --from has a VCF's text alone: write a VCF or BCF, or "
                "run without --from"
            )


def _writers(
    manager: pluggy.PluginManager, output: str, output_type: str | None, matrix: str
) -> dict[str, type[VariantWriter]]:
    """Return the writer of each output; OutputError if its suffix is not known."""
    kind = writer_of_type(output_type, output) if output_type else writer_for(manager, output)
    kind = VcfText if kind is None and output in ("-", str(STDOUT)) else kind
    if kind is None:
        raise OutputError(f"what is {output}? End it in .vcf, .vcf.gz or .bcf, or give -O v|z|u|b")
    table = writer_for(manager, matrix) if matrix else None
    if matrix and (table is None or table in TYPES.values()):
        raise OutputError(f"what is {matrix}? End a matrix in .parquet, .tsv or .tsv.gz")
    return {output: kind} | ({matrix: table} if table else {})
