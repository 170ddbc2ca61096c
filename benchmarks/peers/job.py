"""What every program is given, and what is noted of it."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

Array = NDArray[np.float32]
Work = Callable[[], Array]  # reads the VCF, scores it, writes a file; gives ALT - REF, (n, targets)
CORES = os.cpu_count() or 1


class Job(NamedTuple):
    """SNVs of a VCF, a genome and a network.

    Attributes:
        folder: where the program may write.
        vcf: plain text, SNVs of one contig.
        fasta: the genome.
        model: the network's directory in a repository of models.
        window: bases that it reads.
        server: the URL of a server that has the repository, or "".
    """

    folder: Path
    vcf: Path
    fasta: Path
    model: Path
    window: int
    server: str = ""

    @property
    def column(self) -> int:
        """Return the variant's column in a window."""
        return (self.window - 1) // 2

    def snvs(self) -> list[tuple[str, int, str, str]]:
        """Return contig, position (1-based), REF and ALT of each record."""
        with pysam.VariantFile(str(self.vcf)) as records:
            return [
                (record.chrom, record.pos, str(record.ref), record.alts[0])
                for record in records
                if record.alts
            ]


def measured(work: Work, result: Path) -> None:
    """Do the work; write how long it took and the memory of this process, and print nothing."""
    began = time.perf_counter()
    changes = work()
    seconds = time.perf_counter() - began
    # Not ru_maxrss, which a new program takes over from the one that started it.
    (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    np.save(result.with_suffix(".npy"), changes)
    noted = {"seconds": seconds, "snvs": len(changes), "megabytes": int(peak) / 1024}
    result.write_text(json.dumps(noted))


def one_hot(bases: str) -> Any:
    """Return letters (4, bases) as torch has them, unknown ones zero."""
    import torch

    letters = np.zeros((4, len(bases)), np.float32)
    for row, letter in enumerate("ACGT"):
        letters[row] = [base == letter for base in bases.upper()]
    return torch.from_numpy(letters)
