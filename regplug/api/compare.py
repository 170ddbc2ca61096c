"""Two models on a locus or a set of variants ─compare→ Comparison.

cards ─shared_targets→ pairs; place ─explain→ maps; variants ─score_variants→ changes of both
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from regplug.api.annotate import File
from regplug.api.explain import explain
from regplug.api.models import PLAIN, OpenModel, opened, trained_on
from regplug.api.progress import Bar, silent
from regplug.api.variants import Variants, variants_from
from regplug.errors import ModelError, VariantFileError
from regplug.genome.assembly import check_organism
from regplug.genome.codes import UNKNOWN
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.transcripts import transcripts_of
from regplug.genome.variant import Interval, Variant
from regplug.interpret.compare.agreement import FEWEST, agreement, side
from regplug.interpret.compare.picture import Compared
from regplug.interpret.compare.report import (
    Comparison,
    check_comparison_folder,
    write_comparison,
)
from regplug.interpret.compare.shared import Shared, shared_targets
from regplug.interpret.explain.picture import Explained, maps_figure
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Array
from regplug.scoring.model import score_variants

MAPS = 2  # pairs of targets whose maps are drawn: those that change most


def compare(
    first: str | OpenModel,
    second: str | OpenModel,
    *,
    place: str | Variant | Interval | None = None,
    variants: Variants | None = None,
    pairs: Sequence[str] = (),
    fasta: File | None = None,
    output: File | None = None,
    flank: int = 40,
    genes: File = "",
    force: bool = False,
    repo: str | None = None,
    second_repo: str | None = None,
    options: BackendOptions = PLAIN,
    bar: Bar = silent,
) -> Comparison:
    """Return where two models agree, on a locus, on a set of variants, or on both.

    Args:
        first: a name, or an open model.
        second: another.
        place: a variant or region whose mutation maps are compared, as `explain` takes it.
        variants: a set, such as a VCF's path; see `variants_from`.
        pairs: which target is to be compared with which, A=B; by default those that both cards say
            the same protein, cell and assay of.
        fasta: reference; looked for as by `annotate` if it is not given.
        output: a folder to write tables, pictures and a page to.
        flank: bases on either side of a variant that are mapped.
        genes: GTF, GFF3 or BED12, for models of RNA.
        force: go on though REFs or a model's organism do not fit the FASTA.
        repo: folder of models, or a server's URL.
        second_repo: of the second model, if it lies elsewhere.
        options: threads, and what it takes to reach a server.
        bar: shows the bases changed.

    Raises:
        ModelError: there is nothing to compare on, the models share no target, or neither changes.
        VariantFileError: fewer than three variants have scores by both.
        RegplugError: as `explain` and `score`.
    """
    if place is None and variants is None:
        raise ModelError("nothing to compare the models on: give a variant or region, or a VCF")
    if output is not None:
        check_comparison_folder(Path(output))
    maps, bases, of_set, where = None, [], [], ""
    with ExitStack() as stack:
        (one,) = stack.enter_context(opened([first], repo, options))
        (other,) = stack.enter_context(opened([second], second_repo or repo, options))
        both = (one, other)
        shared = shared_targets(one.card, other.card, pairs)
        if place is not None:
            columns = [pair.first for pair in shared], [pair.second for pair in shared]
            explained = [
                _explained(model, of_model, place, fasta, flank, genes, force, bar)
                for model, of_model in zip(both, columns, strict=True)
            ]
            bases = [_of_bases(pair, explained) for pair in shared]
            maps, where = _maps(shared, explained, bases), str(place)
        if variants is not None:
            given = variants_from(variants)
            genome = stack.enter_context(Genome(find_fasta(fasta)))
            of_set = _of_set(shared, given, both, genome, genes=str(genes), force=force)
        names = _names(one.card, other.card)
        facts = [_fact(name, model.card) for name, model in zip(names, both, strict=True)]
    made = Comparison(names, where, bases, of_set, maps, facts)
    _check_signal(made)
    if output is not None:
        write_comparison(Path(output), made)
    return made


def _names(first: ModelCard, second: ModelCard) -> tuple[str, str]:
    """Return the models' names, with versions where the names are the same."""
    if first.name != second.name:
        return first.name, second.name
    return f"{first.name}, first", f"{second.name}, second"


def _fact(name: str, card: ModelCard) -> str:
    """Return what a model is, in a line."""
    window = "sequences of any length" if card.window is None else f"{card.window} bases"
    return "; ".join(filter(None, [f"{name} reads {window}", card.doc, card.cite_as]))


