"""What stands beside a set of sites: its BED, a summary as table and picture."""

from collections.abc import Sequence
from pathlib import Path

from regplug.data.sites.sites import Sites
from regplug.data.sites.summary import Counts, count_sites, picture, write_table
from regplug.files.figures import save_figure
from regplug.files.output import naming

BESIDE = (".sites.bed.gz", ".summary.tsv", ".summary.png", ".summary.svg")


def write_beside(outputs: Sequence[Path], partials: Sequence[Path]) -> Counts:
    """Write what stands beside a set, to the names in `partials`; return what is in the set.

    Args:
        outputs: the set, then a path for each of BESIDE: what errors name.
        partials: where they are written; the set is there.

    Raises:
        OutputError: a file cannot be written.
        DataError: the set is damaged.
    """
    with Sites(partials[0]) as sites, naming(outputs[1]):
        counts = count_sites(sites, partials[1])
    with naming(outputs[2]):
        write_table(counts, partials[2])
    figure = picture(counts)
    for path, partial in zip(outputs[3:], partials[3:], strict=True):
        with naming(path):
            save_figure(figure, partial)
    return counts
