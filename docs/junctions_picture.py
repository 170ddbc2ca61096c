"""Draw which windows a model compares of a long allele: docs/junctions.png.

python -m docs.junctions_picture
"""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrow, Rectangle

from regplug.genome.edit import Edit, Edited, Letters, Piece, Stretch
from regplug.genome.fasta import Genome
from regplug.genome.structural import edit_of
from regplug.genome.variant import Extent, Variant
from regplug.scoring.alleles import column
from regplug.scoring.junctions import junction_windows

LENGTH, FROM, TO, WINDOW = 1000, 350, 650, 160  # bases of the contig, of the allele, of a window
COLOURS = ("#9bb8d3", "#e8a33d", "#b5c99a", "#9c6fb0")  # before, the allele, behind, put in
PAIRS = ("#1f3a5f", "#b3261e")
ALLELES = {
    "<DEL>": ("", Extent(TO)),
    "<DUP>": ("", Extent(TO)),
    "<INV>": ("", Extent(TO)),
    "<INS>": ("", Extent(inserted="ACGGT" * 50)),
    f"N]c:{TO}]": (" a breakend", None),
}


def main(folder: Path) -> None:
    """Write the picture to `folder`."""
    letters = "".join(np.random.default_rng(3).choice(list("ACGT"), LENGTH))
    with tempfile.TemporaryDirectory() as name:
        fasta = Path(name, "c.fa")
        fasta.write_text(f">c\n{letters}\n")
        figure = Figure(figsize=(9, 8.5), dpi=100, layout="constrained")
        with Genome(fasta) as genome:
            for axis, alt in zip(figure.subplots(len(ALLELES), 1), ALLELES, strict=True):
                edit = edit_of(Variant("c", FROM, "N", alt, ALLELES[alt][1]), genome)
                assert isinstance(edit, Edit)
                draw(axis, alt + ALLELES[alt][0], edit, genome)
        figure.savefig(folder / "junctions.png", dpi=100)


def draw(axis: Axes, title: str, edit: Edit, genome: Genome) -> None:
    """Draw a contig with REF and with ALT, and the windows that are compared."""
    contigs: list[tuple[Piece, ...]] = [(Stretch(0, LENGTH),), Edited(edit, genome).pieces]
    for row, (name, pieces) in enumerate(zip(("REF", "ALT"), contigs, strict=True)):
        at = 0
        for piece in pieces:
            at = draw_piece(axis, at, -row, piece)
        axis.text(-25, -row, name, ha="right", va="center", fontsize=10)
    pairs = junction_windows(edit, genome, column(WINDOW), WINDOW)
    colours = PAIRS if edit.left and edit.right else PAIRS[: len(pairs)]
    for number, (pair, colour) in enumerate(zip(pairs, colours, strict=True)):
        for row, cut in enumerate(pair):
            grow = 0.03 + 0.07 * number  # two windows may be one
            box = (cut.start, -row - 0.22 - grow), WINDOW, 0.44 + 2 * grow
            axis.add_patch(Rectangle(*box, fill=False, edgecolor=colour, linewidth=1.8))
    axis.set_title(title, loc="left", fontsize=11, family="monospace")
    axis.set_xlim(-90, LENGTH + (TO - FROM) + 20)
    axis.set_ylim(-1.5, 0.5)
    axis.set_axis_off()


def draw_piece(axis: Axes, at: int, row: int, piece: Piece) -> int:
    """Draw a piece of a contig at a column, and return the column behind it."""
    if isinstance(piece, Letters):
        block(axis, at, row, len(piece), COLOURS[3])
        return at + len(piece)
    edges = sorted(
        {piece.start, piece.end, *(e for e in (FROM, TO) if piece.start < e < piece.end)}
    )
    parts = list(pairwise(edges))
    for start, end in reversed(parts) if piece.reverse else parts:
        block(axis, at, row, end - start, COLOURS[(start >= FROM) + (start >= TO)])
        arrow = (at + end - start - 20, -40) if piece.reverse else (at + 20, 40)
        axis.add_patch(
            FancyArrow(arrow[0], row, arrow[1], 0, width=0.02, head_width=0.13, head_length=18,
                       color="white", length_includes_head=True)
        )  # fmt: skip
        at += end - start
    return at


def block(axis: Axes, at: int, row: int, length: int, colour: str) -> None:
    """Draw bases as a box."""
    axis.add_patch(Rectangle((at, row - 0.2), length, 0.4, facecolor=colour, edgecolor="none"))


if __name__ == "__main__":
    main(Path(__file__).parent)
