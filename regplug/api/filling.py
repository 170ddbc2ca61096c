"""`annotate --from`: are a table's values those that this run would write?"""

from collections.abc import Iterator, Sequence

from regplug.api.promised import genes_faults, genome_faults, model_faults
from regplug.errors import VariantFileError
from regplug.genome.fasta import Genome
from regplug.scoring.model import Model, by_assay
from regplug.vcf.lookup import Lookup
from regplug.vcf.recorded import Recorded, RecordedModel


def check_filling(table: Lookup, models: Sequence[Model], genome: Genome, genes: str) -> str:
    """Check that a table is of what a run is of; return why nothing can be filled in, or "".

    Args:
        table: what ALTs are to be looked up in.
        models: of the run.
        genome: of the run.
        genes: the file of --genes, or "".

    Raises:
        VariantFileError: it is of another genome, other weights of a model, or other options; the
            message has both.
    """
    for fault in _faults(table.recorded, models, genome, genes):
        raise VariantFileError(
            f"{table.path} was made otherwise than this run: {fault}; give what it was made with, "
            "or make it again (regplug precompute)"
        )
    if names := by_assay(models):
        return f"the tags of assays are over {', '.join(names)}, so all ALTs were computed"
    known = [was.name for was in table.recorded.models]
    if lacking := [model.card.name for model in models if model.card.name not in known]:
        return f"{table.path} lacks {', '.join(lacking)}, so all ALTs were computed"
    ranked = [model.card.name for model in models if model.ranking.tables]
    if list(table.recorded.overall) != ranked:
        theirs, ours = (", ".join(names) or "none" for names in (table.recorded.overall, ranked))
        return (
            f"RP_TOP and RP_Q are over {theirs} in {table.path} and over {ours} in this run, so "
            "all ALTs were computed"
        )
    return ""


def _faults(said: Recorded, models: Sequence[Model], genome: Genome, genes: str) -> Iterator[str]:
    """Yield in what a table differs from a run, of the models that both have."""
    yield from genome_faults(said, genome)
    by_name = {was.name: was for was in said.models}
    both = [(by_name[m.card.name], m) for m in models if m.card.name in by_name]
    for was, model in both:
        yield from model_faults(was, model.card, model.precision)
        yield from _other_options(was, model)
    if any(model.card.strand == "forward" for _, model in both):
        yield from genes_faults(said, genes)
    for _, model in both:
        written = said.tags.get(f"regplug:{model.card.name}", [])
        yield from (f"it has no {tag.id}" for tag in model.fields if tag.id not in written)


def _other_options(was: RecordedModel, model: Model) -> Iterator[str]:
    name, options = model.card.name, model.options
    for option, before, now in (
        ("--targets", ",".join(was.targets), ",".join(options.targets)),
        ("--background", was.stratum, model.ranking.stratum),
    ):
        if before != now:
            yield f"{name}: {option} {before or 'none'} there, {now or 'none'} here"
