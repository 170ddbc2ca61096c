"""How well a model finds what is open along a genome, beside two that know no more than letters.

Tiles, Backend ─score_tiles→ TileScores ─measure_tiles→ a TileTest per target and score
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.measure.blocks import BlockAreas, block_areas, blocks_of, draw_blocks
from regplug.data.measure.kmers import K, WordRegression
from regplug.data.measure.sites import check_part
from regplug.data.sites.parts import PARTS
from regplug.data.sites.sites import UNLABELLED, Sites
from regplug.errors import DataError, ModelError
from regplug.genome.codes import UNKNOWN, Codes
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard, as_label
from regplug.scoring.sequences import predict_codes

TOGETHER = 256  # tiles in memory
GC, WORDS = "GC", f"{K}-mers"  # names of the baselines


class TileScores(NamedTuple):
    """Scores of the tiles of a part, in their order along the genome."""

    names: list[str]  # of the targets
    scores: dict[str, NDArray[np.float32]]  # model, GC, WORDS → (n, targets)
    opened: NDArray[np.uint8]  # (n, targets), 0 or 1, or UNLABELLED
    contigs: NDArray[np.int32]  # (n,)
    starts: NDArray[np.int64]  # (n,)


class TileTest(NamedTuple):
    """How good a score is at a target."""

    target: str
    score: str
    tiles: int  # that are known
    opened: int
    areas: BlockAreas


def check_tiles(sites: Sites, part: str, card: ModelCard) -> None:
    """Check that a part of a set is all tiles along a genome, and that a model reads them.

    Raises:
        DataError: it is not, has no tiles, or they are not as long as the model's window.
    """
    along = sites.card.along
    if sites.card.joined:
        raise DataError(f"{sites.path} is joined from several sets: test on each by itself")
    if along is None:
        raise DataError(
            f"{sites.path} is no set of tiles along a genome: make it with "
            "regplug prepare basset --along"
        )
    if part == PARTS[0] and along.closed is not None:
        raise DataError(
            f"the closed tiles in part {part} of {sites.path} were drawn, and are not those along "
            "the genome: test on another --part"
        )
    check_part(sites, part, card)


def shared_targets(
    sites: Sites, card: ModelCard, renamed: Mapping[str, str]
) -> tuple[list[int], list[int]]:
    """Return which of the set's samples the model has, and which of its targets they are.

    `renamed` says what samples are called in the model, where it is another name.

    Raises:
        DataError: it names a sample that the set lacks.
        ModelError: it names a target that the model lacks, or the two share none.
    """
    if strangers := sorted(set(renamed) - set(sites.samples)):
        raise DataError(f"{sites.path} has no sample {strangers[0]}; it has {_list(sites.samples)}")
    places = {label: at for at, label in enumerate(card.labels)}
    pairs = []
    for at, sample in enumerate(sites.samples):
        name = renamed.get(sample, sample)
        place = places.get(name, places.get(as_label(name)))
        if place is None and sample in renamed:
            raise ModelError(f"{card.name} has no target {name}; it has {_list(card.labels)}")
        if place is not None:
            pairs.append((at, place))
    if not pairs:
        raise ModelError(
            f"{card.name} has no target of {sites.path}: the set has {_list(sites.samples)}, the "
            f"model {_list(card.labels)}; pair them with --as SAMPLE=TARGET"
        )
    return [sample for sample, _ in pairs], [target for _, target in pairs]


def score_tiles(
    sites: Sites,
    part: str,
    backend: Backend,
    words: WordRegression,
    *,
    columns: Sequence[int],
    targets: Sequence[int],
    progress: Callable[[int], None] = lambda tiles: None,
) -> TileScores:
    """Return the scores of a part's tiles by a model and both baselines.

    Args:
        sites: the set.
        part: of it.
        backend: the model.
        words: the regression, of the samples in `columns`.
        columns: samples of the set.
        targets: which of the model's each of them is.
        progress: called with the number of tiles in each batch that is done.

    Raises:
        BackendError: the model fails.
        DataError: the set is damaged.
    """
    shape = sites.count(part), len(columns)
    model = backend.card.name
    scores = {name: np.empty(shape, np.float32) for name in (model, GC, WORDS)}
    opened = np.empty(shape, np.uint8)
    done = 0
    for batch in sites.batches(part, TOGETHER):
        rows = slice(done, done + len(batch.codes))
        scores[model][rows] = predict_codes(batch.codes, backend)[:, list(targets)]
        scores[GC][rows] = gc_share(batch.codes)[:, None]
        scores[WORDS][rows] = words.scores(batch.codes)
        opened[rows] = batch.targets[:, list(columns)]
        done = rows.stop
        progress(len(batch.codes))
    here = sites.parts == PARTS.index(part)
    names = [sites.samples[at] for at in columns]
    return TileScores(names, scores, opened, sites.contigs[here], sites.starts[here])


def gc_share(codes: Codes) -> NDArray[np.float32]:
    """Return the share of G and C in the known bases of tiles (n, bases), (n,); 0 without any."""
    strong = ((codes == 1) | (codes == 2)).sum(axis=1)
    share: NDArray[np.float32] = strong / np.maximum((codes < UNKNOWN).sum(axis=1), 1)
    return share.astype(np.float32)


def measure_tiles(scored: TileScores, *, block: int, bootstraps: int) -> Iterator[TileTest]:
    """Yield how good each score is at each target, over the tiles at which it is known.

    All scores of a target have the same bootstraps, of blocks of `block` bases.

    Raises:
        DataError: no target has both classes.
    """
    both = (scored.opened == 1).any(axis=0) & (scored.opened == 0).any(axis=0)
    if not both.any():
        raise DataError("no target has both open and closed tiles in this part: test on another")
    blocks = blocks_of(scored.contigs, scored.starts, block)
    draws = draw_blocks(int(blocks.max()) + 1, bootstraps)
    for at, target in enumerate(scored.names):
        known = scored.opened[:, at] != UNLABELLED
        labels = scored.opened[known, at]
        for name, scores in scored.scores.items():
            areas = block_areas(labels, scores[known, at], blocks[known], draws)
            yield TileTest(target, name, len(labels), int(labels.sum()), areas)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
