"""bigWig → its values: the process that `read_bigwig.Reading` starts; it answers what it is asked.

Of a damaged file libBigWig crashes or loops; in a process of its own it cannot take the run with
it. A question is a line of JSON, `[path]` or `[path, contig, start, end]`. The answer to the first
is a line, the contigs (name → length), or an error as text; to the second a line, the count of
values or an error, and then the values as float32.
"""

import json
import signal
import sys
from typing import Any

import numpy as np
import pyBigWig

LONGEST = 120.0  # seconds of processor time for an answer; more is an endless loop


def main() -> None:
    """Answer until standard input ends."""
    path = ""
    file: Any = None
    for line in sys.stdin.buffer:
        asked, *place = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)  # SIGPROF then ends the process
        try:
            if asked != path:
                path, file = asked, pyBigWig.open(asked)
            _answer(file.values(*place, numpy=True) if place else file.chroms())
        except (RuntimeError, OverflowError, MemoryError) as error:
            path = ""
            _answer(str(error) or "it cannot be read")
        signal.setitimer(signal.ITIMER_PROF, 0)


def _answer(found: Any) -> None:
    out = sys.stdout.buffer
    if isinstance(found, np.ndarray):
        out.write(f"{len(found)}\n".encode())
        out.write(found.astype(np.float32).tobytes())
    else:
        out.write(json.dumps(found).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
