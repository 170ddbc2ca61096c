"""Interval ─Genome.codes→ codes: the reference bases, from an indexed FASTA."""

import hashlib
import threading
from pathlib import Path
from typing import Protocol

import numpy as np
import pysam
from numpy.typing import NDArray

from regplug.errors import GenomeError
from regplug.files.unchanged import Unchanged, changed
from regplug.genome.codes import UNKNOWN, Codes, decode, encode
from regplug.genome.fasta_index import FastaIndex
from regplug.genome.variant import Interval

BLOCK = 1 << 16  # bases that are in memory at once
BEHIND = BLOCK - BLOCK // 8  # of these, from the first that was asked for on
# How it is called: UCSC, Ensembl, and Ensembl and SGD of yeast, Ensembl of worm and fly.
MITOCHONDRION = ["chrM", "MT", "chrMT", "M", "Mito", "chrmt", "MtDNA", "mitochondrion_genome"]


class Reference(Protocol):
    """What REF and its flanks are read from: a genome, or a haplotype of it."""

    lengths: dict[str, int]

    def contig(self, chrom: str) -> str | None:
        """Return the name of `chrom` in `lengths`, or None."""

    def codes(self, interval: Interval) -> Codes:
        """Return the codes of `interval`, shape (len(interval),); 4 outside the contig."""

    def letters(self, interval: Interval) -> str:
        """Return the upper-case letters of `interval`, N for anything but A, C, G, T."""


class Genome:
    """An indexed FASTA (plain or bgzipped); contig names may differ from the caller's by `chr`."""

    def __init__(self, path: str | Path) -> None:
        """Open the FASTA at `path`, making its index where the folder allows it.

        Raises:
            GenomeError: no such file, no FASTA, its index can be neither read nor written, or is
                of another file.
        """
        self.path = Path(path)
        if not self.path.is_file():
            raise GenomeError(f"no FASTA at {path}: give an existing file with --fasta")
        self._fasta, self._unchanged = _open(self.path), Unchanged(self.path)
        self.lengths: dict[str, int] = dict(
            zip(self._fasta.references, self._fasta.lengths, strict=True)
        )
        if not self.lengths:
            raise GenomeError(f"{path} holds no sequence: is it a FASTA?")
        self._index, self._checked = FastaIndex(self.path), set[str]()
        self._lock = threading.Lock()  # htslib must not read what another thread closes
        self.renamed: dict[str, str] = {}  # names asked for → names in the FASTA, where they differ
        self._chrom, self._start = "", 0
        self._block: Codes = encode("")

    def contig(self, chrom: str) -> str | None:
        """Return the FASTA's name of `chrom` (with or without `chr`, M as MT), or None."""
        if chrom in self.lengths:
            return chrom
        if chrom not in self.renamed:
            match = next((name for name in _spellings(chrom) if name in self.lengths), None)
            if match is None:
                return None
            self.renamed[chrom] = match
        return self.renamed[chrom]

    @property
    def index_sha256(self) -> str:
        """Return the sha256 of the .fai: of contigs, lengths, and how lines are broken."""
        return index_sha256(self.path)

    def codes(self, interval: Interval) -> Codes:
        """Return the codes of `interval`, shape (len(interval),); 4 outside the contig.

        Raises:
            GenomeError: no such contig, or the file is truncated.
        """
        contig = self.contig(interval.chrom)
        if contig is None:
            raise GenomeError(f"{self.path} has no contig {interval.chrom}")
        low, high = max(0, interval.start), min(self.lengths[contig], interval.end)
        if low >= high:
            return np.full(len(interval), UNKNOWN, np.uint8)
        inside = self._read(contig, low, high)
        if low == interval.start and high == interval.end:
            return inside
        around = (low - interval.start, interval.end - high)
        return np.pad(inside, around, constant_values=UNKNOWN)

    def letters(self, interval: Interval) -> str:
        """Return the upper-case letters of `interval`, N for anything but A, C, G, T.

        Raises:
            GenomeError: as `codes`.
        """
        return decode(self.codes(interval))

    def lower_case(self, interval: Interval) -> NDArray[np.bool_]:
        """Return which bases of `interval`, inside its contig, are lower case: soft-masked repeats.

        Raises:
            GenomeError: no such contig, or the file is truncated.
        """
        contig = self.contig(interval.chrom)
        if contig is None:
            raise GenomeError(f"{self.path} has no contig {interval.chrom}")
        raw = np.frombuffer(self.text(contig, interval.start, interval.end).encode(), np.uint8)
        return np.asarray(raw >= ord("a"))

    def md5(self, contig: str) -> str:
        """Return the md5 of the upper-case letters of `contig`, a name in `lengths`.

        It is the M5 of a SAM header.
        """
        digest, length = hashlib.md5(usedforsecurity=False), self.lengths[contig]
        for start in range(0, length, 1 << 24):
            letters = self.text(contig, start, min(start + (1 << 24), length))
            digest.update(letters.upper().encode())
        return digest.hexdigest()

    def _read(self, contig: str, start: int, end: int) -> Codes:
        """Return the codes of [start, end), 0-based, from the block in memory or a new block."""
        at = start - self._start
        if contig != self._chrom or at < 0 or end > self._start + len(self._block):
            self._chrom, self._start = contig, max(0, start + BEHIND - BLOCK)
            stop = min(self.lengths[contig], max(end, self._start + BLOCK))
            self._block = self._fetch(contig, self._start, stop)
            at = start - self._start
        return self._block[at : at + end - start]

    def _fetch(self, contig: str, start: int, stop: int) -> Codes:
        return encode(self.text(contig, start, stop))

    def text(self, contig: str, start: int, stop: int) -> str:
        """Return the letters of [start, stop), 0-based, as they stand in the file."""
        if contig not in self._checked:
            self._index.check(contig)
            self._checked.add(contig)
        try:
            with self._lock:
                letters: str = self._fasta.fetch(contig, start, stop)
        except (OSError, ValueError):
            letters = ""
        if self._unchanged.is_changed:
            raise GenomeError(changed(self.path))
        if len(letters) != stop - start:
            raise GenomeError(
                f"{self.path} cannot be read at {contig}:{start + 1}-{stop}: the file is "
                "truncated, or its .fai or .gzi index belongs to another file; index it again with "
                f"samtools faidx {self.path}"
            )
        return letters

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._fasta.close()

    def __enter__(self) -> "Genome":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _spellings(chrom: str) -> list[str]:
    """Return the other ways to write a contig's name: with or without chr, M as MT."""
    bare = chrom.removeprefix("chr")
    mitochondrion = MITOCHONDRION if chrom in MITOCHONDRION else []
    return [bare, f"chr{bare}", *mitochondrion]


def _open(path: Path) -> pysam.FastaFile:
    """Return the opened FASTA; its .fai (and .gzi) must be there or be writable."""
    index = Path(f"{path}.fai")
    made = f"make the index where you can write: samtools faidx {path.name}"
    verbosity = pysam.set_verbosity(0)
    try:
        return pysam.FastaFile(str(path))
    except (OSError, ValueError) as error:
        if index.exists():
            raise GenomeError(f"cannot read {path} with its index: {error}; {made}") from error
        raise GenomeError(
            f"{path} has no index and none could be made ({error}). A compressed FASTA must be "
            f"bgzipped (bgzip, not gzip); {made}"
        ) from error
    finally:
        pysam.set_verbosity(verbosity)


def index_sha256(fasta: Path) -> str:
    """Return the sha256 of a FASTA's .fai."""
    return hashlib.sha256(Path(f"{fasta}.fai").read_bytes()).hexdigest()
