"""Which FASTA a run reads, and whether it is of the input's build."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlparse

import msgspec

from regplug.errors import UNREADABLE, ConfigError, GenomeError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Status

_ENOUGH, _FIRST, _WRONG = 20, 1000, 0.1  # wrong build: over 10 % of 20 to 1,000 REFs disagree


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The user's configuration file: `fasta` and `model_repo`, both optional."""

    fasta: str | None = None
    model_repo: str | None = None


def config_path() -> Path:
    """Return the path of the user's configuration file, which need not exist."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "regplug" / "config.toml"


def read_config() -> Config:
    """Return the user's configuration, empty if there is none.

    Raises:
        ConfigError: the file is no TOML, or has an unknown key.
    """
    path = config_path()
    if not path.is_file():
        return Config()
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Config)
    except UNREADABLE as error:
        raise ConfigError(f"{path}: {error}; it may have the keys fasta and model_repo") from error


def find_fasta(
    fasta: str | os.PathLike[str] | None,
    header_lines: Mapping[str, str] = MappingProxyType({}),
    *,
    build: str = "",
) -> str:
    """Return the FASTA to read.

    Looked for in this order: `fasta` (the --fasta option), $REGPLUG_FASTA, the configuration file,
    the `##reference=` line in `header_lines`, the genomepy genome called `build`, the assembly.

    Raises:
        GenomeError: none of the five names a file; the message lists them.
    """
    for candidate in (fasta, os.environ.get("REGPLUG_FASTA"), read_config().fasta):
        if candidate:
            return os.fspath(candidate)
    reference = header_lines.get("reference", "")
    path = unquote(urlparse(reference).path) if reference.startswith("file:") else reference
    for found in (Path(path) if path else None, *_genomepy(build)):
        if found and found.is_file():
            return str(found)
    raise GenomeError(
        "no reference FASTA. Looked for, in order:\n"
        "  1. --fasta FASTA: not given\n"
        "  2. $REGPLUG_FASTA: not set\n"
        f'  3. fasta = "..." in {config_path()}: not there\n'
        f"  4. a ##reference= line that names a file: {reference or 'none in the input'}\n"
        f"  5. an installed genomepy genome: none called {build or 'as the ##contig assembly'}\n"
        "Give one with --fasta"
    )


def _genomepy(build: str) -> Iterator[Path]:
    """Yield where genomepy keeps the FASTA of `build`."""
    if build and "/" not in build:
        home = Path(os.environ.get("GENOMES_DIR") or Path.home() / ".local/share/genomes")
        for suffix in (".fa", ".fa.gz"):
            yield home / build / f"{build}{suffix}"


def check_build(genome: Genome, contigs: Mapping[str, int | None]) -> None:
    """Compare the `##contig` lengths of a header (name → length or None) with the FASTA's.

    Raises:
        GenomeError: a length differs (the message has the contig and both lengths), or no contig is
            in the FASTA.
    """
    if contigs and not any(genome.contig(name) for name in contigs):
        raise GenomeError(
            f"no contig of the input ({next(iter(contigs))} ...) is in {genome.path}, which has "
            f"{next(iter(genome.lengths))} ...: give the right FASTA with --fasta, or --force"
        )
    for name, length in contigs.items():
        contig = genome.contig(name)
        if contig and length and genome.lengths[contig] != length:
            raise GenomeError(
                f"{name} has {length} bases in the input's header and {genome.lengths[contig]} in "
                f"{genome.path}: another genome build? Give the right one with --fasta, or --force"
            )


class BuildCheck:
    """Counts the REFs that disagree with the FASTA among the first 1,000."""

    def __init__(self, genome: Genome, *, force: bool) -> None:
        """Check against `genome`; with `force`, never raise."""
        self._genome, self._force = genome, force
        self._checked = self._wrong = 0

    def see(self, statuses: Iterable[Status]) -> None:
        """Count the statuses of a batch of ALTs.

        Raises:
            GenomeError: over a tenth of the REFs so far (20 or more) disagree.
        """
        for status in statuses:
            if self._checked < _FIRST:
                self._wrong += status is Status.REF_MISMATCH
                self._checked += status in (Status.OK, Status.REF_MISMATCH)
        if self._checked >= _ENOUGH and self._wrong > _WRONG * self._checked and not self._force:
            raise GenomeError(
                f"{self._wrong} of the first {self._checked} REFs disagree with "
                f"{self._genome.path}: is it another genome build? "
                "Give the right one with --fasta, or --force to go on"
            )
