"""What writes annotated variants: VCF, BCF, tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import pysam

from regplug.genome.variant import Status, Variant
from regplug.scoring.adapter import Values
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Scores
from regplug.scoring.on_haplotypes import Phased


@dataclass(frozen=True)
class Plan:
    """What a run writes, known before the first record.

    Attributes:
        header: the input's header with the run's tags and provenance, as text.
        dropped: tags of an earlier run, which this run replaces.
        cards: the models.
        pairs: name of a model → what its adapter tells of REF and ALT together: the names in
            `Scores.pairs`.
        phased: whether batches have scores on haplotypes too.
    """

    header: str
    dropped: Collection[str]
    cards: Sequence[ModelCard]
    pairs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    phased: bool = False


@dataclass(frozen=True)
class Batch:
    """Consecutive records, and the status and scores of each of their ALTs.

    Attributes:
        records: in the input's order.
        first: per record, the index of its first ALT among `variants`.
        variants: the ALTs as they are written in the records.
        status: of the input, one per ALT: OK, or what is wrong with it.
        columns: tag → its values, one per ALT.
        scores: the models' predictions, in the order of Plan.cards.
        samples: per record, FORMAT and samples as they stand in the file, where `records` are
            without them, as those of a VCF are; else b"".
        phased: the scores on a sample's haplotypes; none without --phased.
    """

    records: Sequence[pysam.VariantRecord]
    first: Sequence[int]
    variants: Sequence[Variant]
    status: Sequence[Status]
    columns: dict[str, Values]
    scores: Sequence[Scores]
    samples: Sequence[bytes]
    phased: Sequence[Phased] = ()


class Sink(Protocol):
    """Takes the batches of a run."""

    def write(self, batch: Batch) -> None:
        """Write a batch."""

    def close(self) -> None:
        """Write what is left, or raise OSError; after an error it is called once more."""


class VariantWriter(Sink, Protocol):
    """Writes an output; it is chosen by the suffix of the output's name.

    One whose outputs can be made in parts (--resume, --executor) has more: `part_suffix`, of files
    that the parts are written to, with an empty `Plan.header`; and `append(part: bytes)`, which
    adds the records of such a file.

    Attributes:
        suffixes: such as .vcf.gz.
    """

    suffixes: ClassVar[tuple[str, ...]]

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open `path`; `output.STDOUT` is standard output."""
