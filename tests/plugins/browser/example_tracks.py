"""Real tracks for real browsers: deepbind_encode around four known variants.

The FASTA is the example's, cut behind each locus: true coordinates, but no assembly's lengths, so
that a browser must take its bases from us and needs no network.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.backend import Backend, BackendOptions
from regplug.cli.track_runs import Asked, around_variants
from regplug.codes import Codes, encode
from regplug.genome import Genome
from regplug.plugins import open_backend, plugin_manager
from regplug.track_writer import TrackSet
from regplug.variant import Interval, Variant
from tests.toy_genomes import vcf_text, write_fasta

FASTA = Path(__file__).parents[3] / "examples" / "example.hg38.fa.gz"
MODEL = "deepbind_encode"
TARGETS = ("ELK1", "GABPA", "SP1")
RECORDS = (
    "chr5 1295113 TERT_C228T G A . . .",
    "chr5 1295135 TERT_C250T G A . . .",
    "chr19 11089410 LDLR_c.-138del CT C . . .",
    "chr19 11089413 LDLR_c.-136C>T C T . . .",
)
ENDS = {"chr5": 1_295_300, "chr19": 11_089_600}
FLANK, HALF = 30, 50  # bases of a map beside the variant; HALF of the model's window


class Map(NamedTuple):
    """A mutation map, as `regplug.track_writer.Changes` wants it."""

    interval: Interval
    codes: Codes
    score: float
    differences: NDArray[np.float32]


@contextmanager
def example_tracks(folder: Path) -> Iterator[TrackSet]:
    """Give what `regplug track --vcf` makes of RECORDS, in `folder`/tracks, with maps."""
    with Genome(FASTA) as whole:
        contigs = {c: whole.letters(Interval(c, 0, end)) for c, end in ENDS.items()}
    fasta = write_fasta(folder / "cut.fa", contigs, width=1_000_000)
    vcf = folder / "in.vcf"
    vcf.write_text(vcf_text(RECORDS))
    options = BackendOptions(threads=1)
    asked = Asked(
        model=MODEL, output=folder / "tracks", targets=TARGETS, step=None, file_format="bigwig",
        assembly="hg38", force=False, fasta=str(fasta), location=None, backend=options,
    )  # fmt: skip
    with ExitStack() as stack:
        made = around_variants(asked, str(vcf), stack)
        backend = stack.enter_context(closing(open_backend(plugin_manager(), None, MODEL, options)))
        yield made._replace(maps=lambda variant, target: _maps(backend, made, variant, target))


def _maps(backend: Backend, made: TrackSet, variant: Variant, target: str) -> list[Map]:
    """Return REF's and ALT's map: each base changed in the window centred on it."""
    index = backend.card.labels.index(target)
    variant = variant.normalized(made.genome)
    around = FLANK + HALF
    whole = Interval(variant.chrom, variant.start - around, variant.interval.end + around)
    interval = Interval(variant.chrom, variant.start - FLANK, variant.interval.end + FLANK)
    ref = made.genome.codes(whole).copy()
    alt = np.concatenate([ref[:around], encode(variant.alt), ref[around + len(variant.ref) :]])
    maps = []
    for codes in (ref, alt):
        windows = np.lib.stride_tricks.sliding_window_view(codes, 2 * HALF + 1).copy()
        own = backend.predict(windows)[:, index]
        changes = np.empty((len(windows), 4), np.float32)
        for base in range(4):
            changed = windows.copy()
            changed[:, HALF] = base
            changes[:, base] = backend.predict(changed)[:, index] - own
        maps.append(Map(interval, codes[HALF:-HALF], float(own[FLANK]), changes))
    return maps
