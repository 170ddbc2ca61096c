"""Write a damaged file once more: `python -m tests.fuzz.again KIND SEED NUMBER > FILE`."""

import sys
import tempfile
from pathlib import Path

from tests.fuzz.kinds import KINDS
from tests.fuzz.worker import case_of
from tests.fuzz.world import make_world

if __name__ == "__main__":
    kind, seed, number = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        seeds = list(KINDS[kind].seeds(world))
        data = case_of(KINDS[kind], world, seeds, {"kind": kind, "seed": seed}, int(number))
    sys.stdout.buffer.write(data)
