"""Edit ─junction_windows→ REF and ALT windows at the two places where they part.

Read from the left, REF and ALT are alike up to a base: the last that is alike lies in the window's
column. Read from the right likewise, and there the last base that differs lies in it. So a pair
shares a flank, and beside it ALT has its junction where REF goes on. A deletion's pairs show one
junction, an inversion's two; a tandem copy is seen where it ends and begins anew.
"""

from typing import NamedTuple

from regplug.genome.codes import Codes
from regplug.genome.edit import Edit, Edited
from regplug.genome.fasta import Reference


class Cut(NamedTuple):
    """A window of a contig.

    Attributes:
        codes: shape (window,).
        start: 0-based position of the first in the contig, which may lie before it.
        length: of the contig.
    """

    codes: Codes
    start: int
    length: int


def junction_windows(
    edit: Edit, genome: Reference, before: int, window: int
) -> list[tuple[Cut, Cut]]:
    """Return the (REF, ALT) windows: two pairs, or one of a lone breakend.

    Args:
        edit: normalised.
        genome: that REF stands in.
        before: bases before the window's column.
        window: bases of a window.

    Raises:
        GenomeError: as `genome` raises.
    """
    alt = Edited(edit, genome)
    places = [(edit.reach, edit.reach)] if edit.left else []
    places += [(edit.end, edit.end + edit.longer)] if edit.right else []
    pairs = []
    for in_ref, in_alt in places:
        first, second = in_ref - 1 - before, in_alt - 1 - before
        ref = Cut(alt.ref(first, first + window), first, alt.ref_length)
        pairs.append((ref, Cut(alt.codes(second, second + window), second, alt.length)))
    return pairs
