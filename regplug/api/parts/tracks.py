"""Parts of tracks along regions: pieces ─Job→ `track_part`, anywhere ─Part→ in order the files."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from regplug.api.models import OpenModel, confirmed, kept_open
from regplug.api.parts.folder import Part
from regplug.api.parts.run import Parting, finished
from regplug.api.parts.same import (
    check_genome,
    check_model,
    check_version,
    file_state,
    version_of,
    whole_path,
)
from regplug.files.version import VERSION
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.scoring.backend import BackendOptions
from regplug.tracks.bigwig import Edges, TrackFiles, Values
from regplug.tracks.loops import fill_regions
from regplug.tracks.regions import Tracked
from regplug.tracks.strands import by_strand

BASES = 1_000_000  # of a part
_SUFFIX = ".npz"
_ONE_AT_A_TIME = threading.Lock()  # a model uses threads of its own


class Settings(msgspec.Struct, frozen=True):
    """What all parts of a run have in common.

    Attributes:
        model: name.
        wanted: its version and sha256.
        companion: version and sha256 of what runs it along sequences.
        targets: indices of those to write.
        step: bases from value to value.
        strands: a track for each strand of a target.
        fai: sha256 of the index of the reference.
        source: size and time of the reference.
        regplug: version.
        fasta: reference.
        repo: folder of models, or a server's URL; "": as installed.
        options: how to run the model.
    """

    model: str
    wanted: tuple[str, str]
    companion: tuple[str, str]
    targets: tuple[int, ...]
    step: int
    strands: bool
    fai: str
    source: tuple[int, int]
    regplug: str
    fasta: str
    repo: str
    options: BackendOptions

    @property
    def identity(self) -> bytes:
        """Return what values depend on: all but where things lie and how the model is run."""
        told = msgspec.to_builtins(self)
        for name in ("fasta", "repo", "options"):
            del told[name]
        told["precision"] = self.options.precision
        return msgspec.json.encode(told, order="deterministic")


def settings_of(
    model: OpenModel,
    tracked: Tracked,
    genome: Genome,
    repo: str | None,
    options: BackendOptions,
    *,
    strands: bool,
) -> Settings:
    """Return the settings of a run of `model`, as `api.track` has prepared it."""
    return Settings(
        model=model.card.name,
        wanted=version_of(model.backend),
        companion=version_of(tracked.backend),
        targets=tuple(tracked.targets),
        step=tracked.step,
        strands=strands,
        fai=genome.index_sha256,
        source=file_state(str(genome.path)),
        regplug=VERSION,
        fasta=whole_path(str(genome.path)),
        repo=whole_path(repo or ""),
        options=options,
    )


class Job(NamedTuple):
    """A part to be made: its number, a region, and the settings of the run."""

    number: int
    region: Interval
    settings: Settings

    @property
    def key(self) -> str:
        """Return a digest of all that the part's values depend on."""
        region = f"{self.region.chrom}:{self.region.start}-{self.region.end}"
        return hashlib.sha256(self.settings.identity + region.encode()).hexdigest()


def fill_in_parts(
    regions: Sequence[Interval],
    settings: Settings,
    parting: Parting,
    progress: Callable[[int], None],
) -> Callable[[TrackFiles], None]:
    """Return what writes a model's values over regions, made in parts.

    Raises:
        RegplugError: as `finished`, when it is called.
    """

    def fill(files: TrackFiles) -> None:
        cut = [
            piece for region in regions for piece in _pieces(region, settings.step, parting.size)
        ]
        jobs = (Job(number, piece, settings) for number, piece in enumerate(cut))
        for piece, part in zip(cut, finished(track_part, jobs, parting), strict=True):
            for contig, edges, values in _unpacked(part.files[_SUFFIX]):
                files.write(contig, edges, values)
            progress(len(piece))
        _ready.cache_clear()  # which closes what this process kept open

    return fill


def track_part(job: Job) -> Part:
    """Return the part, made in this process, which keeps the model for the next.

    Raises:
        ModelError: the model here is another than that of the run.
        GenomeError: so is the FASTA.
        PluginError: so is regplug.
        RegplugError: as `tracks.loops.fill_regions`.
    """
    with _ONE_AT_A_TIME:
        run, genome, _ = _ready(job.settings)
        tracked = Tracked(run.adapter, run.for_sequences, job.settings.targets, job.settings.step)
        if job.settings.strands:
            tracked, _ = by_strand(tracked)
        made = _Recorder(len(tracked.targets))
        with confirmed([run]):
            fill_regions([job.region], tracked, genome, lambda bases: None)(made)
    return Part(job.number, job.key, {_SUFFIX: made.packed()}, b"{}")


class _Recorder(TrackFiles):
    """Takes values as files of tracks do, and keeps them."""

    def __init__(self, tracks: int) -> None:
        super().__init__(tracks)
        self._written: list[tuple[str, Edges, Values]] = []
        self._tracks = tracks

    def _write(self, contig: str, edges: Edges, values: Values) -> None:
        self._written.append((contig, edges, values))

    def packed(self) -> bytes:
        """Return what was written as a file of arrays."""
        contigs, edges, values = zip(*self._written, strict=True) if self._written else ((), (), ())
        file = BytesIO()
        np.savez_compressed(
            file,
            contigs=np.array(contigs, np.str_),
            lengths=np.array([len(each) for each in values], np.int64),
            edges=np.concatenate([np.empty(0, np.int64), *edges]),
            values=np.concatenate([np.empty((0, self._tracks), np.float32), *values]),
        )
        return file.getvalue()


def _unpacked(content: bytes) -> Iterator[tuple[str, Edges, Values]]:
    """Yield what was written to a `_Recorder`."""
    with np.load(BytesIO(content)) as arrays:
        contigs, lengths, edges, values = (
            arrays[name] for name in ("contigs", "lengths", "edges", "values")
        )
    ends = np.cumsum(lengths)
    for place, (contig, end, length) in enumerate(zip(contigs, ends, lengths, strict=True)):
        start = end - length
        yield str(contig), edges[start + place : end + place + 1], values[start:end]


def _pieces(region: Interval, step: int, size: int) -> Iterator[Interval]:
    """Yield a region in pieces of about `size` bases, cut where steps of the contig end."""
    start = region.start
    while start < region.end:
        end = min((start // step + max(1, size // step)) * step, region.end)
        yield Interval(region.chrom, start, end)
        start = end


class _Ready(NamedTuple):
    """What is open for all parts of a run that this process makes, and what keeps it open."""

    run: OpenModel
    genome: Genome
    stack: ExitStack


@lru_cache(maxsize=1)
def _ready(settings: Settings) -> _Ready:
    """Return the model and the genome of a run, opened once in a process."""
    check_version(settings.regplug)
    stack = ExitStack()
    (run,) = stack.enter_context(
        kept_open([settings.model], settings.repo or None, settings.options)
    )
    check_model(run.backend, settings.wanted)
    check_model(run.for_sequences, settings.companion)
    genome = stack.enter_context(Genome(Path(settings.fasta)))
    check_genome(genome, settings.fai)
    return _Ready(run, genome, stack)
