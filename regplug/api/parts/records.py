"""Parts of a VCF: blocks of records ─Job→ `score_part`, anywhere ─Part→ in order the outputs."""

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import NamedTuple

import msgspec

from regplug.api.models import confirmed
from regplug.api.parts.folder import Part
from regplug.api.parts.opened import Opened, close, opened
from regplug.api.parts.run import Parting, finished
from regplug.api.parts.settings import Settings
from regplug.files.output import naming
from regplug.genome.variant import Status
from regplug.hooks.manager import plugin_manager, writer_for
from regplug.hooks.writer import Plan, VariantWriter
from regplug.vcf.annotate import Tally, annotate_records
from regplug.vcf.blocks import Records, blocks
from regplug.vcf.outputs import Output, outputs
from regplug.vcf.records import VariantReader

RECORDS = 10_000  # of a part
_ONE_AT_A_TIME = threading.Lock()  # a model uses threads of its own


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
    close()
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
        ready = opened(job.settings)
        with confirmed(ready.run):
            return _score(job, ready)


def _score(job: Job, ready: Opened) -> Part:
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
