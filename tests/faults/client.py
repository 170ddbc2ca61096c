"""A client that asks a server without a pause: `python -m tests.faults.client URL SECONDS SEED`.

It prints a line after a fifth of the time, and at the end, as JSON, how many requests it made, what
was wrong with the answers, and its memory in KiB at both times.
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np

from regplug.errors import RegplugError
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.scoring.backend import BackendOptions


def resident(pid: object) -> int:
    """Return the memory of a process in KiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def main() -> None:
    """Ask until the time is over; the model gc counts G and C, and twice that."""
    url, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    rng, faults, requests, early = np.random.default_rng(seed), [], 0, 0
    start = time.monotonic()
    backend = open_backend(plugin_manager(), url, "gc", BackendOptions())
    while (passed := time.monotonic() - start) < seconds:
        codes = rng.integers(0, 4, (int(rng.integers(1, 2049)), 21), dtype=np.uint8)
        try:
            found = backend.predict(codes)
        except RegplugError as error:
            faults.append(str(error))
            continue
        counted = ((codes == 1) | (codes == 2)).sum(1)
        if not np.array_equal(found, np.stack([counted, 2 * counted], 1)):
            faults.append(f"wrong answer to {codes.shape}")
        requests += 1
        if not early and passed > seconds / 5:
            early = resident("self")
            sys.stdout.write("warm\n")
            sys.stdout.flush()
    backend.close()
    memory = [early, resident("self")]
    sys.stdout.write(json.dumps({"requests": requests, "faults": faults, "memory": memory}))


if __name__ == "__main__":
    main()
