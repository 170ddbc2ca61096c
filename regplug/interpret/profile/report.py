"""The folder that `regplug profile` writes: groups, their means, tests ─write_profile→ files.

profile.tsv    mean and 95 % bootstrap band per group, side and position; n: exons with a value
tests.tsv      each group against the control per window [start, end); auc > 0.5: above the control
dropped.tsv    exons that are not scored, and why
profile.png, .svg, .pdf

Positions count from the splice site in the direction of transcription; 0 is the first base behind
it.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from regplug.files.figures import names_of
from regplug.files.output import check_folder, complete
from regplug.interpret.profile.exons import SIDES
from regplug.interpret.profile.picture import draw_profile
from regplug.interpret.profile.scores import ExonGroup
from regplug.interpret.profile.statistics import Profile, Test

FILES = {"profile.tsv", "tests.tsv", "dropped.tsv"} | names_of("profile")


def write_profile(folder: Path, profile: Profile) -> None:
    """Write the folder, replacing an earlier report.

    Raises:
        OutputError: it holds other things, or cannot be written.
    """
    check_folder(folder, FILES)
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        _write_table(partial / "profile.tsv", _profile(profile))
        _write_table(partial / "tests.tsv", [Test._fields, *profile.tests])
        _write_table(partial / "dropped.tsv", _dropped(profile.groups))
        draw_profile(profile, [partial / name for name in sorted(names_of("profile"))])


def _profile(profile: Profile) -> Iterable[Sequence[object]]:
    """Yield the rows of profile.tsv."""
    yield ["group", "side", "position", "mean", "low", "high", "n"]
    for group in profile.groups:
        for side in SIDES:
            columns = profile.means[group.name, side]
            positions = profile.layout.positions(side)
            for position, *numbers in zip(positions, *columns, strict=True):
                yield [group.name, side, position, *numbers]


def _dropped(groups: Sequence[ExonGroup]) -> Iterable[Sequence[object]]:
    """Yield the rows of dropped.tsv; start is 0-based, end exclusive, as in the BED."""
    yield ["group", "chrom", "start", "end", "strand", "reason"]
    for group in groups:
        for (interval, strand), reason in group.dropped:
            yield [group.name, interval.chrom, interval.start, interval.end, strand, reason]


def _write_table(path: Path, rows: Iterable[Sequence[object]]) -> None:
    path.write_text("".join("\t".join(map(_cell, row)) + "\n" for row in rows))


def _cell(value: object) -> str:
    """Return a cell: floats with six digits, `.` for NaN."""
    if isinstance(value, float):
        return "." if math.isnan(value) else f"{value:.6g}"
    return str(value)
