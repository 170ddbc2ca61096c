"""A model's name and a genome ─calibrate→ its background, in its card.

strata, genome ─drawn_sets→ variants ─Model.score→ Scores ─packed→ Background ─rewrite_card→ card
"""

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import numpy as np

from regplug.api.annotate import File
from regplug.api.models import PLAIN, open_for_card
from regplug.api.progress import Bar, silent
from regplug.data.background.strata import (
    ELEMENTS,
    PROMOTERS,
    RANDOM,
    Listed,
    Stratum,
    common_sets,
    drawn_sets,
)
from regplug.errors import GenomeError, ModelError
from regplug.files.commands import for_a_card
from regplug.files.version import VERSION
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.regions import read_bed
from regplug.genome.transcripts import promoters, transcripts_of
from regplug.genome.variant import Interval, Status
from regplug.models.repository import read_card, rewrite_card
from regplug.scoring.backend import BackendOptions
from regplug.scoring.background import Background, BackgroundSet
from regplug.scoring.background_data import FEWEST, kept_arrays, packed
from regplug.scoring.card import ModelCard
from regplug.scoring.effects import Scores
from regplug.scoring.examined import examine
from regplug.scoring.kinds import SNV
from regplug.scoring.model import Model

SNVS = 5000  # per stratum
_TOGETHER = 512


def calibrate(
    name: str,
    *,
    repo: File,
    fasta: File | None = None,
    vcf: File = "",
    regions_files: Sequence[File] = (),
    genes: File = "",
    snvs: int = SNVS,
    seed: int = 0,
    keep: bool = False,
    options: BackendOptions = PLAIN,
    command: Sequence[str] = (),
    bar: Bar = silent,
) -> ModelCard:
    """Measure a model on background variants, put what Q follows from into its card, return that.

    The strata are random places, or else the variants of `vcf`; the regions of the files, elements;
    and promoters, if genes are given. The first is what `annotate` compares with by default.

    Args:
        name: of a model that scores variants.
        repo: the folder of models that it is in.
        fasta: the genome; looked for as by `annotate` if it is not given.
        vcf: common variants, in place of random places.
        regions_files: BEDs of regulatory elements.
        genes: GTF, GFF3 or BED12; models of RNA need it.
        snvs: in each stratum; of each other kind there is a fifth, and 1,000 at least.
        seed: of the draws; models with the same genome, strata and seed share their variants.
        keep: what was measured before on the same variants; only what is lacking is measured.
        options: threads, device and engine.
        command: for the card; by default the call.
        bar: opens a progress bar.

    Raises:
        ConfigError: the engine is asked for other numbers than float32.
        ModelError: no such model; or it scores no variants, or too few; or `keep`, and its
            background is damaged.
        RegplugError: the genome, the regions, the genes or the VCF cannot be read.
    """
    folder = Path(repo) / name
    card = read_card(folder)
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(find_fasta(fasta)))
        run = stack.enter_context(closing(open_for_card(name, str(repo), options)))
        transcripts = transcripts_of(os.fspath(genes), genome)
        run.backend.card = msgspec.structs.replace(card, background=None)  # a damaged one is no bar
        model = run.for_variants(transcripts=transcripts)
        before = _before(card) if keep else {}
        sets: list[tuple[BackgroundSet, Scores | bytes]] = []
        for listed in _lists(genome, os.fspath(vcf), regions_files, os.fspath(genes), snvs, seed):
            if known := [of for of in before if _is_of(of, listed)]:
                sets.append((known[0], before[known[0]]))
                continue
            what = f"{listed.stratum} {listed.kind}"
            with bar(what, len(listed.variants)) as advance:
                scores = _scored(listed, model, genome, advance)
            sets += _measured(listed, scores, name)
    made_by = command or ["regplug.calibrate", name]
    background = Background(
        created_by=f"regplug {VERSION}: {for_a_card(shlex.join(made_by))}",
        genome=genome.path.name,
        model=card.sha256,
        sets=tuple(of for of, _ in sets),
        data=packed(sets),
    )
    card = msgspec.structs.replace(card, background=background)
    rewrite_card(folder, card)
    return card


def _lists(
    genome: Genome, vcf: str, beds: Sequence[File], genes: str, snvs: int, seed: int
) -> Iterator[Listed]:
    """Yield the lists of variants, the default stratum first."""
    strata = [] if vcf else [Stratum(RANDOM)]
    if vcf:
        yield from common_sets(vcf, genome, snvs, seed=seed)
    if beds:
        regions = [region for bed in beds for region in read_bed(os.fspath(bed))]
        strata.append(Stratum(ELEMENTS, _renamed(regions, genome, ELEMENTS)))
    if genes:
        strata.append(Stratum(PROMOTERS, _renamed(promoters(genes), genome, PROMOTERS)))
    yield from drawn_sets(genome, strata, snvs, seed=seed)


def _renamed(regions: Sequence[Interval], genome: Genome, what: str) -> list[Interval]:
    """Return the regions that lie on contigs of the genome, under its names."""
    named = ((genome.contig(region.chrom), region) for region in regions)
    found = [Interval(contig, it.start, it.end) for contig, it in named if contig]
    if not found:
        raise GenomeError(f"no contig of the {what} is in {genome.path}: are they of its build?")
    return found


def _scored(listed: Listed, model: Model, genome: Genome, advance: Callable[[int], None]) -> Scores:
    """Return the scores of variants in their order; they are read as they lie in the genome.

    There are none of a variant that is of another kind to the model, as it is longer than half a
    window, or is not.
    """
    variants = listed.variants
    order = sorted(range(len(variants)), key=lambda i: (variants[i].chrom, variants[i].pos))
    targets = len(model.card.targets)
    ref, alt = (np.full((len(variants), targets), np.nan, np.float32) for _ in range(2))
    for start in range(0, len(order), _TOGETHER):
        part = order[start : start + _TOGETHER]
        scores = model.score([examine(variants[index], genome) for index in part], genome)
        of_kind = np.array(scores.kinds) == listed.kind
        ref[part], alt[part] = (np.where(of_kind[:, None], s, np.nan) for s in scores[:2])
        advance(len(part))
    return Scores(ref, alt, [Status.OK] * len(variants))


def _before(card: ModelCard) -> dict[BackgroundSet, bytes]:
    """Return what was measured of a model before; nothing of another graph."""
    background = card.background
    if background is None or background.model != card.sha256:
        return {}
    return kept_arrays(background, len(card.targets), card.name)


def _is_of(of: BackgroundSet, listed: Listed) -> bool:
    """Tell whether a set was measured on these variants."""
    same = (of.stratum, of.kind, of.list) == (listed.stratum, listed.kind, listed.digest)
    return same and of.variants == len(listed.variants)


def _measured(
    listed: Listed, scores: Scores, name: str
) -> list[tuple[BackgroundSet, Scores | bytes]]:
    """Return the set with its scores; none of a kind of which too few were scored."""
    scored = int((~np.isnan(scores.ref).any(axis=1)).sum())
    if scored < FEWEST:
        if listed.kind != SNV:
            return []
        raise ModelError(
            f"{name} scores {scored} of {len(listed.variants)} SNVs of {listed.stratum}, and "
            f"{FEWEST} are needed: give more variants, or a genome where it can score them"
        )
    of = BackgroundSet(
        stratum=listed.stratum,
        kind=listed.kind,
        variants=len(listed.variants),
        scored=scored,
        list=listed.digest,
    )
    return [(of, scores)]
