"""The bcftools inside pysam, in a process of its own, which may abort without harm to ours."""

import sys
from typing import IO

_VIEW = """
import signal, sys
from pysam import SamtoolsError, bcftools
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
try:
    bcftools.view("--no-version", *sys.argv[1:], catch_stdout=False)
    sys.stderr.write(bcftools.view.get_messages() or "")
except SamtoolsError as error:
    sys.exit(error.value.rpartition("stderr=")[2])
"""


def view(*words: str) -> list[str]:
    """Return the command of `bcftools view --no-version` with these options and files."""
    return [sys.executable, "-P", "-c", _VIEW, *words]


def messages(file: IO[bytes]) -> str:
    """Return what the process wrote to `file`, its standard error, on a line."""
    return " ".join(_text(file).split())


def warnings(file: IO[bytes]) -> list[str]:
    """Return the lines among that which bcftools calls warnings."""
    lines = _text(file).split("\n")
    return [line.removeprefix("Warn: ") for line in lines if line.startswith("Warn: ")]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
