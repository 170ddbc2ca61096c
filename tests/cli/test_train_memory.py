"""Memory that training frees stays with the process: the system need not clear it again."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from regplug.cli.train.memory import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
np.ones(50 << 17)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(50 << 17)  # 50 MiB
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is of glibc's malloc")
def test_arrays_that_are_freed_are_not_handed_back():
    """Page faults of 20 arrays, one after the other: of all of them, or of none."""

    def faults(how):
        done = subprocess.run(
            [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("handed back") > 20 * faults("kept") + 20
