"""What of a motif is put into a sequence: letters or a Motif ─site_of→ Site ─put→ codes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.errors import MotifError
from regplug.genome.codes import UNKNOWN, Codes
from regplug.motifs.motif import Motif

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT",
    "K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
MOST = 200  # letters of a site

_LETTER = {bases: letter for letter, bases in IUPAC.items() if letter != "U"}


class Site(NamedTuple):
    """Which bases each position of a motif may have.

    Attributes:
        name: of the motif, or its letters.
        also: its other name, in JASPAR the protein's; "" if none.
        fits: shape (width, 4), whether A, C, G, T fit; one of them at least.
    """

    name: str
    also: str
    fits: NDArray[np.bool_]

    @property
    def width(self) -> int:
        """Return the number of positions."""
        return len(self.fits)

    @property
    def letters(self) -> str:
        """Return the site in IUPAC's letters."""
        bases = ("".join(np.array(list("ACGT"))[fit]) for fit in self.fits)
        return "".join(_LETTER[of_position] for of_position in bases)

    @property
    def title(self) -> str:
        """Return its names, as pictures have them."""
        return f"{self.also} {self.name}".strip()

    @property
    def reversed(self) -> "Site":
        """Return the site as the other strand reads it."""
        return self._replace(fits=self.fits[::-1, ::-1])


def is_letters(text: str) -> bool:
    """Tell whether `text` can be a site: IUPAC's letters, in any case."""
    return bool(text) and set(text.upper()) <= set(IUPAC)


def site_of_letters(text: str) -> Site:
    """Return the site that IUPAC's letters say, in any case; U is T, N is any base.

    Raises:
        MotifError: no letter asks for anything, there are too many, or it is none of IUPAC's.
    """
    if not is_letters(text):
        raise MotifError(f"{text!r} is no site: give the letters ACGT, or IUPAC's, such as TGASTCA")
    fits = np.array([[base in IUPAC[letter] for base in "ACGT"] for letter in text.upper()])
    if fits.all():
        raise MotifError(f"{text} says nothing: any base fits each N")
    if len(text) > MOST:
        raise MotifError(f"a site of {len(text)} letters: give {MOST} at most")
    return Site(text.upper().replace("U", "T"), "", fits)


def site_of(motif: Motif) -> Site:
    """Return the site of a motif: per position the base, or the pair of bases, that is clear.

    A base is, if over half of the sites have it and twice as many as any other; a pair, if over
    three quarters have one of the two. Elsewhere any base fits, and such ends are cut.
    Source: Cavener 1987, Nucleic Acids Res 15:1353.

    Raises:
        MotifError: no position is clear.
    """
    ordered = np.sort(motif.frequencies, axis=1)[:, ::-1]
    rank = (-motif.frequencies).argsort(axis=1, kind="stable").argsort(axis=1)
    first, second = ordered[:, 0], ordered[:, 1]
    taken = np.full(motif.width, 4)
    taken[first + second > 0.75] = 2
    taken[(first > 0.5) & (first >= 2 * second)] = 1
    fits = rank < taken[:, None]
    clear = np.flatnonzero(~fits.all(axis=1))
    if not clear.size:
        raise MotifError(f"motif {motif.name} has no position with a clear base: leave it out")
    return Site(motif.name, motif.also, fits[clear[0] : clear[-1] + 1])


def put(codes: Codes, sites: Site | Sequence[Site], start: int, rng: np.random.Generator) -> Codes:
    """Return codes (n, width) with a site from column `start` on; a site, or one per row.

    A base that fits is left as it is; another one becomes one of those that fit, each as likely.
    """
    of_rows = [sites] * len(codes) if isinstance(sites, Site) else sites
    fits = np.stack([site.fits for site in of_rows])  # (n, width of the site, 4)
    made = codes.copy()
    there = made[:, start : start + fits.shape[1]]
    is_kept = (there != UNKNOWN) & np.take_along_axis(
        fits, np.minimum(there, 3)[..., None].astype(np.intp), axis=2
    )[..., 0]
    drawn = (rng.random(fits.shape) * fits).argmax(axis=2)
    made[:, start : start + fits.shape[1]] = np.where(is_kept, there, drawn)
    return made


def mixed(site: Site, count: int, rng: np.random.Generator) -> list[Site]:
    """Return `count` sites with the positions of `site` in random orders, as controls.

    None of them is the site or its reverse, unless a hundred draws in a row are.
    """
    return [_mixed(site, rng) for _ in range(count)]


def can_be_mixed(site: Site) -> bool:
    """Tell whether some order of the site's positions is another site."""
    return len(np.unique(site.fits, axis=0)) > 1


def _mixed(site: Site, rng: np.random.Generator) -> Site:
    own = (site.fits, site.reversed.fits)
    for _ in range(100):
        fits = rng.permutation(site.fits)
        if not any(np.array_equal(fits, same) for same in own):
            break
    return site._replace(fits=fits)
