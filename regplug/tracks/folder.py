"""A folder of tracks, a file per target and kind, which is complete or not there."""

import re
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from regplug.errors import RegionError
from regplug.files.output import complete
from regplug.genome.fasta import Genome
from regplug.hooks.track_writer import Kind, TrackFile
from regplug.tracks.bigwig import FORMATS, TrackFiles
from regplug.tracks.kept import KEPT, Kept, KeptFile

LONGEST_NAME = 100  # characters


def write_tracks(
    folder: Path,
    model: str,
    targets: Sequence[str],
    kinds: Sequence[Kind],
    genome: Genome,
    fill: Callable[[TrackFiles], None],
    *,
    file_format: Literal["bigwig", "bedgraph"] = "bigwig",
    kept: Kept | None = None,
) -> tuple[TrackFile, ...]:
    """Make the folder of a model's tracks and return its files.

    The files are called `<target>.bw`, or `<target>.<kind>.bw` where there are several kinds.

    Args:
        folder: that appears when it is complete.
        model: the model's name.
        targets: labels.
        kinds: of values, for each target.
        genome: has the contigs.
        fill: called with the files to write values to: those of all kinds of the first target, then
            of the second ...
        file_format: of the files.
        kept: what the tracks are of, for tracks.json; None: it is not written.

    Raises:
        RegionError: `fill` wrote no value.
        OutputError: the folder cannot be written, or the disk is full.
    """
    suffix, track_files = FORMATS[file_format]
    wanted = list(product(zip(targets, file_names(targets), strict=True), kinds))
    names = [
        f"{name}.{kind}{suffix}" if len(kinds) > 1 else f"{name}{suffix}"
        for (_, name), kind in wanted
    ]
    with complete(folder) as partial:
        partial.mkdir()
        with track_files([partial / name for name in names], genome.lengths) as files:
            fill(files)
            if np.isnan(files.low).any():
                raise RegionError(
                    "no window there can be scored: over a tenth of each are unknown bases in "
                    f"{genome.path}"
                )
        made = [
            KeptFile(name, target, kind, float(low), float(high))
            for name, ((target, _), kind), low, high in zip(
                names, wanted, files.low, files.high, strict=True
            )
        ]
        if kept:
            kept = msgspec.structs.replace(kept, files=tuple(made))
            (partial / KEPT).write_bytes(msgspec.json.encode(kept))
    return tuple(
        TrackFile(folder / file.name, model, file.target, file.kind, file.low, file.high)
        for file in made
    )


def file_names(labels: Sequence[str]) -> list[str]:
    """Return a name for each label that any file system takes, and that no other label has."""
    names: dict[str, str] = {}
    for label in labels:
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", label)[:LONGEST_NAME].lstrip(".-") or "target"
        name, number = safe, 1
        while name.casefold() in names:
            number += 1
            name = f"{safe}_{number}"
        names[name.casefold()] = name
    return list(names.values())
