"""The loop from a VCF to an annotated VCF.

VCF record ─1 vcf.variants_of→ Variant ─2 alleles.encode_alleles→ Alleles
           ─3 Adapter.score→ scores ─4 vcf.set_info→ INFO
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pysam

from regplug.genome.fasta import Genome
from regplug.genome.reference import BuildCheck
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Status, Variant
from regplug.hooks.writer import Batch, Sink
from regplug.scoring.adapter import Values
from regplug.scoring.alleles import examine
from regplug.scoring.assays import Assays
from regplug.scoring.effects import Scores
from regplug.scoring.model import INPUT_STATUS, Model, batch_size, over_models
from regplug.scoring.ranking_tags import Overall
from regplug.vcf.near_genes import gene_columns
from regplug.vcf.records import variants_of

AHEAD = 2  # batches that are scored while an earlier one is written


@dataclass
class Tally:
    """How many ALTs of a run got which status.

    Attributes:
        alts: all of them.
        records: that they stand in.
        by_model: name of the model → status → ALTs.
    """

    alts: int
    records: int
    by_model: dict[str, Counter[Status]]


def annotate_records(
    records: Iterable[pysam.VariantRecord],
    models: Sequence[Model],
    genome: Genome,
    *,
    writers: Sequence[Sink],
    genes: Transcripts | None = None,
    ranked: Collection[str] | None = None,
    force: bool = False,
    progress: Callable[[Batch], None] = lambda batch: None,
) -> Tally:
    """Score every ALT of `records` with every model, write them all, and count the statuses.

    Args:
        records: in the order in which they are written.
        models: each with its own tags.
        genome: that REF is checked against.
        writers: each gets every batch.
        genes: to name the nearest of, in RP_GENE and RP_TSS_DISTANCE.
        ranked: names of the models that RP_TOP and RP_Q are of; None: all.
        force: True to go on where the REFs are of another build.
        progress: called with each batch once it is written.

    Raises:
        GenomeError: the REFs disagree with the FASTA as those of another build do (unless `force`).
        RegplugError: as the reader, the backends and the writers raise.
    """
    tally = Tally(0, 0, {model.card.name: Counter() for model in models})
    build = BuildCheck(genome, force=force)
    shared = over_models(models, ranked)

    def score(batch: list[pysam.VariantRecord], variants: list[Variant]) -> Batch:
        examined = [examine(variant, genome) for variant in variants]
        scores = [model.score(examined, genome) for model in models]
        statuses = [allele.status for allele in examined]
        made = _batch(batch, variants, statuses, models, scores, shared)
        if genes:
            made.columns.update(gene_columns(examined, genes))
        return made

    size = batch_size(model.window for model in models)
    for batch in _ahead(score, _batches(records, size)):
        build.see(batch.status)
        for writer in writers:
            writer.write(batch)
        for model, scores in zip(models, batch.scores, strict=True):
            tally.by_model[model.card.name].update(scores.status)
        tally.alts += len(batch.variants)
        tally.records += len(batch.records)
        progress(batch)
    return tally


def _batch(
    records: list[pysam.VariantRecord],
    variants: list[Variant],
    statuses: list[Status],
    models: Sequence[Model],
    scores: list[Scores],
    shared: Sequence[Overall | Assays],
) -> Batch:
    """Return the batch with a column for each tag."""
    first, at = [], 0
    for record in records:
        first.append(at)
        at += len(record.alts or (".",))
    columns: dict[str, Values] = {INPUT_STATUS.id: [str(status) for status in statuses]}
    for each in shared:
        columns |= each.columns(scores)
    for model, of_model in zip(models, scores, strict=True):
        columns |= {field.id: field.values(of_model) for field in model.fields}
    return Batch(records, first, variants, statuses, columns, scores)


def _batches(
    records: Iterable[pysam.VariantRecord], size: int
) -> Iterator[tuple[list[pysam.VariantRecord], list[Variant]]]:
    """Yield records and their ALTs together, when they are `size` ALTs or more."""
    batch: list[pysam.VariantRecord] = []
    variants: list[Variant] = []
    for record in records:
        batch.append(record)
        variants += variants_of(record)
        if len(variants) >= size:
            yield batch, variants
            batch, variants = [], []
    if batch:
        yield batch, variants


def _ahead(
    score: Callable[[list[pysam.VariantRecord], list[Variant]], Batch],
    batches: Iterable[tuple[list[pysam.VariantRecord], list[Variant]]],
) -> Iterator[Batch]:
    """Yield each scored batch in order, while the next ones are scored in another thread.

    After an error or Ctrl-C nobody waits for that thread, which may itself wait for a server: it
    ends when the models are closed.
    """
    waiting: list[Future[Batch]] = []
    thread = ThreadPoolExecutor(1, thread_name_prefix="score")
    try:
        for batch in batches:
            waiting.append(thread.submit(score, *batch))
            if len(waiting) > AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        thread.shutdown(wait=False, cancel_futures=True)
