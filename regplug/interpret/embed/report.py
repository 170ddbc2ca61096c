"""The folder that `regplug embed` writes: EmbeddedSequences ─write_embedding→ files.

embedding.npy   units, float32 (n, units)
embedding.tsv   a row per sequence: name, label, pc1, pc2, tsne1, tsne2 (`.`: not drawn)
embed.png, .svg, .pdf  PCA beside t-SNE, coloured by label
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regplug.files.colours import (
    AMBER,
    BLACK,
    BLUE,
    GREEN,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
)
from regplug.files.figures import PAGE, names_of, printed, save_formats
from regplug.files.output import check_folder, complete
from regplug.interpret.embed.projection import NO_LABEL, Points, Projection, Units, silhouette

FILES = {"embedding.npy", "embedding.tsv"} | names_of("embed")

_COLOURS = (BLUE, AMBER, GREEN, PURPLE, SKY, VERMILLION, YELLOW, BLACK)  # each with each mark
_MARKS = ("o", "^", "s")
_OWN = [(colour, mark) for mark in _MARKS for colour in _COLOURS]  # of the frequent labels
_REST = ("#BBBBBB", "o")  # grey, of all other labels and of points without a label
_LONGEST = 70  # letters of a label in the legend, at most
_LETTERS = 105  # of a line of the legend, at most


class EmbeddedSequences(NamedTuple):
    """Sequences in the hidden layer of a model.

    Attributes:
        model: its title.
        names: of the n sequences.
        labels: of the n sequences.
        units: shape (n, units).
        projection: of the units.
    """

    model: str
    names: Sequence[str]
    labels: Sequence[str]
    units: Units
    projection: Projection

    @property
    def drawn_labels(self) -> list[str]:
        """Return the labels of the rows drawn."""
        return [self.labels[row] for row in self.projection.drawn]


def write_embedding(folder: Path, embedded: EmbeddedSequences) -> dict[str, float | None]:
    """Write the folder, replacing an earlier report; return each picture's silhouette.

    Raises:
        OutputError: the folder holds other things, or cannot be written.
    """
    check_folder(folder, FILES)
    projection = embedded.projection
    pictures = {"PCA": projection.pca[projection.drawn], "t-SNE": projection.tsne}
    scores = {name: silhouette(at, embedded.drawn_labels) for name, at in pictures.items()}
    with complete(folder.absolute()) as partial:
        partial.mkdir()
        np.save(partial / "embedding.npy", embedded.units)
        lines = ("\t".join(row) + "\n" for row in _table(embedded))
        (partial / "embedding.tsv").write_text("".join(lines))
        figure = _figure(embedded, pictures, scores)
        save_formats(figure, partial / "embed")
    return scores


def _table(embedded: EmbeddedSequences) -> Iterator[list[str]]:
    """Yield the rows of embedding.tsv."""
    yield ["name", "label", "pc1", "pc2", "tsne1", "tsne2"]
    projection = embedded.projection
    tsne = {int(row): at for row, at in zip(projection.drawn, projection.tsne, strict=True)}
    for row, at in enumerate(projection.pca):
        numbers = [f"{number:.6g}" for number in (*at, *tsne.get(row, ()))]
        yield [embedded.names[row], embedded.labels[row], *numbers, *["."] * (4 - len(numbers))]


@printed
def _figure(
    embedded: EmbeddedSequences, pictures: Mapping[str, Points], scores: Mapping[str, float | None]
) -> Any:
    """Return the figure: the pictures side by side, and a legend with counts."""
    from matplotlib.figure import Figure

    projection, labels = embedded.projection, embedded.drawn_labels
    details = {"PCA": "", "t-SNE": f", perplexity {projection.perplexity:.3g}"}
    figure = Figure(figsize=(PAGE, 3.4), layout="constrained")
    for axis, (name, points) in zip(figure.subplots(1, 2), pictures.items(), strict=True):
        _scatter(axis, points, labels)
        quality = "" if scores[name] is None else f", silhouette {scores[name]:.2f}"
        axis.set_title(f"{name}{details[name]}{quality}")
    pca, tsne = figure.axes
    pca.set_xlabel(f"PC1, {projection.explained[0]:.1%} of the variance")
    pca.set_ylabel(f"PC2, {projection.explained[1]:.1%} of the variance")
    tsne.set(xlabel="t-SNE 1", ylabel="t-SNE 2", xticks=[], yticks=[])  # its distances have no unit
    title = f"{embedded.model}: last hidden layer, {embedded.units.shape[1]} units"
    figure.suptitle(title, parse_math=False)
    _legend(figure, labels)
    return figure


def _scatter(axis: Any, points: Points, labels: Sequence[str]) -> None:
    """Draw the points in random order, so that no label covers another."""
    styles = _styles(labels)
    order = np.random.default_rng(0).permutation(len(labels))
    size = float(np.clip(12_000 / len(labels), 8, 40))
    for mark in _MARKS:
        rows = [row for row in order if styles[labels[row]][1] == mark]
        colours = [styles[labels[row]][0] for row in rows]
        axis.scatter(*points[rows].T, s=size, c=colours, marker=mark, alpha=0.7, linewidths=0)


def _legend(figure: Any, labels: Sequence[str]) -> None:
    """Add the labels and their counts, most frequent first; the grey ones come last, together."""
    from matplotlib.lines import Line2D

    counts, styles = Counter(labels), _styles(labels)
    own = [label for label in styles if styles[label] != _REST]
    entries = [(f"{_short(label)} ({counts[label]:,})", styles[label]) for label in own]
    if rest := len(labels) - sum(counts[label] for label in own):
        entries.append((f"other ({rest:,})", _REST))
    texts = [text for text, _ in entries]
    marks = [Line2D([], [], color=color, marker=mark, ls="") for _, (color, mark) in entries]
    columns = max(1, min(len(texts), _LETTERS // (max(map(len, texts)) + 8)))
    figure.set_figheight(figure.get_figheight() + 0.2 * -(-len(texts) // columns))
    legend = figure.legend(marks, texts, loc="outside lower center", ncols=columns)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


def _styles(labels: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return each label's colour and mark; the most frequent have their own, others are grey."""
    counts = Counter(label for label in labels if label != NO_LABEL)
    ranked = sorted(counts, key=lambda label: (-counts[label], label))
    return {NO_LABEL: _REST} | dict(zip(ranked, chain(_OWN, repeat(_REST)), strict=False))
