"""TrackSet ─assembly_of→ the name by which genome browsers know its coordinates."""

from regplug.genome.assembly import LENGTHS, called
from regplug.genome.fasta import Genome
from regplug.hooks.track_writer import TrackSet

IGV_HAS = {"hg18", "hg19", "hg38", "mm9", "mm10", "mm39", "rn6", "rn7", "danRer10", "danRer11"}
IGV_HAS |= {"dm3", "dm6", "ce10", "ce11", "sacCer3"}


def assembly_of(made: TrackSet) -> str | None:
    """Return the assembly as UCSC and IGV call it, or None if it is not known.

    The name that the user or the VCF gives counts, unless the FASTA's lengths contradict it.
    """
    given = called(made.assembly or "") or None
    if given in LENGTHS and _has_lengths_of(made.genome, given) is False:
        given = None
    return given or next((name for name in LENGTHS if _has_lengths_of(made.genome, name)), None)


def _has_lengths_of(genome: Genome, name: str) -> bool | None:
    """Tell whether the FASTA's chromosomes have the lengths in assembly `name`.

    None if it has none of the chromosomes.
    """
    same = [
        genome.lengths[contig] == length
        for chrom, length in LENGTHS[name].items()
        if (contig := genome.contig(chrom)) is not None
    ]
    return all(same) if same else None
