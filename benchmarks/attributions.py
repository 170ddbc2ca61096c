"""How alike contributions of one set of sequences are, made in several ways.

    regplug attribute open_chromatin peaks.narrowPeak --fasta hg19.fa --targets GM12878 -o centred
    regplug attribute ... --mutate within -o within
    regplug attribute ... --method deeplift -o deeplift
    regplug attribute ... --method gradient -o gradient
    python -m benchmarks.attributions within centred deeplift gradient --target GM12878 \
        --picture docs/attributions.png

Prints Pearson's r over the bases of each sequence, median and quartiles over the sequences, for
each pair of ways, and the share of the 20 bases of most contribution that both name. The picture
has the sequence of median agreement.
"""

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np

from regplug.files.colours import GREY
from regplug.files.figures import save_figure
from regplug.genome.codes import decode
from regplug.interpret.attribute.contributions import Floats
from regplug.interpret.attribute.file import Stored, read_contributions
from regplug.motifs.glyphs import draw_base

MOST, SHOWN = 20, 90  # bases that are compared; that are drawn


def main() -> None:
    """Compare the folders that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    stored = {
        folder.name: read_contributions(folder / f"{given.target}.h5") for folder in given.folders
    }
    own = {name: (of.hypothetical * of.letters).sum(axis=2) for name, of in stored.items()}
    print("| ways | median r | quartiles | share of the 20 strongest bases |\n|---|--:|--:|--:|")
    for one, other in combinations(own, 2):
        r = correlations(own[one], own[other])
        low, middle, high = np.percentile(r, [25, 50, 75])
        shared = np.median([overlap(a, b) for a, b in zip(own[one], own[other], strict=True)])
        print(f"| {one}, {other} | {middle:.2f} | {low:.2f} to {high:.2f} | {shared:.2f} |")
    print(f"{len(r)} sequences of {own[one].shape[1]} bases")
    if given.picture:
        draw(stored, own, given.picture)


def correlations(one: Floats, other: Floats) -> Floats:
    """Return Pearson's r of each row of two arrays (n, bases), shape (n,)."""
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (one, other))
    r: Floats = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return r


def overlap(one: Floats, other: Floats) -> float:
    """Return which share of the MOST strongest bases (|contribution|) two rows have in common."""
    strongest = [
        set(np.argsort(-np.abs(row), kind="stable")[:MOST].tolist()) for row in (one, other)
    ]
    return len(strongest[0] & strongest[1]) / MOST


def draw(stored: dict[str, Stored], own: dict[str, Floats], path: Path) -> None:
    """Draw r over all sequences, and the letters of the sequence of median agreement."""
    from matplotlib.figure import Figure

    names = list(own)
    pairs = list(combinations(names, 2))
    r = np.stack([correlations(own[a], own[b]) for a, b in pairs])
    mean = r.mean(axis=0)
    row = int(np.argsort(mean)[len(mean) // 2])
    first = int(
        np.clip(_strongest(own[names[0]][row]) - SHOWN // 2, 0, own[names[0]].shape[1] - SHOWN)
    )
    figure = Figure(figsize=(9, 1.1 * len(names) + 2.6), layout="constrained")
    axes = figure.subplots(len(names) + 1, 1, height_ratios=[2.2, *[1] * len(names)])
    boxes = axes[0].boxplot(r.T, orientation="horizontal", widths=0.6, flierprops={"markersize": 2})
    for line in boxes["medians"]:
        line.set_color("black")
    axes[0].set_yticks(range(1, len(pairs) + 1), [f"{a}, {b}" for a, b in pairs], fontsize=8)
    axes[0].set_xlabel("Pearson's r over the bases of a sequence", fontsize=8)
    axes[0].tick_params(labelsize=8)
    axes[0].grid(axis="x", color=GREY, alpha=0.3)
    letters = stored[names[0]].letters[row, first : first + SHOWN]
    for name, axis in zip(names, axes[1:], strict=True):
        heights = own[name][row, first : first + SHOWN].tolist()
        for column, (one_hot, height) in enumerate(zip(letters, heights, strict=True)):
            draw_base(axis, "ACGT"[one_hot.argmax()], column, 0, height)
        axis.axhline(0, color="black", linewidth=0.5, zorder=-1)
        axis.set_xlim(-0.5, SHOWN - 0.5)
        axis.autoscale(axis="y")
        axis.spines[:].set_visible(False)
        axis.set_ylabel(name, fontsize=8)
        axis.set_xticks([])
        axis.tick_params(labelsize=7)
    about = stored[names[0]].sequences[row]
    axes[-1].set_xlabel(
        f"{about.place.chrom}:{about.place.start + first + 1}-{about.place.start + first + SHOWN}"
        if about.place
        else about.name,
        fontsize=8,
    )
    save_figure(figure, path)
    print(f"drawn: {about.name}, {decode(letters.argmax(axis=1).astype(np.uint8))}")


def _strongest(row: Floats) -> int:
    """Return the middle of the stretch of 20 bases of most |contribution|."""
    return int(np.convolve(np.abs(row), np.ones(20), "same").argmax())


if __name__ == "__main__":
    main()
