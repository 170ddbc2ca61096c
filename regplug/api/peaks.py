"""A model's name, peaks and a genome ─measure_peaks→ its scores there, in its card."""

import hashlib
import os
import shlex
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np

from regplug.api.annotate import File
from regplug.api.models import PLAIN, open_for_card
from regplug.api.progress import Bar, silent
from regplug.errors import RegionError
from regplug.files.commands import for_a_card
from regplug.files.version import VERSION
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.regions import BedLine, middle, read_bed_lines
from regplug.genome.variant import Interval
from regplug.models.repository import read_card, rewrite_card
from regplug.scoring.alleles import column
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard, read_width
from regplug.scoring.peaks import Peaks, packed

PEAKS = 20_000  # that are scored
_TOGETHER = 256


def measure_peaks(
    name: str,
    peaks: File,
    *,
    repo: File,
    fasta: File | None = None,
    most: int = PEAKS,
    seed: int = 0,
    options: BackendOptions = PLAIN,
    command: Sequence[str] = (),
    bar: Bar = silent,
) -> ModelCard:
    """Score a model at peaks, put the scores into its card, and return that.

    A peak's summit (narrowPeak, column 10), or its middle, lies in the variant's column. Peaks that
    are there twice count once, and those whose window leaves the contig are left out.

    Args:
        name: of a model that scores variants.
        peaks: narrowPeak or BED, plain or gzipped.
        repo: the folder of models that it is in.
        fasta: the genome; looked for as by `annotate` if it is not given.
        most: peaks that are scored; of more, as many are drawn.
        seed: of the draw.
        options: threads, device and engine.
        command: for the card; by default the call.
        bar: opens a progress bar.

    Raises:
        ConfigError: the engine is asked for other numbers than float32.
        ModelError: no such model, or it reads sequences as a whole.
        RegionError: the peaks cannot be read, or none has its window inside the genome.
        GenomeError: the genome cannot be read.
    """
    folder, path = Path(repo) / name, os.fspath(peaks)
    card = read_card(folder)
    width = read_width(card)
    with (
        Genome(find_fasta(fasta)) as genome,
        closing(open_for_card(name, str(repo), options)) as run,
    ):
        windows = _windows(read_bed_lines(path), genome, width)
        if not windows:
            raise RegionError(
                f"no peak of {path} has its {width} bases inside {genome.path}: are they of one "
                "build?"
            )
        if len(windows) > most:
            drawn = np.random.default_rng(seed).choice(len(windows), most, replace=False)
            windows = [windows[index] for index in sorted(drawn.tolist())]
        scores = []
        with bar("peaks", len(windows)) as advance:
            for start in range(0, len(windows), _TOGETHER):
                some = windows[start : start + _TOGETHER]
                scores.append(run.backend.predict(np.stack([genome.codes(at) for at in some])))
                advance(len(some))
    kept, data = packed(np.concatenate(scores))
    made_by = command or ["regplug.api.peaks.measure_peaks", name]
    found = Peaks(
        created_by=f"regplug {VERSION}: {for_a_card(shlex.join(made_by))}",
        genome=genome.path.name,
        file=Path(path).name,
        sha256=hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        model=card.sha256,
        peaks=len(windows),
        kept=kept,
        data=data,
    )
    card = msgspec.structs.replace(card, peaks=found)
    rewrite_card(folder, card)
    return card


def _windows(lines: Sequence[BedLine], genome: Genome, width: int) -> list[Interval]:
    """Return the windows of peaks in the order of the genome, each once."""
    order = {contig: place for place, contig in enumerate(genome.lengths)}
    found = set()
    for line in lines:
        contig = genome.contig(line.region.chrom)
        start = middle(line) - column(width)
        if contig and 0 <= start <= genome.lengths[contig] - width:
            found.add((order[contig], start, contig))
    return [Interval(contig, start, start + width) for _, start, contig in sorted(found)]
