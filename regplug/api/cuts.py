"""What of sequences and regions a model reads, with its place ─cut_sequences, cut_regions→ Cuts."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from regplug.errors import RegionError, SequenceError
from regplug.genome.codes import Codes, encode, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.regions import BedLine, check_regions, read_bed_lines
from regplug.genome.variant import Interval
from regplug.scoring.alleles import enough_known
from regplug.scoring.card import ModelCard
from regplug.scoring.sequences import Key


class Window(NamedTuple):
    """How long sequences are cut into windows: `width` bases, one every `step`, for a model."""

    model: str
    width: int
    step: int

    def starts(self, length: int) -> list[int]:
        """Return where windows start in `length` bases, of which there are a window at least.

        The last window ends where they do.
        """
        last = length - self.width
        return [*range(0, last, self.step), last]


class Cut(NamedTuple):
    """Bases to score.

    Attributes:
        key: name of the sequence or region; of a window also start and end, 0-based and half-open,
            in a genome behind the contig.
        codes: shape (bases,), as the model reads them.
        known: whether enough of the bases are known.
    """

    key: Key
    codes: Codes
    known: bool


def cut_sequences(sequences: Iterable[tuple[str, str]], window: Window) -> Iterator[Cut]:
    """Yield the windows of sequences (name, letters).

    Raises:
        SequenceError: a sequence is shorter than a window.
    """
    for name, letters in sequences:
        if len(letters) < window.width:
            raise SequenceError(
                f"{window.model} reads {window.width} bases, {name} has {len(letters)}: "
                "leave it out"
            )
        codes = encode(letters)
        for start in window.starts(len(codes)):
            cut = codes[start : start + window.width]
            known = bool(enough_known(cut, 0, window.width, window.width)[0])
            yield Cut((name, start, start + window.width), cut, known)


def cut_regions(bed: str, genome: Genome, card: ModelCard, window: Window | None) -> Iterator[Cut]:
    """Yield the regions of a BED, or with `window` their windows, in its order.

    Where the model has a window, it lies around the middle base of a region, (start + end) // 2;
    with `window`, around that of a region that is no longer.

    Raises:
        RegionError: the BED cannot be read, a region is not in the genome, or lacks the strand that
            a model of RNA reads.
    """
    for line in read_bed_lines(bed):
        region = line.region
        contig = genome.contig(region.chrom) or region.chrom
        check_regions([Interval(contig, region.start, region.end)], genome.lengths)
        is_turned = _is_turned(line, card, bed)
        for start, width in _places(region, card, window):
            codes = genome.codes(Interval(contig, start, start + width))
            known = bool(enough_known(codes, start, genome.lengths[contig], width)[0])
            place = () if window is None else (region.chrom, start, start + width)
            yield Cut(
                (_name(line), *place), reverse_complement(codes) if is_turned else codes, known
            )


def _places(region: Interval, card: ModelCard, window: Window | None) -> Iterator[tuple[int, int]]:
    """Yield start (0-based) and width of what is read of a region."""
    width = window.width if window else card.window
    if width is None:
        yield region.start, len(region)
    elif window and len(region) > width:
        yield from ((region.start + start, width) for start in window.starts(len(region)))
    else:
        yield (region.start + region.end) // 2 - width // 2, width


def _is_turned(line: BedLine, card: ModelCard, bed: str) -> bool:
    """Tell whether the reverse strand is to be read; RegionError if the model has to know."""
    if card.strand != "forward":
        return False
    strand = line.cells[5] if len(line.cells) > 5 else ""
    if strand not in ("+", "-"):
        raise RegionError(
            f"{bed}, line {line.number} has no strand in column 6, and {card.name} reads the "
            "transcribed one"
        )
    return strand == "-"


def _name(line: BedLine) -> str:
    """Return a region's name in column 4, or else CHROM:FROM-TO, 1-based."""
    return line.cells[3] if len(line.cells) > 3 and line.cells[3] != "." else str(line.region)
