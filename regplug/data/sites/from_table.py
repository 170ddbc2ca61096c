"""Sites given by their bases, and perhaps tiles that are closed in all samples → a set.

table ─read_labelled_sites→ LabelledSites ┐
windows, signal ─closed_sites→ the same ──┴─SitesWriter→ the HDF5 file that `sites` describes
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from regplug.data.sites.beside import BESIDE, write_beside
from regplug.data.sites.closed import Measurement, closed_sites
from regplug.data.sites.from_genome import check_labelled
from regplug.data.sites.labelled import LabelledSites, joined, read_labelled_sites
from regplug.data.sites.parts import PARTS, ContigSplit, no_sites
from regplug.data.sites.samples import Settings
from regplug.data.sites.sites import GRADES, UNLABELLED, SitesCard
from regplug.data.sites.summary import Counts
from regplug.data.sites.writer import SitesWriter
from regplug.errors import DataError
from regplug.files.output import check_paths, complete, naming
from regplug.files.sources import sources_of

NOT_USED = "sites left out: on excluded contigs"


def prepare_table(
    table: Path,
    output: Path,
    *,
    samples: Sequence[str],
    split: ContigSplit,
    excluded: Sequence[str],
    graded: Sequence[str] = (),
    measurement: Measurement | None = None,
) -> tuple[SitesCard, Counts]:
    """Write the sites in `table`, and closed tiles; return the card and what is in the set.

    Sites belong to the part of their contig. Nothing is taken from `excluded` contigs.

    Args:
        table: tab-separated, perhaps gzipped: chr, start, end (of the site, 0-based), sequence
            (all equally long), and a column of 0 and 1 per sample, empty where nobody knows; the
            first three may be left out of it.
        output: of the HDF5 file; `starts` are those of the sites, whose middle the sequence is.
        samples: names of columns, or their beginnings before `_`.
        split: contigs that are held out.
        excluded: contigs that are left out.
        graded: samples whose column holds how open a site is, 0 to 1.
        measurement: windows to take closed tiles from: see `closed_sites`.

    Raises:
        DataError: a file cannot be used, a part is empty, or a sample is open in no site.
        SequenceError: the windows are no FASTA.
        OutputError: the file cannot be written, or would replace one that is read.
    """
    inputs = [table, *(measurement.paths if measurement else ())]
    outputs = [output, *(output.with_name(output.stem + suffix) for suffix in BESIDE)]
    check_paths(outputs, inputs)
    if odd := [name for name in graded if name not in samples]:
        raise DataError(f"{', '.join(odd)}: graded, and none of the samples")
    sites = read_labelled_sites(table, samples, split, graded)
    used = ~np.isin(sites.contigs, excluded)
    counts = Counter({NOT_USED: int((~used).sum())})
    rows = sites.rows(used)
    if measurement:
        in_test, tiles, left_out = closed_sites(sites, measurement, split, excluded)
        counts += Counter(left_out)
        rows = joined([sites.rows(used & ~in_test), tiles])
    for part in np.setdiff1d(sites.parts, rows.parts).tolist():
        raise DataError(f"no site is left in part {PARTS[part]}: leave other contigs out")
    names, of_names = np.unique(rows.contigs, return_inverse=True)
    settings = Settings(
        split=split,
        length=rows.codes.shape[1],
        overlap=0,
        centres="given",
        excluded=tuple(excluded),
    )
    card = SitesCard(
        settings=settings,
        closed=measurement.closed if measurement else None,
        graded=tuple(graded),
        unknown=bool((rows.targets == UNLABELLED).any()),
        sources=sources_of(inputs),
        counts=dict(+counts) | no_sites(split, of_names, names.tolist()),
    )
    with ExitStack() as stack:
        partials = [stack.enter_context(complete(path)) for path in outputs]
        with naming(output):
            _write(partials[0], rows, samples, card)
        written = write_beside(outputs, partials)
        check_labelled(written)
    return card, written


def _write(path: Path, rows: LabelledSites, samples: Sequence[str], card: SitesCard) -> None:
    """Write the sites, contig by contig and by start."""
    names, contigs = np.unique(rows.contigs, return_inverse=True)
    order = np.lexsort((rows.places[:, 0], contigs))
    least = np.where(np.isin(samples, card.graded), GRADES // 2 + 1, 1)
    is_open = (rows.targets >= least) & (rows.targets != UNLABELLED)
    peaks = is_open.sum(0, dtype=np.int64).tolist()
    with SitesWriter(path, rows.codes.shape[1], names.tolist(), samples) as writer:
        for contig in range(len(names)):
            here = order[contigs[order] == contig]
            writer.add(contig, rows.places[here, 0], rows.codes[here], rows.targets[here])
        writer.finish(card, rows.parts[order], peaks)
