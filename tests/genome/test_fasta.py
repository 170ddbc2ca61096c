import gzip
import hashlib
import os
import shutil
from pathlib import Path

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
EXAMPLE = Path(__file__).parents[2] / "examples" / "example.hg38.fa.gz"


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


def packed(path):
    """Return a bgzipped copy of a file beside it."""
    pysam.tabix_compress(str(path), f"{path}.gz", force=True)
    return path.with_name(f"{path.name}.gz")


@pytest.mark.fault("reference", "a FASTA that is cut off")
@pytest.mark.parametrize("pack", [Path, packed])
def test_a_truncated_fasta(tmp_path, pack):
    path = pack(write_fasta(tmp_path / "genome.fa", {"c": LONG}))
    Genome(path).close()
    whole = path.read_bytes()
    for size in (100, len(whole) // 2, len(whole) - 29, len(whole) - 2):
        path.write_bytes(whole[:size])
        with pytest.raises(GenomeError, match=r"genome\.fa.*truncated"):
            Genome(path)


# -- an index of another file ------------------------------------------------------------

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=4)
LAYOUTS = st.tuples(LENGTHS, st.sampled_from([7, 60, 100]), st.sampled_from(["\n", "\r\n"]))


def fasta_text(lengths, width, end, seed):
    """Return a FASTA, with header lines of other lengths for other seeds, and its contigs."""
    contigs = {
        f"c{number}": random_letters(length, seed + number) for number, length in enumerate(lengths)
    }
    lines = []
    for name, letters in contigs.items():
        lines.append(f">{name} {'about ' * (seed % 3)}")
        lines += [letters[at : at + width] for at in range(0, len(letters), width)]
    return "".join(line + end for line in lines).encode(), contigs


def never_wrong(path, contigs):
    """Read all of a FASTA, and see that bases are right or refused; return whether all are read."""
    try:
        with Genome(path) as genome:
            for name, letters in contigs.items():
                if genome.contig(name):
                    assert genome.letters(Interval(name, 0, len(letters))) == letters
            return set(genome.lengths) == set(contigs)
    except GenomeError as error:
        assert f"samtools faidx {path}" in str(error)  # noqa: PT017
        return False


@pytest.mark.fault("reference", "a .fai (and .gzi) of another file")
@pytest.mark.parametrize("pack", [Path, packed])
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LAYOUTS, LAYOUTS, st.integers(1, 9))
def test_an_index_of_another_file_gives_no_wrong_bases(tmp_path, pack, before, after, seed):
    """The index is as new as the FASTA, so that its date tells nothing."""
    path = tmp_path / "g.fa"
    path.write_bytes(fasta_text(*before, seed=0)[0])
    old = pack(path)
    old.with_name(f"{old.name}.fai").unlink(missing_ok=True)
    old.with_name(f"{old.name}.gzi").unlink(missing_ok=True)
    Genome(old).close()
    text, contigs = fasta_text(*after, seed=seed)
    path.write_bytes(text)
    read = never_wrong(pack(path), contigs)
    pysam.faidx(str(old))
    assert never_wrong(old, contigs)
    assert read <= (before[0] == after[0])


@pytest.mark.fault("reference", "a FASTA that was edited behind its .fai")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LAYOUTS, st.data())
def test_a_fasta_edited_since_its_index_gives_no_wrong_bases(tmp_path, layout, data):
    """Bases are moved within lines, so that only dates and all lines tell."""
    path = tmp_path / "g.fa"
    text, contigs = fasta_text(*layout, seed=0)
    path.write_bytes(text)
    Path(f"{path}.fai").unlink(missing_ok=True)
    Genome(path).close()
    older(path, 30)
    assert never_wrong(path, contigs)  # an index that is older, and right
    taken = data.draw(st.sampled_from([at for at, byte in enumerate(text) if byte in b"ACGT"]))
    put = data.draw(st.integers(0, len(text) - 1))
    moved = bytearray(text)
    moved.insert(put, moved.pop(taken))
    path.write_bytes(moved)
    older(path, 30)
    never_wrong(path, contigs_of(bytes(moved)))


