"""Variants in any form ─score→ a table: a row per ALT, a column per target."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from regplug.api.annotate import File
from regplug.api.models import PLAIN, OpenModel, matching, opened, targets_of, trained_on
from regplug.api.variants import Variants, variants_from
from regplug.files.extras import needs
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.transcripts import transcripts_of
from regplug.models.cache import Cache
from regplug.scoring.backend import BackendOptions
from regplug.scoring.model import score_variants
from regplug.vcf.tables import arrow_table

if TYPE_CHECKING:
    import pyarrow


def score(
    variants: Variants,
    *,
    fasta: File | None = None,
    models: Iterable[str | OpenModel] = (),
    targets: Sequence[str] = (),
    genes: File = "",
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    cache: Cache | None = None,
) -> "pyarrow.Table":
    """Return what each variant does to each target: an Arrow table (`.to_pandas()`).

    The columns are those of `regplug annotate --matrix`: chrom, pos (1-based), ref, alt and status;
    then for each model `<model>.status` and, as float32, `<model>.<target>`: the score of ALT less
    that of REF, null where there is none; then `<model>.<target>.<name>`, where its adapter tells
    of REF and ALT together. Variants are normalised to be scored, and stand in the table as they
    were given.

    Args:
        variants: see `variants_from`.
        fasta: reference; looked for as by `annotate` if it is not given.
        models: names, patterns of names (`deepbind_*`) or open models; by default all defaults.
        targets: the columns wanted, T or MODEL:T; by default all.
        genes: GTF, GFF3 or BED12 that tells the transcribed strand, for models of RNA.
        force: go on though REFs or a model's organism do not fit the FASTA.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        cache: predictions that are there are not computed again; new ones are kept there.

    Raises:
        MissingLibraryError: pyarrow is not installed.
        VariantFileError: the variants cannot be read.
        GenomeError: no reference, over a tenth of 20 REFs and more disagree with it, or a model was
            trained on another organism.
        ModelError: no such model or target.
    """
    with needs("parquet"):
        import pyarrow  # noqa: F401
    given = variants_from(variants)
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(find_fasta(fasta)))
        run = stack.enter_context(opened(matching(models, repo, options), repo, options))
        if not force:
            check_organism(genome, trained_on(run))
        chosen = targets_of(targets, [model.card for model in run])
        transcripts = transcripts_of(str(genes), genome)
        scoring = [model.for_variants(transcripts=transcripts, cache=cache) for model in run]
        examined, scores = score_variants(given, scoring, genome, force=force)
        table = arrow_table(
            given, [allele.status for allele in examined], [model.card for model in scoring], scores
        )
    if not targets:
        return table
    wanted = {"chrom", "pos", "ref", "alt", "status"}
    for model in scoring:
        name, labels = model.card.name, chosen[model.card.name]
        wanted |= {f"{name}.{label}" for label in (*labels, "status")}
        wanted |= {f"{name}.{label}.{pair}" for label in labels for pair in model.pairs}
    return table.select([name for name in table.column_names if name in wanted])
