"""Make the example's FASTA: true hg38 coordinates, the bases of a few loci, N everywhere else.

    python examples/make_example.py LOCI.fa examples/example.hg38.fa.gz

LOCI.fa has records named `chr5:1294989-1295247 TERT` (GRCh38, forward strand, 1-based, inclusive).
"""

import re
import sys
from pathlib import Path

import pysam

LENGTHS = {  # GRCh38
    "chr1": 248_956_422,
    "chr5": 181_538_259,
    "chr6": 170_805_979,
    "chr11": 135_086_622,
    "chr19": 58_617_616,
}


def main(loci: str, out: str) -> None:
    """Write the bgzipped FASTA `out` and its .fai and .gzi."""
    contigs = {name: bytearray(b"N") * length for name, length in LENGTHS.items()}
    with pysam.FastxFile(loci) as records:
        for record in records:
            match = re.fullmatch(r"(\w+):(\d+)-(\d+)", record.name)
            if match and match[1] in contigs:
                start = int(match[2]) - 1
                bases = record.sequence.upper().encode()
                contigs[match[1]][start : start + len(bases)] = bases
    with pysam.BGZFile(out, "w") as file:
        for name, bases in contigs.items():
            file.write(f">{name}\n".encode() + bytes(bases) + b"\n")
    for index in (".fai", ".gzi"):
        Path(f"{out}{index}").unlink(missing_ok=True)
    pysam.faidx(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
