"""Samples' peaks ─prepare_basset→ sites in one HDF5 file, and what is in it beside it.

SAMPLES.tsv ─read_sample_windows→ a sample's windows ─Spill→ a contig's ─merged_windows→ sites
─Genome→ codes ─SitesWriter→ file
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np

from regplug.data.sequences.windows import mostly_unknown
from regplug.data.sites.beside import BESIDE, write_beside
from regplug.data.sites.merge import Merged, merged_windows
from regplug.data.sites.parts import ContigSplit, RandomSplit, RegionSplit, no_sites
from regplug.data.sites.samples import Sample, Settings, read_sample_windows, read_samples
from regplug.data.sites.sites import SitesCard
from regplug.data.sites.spill import Spill
from regplug.data.sites.summary import Counts
from regplug.data.sites.writer import SitesWriter
from regplug.errors import DataError
from regplug.files.output import check_paths, complete, naming
from regplug.files.sources import sources_of
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval

UNKNOWN_BASES = "sites left out: more than half of their bases unknown"

Progress = Callable[[str, int, int], None]  # what is read, and how many of how many are done


def prepare_basset(
    table: Path, output: Path, *, fasta: Path, settings: Settings, progress: Progress
) -> tuple[SitesCard, Counts]:
    """Write the sites of the samples in `table` to `output`; return its card and what is in it.

    Beside `output`, which appears last, stand the sites as a BED, and a summary as a table and a
    picture.

    Args:
        table: names and BEDs of the samples.
        output: of the HDF5 file that `sites` describes.
        fasta: the genome; contigs may be called with or without chr.
        settings: how peaks become sites.
        progress: called as work is done.

    Raises:
        DataError: the table or a BED cannot be used, a sample has a bigWig, or a part would be
            empty.
        GenomeError: the FASTA cannot be read.
        OutputError: a file cannot be written, or would replace one that is read.
    """
    samples = read_samples(table)
    for sample in samples:
        if sample.is_signal:
            raise DataError(
                f"{sample.path} of {sample.name} is a bigWig, which labels tiles alone: give "
                "--along, or a BED of its peaks"
            )
    inputs = [table, fasta, *(sample.path for sample in samples)]
    outputs = [output, *(output.with_name(output.stem + suffix) for suffix in BESIDE)]
    check_paths(outputs, inputs)
    with ExitStack() as stack:
        partials = [stack.enter_context(complete(path)) for path in outputs]
        with Genome(fasta) as genome, naming(output):
            settings = with_names_of(genome, settings)
            card = _make(partials[0], samples, genome, settings, inputs, progress)
        counts = write_beside(outputs, partials)
        sites_of = zip(counts.samples, counts.of_sample, strict=True)
        empty = [name for name, in_parts in sites_of if not in_parts.any()]
        if empty:
            raise DataError(f"{empty[0]} has no site of known bases: take the sample out")
    return card, counts


def _make(
    path: Path,
    samples: Sequence[Sample],
    genome: Genome,
    settings: Settings,
    inputs: Sequence[Path],
    progress: Progress,
) -> SitesCard:
    """Write the HDF5 file to `path`; return its card."""
    names, peaks = list(genome.lengths), []
    counts: Counter[str] = Counter()
    with (
        Spill(path.absolute().parent) as spill,
        SitesWriter(path, settings.length, names, [sample.name for sample in samples]) as writer,
    ):
        for at, sample in enumerate(samples):
            progress("samples", at, len(samples))
            windows = read_sample_windows(sample.path, genome, settings)
            spill.add(at, windows.contigs, windows.starts)
            peaks.append(len(windows.starts))
            counts += windows.counts
        contigs = spill.contigs()
        for at, contig in enumerate(contigs):
            progress("contigs", at, len(contigs))
            for sites in merged_windows(*spill.windows(contig), len(samples), settings):
                codes = _codes(genome, names[contig], sites, settings.length)
                kept = ~mostly_unknown(codes)
                writer.add(contig, sites.starts[kept], codes[kept], sites.targets[kept])
                counts += Counter({UNKNOWN_BASES: int((~kept).sum())})
        site_contigs = writer.contigs()
        if not len(site_contigs):
            raise DataError(f"{genome.path} has hardly a known base at the peaks: is it masked?")
        if not isinstance(settings.split, RandomSplit | ContigSplit):
            raise DataError("merged peaks are split at random or by contig, tiles also by region")
        parts = settings.split.assign(site_contigs, names)
        told = dict(counts) | no_sites(settings.split, site_contigs, names)
        card = SitesCard(settings=settings, sources=sources_of(inputs), counts=told)
        writer.finish(card, parts, peaks)
    return card


def _codes(genome: Genome, contig: str, sites: Merged, length: int) -> Codes:
    """Return the bases of sites on a contig (n, length)."""
    intervals = (Interval(contig, start, start + length) for start in sites.starts.tolist())
    return np.stack([genome.codes(interval) for interval in intervals])


def with_names_of(genome: Genome, settings: Settings) -> Settings:
    """Return the settings with the FASTA's names of contigs."""

    def known(names: Sequence[str]) -> tuple[str, ...]:
        contigs = {name: genome.contig(name) for name in names}
        missing = [name for name, contig in contigs.items() if contig is None]
        if missing:
            raise DataError(f"{genome.path} has no contig {', '.join(missing)}: leave it out")
        return tuple(contig for contig in contigs.values() if contig)

    split = settings.split
    if isinstance(split, RegionSplit):
        valid, test = (
            tuple((known([name])[0], low, high) for name, low, high in regions)
            for regions in (split.valid, split.test)
        )
        split = RegionSplit(valid, test)
    if isinstance(split, ContigSplit):
        split = ContigSplit(known(split.valid), known(split.test))
        both = set(split.valid) & set(split.test)
        if both:
            raise DataError(f"{', '.join(sorted(both))} cannot be for validation and the test")
    return msgspec.structs.replace(settings, split=split, excluded=known(settings.excluded))
