"""A FASTA, BED or VCF ─read_seen→ the sequences that a model reads, with their places."""

from collections.abc import Iterator
from typing import NamedTuple

from regplug.api.variants import VCF, variants_from
from regplug.errors import ModelError, SequenceError
from regplug.genome.codes import UNKNOWN, Codes, encode
from regplug.genome.fasta import Genome
from regplug.genome.haplotype import Haplotype
from regplug.genome.reference import BuildCheck
from regplug.genome.regions import BedLine, check_regions, middle, read_bed_lines
from regplug.genome.variant import Interval, Status, Variant
from regplug.scoring.alleles import MOST_N, column, enough_known
from regplug.scoring.card import ModelCard
from regplug.scoring.examined import examine
from regplug.scoring.sequences import read_fasta

_FASTA = (".fa", ".fasta", ".fna", ".fq", ".fastq")


class Seen(NamedTuple):
    """A sequence as a model reads it.

    Attributes:
        name: of the sequence.
        codes: shape (bases,).
        place: in the genome, 0-based; None of a FASTA's.
        variant: whose ALT is in it, or None; `place` is then that of REF's window.
    """

    name: str
    codes: Codes
    place: Interval | None = None
    variant: Variant | None = None


class Found(NamedTuple):
    """What was asked for, and how many of it have no contributions, by reason."""

    sequences: list[Seen]
    left_out: dict[str, int]


def is_fasta(path: str) -> bool:
    """Tell by its name whether a file has sequences of its own; `-`, standard input, has."""
    return path == "-" or path.lower().removesuffix(".gz").removesuffix(".bgz").endswith(_FASTA)


def is_vcf(path: str) -> bool:
    """Tell by its name whether a file has variants."""
    return path.lower().endswith(VCF)


def read_seen(path: str, card: ModelCard, genome: Genome | None, *, force: bool) -> Found:
    """Return the sequences of a FASTA, or the windows around regions or variants.

    Args:
        path: FASTA or FASTQ; VCF or BCF; else BED or narrowPeak (0-based, half-open).
        card: of the model.
        genome: that regions and variants are of; None with a FASTA.
        force: go on though REFs are of another build.

    Raises:
        SequenceError: the FASTA cannot be read, or a sequence is not as long as the model reads.
        RegionError: the BED cannot be read, or a region is not in the genome.
        VariantFileError: the VCF cannot be read.
        GenomeError: REFs disagree with the FASTA (unless `force`).
        ModelError: the model reads sequences of any length, and these are regions or variants.
    """
    if genome is None:
        found = _fasta(path, card)
    elif card.window is None:
        raise ModelError(f"{card.name} reads sequences of any length: give a FASTA of one length")
    elif card.strand == "forward":
        raise ModelError(
            f"{card.name} reads the transcribed strand: give the sequences as they are "
            "transcribed, in a FASTA"
        )
    elif is_vcf(path):
        found = _variants(path, card.window, genome, force=force)
    else:
        found = _regions(path, card.window, genome)
    if not found.sequences:
        told = ", ".join(f"{reason}: {count}" for reason, count in found.left_out.items())
        raise SequenceError(f"no sequence of {path} has contributions ({told or 'it is empty'})")
    return found


def _fasta(path: str, card: ModelCard) -> Found:
    kept, unknown, length = [], 0, card.window
    for name, letters in read_fasta(path):
        length = length or len(letters)
        if len(letters) != length:
            reads = f"{card.name} reads {length} bases" if card.window else f"others have {length}"
            do = "cut it" if len(letters) > length else "give its region in a genome (BED)"
            raise SequenceError(f"{path}: {reads}, {name} has {len(letters)}: {do}")
        codes = encode(letters)
        if (codes == UNKNOWN).mean() > MOST_N:
            unknown += 1
        else:
            kept.append(Seen(name, codes))
    return Found(kept, {Status.MOSTLY_N: unknown} if unknown else {})


def _regions(path: str, window: int, genome: Genome) -> Found:
    """Return the windows whose variant column is a peak's summit, or a region's middle."""
    kept, unknown = [], 0
    for line in read_bed_lines(path):
        contig = genome.contig(line.region.chrom) or line.region.chrom
        check_regions([Interval(contig, line.region.start, line.region.end)], genome.lengths)
        start = middle(line) - column(window)
        place = Interval(contig, start, start + window)
        codes = genome.codes(place)
        if enough_known(codes, start, genome.lengths[contig], window)[0]:
            kept.append(Seen(_name(line), codes, place))
        else:
            unknown += 1
    return Found(kept, {Status.MOSTLY_N: unknown} if unknown else {})


def _name(line: BedLine) -> str:
    named = len(line.cells) > 3 and line.cells[3] not in (".", "")
    return line.cells[3] if named else str(line.region)


def _variants(path: str, window: int, genome: Genome, *, force: bool) -> Found:
    """Return REF's and ALT's windows, the variant's first base in the variant's column."""
    kept: list[Seen] = []
    left_out: dict[str, int] = {}
    build = BuildCheck(genome, force=force)
    for given in variants_from(path):
        examined = examine(given, genome)
        build.see([examined.status])
        variant, status = examined.variant, examined.status
        if status is Status.OK and not examined.is_short(window):
            status = Status.TOO_LONG
        seen = [] if status is not Status.OK else list(_alleles(variant, window, genome))
        if status is Status.OK and not seen:
            status = Status.MOSTLY_N
        kept += seen
        if not seen:
            left_out[status] = left_out.get(status, 0) + 1
    return Found(kept, left_out)


def _alleles(variant: Variant, window: int, genome: Genome) -> Iterator[Seen]:
    contig = genome.contig(variant.chrom) or variant.chrom
    start = variant.start - column(window)
    place = Interval(contig, start, start + window)
    text = f"{variant.chrom}:{variant.pos}:{variant.ref}:{variant.alt}"
    codes = genome.codes(place)
    if enough_known(codes, start, genome.lengths[contig], window)[0]:
        yield Seen(f"{text}/ref", codes, place)
        yield Seen(f"{text}/alt", Haplotype(genome, variant).codes(place), place, variant)
