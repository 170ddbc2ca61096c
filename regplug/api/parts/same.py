"""Are a part and the run that it is of of the same regplug, models and files?"""

import socket
from pathlib import Path

from regplug.errors import GenomeError, ModelError, PluginError
from regplug.files.version import VERSION
from regplug.genome.fasta import Genome
from regplug.scoring.backend import Backend, precision_of


def whole_path(path: str) -> str:
    """Return an absolute path; URLs and "" stay as they are."""
    return str(Path(path).resolve()) if path and "://" not in path else path


def file_state(path: str) -> tuple[int, int]:
    """Return a file's size, and when it was last changed in nanoseconds."""
    stat = Path(path).stat()
    return stat.st_size, stat.st_mtime_ns


def check_version(wanted: str) -> None:
    """Raise PluginError if this is another regplug than that of the run."""
    if wanted != VERSION:
        raise PluginError(
            f"regplug on {socket.gethostname()} is {VERSION}, that of the run {wanted}: install "
            "the same one"
        )


def version_of(backend: Backend) -> tuple[str, str]:
    """Return a model's version, with the precision if it is run in another, and its sha256."""
    card, precision = backend.card, precision_of(backend)
    return f"{card.version} in {precision}" if precision else card.version, card.sha256


def check_model(backend: Backend, wanted: tuple[str, str]) -> None:
    """Raise ModelError if a model here is not of the version and sha256 that the run has."""
    found = version_of(backend)
    if found != wanted:
        raise ModelError(
            f"{backend.card.name} on {socket.gethostname()} is version {found[0]} "
            f"({found[1][:12]}), that of the run is {wanted[0]} ({wanted[1][:12]}): give all "
            "workers the same models"
        )


def check_genome(genome: Genome, wanted: str) -> None:
    """Raise GenomeError if a FASTA's index has another sha256 than that of the run."""
    if genome.index_sha256 != wanted:
        raise GenomeError(
            f"{genome.path} on {socket.gethostname()} is another FASTA than that of the run: give "
            "all workers the same file"
        )
