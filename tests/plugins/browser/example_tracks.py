"""Real tracks for real browsers: deepbind_encode around four known variants.

The FASTA is the example's, cut behind each locus: true coordinates, but no assembly's lengths, so
that a browser must take its bases from us and needs no network.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from regplug.api.models import open_model
from regplug.api.progress import silent
from regplug.api.track.around import around_variants
from regplug.api.track.asked import Asked
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.hooks.track_writer import TrackSet
from regplug.scoring.backend import BackendOptions
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


@contextmanager
def example_tracks(folder: Path) -> Iterator[TrackSet]:
    """Give what `regplug track --vcf` makes of RECORDS, in `folder`/tracks."""
    with Genome(FASTA) as whole:
        contigs = {c: whole.letters(Interval(c, 0, end)) for c, end in ENDS.items()}
    fasta = write_fasta(folder / "cut.fa", contigs, width=1_000_000)
    vcf = folder / "in.vcf"
    vcf.write_text(vcf_text(RECORDS, contigs))
    with ExitStack() as stack:
        model = stack.enter_context(open_model(MODEL, options=BackendOptions(threads=1)))
        asked = Asked(
            model=model, output=folder / "tracks", targets=TARGETS, step=None, file_format="bigwig",
            assembly="hg38", bar=silent, views=(),
        )  # fmt: skip
        made, _ = around_variants(asked, str(vcf), fasta, stack, force=False)
        yield made
