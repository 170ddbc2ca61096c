"""What makes a view of finished tracks: a hub, an IGV session, a page."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Variant

Kind = Literal["score", "ref", "alt", "difference"]


class TrackFile(NamedTuple):
    """A finished bigWig in the output folder.

    Attributes:
        path: of the file.
        model: the card's name.
        target: its label, as on the card.
        kind: what its values are.
        low: the smallest value in the file.
        high: the largest.
    """

    path: Path
    model: str
    target: str
    kind: Kind
    low: float
    high: float


class Changes(Protocol):
    """A mutation map: what every single-base change of REF's or ALT's haplotype does to a target.

    Attributes:
        interval: of the genome (0-based, half-open), where REF's map lies; ALT's begins there too.
        codes: the haplotype, shape (bases,).
        score: of the haplotype.
        percentile: of the score, the share of background places that score lower, or None.
        differences: shape (bases, 4): the score with that base less the score; 0 at the base
            itself, NaN where there is no score.
    """

    @property
    def interval(self) -> Interval: ...  # noqa: D102
    @property
    def codes(self) -> Codes: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102
    @property
    def percentile(self) -> float | None: ...  # noqa: D102
    @property
    def differences(self) -> NDArray[np.float32]: ...  # noqa: D102


class Profile(NamedTuple):
    """What a model predicts at each base around a variant, as `regplug track --vcf` writes it.

    Attributes:
        interval: n bases of the reference.
        ref: with REF, shape (n,); NaN where there is nothing.
        alt: with ALT, shape (n,).
    """

    interval: Interval
    ref: NDArray[np.float32]
    alt: NDArray[np.float32]


ProfileMaker = Callable[[Variant, str], Profile | None]  # of a variant and target, if there is one
MapMaker = Callable[[Variant, str], Sequence[Changes]]  # a variant, a target → REF's map and ALT's


class Facts(NamedTuple):
    """What a table says of a variant, in place of its differences.

    Attributes:
        target: that its mutation map shows.
        cells: heading → text or number; None where there is nothing.
    """

    target: str
    cells: Mapping[str, str | float | None]


class TrackSet(NamedTuple):
    """All tracks of a run.

    Attributes:
        folder: which holds them.
        tracks: in the order of the targets; of one target, in that of the kinds.
        assembly: of the FASTA, such as hg38, or None if it is not known.
        genome: for reference bases.
        regions: what the tracks cover.
        variants: of --vcf, as they stand there; else empty.
        differences: ALT - REF at the variants, shape (variants, tracks of kind "difference" in
            their order); NaN where there is no score.
        maps: makes the mutation maps of a variant that has a score; None without variants.
        profiles: makes the profile of a variant that has a score; None without variants.
        ids: of the variants, as the VCF has them; "" where it has none.
        facts: of each variant, if they are a ranking, the first of which comes first; else empty.
        about: lines that say what is shown.
    """

    folder: Path
    tracks: tuple[TrackFile, ...]
    assembly: str | None
    genome: Genome
    regions: tuple[Interval, ...]
    variants: tuple[Variant, ...]
    differences: NDArray[np.float32]
    maps: MapMaker | None = None
    ids: Sequence[str] = ()
    facts: Sequence[Facts] = ()
    about: Sequence[str] = ()
    profiles: ProfileMaker | None = None


class TrackWriter(Protocol):
    """Writes a view of finished tracks; `name` becomes the option `--NAME`, with its `help`.

    It may have a method `check(planned: TrackSet) -> None`, which is called before the tracks are
    made, and raises OutputError if the view could not be written. `planned` has no tracks, no
    differences and, where variants are given, no regions.
    """

    name: str
    help: str

    def write(self, made: TrackSet) -> Path:
        """Write the view into `made.folder`; return the file that the user opens.

        Raises:
            OutputError: the view cannot be written.
        """
