"""Parts of contributions: sequences ─Job→ `contribute`, anywhere ─Part→ in order the files."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np

from regplug.api.attribute.sequences import Seen
from regplug.api.attribute.ways import Make, Settings, ready
from regplug.api.models import OpenModel, confirmed, kept_open
from regplug.api.parts.folder import Part
from regplug.api.parts.run import Parting, finished
from regplug.api.parts.same import check_genome, check_model, check_version
from regplug.genome.fasta import Genome
from regplug.interpret.attribute.contributions import Contributions

SEQUENCES = 50  # of a part
_SUFFIX = ".npz"
_ONE_AT_A_TIME = threading.Lock()  # a model uses threads of its own


class Job(NamedTuple):
    """A part to be made: its number, its sequences, and the settings of the run."""

    number: int
    sequences: tuple[Seen, ...]
    settings: Settings

    @property
    def key(self) -> str:
        """Return a digest of all that the part depends on."""
        digest = hashlib.sha256(self.settings.identity)
        for name, codes, place, variant in self.sequences:
            digest.update(f"\n{name}\t{place}\t{variant}\t".encode() + codes.tobytes())
        return digest.hexdigest()


def in_parts(
    sequences: Sequence[Seen], settings: Settings, parting: Parting
) -> Iterator[tuple[Sequence[Seen], Contributions]]:
    """Yield sequences and their contributions, part by part, in order.

    Raises:
        RegplugError: as `finished`.
    """
    cut = [
        tuple(sequences[at : at + parting.size]) for at in range(0, len(sequences), parting.size)
    ]
    jobs = (Job(number, some, settings) for number, some in enumerate(cut))
    for some, part in zip(cut, finished(contribute, jobs, parting), strict=True):
        with np.load(BytesIO(part.files[_SUFFIX])) as arrays:
            yield some, Contributions(**arrays)
    _ready.cache_clear()  # which closes what this process kept open


def contribute(job: Job) -> Part:
    """Return the part, made in this process, which keeps the model for the next.

    Raises:
        ModelError: the model here is another than that of the run.
        GenomeError: so is the FASTA.
        PluginError: so is regplug.
        RegplugError: as `ready` and what it gives.
    """
    with _ONE_AT_A_TIME:
        make, run, _ = _ready(job.settings)
        file = BytesIO()
        with confirmed([run]):
            np.savez(file, **make(job.sequences)._asdict())
    return Part(job.number, job.key, {_SUFFIX: file.getvalue()}, b"{}")


@lru_cache(maxsize=1)
def _ready(settings: Settings) -> tuple[Make, OpenModel, ExitStack]:
    """Return what makes contributions, opened once in a process, its model, what keeps it open."""
    check_version(settings.regplug)
    stack = ExitStack()
    (run,) = stack.enter_context(
        kept_open([settings.model], settings.repo or None, settings.options)
    )
    check_model(run.backend, settings.wanted)
    genome = None
    if settings.fasta:
        genome = stack.enter_context(Genome(Path(settings.fasta)))
        check_genome(genome, settings.fai)
    return ready(settings, run, genome), run, stack
