"""Real hypersensitive sites of four cell types: their true places, and their true bases."""

import csv
import gzip

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from regplug.data.sites.sites import Sites
from regplug.genome.codes import encode
from regplug.scoring.sequences import read_fasta
from tests.data.sites.literal_merge import literal_sites
from tests.toy_genomes import write_fasta

pytestmark = [pytest.mark.data, pytest.mark.slow]

HG38 = {"chr21": 46_709_983, "chr22": 50_818_468}


@pytest.fixture(scope="module")
def peaks(data):
    """Return (cell type, row) of each site."""
    with gzip.open(data / "dhs4" / "dhs4_train_validation.tsv.gz", "rt") as table:
        return [(row["TAG"].split("_")[0], row) for row in csv.DictReader(table, delimiter="\t")]


def prepare(regplug, folder, lines, *options):
    """Write a BED per cell type, prepare them with folder/genome.fa, and return the set."""
    table = []
    for cell, text in lines.items():
        (folder / f"{cell}.bed").write_text("".join(text))
        table.append(f"{cell}\t{cell}.bed\n")
    (folder / "samples.tsv").write_text("".join(table))
    fasta = ["--fasta", folder / "genome.fa", "-o", folder / "set.h5"]
    done = regplug("prepare", "basset", folder / "samples.tsv", *fasta, *options)
    assert done.status == 0, done.err
    return Sites(folder / "set.h5")


def test_places_on_two_chromosomes(peaks, regplug, tmp_path):
    # The bases are made: no whole genome is at hand.
    write_fasta(tmp_path / "genome.fa", {n: "ACGT" * (s // 4 + 1) for n, s in HG38.items()})
    lines, midpoints = {}, {name: [] for name in HG38}
    for cell, row in peaks:
        chrom, start, end = row["chr"], int(row["start"]), int(row["end"])
        if chrom in HG38:
            lines.setdefault(cell, []).append(f"{chrom}\t{start}\t{end}\n")
            midpoints[chrom].append(((start + end) // 2, cell))
    expected = [
        (chrom, start, open_in)
        for chrom, size in HG38.items()
        for start, open_in in literal_sites(
            midpoints[chrom], length=600, overlap=200, contig=size + 4
        )
    ]
    with prepare(regplug, tmp_path, lines, "--valid", 100, "--test", 100) as sites:
        targets = sites.read(0, len(sites)).targets
        found = [
            (sites.names[contig], start, set(np.array(sites.samples)[row == 1]))
            for contig, start, row in zip(
                sites.contigs, sites.starts.tolist(), targets, strict=True
            )
        ]
    assert found == expected
    assert sum(map(len, midpoints.values())) == 1426
    assert 1300 < len(found) < 1426  # some lie close together
    assert np.bincount(sites.parts).tolist() == [len(found) - 200, 100, 100]


def test_bases_in_windows_of_the_genome(peaks, data, regplug, tmp_path):
    # Each window is a contig of its own. The table's 200 bases are around the site's summit.
    letters = dict(read_fasta(str(data / "hg38_windows" / "windows.fa.gz")))
    write_fasta(tmp_path / "genome.fa", {f"w{i}": text for i, text in enumerate(letters.values())})
    lines, wanted = {}, {}
    for at, name in enumerate(letters):
        chrom, low, high = name.split("|")[0].replace(":", "-").split("-")
        for cell, row in peaks:
            start, end = int(row["start"]) - int(low), int(row["end"]) - int(low)
            if row["chr"] == chrom and start >= 300 and end + 300 <= int(high) - int(low):
                summit = int(row["summit"]) - int(row["start"])
                lines.setdefault(cell, []).append(
                    f"w{at}\t{start}\t{end}\t.\t0\t.\t0\t0\t0\t{summit}\n"
                )
                wanted[f"w{at}", start + summit - 300, cell] = row["sequence"]
    options = ["--summits", "--valid", 0, "--test", 0]
    with prepare(regplug, tmp_path, lines, *options) as sites:
        batch = sites.read(0, len(sites))
    alone = [
        (sites.names[contig], start, sites.samples[row.argmax()])
        for contig, start, row in zip(
            sites.contigs, sites.starts.tolist(), batch.targets, strict=True
        )
    ]
    alike = [
        (sliding_window_view(codes, 200) == encode(wanted[key])).sum(axis=1).max()
        for key, codes in zip(alone, batch.codes, strict=True)
        if key in wanted
    ]
    assert len(alike) > 80
    assert min(alike) > 190  # a few bases differ from the windows'
    assert np.mean(np.array(alike) == 200) > 0.85