def older(path, seconds, suffixes=("fai",)):
    """Date indices so much before their FASTA."""
    for suffix in suffixes:
        date = path.stat().st_mtime - seconds
        os.utime(f"{path}.{suffix}", (date, date))


@pytest.mark.fault("reference", "an index that is older than its FASTA")
@pytest.mark.parametrize("suffix", ["fai", "gzi"])
@pytest.mark.parametrize("seconds", [61, 86_400])
def test_an_index_older_than_its_fasta(tmp_path, suffix, seconds):
    """It fits, to the last byte, but nobody knows; samtools faidx mends it, and so does touch."""
    path = packed(write_fasta(tmp_path / "g.fa", {"c": LONG}))
    Genome(path).close()
    older(path, seconds, [suffix])
    told = rf"g\.fa\.gz\.{suffix} is older than .*samtools faidx {path}.*touch -r {path} {path}"
    with pytest.raises(GenomeError, match=told):
        Genome(path)
    pysam.faidx(str(path))
    with Genome(path) as genome:
        assert genome.letters(Interval("c", 0, len(LONG))) == LONG
    older(path, seconds, [suffix])
    date = path.stat()
    os.utime(f"{path}.{suffix}", ns=(date.st_atime_ns, date.st_mtime_ns))  # touch -r
    with Genome(path) as genome:
        assert genome.letters(Interval("c", 0, len(LONG))) == LONG


@pytest.mark.fault("reference", "a copy that dates a FASTA and its index in any order")
@pytest.mark.parametrize("seconds", [-86_400, -1, 0, 1, 59])
def test_files_of_a_copy_are_dated_in_any_order(tmp_path, seconds):
    """The FASTA of the example, as a checkout has it."""
    for file in EXAMPLE.parent.glob(f"{EXAMPLE.name}*"):
        shutil.copy(file, tmp_path)
    path = tmp_path / EXAMPLE.name
    older(path, seconds, ["fai", "gzi"])
    with Genome(path) as genome, pysam.FastaFile(str(EXAMPLE)) as wanted:
        ldlr = Interval("chr19", 11_089_300, 11_089_400)
        assert genome.letters(ldlr) == wanted.fetch("chr19", ldlr.start, ldlr.end).upper()
        assert set(genome.letters(ldlr)) == set("ACGT")


def contigs_of(text):
    """Return the contigs of a FASTA."""
    parts = [part.partition("\n") for part in text.decode().replace("\r", "").split(">")[1:]]
    return {head.split()[0]: "".join(body.split()) for head, _, body in parts if head.split()}


def test_contigs_of_no_bases(tmp_path):
    """As other programs than htslib index them."""
    (tmp_path / "g.fa").write_text(">a\n>b\nACGT\n")
    (tmp_path / "g.fa.fai").write_text("a\t0\t3\t0\t0\nb\t4\t6\t4\t5\n")
    with Genome(tmp_path / "g.fa") as genome:
        assert genome.lengths == {"a": 0, "b": 4}
        assert genome.letters(Interval("b", 0, 4)) == "ACGT"
        assert genome.letters(Interval("a", 0, 2)) == "NN"


@pytest.mark.fault("reference", "a .fai of nonsense")
@pytest.mark.parametrize(
    "line",
    [
        "c 9 3 0 0",
        "c 9 3 60 60",
        "c 9 3 5000000000 5000000001",
        "c 9 -5 60 61",
        "c 9 999 60 61",
        "c 9 3 60 61 x",
        "c 9",
        "c x",
    ],
)
def test_a_damaged_index(tmp_path, line):
    path = write_fasta(tmp_path / "g.fa", {"c": "ACGTACGTA"})
    (tmp_path / "g.fa.fai").write_text(line.replace(" ", "\t") + "\n")
    if line.endswith("x") and line != "c x":
        Genome(path).close()  # further columns are of FASTQ
        return
    with pytest.raises(GenomeError, match="samtools faidx"):
        Genome(path).codes(Interval("c", 0, 9))
