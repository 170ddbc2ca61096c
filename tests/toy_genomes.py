"""FASTA and VCF files small enough to be read."""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path

VCF_COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def write_fasta(path: Path, contigs: Mapping[str, str], *, width: int = 60) -> Path:
    """Write a FASTA; without its index, which regplug makes."""
    lines = []
    for name, letters in contigs.items():
        lines.append(f">{name}")
        lines += [letters[at : at + width] for at in range(0, len(letters), width)]
    path.write_text("\n".join(lines) + "\n")
    return path


def random_letters(count: int, seed: int, letters: str = "ACGT") -> str:
    """Return `count` random letters."""
    return "".join(random.Random(seed).choices(letters, k=count))


def vcf_text(
    records: Iterable[str], contigs: Mapping[str, str] | None = None, header: Iterable[str] = ()
) -> str:
    """Return a VCF; each record is written with spaces for tabs: `chr1 5 . A C . . .`."""
    lines = ["##fileformat=VCFv4.2"]
    lines += [
        f"##contig=<ID={name},length={len(bases)}>" for name, bases in (contigs or {}).items()
    ]
    lines += header
    if not any(line.startswith("#CHROM") for line in lines):
        lines.append(VCF_COLUMNS)
    lines += [record.replace(" ", "\t") for record in records]
    return "\n".join(lines) + "\n"
