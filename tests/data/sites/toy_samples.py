"""Toy samples: a genome, BEDs, and the table of them."""

import gzip
from collections.abc import Mapping
from pathlib import Path

from tests.toy_genomes import random_letters, write_fasta

SIZES = {"chr1": 5000, "chr2": 3000, "chrY": 2000, "tiny": 200}
CONTIGS = {name: random_letters(size, seed=size) for name, size in SIZES.items()}


def write_samples(
    folder: Path, beds: Mapping[str, str], header: str = "", contigs: Mapping[str, str] = CONTIGS
) -> Path:
    """Write genome.fa, a BED per sample and samples.tsv; return the table's path."""
    (folder / "genome.fa.fai").unlink(missing_ok=True)
    write_fasta(folder / "genome.fa", contigs)
    rows = []
    for at, (name, text) in enumerate(beds.items()):
        packed = at % 2 == 1
        path = folder / f"{at}.bed{'.gz' * packed}"
        path.write_bytes(gzip.compress(text.encode(), mtime=0) if packed else text.encode())
        rows.append(f"{name}\t{path.name}\n")
    table = folder / "samples.tsv"
    table.write_text(header + "".join(rows))
    return table
