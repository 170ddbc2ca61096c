"""Motifs by what a user calls them ─sites_named→ Sites: names in a collection, letters, MEME files.

A name is looked for first: MYB and SRY are names of proteins, and letters of IUPAC's too.
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from regplug.errors import MotifError
from regplug.motifs.hits import is_named
from regplug.motifs.matches import Collection
from regplug.motifs.meme import read_meme
from regplug.motifs.motif import Motif
from regplug.motifs.sites import Site, is_letters, site_of, site_of_letters

ALL = "all"
_NEAR = 5  # names that are offered where there is no such motif


class Named(NamedTuple):
    """What was found.

    Attributes:
        sites: of the motifs, in the order they were asked for; each name once.
        remarks: what a user should be told of, such as motifs left out.
    """

    sites: list[Site]
    remarks: list[str]


def sites_named(words: Sequence[str], known: Callable[[], Collection]) -> Named:
    """Return the sites of motifs.

    Args:
        words: each the name or ID of a known motif, a site's letters (IUPAC), a file of motifs in
            MEME's format, or `all` known motifs.
        known: gives the known motifs, if there is need of them.

    Raises:
        MotifError: there is no such motif, or a file cannot be read.
    """
    found: dict[tuple[str, bytes], Site] = {}
    remarks: list[str] = []
    for word in words:
        for site in _sites(word, known, remarks):
            found.setdefault((site.name, site.fits.tobytes()), site)
    return Named(list(found.values()), remarks)


def _sites(word: str, known: Callable[[], Collection], remarks: list[str]) -> list[Site]:
    if word == ALL:
        return _all(known().motifs, remarks)
    if word.endswith(".meme") or Path(word).is_file():
        return _all(read_meme(Path(word))[1], remarks)
    collection = known()
    alike = sorted(
        (motif for motif in collection.motifs if is_named(motif, [word])), key=lambda m: m.name
    )
    if alike:
        if len(alike) > 1:
            rest = ", ".join(motif.name for motif in alike[1:])
            remarks.append(f"{word} is {alike[0].name} here; others of that name: {rest}")
        return [site_of(alike[0])]
    if is_letters(word):
        return [site_of_letters(word)]
    raise MotifError(f"no motif {word} in {collection.title}{_offer(word, collection)}")


def _all(motifs: Sequence[Motif], remarks: list[str]) -> list[Site]:
    """Return the sites of those motifs that have a clear position; MotifError if none has."""
    sites, faults = [], []
    for motif in motifs:
        try:
            sites.append(site_of(motif))
        except MotifError as error:
            faults.append(str(error))
    if not sites:
        raise MotifError(faults[0])
    remarks += faults
    return sites


def _offer(word: str, collection: Collection) -> str:
    """Return the end of a message: names that are near, or what else may be given."""
    names = {name.upper(): name for motif in collection.motifs for name in (motif.name, motif.also)}
    near = get_close_matches(word.upper(), filter(None, names), n=_NEAR, cutoff=0.6)
    if near:
        return f": is it {' or '.join(names[name] for name in near)}?"
    return ": give a name or ID of it, the letters of a site, or a file in MEME's format"
