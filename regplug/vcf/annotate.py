"""The loop from a VCF to an annotated VCF.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import pysam

from regplug.genome.fasta import Genome
from regplug.genome.reference import BuildCheck
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Status, Variant
from regplug.hooks.writer import Batch, Sink
from regplug.scoring.adapter import Values
from regplug.scoring.assays import Assays
from regplug.scoring.carried import PhasedAlt
from regplug.scoring.effects import Scores
from regplug.scoring.examined import examine_all
from regplug.scoring.model import INPUT_STATUS, Model, batch_size, over_models
from regplug.scoring.on_haplotypes import Phased, score_phased
from regplug.scoring.phased_tags import phased_columns
from regplug.scoring.ranking_tags import Overall
from regplug.vcf.lookup import Lookup, filled, filled_scores
from regplug.vcf.near_genes import gene_columns
from regplug.vcf.phased_records import PhasedRecord
from regplug.vcf.records import variants_of

AHEAD = 2  # batches that are scored while an earlier one is written
MOST_SAMPLES = 1 << 23  # bytes of samples in a batch


@dataclass
class Tally:
    """How many ALTs of a run got which status.

    Attributes:
        alts: all of them.
        records: that they stand in.
        by_model: name of the model → status → ALTs.
        filled: ALTs whose values come from a table.
    """

    alts: int
    records: int
    by_model: dict[str, Counter[Status]]
    filled: int = 0

    def add(self, other: "Tally") -> None:
        """Add the counts of other records, with the same models."""
        self.alts += other.alts
        self.records += other.records
        self.filled += other.filled
        for name, counts in other.by_model.items():
            self.by_model[name].update(counts)


def annotate_records(
    records: Iterable[pysam.VariantRecord] | Iterable[PhasedRecord],
    models: Sequence[Model],
    genome: Genome,
    *,
    writers: Sequence[Sink],
    samples_of: Callable[[pysam.VariantRecord], bytes] = lambda record: b"",
    genes: Transcripts | None = None,
    lookup: Lookup | None = None,
    ranked: Collection[str] | None = None,
    force: bool = False,
    progress: Callable[[Batch], None] = lambda batch: None,
) -> Tally:
    """Score every ALT of `records` with every model, write them all, and count the statuses.

    Args:
        records: in the order in which they are written; with where their ALTs sit, where the models
            write tags of haplotypes.
        models: each with its own tags.
        genome: that REF is checked against.
        writers: each gets every batch.
        samples_of: called with each record, in order: FORMAT and samples that it is without.
        genes: to name the nearest of, in RP_GENE and RP_TSS_DISTANCE.
        lookup: ALTs that it has are not scored: they get its values, and no scores. It has none
            of haplotypes.
        ranked: names of the models that RP_TOP and RP_Q are of; None: all.
        force: True to go on where the REFs are of another build.
        progress: called with each batch once it is written.

    Raises:
        GenomeError: the REFs disagree with the FASTA as those of another build do (unless `force`).
        RegplugError: as the reader, the backends and the writers raise.
    """
    before = lookup.filled if lookup else 0
    tally = Tally(0, 0, {model.card.name: Counter() for model in models})
    build = BuildCheck(genome, force=force)
    shared = over_models(models, ranked)
    fields = [field for each in shared for field in each.fields]
    fields += [field for model in models for field in model.fields]

    def score(read: _Read) -> Batch:
        examined = examine_all(read.variants, genome)
        found = lookup.found(examined, fields, models) if lookup else {}
        left = [allele for at, allele in enumerate(examined) if at not in found]
        scores = [model.score(left, genome) for model in models]
        phased = [
            score_phased(model, alone, examined, read.phased, genome)
            for model, alone in zip(models, scores, strict=True)
            if model.options.sample
        ]
        columns = _columns(models, scores, shared, phased)
        if found:
            columns = filled(columns, found, len(examined))
            scores = [
                filled_scores(of_model, model, found, len(examined))
                for model, of_model in zip(models, scores, strict=True)
            ]
        statuses = [allele.status for allele in examined]
        own: dict[str, Values] = {INPUT_STATUS.id: [str(status) for status in statuses]}
        made = Batch(*read[:3], statuses, own | columns, scores, read.samples, phased)
        if genes:
            made.columns.update(gene_columns(examined, genes))
        return made

    size = batch_size(model.window for model in models)
    for batch in _ahead(score, _batches(records, samples_of, size)):
        build.see(batch.status)
        for writer in writers:
            writer.write(batch)
        for model, scores in zip(models, batch.scores, strict=True):
            tally.by_model[model.card.name].update(scores.status)
        tally.alts += len(batch.variants)
        tally.records += len(batch.records)
        progress(batch)
    tally.filled = lookup.filled - before if lookup else 0
    return tally


def _columns(
    models: Sequence[Model],
    scores: list[Scores],
    shared: Sequence[Overall | Assays],
    phased: list[Phased],
) -> dict[str, Values]:
    """Return tag → values, of what models say of ALTs."""
    columns: dict[str, Values] = {}
    for each in shared:
        columns |= each.columns(scores)
    for model, of_model in zip(models, scores, strict=True):
        columns |= {field.id: field.values(of_model) for field in model.fields}
    of_haplotypes = [model for model in models if model.options.sample]
    for model, haplotypes in zip(of_haplotypes, phased, strict=True):
        alone = scores[models.index(model)]
        columns |= phased_columns(model.ranking, model.options, alone, haplotypes)
    return columns


class _Read(NamedTuple):
    """Records, the index of each one's first ALT, the ALTs, samples, and where the ALTs sit."""

    records: list[pysam.VariantRecord]
    first: list[int]
    variants: list[Variant]
    samples: list[bytes]
    phased: list[PhasedAlt]


def _batches(
    records: Iterable[pysam.VariantRecord] | Iterable[PhasedRecord],
    samples_of: Callable[[pysam.VariantRecord], bytes],
    size: int,
) -> Iterator[_Read]:
    """Yield what is read, some records together.

    They are `size` ALTs or more, or over MOST_SAMPLES.
    """
    batch, room = _Read([], [], [], [], []), MOST_SAMPLES
    for each in records:
        record, alts = each if isinstance(each, PhasedRecord) else (each, ())
        samples = samples_of(record)
        batch.records.append(record)
        batch.first.append(len(batch.variants))
        batch.variants.extend(variants_of(record))
        batch.samples.append(samples)
        batch.phased.extend(alts)
        room -= len(samples)
        if len(batch.variants) >= size or room < 0:
            yield batch
            batch, room = _Read([], [], [], [], []), MOST_SAMPLES
    if batch.records:
        yield batch


def _ahead(
    score: Callable[[_Read], Batch],
    batches: Iterable[_Read],
) -> Iterator[Batch]:
    """Yield each scored batch in order, while the next ones are scored in another thread.

    After an error or Ctrl-C nobody waits for that thread, which may itself wait for a server: it
    ends when the models are closed.
    """
    waiting: list[Future[Batch]] = []
    thread = ThreadPoolExecutor(1, thread_name_prefix="score")
    try:
        for batch in batches:
            waiting.append(thread.submit(score, batch))
            if len(waiting) > AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        thread.shutdown(wait=False, cancel_futures=True)
