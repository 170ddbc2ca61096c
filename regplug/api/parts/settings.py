"""A run that is made in parts ─settings_of→ Settings: what its parts have in common."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from regplug.api.models import OpenModel
from regplug.api.parts.same import file_state, version_of, whole_path
from regplug.errors import OutputError
from regplug.files.version import VERSION
from regplug.genome.fasta import index_sha256
from regplug.hooks.writer import Plan, VariantWriter
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import BackendOptions


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
