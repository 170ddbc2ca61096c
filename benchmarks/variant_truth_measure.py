"""All sets through one model: a Backend ─measure→ rows of figures."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks.mpra_variants import CELLS, Experiment, padded, read_experiments, read_loci
from benchmarks.variant_truth_figures import (
    Estimate,
    Floats,
    Groups,
    correlation,
    direction,
    direction_of_strongest,
    rank_correlation,
    right,
    stretches,
)
from benchmarks.variant_truth_outputs import View, views
from benchmarks.variant_truth_sets import (
    PAIRS,
    Pairs,
    Reporters,
    pair_changes,
    read_pairs,
    read_reporters,
    variant_changes,
)
from benchmarks.variant_truth_tables import DIRECTION, SATMUT, SPEARMAN, TENTH, Row
from regplug.genome.fasta import Genome
from regplug.genome.variant import Variant
from regplug.scoring.adapter import Adapter, FieldOptions
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard
from regplug.scoring.model import Model

NEAR = 1000  # bases between reporters that are drawn together


class Truth(NamedTuple):
    """All that was measured, and the genomes it was measured on."""

    pairs: dict[str, Pairs]
    reporters: dict[str, Reporters]
    experiments: list[Experiment]
    genome: Genome
    loci: Genome

    @property
    def names(self) -> list[str]:
        """Return the sets' names, as tables have them."""
        reporters = [f"raQTL {cell}" for cell in self.reporters]
        return [*self.pairs, *reporters, *(f"{SATMUT}{one.name}" for one in self.experiments)]


class Settings(NamedTuple):
    """How to measure: cell → label that stands for it, effect of probabilities, seed of draws.

    `sets` are those to measure, as tables name them; none: all.
    """

    chosen: Mapping[str, str]
    effect: str
    seed: int
    sets: Collection[str] = ()

    def wants(self, name: str) -> bool:
        """Tell whether a set is to be measured."""
        return not self.sets or name in self.sets


@contextmanager
def open_truth(data: Path) -> Iterator[Truth]:
    """Read what was measured from a folder with variant_truth/, genome/, mpra_satmut/, loci/."""
    loci = read_loci(data / "loci" / "loci.hg38.fa")
    with ExitStack() as stack:
        path = Path(stack.enter_context(TemporaryDirectory())) / "loci.fa"
        path.write_text("".join(f">{one.name}\n{padded(one.letters)}\n" for one in loci))
        yield Truth(
            {one: read_pairs(data / "variant_truth" / f"{one}.tsv.gz") for one in PAIRS},
            read_reporters(data / "variant_truth" / "raqtl.hg19.vcf"),
            read_experiments(data / "mpra_satmut" / "mpra_satmut_dev.tsv.gz", loci),
            stack.enter_context(Genome(data / "genome" / "hg19.partial.fa.gz")),
            stack.enter_context(Genome(path)),
        )


def measure(backend: Backend, adapter: Adapter, truth: Truth, settings: Settings) -> list[Row]:
    """Return the rows of a model, all sets.

    Raises:
        SystemExit: the model reads RNA.
        ModelError: it reads sequences of any length.
    """
    card = backend.card
    if card.strand == "forward":
        raise SystemExit(f"{card.name} reads RNA, and these variants are judged as DNA")
    effect = settings.effect if card.output_scale == "probability" else "diff"
    settings, model = settings._replace(effect=effect), Model(backend, adapter, FieldOptions())
    named = [name for name in truth.pairs if settings.wants(name)]
    rows = [row for name in named for row in _pairs(name, truth, model, backend, settings)]
    for cell, reporters in truth.reporters.items():
        if not settings.wants(f"raQTL {cell}"):
            continue
        chroms = [one.chrom for one in reporters.variants]
        places = stretches(chroms, [one.pos for one in reporters.variants], within=NEAR)
        made = _made(reporters, places, cell, f"raQTL {cell}")
        rows += _correlations(made, model, truth.genome, settings)
    for one in truth.experiments:
        if not settings.wants(f"{SATMUT}{one.name}"):
            continue
        cell = CELLS.get(one.locus.name, "")
        places = np.array([variant.pos for variant in one.variants])
        made = _made(Reporters(one.variants, one.effects), places, cell, f"{SATMUT}{one.name}")
        rows += _correlations(made, model, truth.loci, settings)
    return rows


class _Measured(NamedTuple):
    """Variants with measured effects, the groups they are drawn in, their cell and set."""

    variants: list[Variant]
    effects: Floats
    groups: Groups
    cell: str
    set: str


def _made(reporters: Reporters, groups: Groups, cell: str, name: str) -> _Measured:
    return _Measured(reporters.variants, reporters.effects, groups, cell, name)


def _pairs(
    name: str, truth: Truth, model: Model, backend: Backend, settings: Settings
) -> Iterator[Row]:
    """Yield the directions of a set of sites."""
    changes = pair_changes(truth.pairs[name], backend, model.window, settings.effect)
    figures: list[tuple[str, Callable[..., Estimate]]] = [
        (DIRECTION, direction),
        (TENTH, direction_of_strongest),
    ]
    for view in views(model.card, changes, PAIRS[name], settings.chosen, right):
        for figure, estimate in figures:
            found = estimate(view.changes, seed=settings.seed)
            yield _row(model.card, settings, name, PAIRS[name], figure, view, found, len(changes))


def _correlations(
    measured: _Measured, model: Model, genome: Genome, settings: Settings
) -> Iterator[Row]:
    """Yield the correlations of a set of variants with an effect each, those that are scored."""
    changes, scored = variant_changes(measured.variants, model, genome, settings.effect)
    effects, groups = measured.effects[scored], measured.groups[scored]

    def figure(column: Floats) -> float:
        return rank_correlation(column, effects)

    for view in views(model.card, changes[scored], measured.cell, settings.chosen, figure):
        found = correlation(view.changes, effects, groups, seed=settings.seed)
        of = len(measured.variants)
        yield _row(model.card, settings, measured.set, measured.cell, SPEARMAN, view, found, of)


def _row(
    card: ModelCard,
    settings: Settings,
    name: str,
    cell: str,
    figure: str,
    view: View,
    found: Estimate,
    of: int,
) -> Row:
    return Row(
        card.name if card.sha256 else card.labels[0],  # a baseline's name may have spaces
        card.sha256,
        card.window or 0,
        settings.effect,
        name,
        cell,
        figure,
        view.how,
        view.output,
        found,
        of,
    )
