"""Sets of sites from letters and labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from regplug.data.sites.parts import PARTS, RandomSplit
from regplug.data.sites.samples import Settings
from regplug.data.sites.sites import UNLABELLED, SitesCard
from regplug.data.sites.writer import SitesWriter
from regplug.genome.codes import Codes, encode


def write_sites(
    path: Path,
    sequences: Sequence[str] | Codes,
    targets: Mapping[str, Sequence[int]],
    parts: Sequence[str] = (),
) -> Path:
    """Write sites of equal length, of part test where `parts` says nothing; return the path."""
    if isinstance(sequences, np.ndarray):
        codes = sequences
    else:
        codes = np.stack([encode(letters) for letters in sequences])
    labels = np.array(list(targets.values()), np.uint8).T
    where = [PARTS.index(part) for part in (parts if len(parts) else ["test"] * len(codes))]
    settings = Settings(split=RandomSplit(0, 0.5, 0), length=codes.shape[1], overlap=0)
    with SitesWriter(path, codes.shape[1], ["chr1"], list(targets)) as writer:
        writer.add(0, np.arange(len(codes)), codes, labels)
        unknown = bool((labels == UNLABELLED).any())
        card = SitesCard(settings=settings, unknown=unknown, sources=(), counts={})
        writer.finish(card, np.array(where, np.uint8), [1] * len(targets))
    return path
