"""Contributions ─patterns→ a folder of the patterns in them, their names and places."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regplug.api.annotate import File
from regplug.api.progress import Bar, silent
from regplug.errors import MotifError
from regplug.files.extras import needs
from regplug.files.output import check_folder, complete
from regplug.motifs.matches import Collection, TaxGroup, jaspar, match
from regplug.motifs.meme import RNA, read_meme

MOST = 2000  # seqlets of a sign
TRIM = 0.3  # of a pattern's largest column


@dataclass(frozen=True)
class Found:
    """A pattern that was found.

    Attributes:
        name: pos.0 ... of what raises the score, neg.0 ... of what lowers it.
        consensus: of its bases.
        seqlets: stretches that it was made of.
        hits: places where it contributes.
        like: names of known motifs that it is like, the best match first.
    """

    name: str
    consensus: str
    seqlets: int
    hits: int
    like: tuple[str, ...]


def patterns(
    contributions: File,
    *,
    output: File,
    window: int | None = None,
    most: int = MOST,
    trim: float = TRIM,
    against: File | None = None,
    tax_group: TaxGroup = "vertebrates",
    bar: Bar = silent,
) -> list[Found]:
    """Return the patterns that recur in contributions, and write them into a folder.

    Args:
        contributions: an HDF5 file of `attribute`, or one that ChromBPNet's layout has.
        output: the folder, whose files `interpret.patterns.report` lists.
        window: bases in the middle of each sequence to look at, an even number; by default all.
        most: stretches of a sign that are taken, at most.
        trim: share of a pattern's largest column below which its ends are cut: less shows weak
            halves of composites.
        against: known motifs, MEME format; by default those of JASPAR CORE.
        tax_group: without `against`, whose.
        bar: shows that it works.

    Raises:
        DataError: the file cannot be read, has no signal, or its sequences are too short or too few
            for patterns.
        MotifError: the known motifs cannot be read.
        OutputError: the folder holds other things, or cannot be written.
        MissingLibraryError: a library of the extra `patterns` is not installed.
    """
    path, folder = Path(contributions).resolve(), Path(output).resolve()
    with needs("patterns"):
        import jinja2  # noqa: F401  # asked for here, so that their lack is an error before the work
        import matplotlib  # noqa: F401
        import memelite  # noqa: F401
        import modiscolite  # noqa: F401

        from regplug.interpret.attribute.file import read_contributions
        from regplug.interpret.patterns.find import find_patterns
        from regplug.interpret.patterns.hits import find_pattern_hits
        from regplug.interpret.patterns.report import FILES, RESULTS, write_patterns
    check_folder(folder, FILES)
    known = _known(against, tax_group)
    stored = read_contributions(path)
    bases = stored.letters.shape[1]
    with complete(folder) as partial:
        partial.mkdir()
        with bar("patterns", None) as progress:
            found = find_patterns(
                *(path, stored, partial / RESULTS),
                window=bases - bases % 2 if window is None else window,
                most=most,
                trim=trim,
            )
            progress(len(found))
        hits = find_pattern_hits(found, stored)
        matches = match([pattern.motif for pattern in found], known)
        write_patterns(partial, found, hits, matches, stored)
    return [
        Found(
            *(pattern.name, pattern.motif.consensus(), len(pattern.rows)),
            sum(hit.pattern == at for hit in hits),
            tuple(_names(known, matches.like(at))),
        )
        for at, pattern in enumerate(found)
    ]


def _known(against: File | None, tax_group: TaxGroup) -> Collection:
    if against is None:
        return jaspar(tax_group)
    letters, known = read_meme(Path(against))
    if letters == RNA:
        raise MotifError(f"the motifs in {against} are of RNA: give motifs of DNA")
    return Collection(Path(against).name, known)


def _names(known: Collection, columns: Sequence[int]) -> list[str]:
    """Return the names of known motifs, each once."""
    named = (known.motifs[column].also or known.motifs[column].name for column in columns)
    return list(dict.fromkeys(named))
