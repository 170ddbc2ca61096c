"""What a run did, as JSON: Tally ─summary, write_summary→ the file of `--summary`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from regplug.files.output import STDOUT
from regplug.files.version import VERSION
from regplug.genome.variant import Status
from regplug.vcf.annotate import Tally


class Summary(msgspec.Struct, frozen=True):
    """What a run did.

    Attributes:
        regplug: the version that ran.
        command: word by word.
        records: that were written.
        alts: that they hold; a record without ALT counts as one.
        filled: how many of them were filled in from a table (`--from`).
        models: model → status → how many ALTs got it; each adds up to `alts`.
        renamed: contigs, as the VCF calls them → as the FASTA does.
        unindexed: outputs that got no index, as their records are not sorted.
    """

    regplug: str
    command: tuple[str, ...]
    records: int
    alts: int
    filled: int
    models: dict[str, dict[str, int]]
    renamed: dict[str, str]
    unindexed: tuple[str, ...]


def summary(
    command: Sequence[str], tally: Tally, renamed: Mapping[str, str], unindexed: Sequence[str]
) -> Summary:
    """Return the summary of a run."""
    models = {
        model: {str(status): counts[status] for status in Status}
        for model, counts in tally.by_model.items()
    }
    return Summary(
        *(VERSION, tuple(command), tally.records, tally.alts, tally.filled, models),
        *(dict(renamed), tuple(unindexed)),
    )


def write_summary(made: Summary, path: Path) -> None:
    """Write the JSON to `path`; `output.STDOUT` is standard output.

    Raises:
        OSError: it cannot be written.
    """
    with open(1, "wb", closefd=False) if path == STDOUT else path.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
