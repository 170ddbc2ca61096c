"""Run one program once, in a process of its own.

python -m benchmarks.peers.once PROGRAM JOB.json RESULT.json
"""

import json
import os
import sys
from pathlib import Path

from benchmarks.peers import programs
from benchmarks.peers.job import Job, measured


def main() -> None:
    """Make ready what argv names, and measure it."""
    name, job, result = sys.argv[1:]
    *paths, window, server = json.loads(Path(job).read_bytes())
    given = Job(*(Path(path) for path in paths), window, server)
    os.chdir(given.folder)  # gReLU writes logs where it is
    measured(getattr(programs, name)(given), Path(result))


if __name__ == "__main__":
    main()
