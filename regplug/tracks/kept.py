"""What a folder of tracks is of ─Kept→ tracks.json beside them ─track_set→ TrackSet, for views."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, GenomeError, OutputError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Variant
from regplug.hooks.track_writer import Kind, TrackFile, TrackSet
from regplug.scoring.card import ModelCard

KEPT = "tracks.json"


class KeptFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A track: its file's name, its target, what its values are, the smallest and the largest."""

    name: str
    target: str
    kind: Kind
    low: float
    high: float


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tracks in a folder are of.

    Attributes:
        form: counts changes of this file.
        model: name of the card.
        sha256: of the model's graph.
        fasta: name of the reference, without folders.
        fai_sha256: of its index.
        assembly: as the user or the VCF names it.
        regions: that the tracks cover: contig, start, end, 0-based and half-open.
        variants: contig, 1-based position, REF, ALT and ID, as they stand in the VCF.
        differences: ALT - REF at the variants, little-endian float32, a row per variant and a
            column per target; NaN where there is no score. In base64.
        files: the tracks.
    """

    form: Literal["tracks 1"]
    model: str
    sha256: str
    fasta: str
    fai_sha256: str
    assembly: str | None
    regions: tuple[tuple[str, int, int], ...]
    variants: tuple[tuple[str, int, str, str, str], ...]
    differences: bytes
    files: tuple[KeptFile, ...]


def keep(
    card: ModelCard,
    genome: Genome,
    assembly: str | None,
    regions: Sequence[Interval],
    *,
    variants: Sequence[Variant] = (),
    ids: Sequence[str] = (),
    differences: NDArray[np.float32] | None = None,
) -> Kept:
    """Return what tracks will be of; they have no files yet.

    Args:
        card: of the model.
        genome: the reference.
        assembly: what browsers call it, or None.
        regions: that the tracks cover.
        variants: that they are around.
        ids: of the variants.
        differences: of the variants, shape (variants, targets).
    """
    rows = zip(variants, ids, strict=True)
    return Kept(
        "tracks 1",
        card.name,
        card.sha256,
        genome.path.name,
        genome.index_sha256,
        assembly,
        tuple((region.chrom, region.start, region.end) for region in regions),
        tuple((v.chrom, v.pos, v.ref, v.alt, name) for v, name in rows),
        b"" if differences is None else differences.astype("<f4").tobytes(),
        (),
    )


def read_kept(folder: Path) -> Kept:
    """Return what the finished tracks in a folder are of.

    Raises:
        OutputError: the folder holds none, or they are damaged, or bedGraphs.
    """
    try:
        kept = msgspec.json.decode((folder / KEPT).read_bytes(), type=Kept)
        for file in kept.files:
            if Path(file.name).name != file.name or not (folder / file.name).is_file():
                raise ValueError(f"there is no file {file.name}")
        _differences(kept)
    except UNREADABLE as error:
        raise OutputError(
            f"{folder} holds no tracks that regplug track has finished ({error}): make them anew"
        ) from error
    if other := [file.name for file in kept.files if not file.name.endswith(".bw")]:
        raise OutputError(f"{other[0]} in {folder} is no bigWig, which views need: make them anew")
    return kept


def track_set(folder: Path, kept: Kept, genome: Genome) -> TrackSet:
    """Return the finished tracks in a folder, for views of them; without a maker of maps.

    Raises:
        GenomeError: the tracks were made with another FASTA.
    """
    if genome.index_sha256 != kept.fai_sha256:
        raise GenomeError(
            f"the tracks in {folder} were made with another FASTA than {genome.path}, called "
            f"{kept.fasta}: give it with --fasta"
        )
    return TrackSet(
        folder,
        tuple(
            TrackFile(folder / file.name, kept.model, file.target, file.kind, file.low, file.high)
            for file in kept.files
        ),
        kept.assembly,
        genome,
        tuple(Interval(*region) for region in kept.regions),
        tuple(Variant(chrom, pos, ref, alt) for chrom, pos, ref, alt, _ in kept.variants),
        _differences(kept),
        ids=tuple(name for *_, name in kept.variants),
    )


def _differences(kept: Kept) -> NDArray[np.float32]:
    """Return ALT - REF, shape (variants, targets); ValueError if there are not as many."""
    targets = sum(file.kind == "difference" for file in kept.files)
    values = np.frombuffer(kept.differences, "<f4").astype(np.float32)
    return values.reshape(len(kept.variants), targets)
