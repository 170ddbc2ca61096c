"""values → bigWigs: the process that `bigwig.bigwigs` starts; it writes what it reads from stdin.

When a disk is full, libBigWig crashes, loops for ever, or reports no error; in a process of its own
it cannot take the run with it.
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

LAST = struct.pack("<I", 0x888FFC26)  # the magic number: a bigWig begins and ends with it
LONGEST = 2.0  # seconds of processor time for a run of values in a file; more is an endless loop
FEW = (
    32  # fewer values than these are written with both edges: a block of their own takes more room
)


def main() -> None:
    """Write the bigWigs; exit with an error if a file is not complete."""
    stdin = sys.stdin.buffer
    paths, contigs = json.loads(stdin.readline())
    files = [pyBigWig.open(path, "w") for path in paths]
    for file in files:
        file.addHeader([(name, length) for name, length in contigs])
    while line := stdin.readline():
        contig, count = json.loads(line)
        edges = np.frombuffer(stdin.read(8 * (count + 1)), np.int64)
        values = np.frombuffer(stdin.read(4 * count * len(files)), np.float32)
        for file, column in zip(files, values.reshape(len(files), count), strict=True):
            signal.setitimer(signal.ITIMER_PROF, LONGEST)  # SIGPROF then ends the process
            add(file, contig, edges, column)
    signal.setitimer(signal.ITIMER_PROF, 0)
    for file in files:
        file.close()
    for path in paths:
        with Path(path).open("rb") as written:
            written.seek(-len(LAST), os.SEEK_END)
            if written.read() != LAST:
                sys.exit(f"{path} is not complete")


def add(file: Any, contig: str, edges: NDArray[np.int64], values: NDArray[np.float32]) -> None:
    """Add values (n,): value k is that of the bases [edges[k], edges[k + 1]), 0-based."""
    sizes = np.diff(edges)
    if len(values) >= FEW and (sizes == sizes[0]).all():
        size = int(sizes[0])
        file.addEntries(contig, int(edges[0]), values=values, span=size, step=size)
    else:
        file.addEntries([contig] * len(values), edges[:-1], ends=edges[1:], values=values)


if __name__ == "__main__":
    main()