def _explained(
    model: OpenModel,
    targets: Sequence[int],
    place: str | Variant | Interval,
    fasta: File | None,
    flank: int,
    genes: File,
    force: bool,
    bar: Bar,
) -> dict[int, Explained]:
    """Return the maps of a model's score (or counts) by target."""
    labels = [model.card.labels[target] for target in targets]
    found = explain(
        place,
        model=model,
        targets=labels,
        fasta=fasta,
        flank=flank,
        genes=genes,
        force=force,
        bar=bar,
    )
    return {of.explanation.target: of for of in found.shown if of.aspect != "profile"}


def _of_bases(pair: Shared, explained: Sequence[dict[int, Explained]]) -> Compared:
    """Return both models' changes of every base of the locus (REF's) to every other base."""
    shown = explained[0][pair.first], explained[1][pair.second]
    maps = shown[0].explanation.ref
    others = maps.codes[:, None] != np.arange(4)
    others &= maps.codes[:, None] != UNKNOWN
    at, to = np.nonzero(others)
    chrom, start = maps.interval.chrom, maps.interval.start
    names = [
        str(Variant(chrom, start + base + 1, "ACGT"[maps.codes[base]], "ACGT"[alt]))
        for base, alt in zip(at.tolist(), to.tolist(), strict=True)
    ]
    changes = [of.explanation.ref.differences[others] for of in shown]
    return _compared(pair, changes, [of.card for of in shown], names)


def _of_set(
    shared: Sequence[Shared],
    given: Sequence[Variant],
    both: Sequence[OpenModel],
    genome: Genome,
    *,
    genes: str,
    force: bool,
) -> list[Compared]:
    """Return both models' changes of the variants that both score."""
    if not force:
        check_organism(genome, trained_on(both))
    transcripts = transcripts_of(genes, genome)
    scorers = [model.for_variants(transcripts=transcripts) for model in both]
    _, scores = score_variants(given, scorers, genome, force=force)
    changes = [of.alt - of.ref for of in scores]
    known = ~np.isnan(np.concatenate(changes, axis=1)).any(axis=1)
    if known.sum() < FEWEST:
        raise VariantFileError(
            f"{known.sum()} of {len(given)} variants have scores by both models: give "
            f"{FEWEST} at least"
        )
    names = [str(variant) for variant, is_known in zip(given, known, strict=True) if is_known]
    cards = [model.card for model in both]
    return [
        _compared(
            pair, [changes[0][known, pair.first], changes[1][known, pair.second]], cards, names
        )
        for pair in shared
    ]


def _compared(
    pair: Shared, changes: Sequence[Array], cards: Sequence[ModelCard], names: Sequence[str]
) -> Compared:
    columns = (pair.first, pair.second)
    spreads = [card.targets[column].spread for card, column in zip(cards, columns, strict=True)]
    one, other = (side(*of) for of in zip(changes, spreads, strict=True))
    return Compared(pair.title, (one, other), agreement(one, other), names)


def _maps(
    shared: Sequence[Shared], explained: Sequence[dict[int, Explained]], bases: Sequence[Compared]
) -> Any:
    """Return the maps of the pairs that change most, the two of a pair in one scale of units."""
    most = [_most(pair, explained, compared) for pair, compared in zip(shared, bases, strict=True)]
    chosen = sorted(np.argsort(-np.array(most), kind="stable")[:MAPS].tolist())
    shown, limits = [], []
    for at in chosen:
        pair = shared[at]
        shown += [explained[0][pair.first], explained[1][pair.second]]
        limits += [most[at] * of.unit for of in bases[at].sides]
    return maps_figure(shown, limits=limits)


def _most(pair: Shared, explained: Sequence[dict[int, Explained]], compared: Compared) -> float:
    """Return the largest change in any of a pair's maps, ALT's too, in units."""
    shown = explained[0][pair.first], explained[1][pair.second]
    return max(
        float(np.nanmax(np.abs(of_allele.differences), initial=0)) / of_model.unit
        for of, of_model in zip(shown, compared.sides, strict=True)
        for of_allele in of.explanation.maps.values()
    )


def _check_signal(made: Comparison) -> None:
    """Raise ModelError if one of the models changes nowhere, in any shared target."""
    for number, name in enumerate(made.models):
        sides = [of.sides[number].changes for of in (*made.bases, *made.variants)]
        if not any(np.nanmax(np.abs(changes), initial=0) > 0 for changes in sides):
            titles = ", ".join(dict.fromkeys(of.title for of in (*made.bases, *made.variants)))
            raise ModelError(
                f"{name} changes nowhere here, for {titles}: give other targets with --pair, or "
                "another place or set"
            )
