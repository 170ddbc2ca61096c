"""An annotated VCF, replayed from what its header says: are these the numbers of these models?

Recorded, VariantReader, Genome, OpenModel ─annotate_records→ Replay
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import NamedTuple

from regplug.api.annotate import File
from regplug.api.models import PLAIN, opened
from regplug.api.prepared import tags_of_run
from regplug.api.promised import genes_faults, genome_faults, model_faults
from regplug.errors import GenomeError, VariantFileError
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.transcripts import transcripts_of
from regplug.models.cache import Cache
from regplug.scoring.adapter import FieldOptions, InfoField
from regplug.scoring.backend import BackendOptions, precision_of
from regplug.scoring.model import Model
from regplug.vcf.annotate import annotate_records
from regplug.vcf.genotypes import sample_of
from regplug.vcf.phased_records import PhasedRecords
from regplug.vcf.recorded import Recorded, recorded
from regplug.vcf.records import VariantReader
from regplug.vcf.replay import Difference, Replay, Sample

RECORDS = 1000  # that are replayed unless more are asked for


class Verified(NamedTuple):
    """How a VCF compares with what its header promises.

    Attributes:
        faults: of the header: another model, genome ..., a sentence each; with any, nothing was
            replayed.
        differences: values that are not what replaying gives, the first ones.
        differing: how many such values there are.
        largest: the largest absolute difference of two numbers.
        replayed: records that were replayed.
        records: of the file.
        beyond: records whose values of haplotypes were not compared: they depend on ALTs that are
            not in the file, as those at the ends of --regions.
    """

    faults: Sequence[str]
    differences: Sequence[Difference] = ()
    differing: int = 0
    largest: float = 0.0
    replayed: int = 0
    records: int = 0
    beyond: int = 0

    @property
    def same(self) -> bool:
        """Tell whether nothing differs."""
        return not self.faults and not self.differing


def verify(
    vcf: File,
    *,
    fasta: File | None = None,
    genes: File = "",
    records: int | None = RECORDS,
    seed: int = 0,
    tolerance: float = 0.0,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    cache: Cache | None = None,
) -> Verified:
    """Annotate an annotated VCF again, as its header says, and compare.

    Args:
        vcf: annotated by this version of regplug: VCF or BCF, plain or bgzipped; `-` is standard
            input.
        fasta: the reference; looked for as by `annotate` if it is not given.
        genes: the file of --genes, if there was one.
        records: to draw from the file and replay; None: all.
        seed: of the draw.
        tolerance: by how much numbers may differ; by default they are equal at six digits.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        cache: predictions that are there are compared, and not computed again.

    Raises:
        RegplugError: the VCF is not annotated or cannot be read, a model or the reference is
            missing.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(closing(VariantReader(os.fspath(vcf))))
        said = recorded(reader.header_text)
        path = find_fasta(fasta, reader.header_values, build=reader.assembly)
        genome = stack.enter_context(Genome(path))
        if said.genes and not genes:
            raise GenomeError(f"the VCF was annotated with {next(iter(said.genes))}: give --genes")
        run = stack.enter_context(opened([model.name for model in said.models], repo, options))
        faults = [
            *genome_faults(said, genome),
            *genes_faults(said, genes),
            *(
                fault
                for was, model in zip(said.models, run, strict=True)
                for fault in model_faults(was, model.card, precision_of(model.backend))
            ),
        ]
        if faults:
            return Verified(faults)
        transcripts = transcripts_of(os.fspath(genes), genome)
        scoring = [
            model.for_variants(
                FieldOptions(
                    *(was.targets, was.scores, was.stratum, said.by(was.name), was.sample)
                ),
                *(transcripts, cache),
            )
            for model, was in zip(run, said.models, strict=True)
        ]
        if faults := list(_of_tags(said, tags_of_run(scoring, genes=bool(genes)))):
            return Verified(faults)
        sample = Sample(_on_haplotypes(reader, scoring), records, seed)
        replay = Replay(tolerance)
        tally = annotate_records(
            *(sample, scoring, genome),
            writers=[replay],
            genes=transcripts,
            ranked=said.overall,
            force=True,
        )
        return Verified(
            *((), replay.shown, replay.count, replay.largest),
            *(tally.records, sample.total, replay.beyond),
        )


def _on_haplotypes(reader: VariantReader, models: Sequence[Model]) -> VariantReader | PhasedRecords:
    """Return the records, with where their ALTs sit if they were scored on haplotypes."""
    windows = [model.window for model in models if model.options.sample]
    samples = {model.options.sample for model in models} - {""}
    if not samples:
        return reader
    if len(samples) > 1:
        raise VariantFileError(
            f"models of the VCF were run on the haplotypes of {' and '.join(sorted(samples))}: "
            "annotate it again, with one --sample"
        )
    sample = sample_of(reader.header, reader.path, samples.pop())
    return PhasedRecords(reader, sample, windows)


def _of_tags(said: Recorded, tags: Mapping[str, Sequence[InfoField]]) -> Iterator[str]:
    """Yield tags that the header lacks, or has beside those of the runs."""
    for source, fields in tags.items():
        written, wanted = said.tags.get(source, []), [field.id for field in fields]
        yield from (f"header: no ##INFO line of {tag}" for tag in wanted if tag not in written)
        yield from (
            f"header: {tag}, which this version does not write with these options"
            for tag in written
            if tag not in wanted
        )
