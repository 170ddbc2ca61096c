"""Contributions along the genome: files of contributions ─write_bigwigs→ a bigWig per target.

Where sequences overlap, a base has the value of the one whose middle is nearer.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from regplug.files.extras import needs
from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Named
from regplug.tracks.bigwig import bigwigs


def write_bigwigs(
    paths: Sequence[Path],
    files: Sequence[Path],
    sequences: Sequence[Named],
    contigs: Mapping[str, int],
) -> None:
    """Write contributions of the bases that are there.

    Args:
        paths: of the bigWigs.
        files: of the contributions, one for each.
        sequences: in the order of the files; those without a place are left out.
        contigs: of the genome, name → length.

    Raises:
        OSError: the disk is full.
    """
    with needs("attribute"):
        import h5py
    with ExitStack() as stack:
        opened = [stack.enter_context(h5py.File(file, "r")) for file in files]
        tracks = stack.enter_context(bigwigs(paths, contigs))
        for row, start, own in own_bases(sequences, contigs):
            part = slice(own.start - start, own.end - start)
            values = [file["projected_shap/seq"][row, :, part].sum(axis=0) for file in opened]
            edges = np.arange(own.start, own.end + 1, dtype=np.int64)
            tracks.write(own.chrom, edges, np.stack(values, axis=1).astype(np.float32))


def own_bases(
    sequences: Sequence[Named], contigs: Mapping[str, int]
) -> Iterator[tuple[int, int, Interval]]:
    """Yield number, start and own bases of each sequence that has some, in the genome's order."""
    order = {contig: at for at, contig in enumerate(contigs)}
    placed = sorted(
        (order[place.chrom], place.start, place.end, row)
        for row, (_, place) in enumerate(sequences)
        if place
    )
    names = list(contigs)
    for at, (contig, start, end, row) in enumerate(placed):
        low, high = max(start, 0), min(end, contigs[names[contig]])
        if at and placed[at - 1][0] == contig:
            low = max(low, _between(placed[at - 1], placed[at]))
        if at + 1 < len(placed) and placed[at + 1][0] == contig:
            high = min(high, _between(placed[at], placed[at + 1]))
        if low < high:
            yield row, start, Interval(names[contig], low, high)


def _between(left: tuple[int, int, int, int], right: tuple[int, int, int, int]) -> int:
    """Return where the bases that are nearer to the right sequence's middle begin."""
    return (left[1] + left[2] + right[1] + right[2]) // 4
