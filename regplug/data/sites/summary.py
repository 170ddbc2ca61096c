"""Sites ─count_sites→ Counts, and the sites' BED ─write_table, picture→ a table and a picture."""

import gzip
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regplug.data.sites.parts import PARTS
from regplug.data.sites.sites import UNLABELLED, SiteBatch, Sites
from regplug.files.figures import PAGE, printed

TOGETHER = 64 * 256  # rows read at once
NAMED = 24  # samples whose names fit below, and classes whose counts fit above
# How the parts are drawn, so that equal numbers are seen: a ring stands around a dot.
MARKS: tuple[dict[str, Any], ...] = (
    {"ms": 5, "color": "#a0a0a0"},
    {"ms": 7, "color": "#0072B2", "mfc": "none"},
    {"ms": 3, "color": "#D55E00"},
)


class Counts(NamedTuple):
    """What a set of sites holds; the last axis is train, valid, test."""

    samples: list[str]
    peaks: NDArray[np.int64]  # (samples,), that were used
    sites: NDArray[np.int64]  # (parts,)
    of_sample: NDArray[np.int64]  # (samples, parts), sites that are open in each
    open_in: NDArray[np.int64]  # (samples + 1, parts), sites that are open in so many samples
    unknown: NDArray[np.int64]  # (samples, parts), sites of which each sample says nothing


def count_sites(sites: Sites, bed: Path) -> Counts:
    """Return what is in a set, and write its sites to a gzipped BED.

    Its columns: contig, start, end (0-based, half-open), row in the set (from 0), number of
    samples, strand (.), samples (commas between), part.
    """
    n, parts = len(sites.samples), len(PARTS)
    of_sample = np.zeros((n, parts), np.int64)
    unknown = np.zeros((n, parts), np.int64)
    open_in = np.zeros((n + 1, parts), np.int64)
    with bed.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        for low in range(0, len(sites), TOGETHER):
            high = min(len(sites), low + TOGETHER)
            batch = sites.read(low, high)
            for part in range(parts):
                targets = batch.targets[sites.parts[low:high] == part]
                opened = targets == 1
                of_sample[:, part] += opened.sum(axis=0)
                unknown[:, part] += (targets == UNLABELLED).sum(axis=0)
                open_in[:, part] += np.bincount(opened.sum(axis=1), minlength=n + 1)
            file.write(_bed(sites, low, batch).encode())
    return Counts(sites.samples, sites.peaks, open_in.sum(axis=0), of_sample, open_in, unknown)


def _bed(sites: Sites, low: int, batch: SiteBatch) -> str:
    """Return the lines of rows from `low` on."""
    high = low + len(batch.targets)
    rows, columns = np.nonzero(batch.targets == 1)
    ends = np.searchsorted(rows, np.arange(1, high - low + 1)).tolist()
    open_in = [sites.samples[column] for column in columns.tolist()]
    starts = sites.starts[low:high].tolist()
    contigs = [sites.names[at] for at in sites.contigs[low:high].tolist()]
    parts = [PARTS[part] for part in sites.parts[low:high].tolist()]
    length = sites.card.settings.length
    lines, first = [], 0
    for row, (contig, start, end, part) in enumerate(
        zip(contigs, starts, ends, parts, strict=True), start=low
    ):
        names = ",".join(open_in[first:end])
        lines.append(
            f"{contig}\t{start}\t{start + length}\t{row}\t{end - first}\t.\t{names}\t{part}\n"
        )
        first = end
    return "".join(lines)


def write_table(counts: Counts, path: Path) -> None:
    """Write a TSV: a row for all, one for each sample, one for each number of samples.

    Samples that say nothing of some sites have a row each for these.
    """
    lines = ["of\tname\tpeaks\tsites\ttrain\tvalid\ttest"]

    def add(kind: str, name: str, peaks: object, numbers: NDArray[np.int64]) -> None:
        lines.append("\t".join(map(str, [kind, name, peaks, numbers.sum(), *numbers])))

    add("all", ".", counts.peaks.sum(), counts.sites)
    for name, peaks, numbers in zip(counts.samples, counts.peaks, counts.of_sample, strict=True):
        add("sample", name, peaks, numbers)
    for open_in, numbers in enumerate(counts.open_in):
        if numbers.any():
            add("samples_per_site", str(open_in), ".", numbers)
    for name, numbers in zip(counts.samples, counts.unknown, strict=True):
        if numbers.any():
            add("unknown", name, ".", numbers)
    path.write_text("\n".join(lines) + "\n")


@printed
def picture(counts: Counts) -> Any:
    """Return a matplotlib figure of sites per sample, samples per site, and sites per part.

    The axes are logarithmic, and a part a dot or ring: one site is as plain to see as a million.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE, 3.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(3, 2, 1))
    order = np.argsort(-counts.of_sample.sum(axis=1), kind="stable")
    _dots(left, counts.of_sample[order])
    names = [counts.samples[at] for at in order.tolist()] if len(order) <= NAMED else []
    left.set_xticks(range(len(names)), [_plain(n) for n in names], rotation=90)
    _dots(middle, counts.open_in[1:], first=1)
    middle.xaxis.get_major_locator().set_params(integer=True)
    _dots(right, np.diag(counts.sites))
    right.set_xticks(range(len(PARTS)), PARTS)
    labels = ("sample" if names else f"{len(order)} samples", "samples in which a site is open", "")
    titles = ("sites per sample", "samples per site", "sites per part")
    for axis, title, label in zip((left, middle, right), titles, labels, strict=True):
        axis.set(title=title, xlabel=label, ylabel="sites")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _dots(axis: Any, counts: NDArray[np.int64], first: int = 0) -> None:
    """Draw a dot per count (classes, parts) above 0, and over each class its sum if they fit."""
    at = np.arange(first, first + len(counts))
    for part, (name, mark) in enumerate(zip(PARTS, MARKS, strict=True)):
        some = counts[:, part] > 0
        axis.plot(at[some], counts[some, part], "o", label=name, **mark)
    highest = counts.max(axis=1)
    if len(counts) <= NAMED:
        for x, y, total in zip(at, highest, counts.sum(axis=1), strict=True):
            axis.annotate(
                *(f"{total:,}", (x, max(y, 1))),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                va="bottom",
                rotation=90 if len(counts) > len(PARTS) else 0,
                fontsize="small",
            )
    room = 3 * max(1, highest.max()) ** 1.25  # for the sum over the highest
    axis.set(xlim=(first - 0.7, at[-1] + 0.7), yscale="log", ylim=(0.7, room))
    axis.grid(axis="y", color="#e5e5e5")


def _plain(text: str) -> str:
    """Return text shortened, and so that matplotlib does not read it as mathematics."""
    return text[:24].replace("$", r"\$")
