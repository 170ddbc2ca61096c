"""What motifs do by themselves to a model's scores ─marginalize→ Marginals.

words ─sites_named→ Sites; sequences ─Ground→ backgrounds; both ─marginal, along, by_gc, spaced→
means over the backgrounds
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import numpy as np

from regplug.api.annotate import File
from regplug.api.grounds import Ground
from regplug.api.models import PLAIN, OpenModel, opened
from regplug.api.progress import Bar, silent
from regplug.errors import ModelError, MotifError
from regplug.interpret.marginal.backgrounds import HUMAN_GC
from regplug.interpret.marginal.effects import (
    Effect,
    Progress,
    Scorer,
    along,
    background,
    by_gc,
    check_fits,
    curve_sequences,
    marginal,
)
from regplug.interpret.marginal.pairs import check_gaps, pair_sequences, spaced
from regplug.interpret.marginal.report import FEW, check_marginal_folder, write_marginals
from regplug.interpret.marginal.tables import Marginals
from regplug.motifs.matches import Collection, TaxGroup, jaspar
from regplug.motifs.meme import read_meme
from regplug.motifs.named import Named, sites_named
from regplug.motifs.sites import Site
from regplug.scoring.adapter import FieldOptions, VariantEffect, chosen_targets
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import EFFECTS
from regplug.scoring.sequences import predict_codes

GAPS = range(31)

_UNITS = {"logit": "change of the logit", "log2fc": "log2 fold change"}
_SCALES = {"probability": "change of the probability", "positive": "change of the signal"}


def marginalize(
    motifs: str | Sequence[str],
    *,
    model: str | OpenModel,
    second: str = "",
    gaps: range = GAPS,
    targets: Sequence[str] = (),
    sequences: File | Sequence[str] | None = None,
    fasta: File | None = None,
    gc: float = HUMAN_GC,
    backgrounds: int = 50,
    width: int = 200,
    score: str = "diff",
    against: File | None = None,
    tax_group: TaxGroup = "vertebrates",
    output: File | None = None,
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    bar: Bar = silent,
) -> Marginals:
    """Return what motifs change in sequences that say nothing, by target.

    A background is scored without and with the motif's site in its middle; the effect is the mean
    of the changes, with a 95 % bootstrap interval over the backgrounds. Beside it stands a control,
    the site's positions in random orders. Of few motifs (6 at most) also over all places of the
    window, and in random backgrounds of 20 to 80 % G and C.

    Args:
        motifs: each a name or ID of a known motif (CTCF, MA0139.2), the letters of a site (IUPAC;
            at N the background stays), a MEME file, or `all` known motifs.
        model: a name, or an open model.
        second: a motif to put beside the first, as `motifs`.
        gaps: bases between the two.
        targets: of the model; by default all.
        sequences: to shuffle (dinucleotides stay): a FASTA, letters, or with `fasta` a BED; of
            each the middle is taken. By default backgrounds are random.
        fasta: the genome of a BED.
        gc: share of G and C in random backgrounds.
        backgrounds: how many.
        width: of the backgrounds, for a model without a window.
        score: diff, logit or log2fc, as in `annotate --scores`.
        against: known motifs, MEME format; by default those of JASPAR CORE.
        tax_group: without `against`, whose.
        output: a folder to write tables, pictures and a page to.
        force: go on though the model was trained on another organism than the FASTA's.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        bar: shows the sequences scored.

    Raises:
        MotifError: there is no such motif, it is longer than the window, or two overlap.
        ModelError: there is no such target, or no motif changes it.
        SequenceError: a sequence is shorter than the window, or cannot be read.
        RegplugError: as the genome and the model raise.
    """
    if output is not None:
        check_marginal_folder(Path(output))
    words = [motifs] if isinstance(motifs, str) else list(motifs)
    known = _known(against, tax_group)
    named = sites_named(words, known)
    beside = sites_named([second], known) if second else Named([], [])
    if second and (len(named.sites), len(beside.sites)) != (1, 1):
        raise MotifError("a second motif goes beside one motif: give one, and one to put beside it")
    pair = (*named.sites, *beside.sites) if second else ()
    sites = named.sites + [site for site in beside.sites if site.title != named.sites[0].title]
    with ExitStack() as stack:
        (run,) = stack.enter_context(opened([model], repo, options))
        card, window = run.card, run.card.window or width
        chosen = chosen_targets(card, list(dict.fromkeys(targets))) or list(
            range(len(card.targets))
        )
        VariantEffect().fields(card, FieldOptions(scores=(score,)))
        check_fits(sites, window, card.name)
        if pair:
            check_gaps(pair[0], pair[1], gaps, window, card.name)
        ground = Ground(card, window, backgrounds, gc)
        made = ground.shuffled(sequences, fasta, force) if sequences else ground.random()
        total = _total(sites, window, backgrounds, gaps if pair else None)
        with bar("sequences scored", total) as progress:
            scorer = _scorer(run, chosen, score, progress)
            at = background(made.codes, scorer)
            effects = [marginal(site, at, scorer) for site in sites]
            remarks = _silent(effects, [card.labels[column] for column in chosen], bool(targets))
            few = sites if len(sites) <= FEW else []
            shown = Marginals(
                model=card.name,
                unit=_unit(card, score),
                targets=[card.labels[column] for column in chosen],
                backgrounds=made.words,
                effects=effects,
                positions=[along(site, at, scorer) for site in few],
                gc=[by_gc(site, backgrounds, window, scorer) for site in few],
                pair=spaced(pair[0], pair[1], gaps, at, scorer) if pair else None,
                remarks=[*named.remarks, *beside.remarks, *remarks],
            )
    if output is not None:
        write_marginals(Path(output), shown)
    return shown


def _known(against: File | None, tax_group: TaxGroup) -> Callable[[], Collection]:
    """Return what reads the known motifs, once, when they are first asked for."""

    @cache
    def known() -> Collection:
        if against is None:
            return jaspar(tax_group)
        return Collection(str(against), read_meme(Path(against))[1])

    return known


def _scorer(run: OpenModel, chosen: list[int], score: str, progress: Progress) -> Scorer:
    """Return what scores sequences, in the chosen targets alone."""
    return Scorer(
        lambda codes: predict_codes(codes, run.backend)[:, chosen], EFFECTS[score], progress
    )


def _unit(card: ModelCard, score: str) -> str:
    return _UNITS.get(score) or _SCALES.get(card.output_scale, "change of the score")


def _total(sites: Sequence[Site], window: int, count: int, gaps: range | None) -> int:
    """Return how many sequences are scored."""
    total = count * (1 + 2 * len(sites))
    if len(sites) <= FEW:
        total += sum(curve_sequences(site, window, count) for site in sites)
    return total + (pair_sequences(gaps, count) if gaps else 0)


def _silent(effects: Sequence[Effect], targets: Sequence[str], are_asked: bool) -> list[str]:
    """Return a remark on targets that no motif changes.

    Raises:
        ModelError: there are such targets, and they were asked for, or there are no others.
    """
    moved = np.any([(of.effect.low != 0) | (of.effect.high != 0) for of in effects], axis=0)
    still = [target for target, moves in zip(targets, moved, strict=True) if not moves]
    if not still:
        return []
    told = f"no motif changes {', '.join(still)} in any background"
    if are_asked or len(still) == len(targets):
        raise ModelError(f"{told}: give other --targets, motifs or backgrounds")
    return [told]
