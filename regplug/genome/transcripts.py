"""Which strand is transcribed where, from a GTF; for models of RNA."""

from collections import defaultdict
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from regplug.errors import UNREADABLE, GenomeError
from regplug.files.lines import lines_in
from regplug.genome.regions import position
from regplug.genome.variant import Interval

Strand = Literal["+", "-"]
STRANDS: tuple[Strand, ...] = ("+", "-")


class Transcripts:
    """The stretches of each strand that a gene covers."""

    def __init__(self, path: str) -> None:
        """Read the `gene` lines of a GTF (gzipped or not), or `transcript` lines if it has none.

        Raises:
            GenomeError: the file cannot be read, or holds neither.
        """
        kinds: dict[str, dict[tuple[str, str], list[tuple[int, int]]]] = {
            "gene": defaultdict(list),
            "transcript": defaultdict(list),
        }
        try:
            for line in lines_in(path):
                cells = line.split("\t", 7)
                if len(cells) == 8 and cells[2] in kinds and cells[6] in "+-":
                    spans = kinds[cells[2]][cells[0].removeprefix("chr"), cells[6]]
                    start, end = map(position, cells[3:5])
                    if start is None or end is None:
                        raise ValueError(f"no span, {cells[3][:20]} to {cells[4][:20]}")
                    spans.append((start - 1, end))
        except UNREADABLE as error:
            raise GenomeError(f"cannot read the genes in {path}: {error}") from error
        found = kinds["gene"] or kinds["transcript"]
        if not found:
            raise GenomeError(f"{path} has no gene or transcript line: is it a GTF?")
        self._spans = {key: _joined(spans) for key, spans in found.items()}

    def covers(self, interval: Interval, strand: Strand) -> bool:
        """Tell if a gene on `strand` covers a base of `interval`; a leading `chr` is ignored."""
        spans = self._spans.get((interval.chrom.removeprefix("chr"), strand))
        if spans is None:
            return False
        # Spans are joined, so only the last that starts before the interval's end can reach it.
        last = int(np.searchsorted(spans[:, 0], interval.end)) - 1
        return last >= 0 and bool(spans[last, 1] > interval.start)


def _joined(spans: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the spans (0-based, half-open) sorted and joined, shape (n, 2)."""
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return np.array(joined, np.int64)
