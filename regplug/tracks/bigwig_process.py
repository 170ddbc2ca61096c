"""values → bigWigs: the process that `bigwig.bigwigs` starts; it writes what it reads from stdin.

When a disk is full, libBigWig crashes, loops for ever, or says nothing; here that harms nobody.
First comes a line of JSON, `[paths, [[contig, length], ...]]`; then for each run of values a line
`[contig, count]`, the int64 edges (count + 1,) and the float32 values (files, count).
"""

import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
from numpy.typing import NDArray

LAST = struct.pack("<I", 0x888FFC26)  # a bigWig ends as it begins
LONGEST = 2.0  # seconds of processor time for a run in one file
FEW = 32  # values that are not worth a block of their own


def main() -> None:
    """Write the bigWigs; exit with an error if one is not complete."""
    told = sys.stdin.buffer
    paths, contigs = json.loads(told.readline())
    files = [pyBigWig.open(path, "w") for path in paths]
    for file in files:
        file.addHeader([(name, length) for name, length in contigs])
    while line := told.readline():
        contig, count = json.loads(line)
        edges = np.frombuffer(told.read(8 * (count + 1)), np.int64)
        values = np.frombuffer(told.read(4 * count * len(files)), np.float32)
        for file, each in zip(files, values.reshape(len(files), count), strict=True):
            signal.setitimer(signal.ITIMER_PROF, LONGEST)  # it would end the process
            add(file, contig, edges, each)
    signal.setitimer(signal.ITIMER_PROF, 0)
    for file in files:
        file.close()
    for path in paths:
        with Path(path).open("rb") as written:
            written.seek(-len(LAST), os.SEEK_END)
            if written.read() != LAST:
                sys.exit(f"{path} is not complete")


def add(file: Any, contig: str, edges: NDArray[np.int64], values: NDArray[np.float32]) -> None:
    """Add the values of the bases between each two edges."""
    sizes = np.diff(edges)
    if len(values) >= FEW and (sizes == sizes[0]).all():
        size = int(sizes[0])
        file.addEntries(contig, int(edges[0]), values=values, span=size, step=size)
    else:
        file.addEntries([contig] * len(values), edges[:-1], ends=edges[1:], values=values)


if __name__ == "__main__":
    main()
