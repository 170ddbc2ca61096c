"""Settings ─opened→ the models, the genome and the genes of a run, open for all its parts here."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from functools import lru_cache
from typing import NamedTuple

import msgspec

from regplug.api.models import OpenModel, kept_open
from regplug.api.parts.same import check_genome, check_model, check_version
from regplug.api.parts.settings import Settings
from regplug.genome.fasta import Genome
from regplug.genome.transcripts import Transcripts, transcripts_of
from regplug.models.cache import Cache
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.model import Model
from regplug.vcf.lookup import Lookup


class Opened(NamedTuple):
    """What is open for all parts of a run that this process scores.

    Attributes:
        run: the open models.
        genome: reference.
        genes: transcripts, or None.
        cache: of predictions, or None.
        table: to fill in from, or None.
        stack: what keeps them open.
    """

    run: Sequence[OpenModel]
    genome: Genome
    genes: Transcripts | None
    cache: Cache | None
    table: Lookup | None
    stack: ExitStack

    def models(self, asked: Mapping[str, FieldOptions]) -> list[Model]:
        """Return the models as they were opened: what they remember of other parts changes none."""
        return [
            model.for_variants(asked[model.card.name], self.genes, self.cache) for model in self.run
        ]


def opened(settings: Settings) -> Opened:
    """Return the models, the genome and the genes of a run; they stay open for its next part.

    Raises:
        ModelError: a model here is another than that of the run.
        GenomeError: so is the FASTA.
        PluginError: so is regplug.
    """
    return _opened(_Hashed(settings))


def close() -> None:
    """Close what is open."""
    _opened.cache_clear()  # which leaves the stacks


class _Hashed:
    """Settings as the key of a cache."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._identity = msgspec.json.encode(settings, order="deterministic")

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self._identity == other._identity


@lru_cache(maxsize=1)
def _opened(hashed: _Hashed) -> Opened:
    settings = hashed.settings
    check_version(settings.regplug)
    stack = ExitStack()
    run = stack.enter_context(kept_open(settings.models, settings.repo or None, settings.options))
    for model in run:
        check_model(model.backend, settings.models[model.card.name])
    genome = stack.enter_context(Genome(settings.fasta))
    check_genome(genome, settings.fai)
    genes = transcripts_of(settings.genes, genome)
    cache = stack.enter_context(Cache(settings.cache)) if settings.cache else None
    table = None
    if settings.table:
        table = stack.enter_context(closing(Lookup(settings.table, genome)))
    return Opened(run, genome, genes, cache, table, stack)
