"""Sets of sites ─join_sites→ one set, of the samples of all; unknown where a set says nothing.

Sets ─keys→ sites to train on that are held out elsewhere ─Sites.read→ SitesWriter → file
"""

from collections import Counter
from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.beside import BESIDE, write_beside
from regplug.data.sites.from_genome import check_labelled
from regplug.data.sites.parts import TRAIN, GivenSplit
from regplug.data.sites.samples import Settings
from regplug.data.sites.sites import GRADES, UNLABELLED, Sites, SitesCard
from regplug.data.sites.summary import Counts
from regplug.data.sites.widen import Flanks
from regplug.data.sites.writer import SitesWriter
from regplug.errors import DataError
from regplug.files.output import check_paths, complete, naming
from regplug.files.sources import sources_of
from regplug.genome.codes import Codes, reverse_complement

TOGETHER = 4096  # sites in memory
HELD_OUT = "sites left out of training: another set holds the same sequence out"

Progress = Callable[[str, int, int], None]


def join_sites(
    paths: Sequence[Path],
    output: Path,
    *,
    widen: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> tuple[SitesCard, Counts]:
    """Write the sites of all sets to `output`; return its card and what is in it.

    Sites keep their parts. Samples are united by name; where a set does not have a sample, its
    sites say nothing of it. Contigs of one name in several sets are called NAME@SET, as they may
    be of several genomes. A site that one set trains on is left out where another holds the same
    sequence out, on either strand.

    Args:
        paths: of the sets.
        output: of the HDF5 file.
        widen: seed; sites shorter than the longest are put into the middle of tiles that are drawn
            from those to train on and open in no sample, see `Flanks`. None: all are of one length.
        progress: called with what is done, how much of it, and of how much.

    Raises:
        DataError: a set is damaged, or sets differ in the length of their sites.
        OutputError: a file cannot be written, or would replace one that is read.
    """
    outputs = [output, *(output.with_name(output.stem + suffix) for suffix in BESIDE)]
    check_paths(outputs, paths)
    with ExitStack() as stack:
        sets = [stack.enter_context(Sites(path)) for path in paths]
        if widen is None:
            _check(sets)
        samples = list(dict.fromkeys(name for sites in sets for name in sites.samples))
        partials = [stack.enter_context(complete(path)) for path in outputs]
        with naming(output):
            card = _write(partials[0], sets, samples, widen, progress)
        counts = write_beside(outputs, partials)
        check_labelled(counts)
    return card, counts


def _check(sets: Sequence[Sites]) -> None:
    """Raise DataError unless all sets have sites of one length."""
    first = sets[0]
    for other in sets[1:]:
        lengths = [sites.card.settings.length for sites in (first, other)]
        if lengths[0] != lengths[1]:
            raise DataError(
                f"{first.path} has sites of {lengths[0]} bases, {other.path} of {lengths[1]}: make "
                "both with one --length, or give --widen"
            )


def _write(
    path: Path,
    sets: Sequence[Sites],
    samples: Sequence[str],
    widen: int | None,
    progress: Progress,
) -> SitesCard:
    """Write the HDF5 file to `path`; return its card."""
    length, total = max(sites.card.settings.length for sites in sets), sum(map(len, sets))
    flanks = None if widen is None else Flanks(sets, length, widen)
    held = _held_out(sets, progress)
    graded = {name for sites in sets for name in sites.card.graded}
    peaks, parts, left_out = Counter[str](), [], 0
    with SitesWriter(path, length, _contigs(sets), samples) as writer:
        first = done = 0  # contig of the set's first name; sites done
        for sites in sets:
            columns = [samples.index(name) for name in sites.samples]
            peaks += Counter(dict(zip(sites.samples, sites.peaks.tolist(), strict=True)))
            for low in range(0, len(sites), TOGETHER):
                rows = slice(low, min(len(sites), low + TOGETHER))
                batch = sites.read(rows.start, rows.stop, graded=True)
                part = sites.parts[rows]
                kept = (part != TRAIN) | ~np.isin(_keys(batch.codes), held)
                left_out += int((~kept).sum())
                targets = np.full((len(part), len(samples)), UNLABELLED, np.uint8)
                targets[:, columns] = _as_grades(batch.targets, sites, graded)
                codes, starts = batch.codes, sites.starts[rows]
                if flanks and codes.shape[1] < length:
                    starts = np.maximum(starts - flanks.before(codes.shape[1]), 0)
                    codes = flanks.around(codes)
                for contig in np.unique(sites.contigs[rows]).tolist():
                    here = kept & (sites.contigs[rows] == contig)
                    writer.add(first + contig, starts[here], codes[here], targets[here])
                    parts.append(part[here])
                done += len(part)
                progress("sites", done, total)
            first += len(sites.names)
        settings = Settings(split=GivenSplit(), length=length, overlap=0, centres="given")
        card = SitesCard(
            settings=settings,
            unknown=any(sites.card.unknown or len(sites.samples) < len(samples) for sites in sets),
            graded=tuple(name for name in samples if name in graded),
            joined=tuple(sites.card for sites in sets),
            widened=widen,
            sources=sources_of(sites.path for sites in sets),
            counts={HELD_OUT: left_out} if left_out else {},
        )
        writer.finish(card, np.concatenate(parts), [peaks[name] for name in samples])
    return card


def _as_grades(targets: NDArray[np.uint8], sites: Sites, graded: Set[str]) -> NDArray[np.uint8]:
    """Return a set's targets (n, samples); of samples graded elsewhere, 1 is the highest grade."""
    raised = np.isin(sites.samples, list(graded)) & ~sites.is_graded
    return np.where(raised & (targets == 1), np.uint8(GRADES), targets)


def _contigs(sets: Sequence[Sites]) -> list[str]:
    """Return the names of the sets' contigs, one set after another."""
    seen = Counter(name for sites in sets for name in set(sites.names))
    stems = Counter(sites.path.stem for sites in sets)
    names = []
    for at, sites in enumerate(sets, start=1):
        stem = sites.path.stem if stems[sites.path.stem] == 1 else f"{at}.{sites.path.stem}"
        names += [f"{name}@{stem}" if seen[name] > 1 else name for name in sites.names]
    return names


def _held_out(sets: Sequence[Sites], progress: Progress) -> NDArray[np.uint64]:
    """Return the keys of all sequences that a set holds out."""
    keys = [np.empty(0, np.uint64)]
    for at, sites in enumerate(sets):
        progress("held-out sites", at, len(sets))
        for low in range(0, len(sites), TOGETHER):
            held = sites.parts[low : low + TOGETHER] != TRAIN
            if held.any():
                keys.append(_keys(sites.read(low, low + TOGETHER).codes[held]))
    return np.unique(np.concatenate(keys))


def _keys(codes: Codes) -> NDArray[np.uint64]:
    """Return a number per sequence (n,), the same for both strands: 64 bits of a hash."""
    both = zip(codes, reverse_complement(codes), strict=True)
    lesser = (min(forward.tobytes(), other.tobytes()) for forward, other in both)
    hashes = [int.from_bytes(blake2b(strand, digest_size=8).digest()) for strand in lesser]
    return np.array(hashes, np.uint64)
