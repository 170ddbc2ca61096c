"""Parts of a VCF: blocks of records ─Job→ `score_part`, anywhere ─Part→ in order the outputs."""

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import NamedTuple

import msgspec

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
from regplug.errors import OutputError
from regplug.files.output import naming
from regplug.files.version import VERSION
from regplug.genome.fasta import Genome, index_sha256
from regplug.genome.transcripts import Transcripts, transcripts_of
from regplug.genome.variant import Status
from regplug.hooks.manager import plugin_manager, writer_for
from regplug.hooks.writer import Plan, VariantWriter
from regplug.models.cache import Cache
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import BackendOptions
from regplug.scoring.model import Model
from regplug.vcf.annotate import Tally, annotate_records
from regplug.vcf.blocks import Records, blocks
from regplug.vcf.lookup import Lookup
from regplug.vcf.outputs import Output, outputs
from regplug.vcf.records import VariantReader

RECORDS = 10_000  # of a part
_ONE_AT_A_TIME = threading.Lock()  # a model uses threads of its own


class Files(NamedTuple):
    """What a run reads besides its records: paths, "" where there is none.

    Attributes:
        fasta: reference.
        genes: GTF, GFF3 or BED12.
        repo: folder of models, or a server's URL.
        cache: of predictions.
        table: to fill in from.
    """

    fasta: str | Path
    genes: str
    repo: str
    cache: str
    table: str = ""


class Settings(msgspec.Struct, frozen=True):
    """What all parts of a run have in common.

    Attributes:
        models: name → version and sha256 (see `version_of`).
        asked: what is asked of each of them.
        dropped: tags of an earlier run, to be left out.
        suffixes: of the files that a part is written to, in the order of the outputs.
        fasta: reference.
        fai: sha256 of its index.
        sources: sizes and times of the reference, the genes and the table, so that others are told
            from them.
        force: go on though REFs are of another build.
        regplug: version.
        genes: GTF, GFF3 or BED12, or "".
        repo: folder of models, or a server's URL; "": as installed.
        cache: of predictions, or "".
        table: to fill in from, or "".
        options: how to run the models.
    """

    models: dict[str, tuple[str, str]]
    asked: dict[str, FieldOptions]
    dropped: tuple[str, ...]
    suffixes: tuple[str, ...]
    fai: str
    sources: tuple[tuple[int, int], ...]
    force: bool
    regplug: str
    fasta: str
    genes: str
    repo: str
    cache: str
    table: str
    options: BackendOptions

    @property
    def identity(self) -> bytes:
        """Return what an answer depends on: all but where things lie and how models are run."""
        told = msgspec.to_builtins(self)
        for name in ("fasta", "genes", "repo", "cache", "table", "options"):
            del told[name]
        told["precision"] = self.options.precision
        return msgspec.json.encode(told, order="deterministic")


def settings_of(
    run: Iterable[OpenModel],
    asked: Mapping[str, FieldOptions],
    plan: Plan,
    writers: Iterable[type[VariantWriter]],
    files: Files,
    options: BackendOptions,
    *,
    force: bool,
) -> Settings:
    """Return the settings of a run, as `api.annotate` has prepared it.

    Raises:
        OutputError: an output cannot be made in parts.
    """
    fasta, genes = whole_path(str(files.fasta)), whole_path(files.genes)
    table = whole_path(files.table)
    return Settings(
        models={model.card.name: version_of(model.backend) for model in run},
        asked=dict(asked),
        dropped=tuple(sorted(plan.dropped)),
        suffixes=tuple(_part_suffix(writer) for writer in writers),
        fai=index_sha256(Path(fasta)),
        sources=tuple(file_state(name) for name in (fasta, genes, table) if name),
        force=force,
        regplug=VERSION,
        fasta=fasta,
        genes=genes,
        repo=whole_path(files.repo),
        cache=whole_path(files.cache),
        table=table,
        options=options,
    )


def _part_suffix(writer: type[VariantWriter]) -> str:
    suffix = getattr(writer, "part_suffix", "")
    if not suffix:
        raise OutputError(
            f"an output {writer.suffixes[0]} cannot be made in parts: leave out --resume and "
            "--executor"
        )
    return str(suffix)


class Job(NamedTuple):
    """A part to be scored: its number, its records as a VCF, and the settings of the run."""

    number: int
    vcf: bytes
    settings: Settings

    @property
    def key(self) -> str:
        """Return a digest of all that the part's answer depends on."""
        return hashlib.sha256(self.settings.identity + b"\n" + self.vcf).hexdigest()


class Counts(msgspec.Struct, frozen=True):
    """What is told of a part.

    Attributes:
        records: how many.
        alts: how many.
        statuses: model → status → ALTs.
        renamed: contigs, as the VCF calls them → as the FASTA does.
        filled: ALTs whose values come from a table.
    """

    records: int
    alts: int
    statuses: dict[str, dict[str, int]]
    renamed: dict[str, str]
    filled: int

    @property
    def tally(self) -> Tally:
        """Return the counts as a run has them."""
        counts = {
            model: Counter({Status(status): count for status, count in each.items()})
            for model, each in self.statuses.items()
        }
        return Tally(self.alts, self.records, counts, self.filled)


