"""The folder of `regplug patterns`: Patterns, their hits and matches ─write_patterns→ files.

patterns.html   a page of all, without scripts
patterns.tsv    a row per pattern: seqlets, hits, consensus, the known motif that it is like
patterns.meme   their motifs; patterns.png, .svg and .pdf: their contributions
matches.tsv     every known motif that a pattern is like
hits.bed        where patterns contribute, BED9, by place: name, 1000 * similarity, strand, colour
hits.tsv        the same with sequence, bits, p, contribution and similarity
seqlets.bed     the stretches that the patterns were made of
sequences.narrowPeak  the sequences, in the order of the contributions, as Fi-NeMo reads them
modisco.h5      TF-MoDISco's own results
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from regplug.files.colours import LOWERS, RAISES, rgb
from regplug.files.extras import needs
from regplug.files.figures import names_of
from regplug.genome.variant import Interval
from regplug.interpret.attribute.file import Stored
from regplug.interpret.patterns.find import Pattern
from regplug.interpret.patterns.hits import SIMILAR, P, PatternHit, place_of
from regplug.interpret.patterns.pictures import (
    bases_address,
    contributions_address,
    draw_overview,
)
from regplug.motifs.matches import REPORTED, Matches
from regplug.motifs.meme import write_meme

RESULTS = "modisco.h5"
FILES = {
    *("patterns.html", "patterns.tsv", "patterns.meme", *names_of("patterns")),
    *("matches.tsv", "hits.bed", "hits.tsv", "seqlets.bed", "sequences.narrowPeak", RESULTS),
}
SHOWN = 3  # known motifs of a pattern on the page


def write_patterns(
    folder: Path,
    patterns: Sequence[Pattern],
    hits: Sequence[PatternHit],
    matches: Matches,
    stored: Stored,
) -> None:
    """Write the files into a folder that is there.

    Args:
        folder: to write to.
        patterns: those found, at least one.
        hits: of all of them.
        matches: of their motifs, in the same order.
        stored: the contributions that they were found in.

    Raises:
        MissingLibraryError: a library is not installed.
    """
    titles = [f"{p.name}, {len(p.rows)}: {name_of(matches, at)}" for at, p in enumerate(patterns)]
    (folder / "patterns.html").write_text(_page(patterns, hits, matches, stored), encoding="utf-8")
    _table(folder / "patterns.tsv", _rows(patterns, hits, matches))
    _table(folder / "matches.tsv", _like(patterns, matches))
    _table(folder / "hits.tsv", _hits(patterns, hits, stored))
    _table(folder / "hits.bed", _bed_of_hits(patterns, hits, stored))
    _table(folder / "seqlets.bed", _bed_of_seqlets(patterns, stored))
    _table(folder / "sequences.narrowPeak", _narrow_peaks(stored))
    write_meme(folder / "patterns.meme", [pattern.motif for pattern in patterns])
    draw_overview(patterns, titles, folder / "patterns")


def name_of(matches: Matches, row: int) -> str:
    """Return the name of the known motif that a pattern is like, or `.`."""
    like = matches.like(row)
    if not like:
        return "."
    known = matches.known[like[0]]
    return known.also or known.name


def _page(
    patterns: Sequence[Pattern],
    hits: Sequence[PatternHit],
    matches: Matches,
    stored: Stored,
) -> str:
    with needs("patterns"):
        import jinja2
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = files("regplug.interpret.patterns").joinpath("template.html").read_text("utf-8")
    rows = _page_rows(patterns, hits, matches)
    sections = [
        (heading, [row for row in rows if row["name"].startswith(sign)])  # type: ignore[attr-defined]
        for sign, heading in (
            ("pos", "Patterns that raise the score"),
            ("neg", "Patterns that lower the score"),
        )
    ]
    about = stored.about
    title = f"Patterns of {about.model}, {about.target}" if about else "Patterns"
    made = f", contributions by {about.method} {about.mutate}".rstrip() if about else ""
    return environment.from_string(text).render(
        title=title,
        summary=f"{len(stored.letters):,} sequences of {stored.letters.shape[1]} bases{made}.",
        sections=[(heading, of_sign) for heading, of_sign in sections if of_sign],
        known=matches.title,
        p=P,
        similar=SIMILAR,
        reported=REPORTED,
    )


def _page_rows(
    patterns: Sequence[Pattern], hits: Sequence[PatternHit], matches: Matches
) -> list[dict[str, object]]:
    return [
        {
            "name": pattern.name,
            "consensus": pattern.motif.consensus(),
            "contributions": contributions_address(pattern),
            "bases": bases_address(pattern),
            "seqlets": len(pattern.rows),
            "hits": sum(hit.pattern == at for hit in hits),
            "sequences": len({hit.row for hit in hits if hit.pattern == at}),
            "like": _named(matches, at)[:SHOWN],
        }
        for at, pattern in enumerate(patterns)
    ]


def _named(matches: Matches, row: int) -> list[tuple[str, str]]:
    """Return the names of the known motifs that a pattern is like, each once, with its best q."""
    named: dict[str, str] = {}
    for column in matches.like(row):
        known = matches.known[column]
        named.setdefault(known.also or known.name, f"{matches.q[row, column]:.2g}")
    return list(named.items())


def _rows(
    patterns: Sequence[Pattern], hits: Sequence[PatternHit], matches: Matches
) -> Iterator[Sequence[object]]:
    """Yield the rows of patterns.tsv; an empty cell is `.`."""
    found = Counter(hit.pattern for hit in hits)
    yield [
        *("pattern", "seqlets", "hits", "consensus", "contribution", "match", "match_name"),
        *("p", "q", "shuffled_p"),
    ]
    for at, pattern in enumerate(patterns):
        best = int(matches.ranked(at)[0])
        known = matches.known[best]
        named = (known.name, known.also or ".") if matches.like(at) else (".", ".")
        numbers = (matches.p[at, best], matches.q[at, best], matches.shuffled[at])
        yield [
            *(pattern.name, len(pattern.rows), found[at], pattern.motif.consensus() or "."),
            f"{pattern.contributions[pattern.core].sum():.4g}",
            *named,
            *(f"{number:.3g}" for number in numbers),
        ]


def _like(patterns: Sequence[Pattern], matches: Matches) -> Iterator[Sequence[object]]:
    yield ["pattern", "match", "match_name", "p", "q", "shuffled_p", "known_motifs"]
    for at, pattern in enumerate(patterns):
        for column in matches.like(at):
            known = matches.known[column]
            numbers = (matches.p[at, column], matches.q[at, column], matches.shuffled[at])
            cells = (f"{number:.3g}" for number in numbers)
            yield [pattern.name, known.name, known.also or ".", *cells, matches.title]


def _hits(
    patterns: Sequence[Pattern], hits: Sequence[PatternHit], stored: Stored
) -> Iterator[Sequence[object]]:
    """Yield the rows of hits.tsv; positions are 0-based and half-open."""
    yield [
        *("pattern", "sequence", "chrom", "start", "end", "strand"),
        *("bits", "p", "contribution", "similarity"),
    ]
    for hit in hits:
        sequence = stored.sequences[hit.row].name if stored.sequences else hit.row
        place = hit.place
        yield [
            *(patterns[hit.pattern].name, sequence, place.chrom, place.start, place.end),
            *(hit.strand, f"{hit.bits:.2f}", f"{hit.p:.3g}"),
            *(f"{hit.contribution:.4g}", f"{hit.similarity:.3f}"),
        ]


def _bed_of_hits(
    patterns: Sequence[Pattern], hits: Sequence[PatternHit], stored: Stored
) -> Iterator[Sequence[object]]:
    for hit in hits:
        if _is_shown(stored, hit.row):
            yield _bed(patterns[hit.pattern], hit.place, round(1000 * hit.similarity), hit.strand)


def _bed_of_seqlets(patterns: Sequence[Pattern], stored: Stored) -> Iterator[Sequence[object]]:
    """Yield the cores of the seqlets, by place."""
    found = []
    for pattern in patterns:
        core, width = pattern.core, len(pattern.contributions)
        for row, start, reverse in zip(
            pattern.rows.tolist(), pattern.starts.tolist(), pattern.reverse.tolist(), strict=True
        ):
            low, high = (
                (width - core.stop, width - core.start) if reverse else (core.start, core.stop)
            )
            place = place_of(stored, row, start + low, start + high)
            if _is_shown(stored, row):
                found.append(_bed(pattern, place, 1000, "-" if reverse else "+"))
    yield from sorted(found, key=lambda cells: cells[:4])


def _narrow_peaks(stored: Stored) -> Iterator[Sequence[object]]:
    """Yield each sequence as a peak with its middle for a summit."""
    rows, bases, _ = stored.letters.shape
    for row in range(rows):
        place = place_of(stored, row, 0, bases)
        name = stored.sequences[row].name if stored.sequences else row
        start = max(0, place.start)
        summit = place.start + bases // 2 - start
        yield [place.chrom, start, place.end, name, 0, ".", 0, -1, -1, summit]


def _is_shown(stored: Stored, row: int) -> bool:
    """Tell whether a sequence is in a BED: those of a genome, or all where none is."""
    placed = [place is not None for _, place in stored.sequences]
    return placed[row] if any(placed) else True


def _bed(pattern: Pattern, place: Interval, score: int, strand: str) -> list[object]:
    start = max(0, place.start)
    colour = ",".join(map(str, rgb(RAISES if pattern.raises else LOWERS)))
    return [place.chrom, start, place.end, pattern.name, score, strand, start, place.end, colour]


def _table(path: Path, rows: Iterable[Sequence[object]]) -> None:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
