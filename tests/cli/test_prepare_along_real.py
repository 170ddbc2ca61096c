"""Tiles of real contigs with real peaks: those of the literal rule, on the stretches asked for."""

import gzip
from collections import Counter

import pysam
import pytest

from regplug.data.sites.sites import Sites
from regplug.genome.codes import decode
from tests.data.sites.literal_tiles import literal_tiles

pytestmark = [pytest.mark.data, pytest.mark.slow]

CELLS = ("GM12878", "HeLaS3", "H1hESC", "HepG2")
STRETCHES = [("chr1", 5_000_000, 5_600_000), ("chr20", 10_000_000, 10_200_000)]
STRETCHES += [("chr22", 20_000_000, 20_300_000)]


@pytest.mark.parametrize("label", ["summit", "overlap"])
def test_dnase_hotspots(regplug, data, tmp_path, monkeypatch, label):
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    fasta = data / "genome" / "hg19.partial.fa.gz"
    bed, table = tmp_path / "stretches.bed", tmp_path / "samples.tsv"
    bed.write_text("".join(f"{name}\t{low}\t{high}\n" for name, low, high in STRETCHES))
    samples, lines = {}, []
    for cell in CELLS:
        path = data / "peaks" / "hg19" / f"dnase_{cell}.narrowPeak.gz"
        lines.append(f"{cell}\t{path}\n")
        with gzip.open(path, "rt") as peaks:
            rows = [line.split("\t") for line in peaks]
        samples[cell] = [(row[0], int(row[1]), int(row[2]), int(row[9])) for row in rows]
    table.write_text("".join(lines))
    done = regplug(
        "prepare", "basset", table, "--along", "--fasta", fasta, "--regions-file", bed,
        "--length", 600, "--step", 300, "--label", label, "-o", tmp_path / "set.h5",
        "--valid-chroms", "chr20", "--test-chroms", "chr22",
    )  # fmt: skip
    assert done.status == 0, done.err
    with pysam.FastaFile(str(fasta)) as genome:
        contigs = {name: genome.fetch(name) for name in ("chr1", "chr20", "chr22")}
    expected = literal_tiles(
        contigs, STRETCHES, samples, length=600, step=300, centre=200, label=label
    )
    with Sites(tmp_path / "set.h5") as sites:
        batch = sites.read(0, len(sites))
        found = [
            (
                sites.names[contig],
                start,
                "".join(c for c, is_open in zip(CELLS, row, strict=True) if is_open),
            )
            for contig, start, row in zip(
                sites.contigs, sites.starts.tolist(), batch.targets.tolist(), strict=True
            )
        ]
        parts = Counter(sites.parts.tolist())
    assert found == expected
    assert all(
        decode(codes) == contigs[contig][start : start + 600].upper()
        for codes, (contig, start, _) in zip(batch.codes, found, strict=True)
    )
    assert parts == {0: 1999, 1: 665, 2: 999}