def in_parts(
    records: Records,
    settings: Settings,
    parting: Parting,
    writers: Sequence[Output],
    *,
    progress: Callable[[Tally], None],
) -> tuple[Tally, dict[str, str]]:
    """Score records in parts and write them in order; return the counts, and the contigs' names.

    Args:
        records: of the run.
        settings: of the run.
        parting: how and where.
        writers: one for each of `settings.suffixes`, in their order.
        progress: called with the counts of each part.

    Raises:
        RegplugError: as `finished`.
    """
    tally = Tally(0, 0, {name: Counter() for name in settings.models})
    renamed: dict[str, str] = {}
    cut = blocks(records, parting.size)
    jobs = (Job(number, block, settings) for number, block in enumerate(cut))
    for part in finished(score_part, jobs, parting):
        for suffix, writer in zip(settings.suffixes, writers, strict=True):
            writer.append(gzip.decompress(part.files[suffix]))
        counts = msgspec.json.decode(part.told, type=Counts)
        tally.add(counts.tally)
        renamed |= counts.renamed
        progress(counts.tally)
    _ready.cache_clear()  # which closes what this process kept open
    return tally, renamed


def score_part(job: Job) -> Part:
    """Return the part, scored in this process, which keeps the models for the next.

    Raises:
        ModelError: a model here is another than that of the run.
        GenomeError: so is the FASTA.
        PluginError: so is regplug.
        OutputError: the disk for temporary files is full ($TMPDIR names another).
        RegplugError: as `annotate`.
    """
    with _ONE_AT_A_TIME:
        ready = _ready(_Hashed(job.settings))
        with confirmed(ready.run):
            return _score(job, ready)


def _score(job: Job, ready: "_Ready") -> Part:
    with naming(gettempdir()), TemporaryDirectory(prefix="regplug-") as place, ExitStack() as stack:
        folder = Path(place)
        (folder / "part.vcf").write_bytes(job.vcf)
        reader = stack.enter_context(closing(VariantReader(str(folder / "part.vcf"))))
        models = ready.models(job.settings.asked)
        plan = Plan("", job.settings.dropped, [model.card for model in models])
        paths = {suffix: folder / f"scored{suffix}" for suffix in job.settings.suffixes}
        kinds = {str(path): _kind(path) for path in paths.values()}
        with outputs(kinds, plan, {}) as writers:
            tally = annotate_records(
                *(reader, models, ready.genome),
                writers=writers,
                genes=ready.genes,
                lookup=ready.table,
                force=job.settings.force,
            )
        files = {
            suffix: gzip.compress(path.read_bytes(), 1, mtime=0) for suffix, path in paths.items()
        }
    told = Counts(
        *(tally.records, tally.alts),
        {name: _plain(counts) for name, counts in tally.by_model.items()},
        *(dict(ready.genome.renamed), tally.filled),
    )
    return Part(job.number, job.key, files, msgspec.json.encode(told))


def _plain(counts: Mapping[Status, int]) -> dict[str, int]:
    return {str(status): count for status, count in counts.items()}


def _kind(path: Path) -> type[VariantWriter]:
    kind = writer_for(plugin_manager(), path.name)
    assert kind is not None, path
    return kind


class _Hashed:
    """Settings as the key of a cache."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._identity = msgspec.json.encode(settings, order="deterministic")

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self._identity == other._identity


class _Ready(NamedTuple):
    """What is open for all parts of a run that this process scores, and what keeps it open."""

    run: Sequence[OpenModel]
    genome: Genome
    genes: Transcripts | None
    cache: Cache | None
    table: Lookup | None
    stack: ExitStack

    def models(self, asked: Mapping[str, FieldOptions]) -> list[Model]:
        """Return the models as they were opened: what they remember of other parts changes none."""
        return [
            model.for_variants(asked[model.card.name], self.genes, self.cache) for model in self.run
        ]


@lru_cache(maxsize=1)
def _ready(hashed: _Hashed) -> _Ready:
    """Return the models, the genome and the genes of a run, opened once in a process."""
    settings = hashed.settings
    check_version(settings.regplug)
    stack = ExitStack()
    run = stack.enter_context(kept_open(settings.models, settings.repo or None, settings.options))
    for model in run:
        check_model(model.backend, settings.models[model.card.name])
    genome = stack.enter_context(Genome(settings.fasta))
    check_genome(genome, settings.fai)
    genes = transcripts_of(settings.genes, genome)
    cache = stack.enter_context(Cache(settings.cache)) if settings.cache else None
    table = None
    if settings.table:
        table = stack.enter_context(closing(Lookup(settings.table, genome)))
    return _Ready(run, genome, genes, cache, table, stack)
