import gzip
import hashlib
import shutil

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regplug.errors import GenomeError
from regplug.genome import fasta as module
from regplug.genome.codes import decode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from tests.toy_genomes import random_letters, write_fasta

LONG = random_letters(150_000, seed=1)


def test_letters_inside_and_outside(genome_of):
    genome = genome_of(chr1="ACGTN", chr2="GGG")
    assert genome.letters(Interval("chr1", 1, 4)) == "CGT"
    assert genome.letters(Interval("chr1", -2, 7)) == "NNACGTNNN"
    assert genome.letters(Interval("chr1", 5, 8)) == "NNN"
    assert genome.letters(Interval("chr1", -4, -1)) == "NNN"
    assert genome.letters(Interval("chr2", 2, 2)) == ""
    assert genome.lengths == {"chr1": 5, "chr2": 3}


def test_lower_case_is_upper_case_and_iupac_is_unknown(genome_of):
    assert genome_of(c="acgtRYKu").letters(Interval("c", 0, 8)) == "ACGTNNNT"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-20, len(LONG) + 20), st.integers(0, 300)), max_size=30))
def test_any_order_of_reading_gives_the_fasta(tmp_path, intervals):
    """The block in memory is never taken for another."""
    path = tmp_path / "long.fa"
    if not path.exists():
        write_fasta(path, {"a": LONG, "b": LONG[::-1]})
    with Genome(path) as genome:
        for start, size in intervals:
            for chrom, letters in (("a", LONG), ("b", LONG[::-1])):
                padded = "N" * 50 + letters + "N" * 400
                expected = padded[start + 50 : start + 50 + size]
                assert genome.letters(Interval(chrom, start, start + size)) == expected


def test_an_interval_longer_than_a_block(genome_of):
    genome = genome_of(c=LONG)
    assert len(LONG) > module.BLOCK
    assert genome.letters(Interval("c", 3, len(LONG))) == LONG[3:]


def test_a_bgzipped_fasta_reads_as_the_plain_one(tmp_path):
    plain = write_fasta(tmp_path / "plain.fa", {"c": LONG})
    packed = tmp_path / "packed.fa.gz"
    pysam.tabix_compress(str(plain), str(packed))
    with Genome(packed) as genome:
        assert genome.letters(Interval("c", 70_000, 70_500)) == LONG[70_000:70_500]


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        ("chr1", "1"),
        ("1", "chr1"),
        ("chrM", "MT"),
        ("MT", "chrM"),
        ("M", "chrMT"),
        ("chrX", "X"),
        ("chrM", "Mito"),
        ("chrmt", "chrM"),
        ("MtDNA", "chrM"),
        ("mitochondrion_genome", "chrM"),
    ],
)
def test_contigs_are_matched_over_chr(genome_of, there, asked):
    genome = genome_of(**{there: "ACGT"})
    assert genome.contig(asked) == there
    assert genome.letters(Interval(asked, 0, 4)) == "ACGT"
    assert genome.renamed == {asked: there}


def test_an_exact_name_is_preferred(genome_of):
    genome = genome_of(chr1="AAAA", **{"1": "CCCC"})
    assert genome.letters(Interval("1", 0, 4)) == "CCCC"
    assert genome.renamed == {}


def test_an_unknown_contig(genome_of):
    genome = genome_of(chr1="ACGT")
    assert genome.contig("chr2") is None
    with pytest.raises(GenomeError, match="no contig chr2"):
        genome.codes(Interval("chr2", 0, 1))


def test_md5_is_that_of_sam_headers(genome_of):
    genome = genome_of(c="acgtRN" * 30)
    assert genome.md5("c") == hashlib.md5(b"ACGTRN" * 30).hexdigest()


def test_codes_are_uint8(genome_of):
    codes = genome_of(c="ACGT").codes(Interval("c", -1, 5))
    assert codes.dtype == np.uint8
    assert decode(codes) == "NACGTN"


def test_no_such_file(tmp_path):
    with pytest.raises(GenomeError, match=r"no FASTA at .*missing.fa: .*--fasta"):
        Genome(tmp_path / "missing.fa")


@pytest.mark.parametrize("content", [b"", b"ACGT\n", b"\x00\xff" * 300, b"##fileformat=VCFv4.2\n"])
def test_what_is_not_a_fasta(tmp_path, content):
    path = tmp_path / "odd.fa"
    path.write_bytes(content)
    with pytest.raises(GenomeError, match=r"odd\.fa"):
        Genome(path)


def test_an_index_that_cannot_be_made(tmp_path):
    path = write_fasta(tmp_path / "genome.fa", {"c": "ACGT"})
    (tmp_path / "genome.fa.fai").mkdir()  # stands for a folder that cannot be written
    with pytest.raises(GenomeError, match=r"samtools faidx genome\.fa"):
        Genome(path)


def test_gzip_is_not_bgzip(tmp_path):
    path = tmp_path / "genome.fa.gz"
    path.write_bytes(gzip.compress(b">c\n" + b"ACGT" * 1000 + b"\n"))
    with pytest.raises(GenomeError, match="bgzip, not gzip"):
        Genome(path)


def test_a_truncated_fasta(tmp_path):
    path = write_fasta(tmp_path / "genome.fa", {"c": LONG})
    Genome(path).close()
    path.write_bytes(path.read_bytes()[:100_000])
    with Genome(path) as genome, pytest.raises(GenomeError, match="truncated"):
        genome.codes(Interval("c", 120_000, 120_100))


def test_a_truncated_bgzipped_fasta(tmp_path):
    plain = write_fasta(tmp_path / "plain.fa", {"c": LONG})
    packed = tmp_path / "genome.fa.gz"
    pysam.tabix_compress(str(plain), str(packed))
    Genome(packed).close()
    packed.write_bytes(packed.read_bytes()[:30_000])
    with Genome(packed) as genome, pytest.raises(GenomeError, match=r"genome\.fa\.gz"):
        genome.codes(Interval("c", 140_000, 140_100))


def test_an_index_of_another_file(tmp_path):
    short = write_fasta(tmp_path / "short.fa", {"c": "ACGT"})
    long = write_fasta(tmp_path / "long.fa", {"c": LONG})
    Genome(long).close()
    shutil.copy(f"{long}.fai", f"{short}.fai")
    with Genome(short) as genome, pytest.raises(GenomeError, match="another file"):
        genome.codes(Interval("c", 100, 200))
