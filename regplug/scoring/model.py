"""A model as a run uses it: examined ALTs ─Model.score→ Scores, and the INFO tags to write.

Steps 2 and 3 of the way from a VCF record to its INFO (see `alleles`), for one model.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import numpy as np

from regplug.errors import ModelError
from regplug.genome.fasta import Genome, Reference
from regplug.genome.genes import Strand
from regplug.genome.reference import BuildCheck
from regplug.genome.transcripts import STRANDS, Transcripts
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.adapter import Adapter, FieldOptions, InfoField, tag
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.assays import OF_MODELS, Assays
from regplug.scoring.backend import Backend, precision_of
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Scores, stronger
from regplug.scoring.examined import Examined, examine_all
from regplug.scoring.kinds import kind_by_lengths
from regplug.scoring.phased_tags import phased_fields
from regplug.scoring.ranking import Ranking
from regplug.scoring.ranking_tags import Overall, ranking_fields

BATCH = 2048  # ALTs that are scored together, where their windows are not too long
ROOM = 1 << 28  # bases of their windows

INPUT_STATUS = InfoField(
    "RP_STATUS",
    "What regplug found wrong with the ALT itself: ok, symbolic, imprecise, bad_span, star, "
    "missing, ref_mismatch, unknown_contig, ambiguous",
    "String",
    lambda scores: [str(status) for status in scores.status],
)


class Model:
    """A backend, the adapter of its family, and the tags that a run writes.

    Attributes:
        card: the model's.
        window: bases that it reads.
        options: the tags that were asked for.
        ranking: how its most extreme target is chosen, and how rare that is.
        fields: the tags, the model's status last; without tags of its own, those of targets alone.
        pairs: names of what its adapter tells of REF and ALT together.
        precision: in what numbers it is run, where not in float32, or "".
    """

    def __init__(
        self,
        backend: Backend,
        adapter: Adapter,
        options: FieldOptions,
        transcripts: Transcripts | None = None,
    ) -> None:
        """Join them; `transcripts` say which ALTs a model of RNA can score.

        Raises:
            ModelError: the model reads sequences of any length, or is of RNA and there are no
                transcripts, or an option does not fit it.
        """
        card = backend.card
        if card.window is None:
            raise ModelError(f"{card.name} scores sequences, not variants: use regplug predict")
        if card.strand == "forward" and transcripts is None:
            raise ModelError(
                f"{card.name} reads the transcribed strand only: say where genes are (--genes GTF)"
            )
        self.card: ModelCard = card
        self.window: int = card.window
        self._backend, self._adapter, self._transcripts = backend, adapter, transcripts
        self.options = options
        self.ranking = Ranking(card, options.targets, options.background)
        self.pairs = tuple(adapter.pairs)
        self.precision = precision_of(backend)
        self.fields = adapter.fields(card, options)
        if options.sample:
            self.fields = [*self.fields, *phased_fields(card, options)]
        if options.by == "model":
            self.fields = [*ranking_fields(self.ranking), *self.fields, _own_status(card)]

    def score(
        self,
        examined: Sequence[Examined],
        genome: Reference,
        places: Sequence[Interval] | None = None,
    ) -> Scores:
        """Return the predictions for a batch of ALTs.

        A model of RNA reads the strands that are transcribed there; of two, the one with the larger
        difference counts.

        Args:
            examined: the ALTs, as they lie in `genome`.
            genome: what REF and its flanks are read from.
            places: the REFs among transcripts, where `genome` is a haplotype.

        Raises:
            GenomeError: as `genome` raises.
            BackendError: as `Backend.predict`.
        """
        if self.card.strand != "forward":
            alleles = encode_alleles(examined, genome, window=self.window)
            scores, lengths = self._adapter.score(alleles, self._backend), alleles.lengths
        else:
            at = [allele.interval for allele in examined] if places is None else places
            plus, minus = (self._score_strand(examined, genome, at, strand) for strand in STRANDS)
            scores, lengths = stronger(plus, minus), [allele.lengths for allele in examined]
        kinds = [
            kind_by_lengths(ref, alt, junctions=status is Status.JUNCTIONS)
            for (ref, alt), status in zip(lengths, scores.status, strict=True)
        ]
        return scores._replace(kinds=kinds)

    def _score_strand(
        self,
        examined: Sequence[Examined],
        genome: Reference,
        places: Sequence[Interval],
        strand: Strand,
    ) -> Scores:
        """Return the predictions for the ALTs that are transcribed from `strand`."""
        on_strand = [
            self._if_transcribed(allele, place, strand)
            for allele, place in zip(examined, places, strict=True)
        ]
        alleles = encode_alleles(on_strand, genome, window=self.window, strand=strand)
        return self._adapter.score(alleles, self._backend)

    def _if_transcribed(self, allele: Examined, place: Interval, strand: Strand) -> Examined:
        """Return the ALT, with status no_transcript if no gene on `strand` covers its REF."""
        genes = self._transcripts
        if allele.status is not Status.OK or (genes and genes.covers(place, strand)):
            return allele
        return Examined(allele.variant, Status.NO_TRANSCRIPT)


def batch_size(windows: Iterable[int]) -> int:
    """Return how many ALTs to score together, for models with such windows (bases)."""
    return max(1, min([BATCH, *(ROOM // window for window in windows)]))


def score_variants(
    variants: Sequence[Variant], models: Sequence[Model], genome: Genome, *, force: bool = False
) -> tuple[list[Examined], list[Scores]]:
    """Return the variants, normalised where they can be scored, and each model's scores of all.

    Raises:
        GenomeError: the REFs disagree with the FASTA as those of another build do (unless `force`).
    """
    build = BuildCheck(genome, force=force)
    examined: list[Examined] = []
    parts: list[list[Scores]] = [[] for _ in models]
    size = batch_size(model.window for model in models)
    for start in range(0, len(variants), size):
        batch = examine_all(variants[start : start + size], genome)
        build.see(allele.status for allele in batch)
        examined += batch
        for model, scored in zip(models, parts, strict=True):
            scored.append(model.score(batch, genome))
    return examined, [
        _joined(scored, len(model.card.targets))
        for model, scored in zip(models, parts, strict=True)
    ]


def _joined(parts: Sequence[Scores], targets: int) -> Scores:
    none = np.empty((0, targets), np.float32)
    ref, alt = (np.concatenate([none, *(part[side] for part in parts)]) for side in (0, 1))
    statuses = [status for part in parts for status in part.status]
    kinds = [kind for part in parts for kind in part.kinds]
    names = parts[0].pairs if parts else ()
    pairs = {name: np.concatenate([part.pairs[name] for part in parts]) for name in names}
    return Scores(ref, alt, statuses, kinds, pairs)


def by_assay(models: Sequence[Model]) -> list[str]:
    """Return the names of the models whose tags are those of assays."""
    return [model.card.name for model in models if model.options.by == "assay"]


def over_models(
    models: Sequence[Model], ranked: Collection[str] | None = None
) -> tuple[Overall, Assays]:
    """Return what makes the tags over several models: of the run, and of assays.

    `ranked` are the names of the models that RP_TOP and RP_Q are of; None: all.
    """
    rankings = [model.ranking for model in models]
    return Overall(rankings, ranked), Assays(rankings, by_assay(models))


def check_tags(models: Sequence[Model]) -> None:
    """Check that all tags of a run differ.

    Raises:
        ModelError: two are equal; the message says what both stand for.
    """
    shared = [field for each in over_models(models) for field in each.fields]
    seen = {field.id: field.description for field in (INPUT_STATUS, *shared)}
    for field in chain.from_iterable(model.fields for model in models):
        if field.id in seen:
            raise ModelError(
                f"two tags would be called {field.id}: «{seen[field.id]}» and "
                f"«{field.description}»; choose other --targets"
            )
        seen[field.id] = field.description


def _own_status(card: ModelCard) -> InfoField:
    """Return the tag with the reasons that lie in the model; `.` where the input is at fault."""
    return InfoField(
        f"{tag(card.name)}__STATUS",
        f"Whether {card.name} scored the ALT: ok, junctions (by the windows at its junctions), "
        "too_long, mostly_n, no_transcript; . where RP_STATUS tells",
        "String",
        lambda scores: [str(s) if s in OF_MODELS else None for s in scores.status],
    )
