"""Less memory than a batch takes: it is run in parts, or the error says what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.toy_models import gc_model

FAULT = pytest.mark.fault
LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from regplug.errors import BackendError
from regplug.models.embedded import Embedded

backend = Embedded(Path(sys.argv[1]), threads=1)
codes = np.ones((64, backend.card.window), np.uint8)
codes[::2] = 0
backend.predict(codes[:1])
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped + int(sys.argv[2]), ) * 2)
try:
    print(backend.predict(codes)[:, 0].tolist())
except BackendError as error:
    print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
@pytest.mark.parametrize("spare", [150_000_000, 300_000_000, 600_000_000])
@FAULT("memory", "a batch that is larger than the memory")
def test_a_large_batch(tmp_path, spare):
    """64 rows take 1 GB between two layers."""
    window = 1 << 20
    gc_model(tmp_path, window=window)
    line = [sys.executable, "-c", LIMITED, str(tmp_path / "gc"), str(spare)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{[0.0, float(window)] * 32}\n"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
@FAULT("memory", "a row that is larger than the memory")
def test_a_large_row(tmp_path):
    gc_model(tmp_path, window=1 << 20)
    line = [sys.executable, "-c", LIMITED, str(tmp_path / "gc"), "1000000"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the memory is full where gc reads 1048576 bases: ")
    assert done.stderr == ""
