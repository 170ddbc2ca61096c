"""Indices: those of htslib are sound; damaged ones, on which htslib crashes, are refused."""

import gzip

import pysam
import pysam.bcftools
import pytest

from regplug.errors import VariantFileError
from regplug.vcf.index import check_index
from regplug.vcf.records import VariantReader
from tests.toy_genomes import vcf_text

CONTIGS = {"chr1": "A" * 100_000, "empty": "A" * 9, "chr2": "C" * 9}


@pytest.fixture
def indexed(tmp_path):
    """Return a function that writes an indexed file: `indexed("tbi")`."""

    def write(kind, length=100_000):
        plain = tmp_path / "in.vcf"
        rows = [f"chr1 {pos} . A C . . ." for pos in range(1, length, 700)] + ["chr2 3 . C T . . ."]
        plain.write_text(vcf_text(rows, CONTIGS | {"chr1": "A" * length}))
        if kind == "bcf":
            path = tmp_path / "in.bcf"
            pysam.bcftools.view("-Ob", "-o", str(path), str(plain), catch_stdout=False)
            pysam.bcftools.index(str(path))
            return path
        path = tmp_path / "in.vcf.gz"
        pysam.tabix_compress(str(plain), str(path))
        pysam.tabix_index(str(path), preset="vcf", csi=kind == "csi")
        return path

    return write


@pytest.mark.parametrize("kind", ["tbi", "csi", "bcf"])
@pytest.mark.parametrize("length", [9, 20_000, 100_000])
def test_htslib_s_own_are_sound(indexed, kind, length):
    check_index(str(indexed(kind, length)))


@pytest.mark.parametrize("kind", ["tbi", "csi"])
@pytest.mark.parametrize("rows", [[], ["chr1 9 . A C . . ."], ["chr2 3 . C T . . ."]])
def test_an_index_that_is_written_with_the_file(tmp_path, kind, rows):
    """Such an index names the header's contigs, whether or not they have records."""
    (tmp_path / "in.vcf").write_text(vcf_text(rows, CONTIGS))
    made = [f"--write-index={kind}", "-Oz", "-o", str(tmp_path / "a.vcf.gz")]
    pysam.bcftools.view(*made, str(tmp_path / "in.vcf"), catch_stdout=False)
    assert (tmp_path / f"a.vcf.gz.{kind}").exists()
    check_index(str(tmp_path / "a.vcf.gz"))


def test_without_an_index(tmp_path):
    check_index(str(tmp_path / "in.vcf.gz"))


@pytest.mark.fault("damaged files", "an index cut off at each of its bytes")
@pytest.mark.parametrize("kind", ["tbi", "csi", "bcf"])
def test_cut_off(indexed, tried, kind):
    path = indexed(kind)
    index = path.with_name(f"{path.name}.{'tbi' if kind == 'tbi' else 'csi'}")
    whole = gzip.decompress(index.read_bytes())
    for length in range(len(whole) - 8):  # the last number may be left out
        index.write_bytes(gzip.compress(whole[:length], 1))
        with pytest.raises(VariantFileError, match="bcftools index -f"):
            check_index(str(path))
    tried(len(whole) - 8)


@pytest.mark.fault("damaged files", "an index with a count, bin or offset that cannot be")
@pytest.mark.parametrize(
    ("kind", "at", "number"),
    [
        ("tbi", 0, b"BAI\1"),
        ("tbi", 4, b"\xff\xff\xff\x7f"),  # contigs
        ("tbi", 8, b"\0\0\0\0"),  # of no VCF
        ("tbi", 32, b"\xff\xff\xff\xff"),  # length of the names
        ("tbi", 40, b"x"),  # the end of a name
        ("csi", 4, b"\0\0\0\0"),  # bits of a bin
        ("csi", 8, b"\x63\0\0\0"),  # levels
        ("csi", 12, b"\xff\xff\xff\x7f"),  # length of more
    ],
)
def test_what_cannot_be(indexed, kind, at, number):
    path = indexed(kind)
    index = path.with_name(f"{path.name}.{kind}")
    data = bytearray(gzip.decompress(index.read_bytes()))
    data[at : at + len(number)] = number
    index.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(VariantFileError, match="damaged"):
        VariantReader(str(path))


def test_an_index_of_a_longer_file(indexed):
    path = indexed("tbi")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(VariantFileError, match="points behind the end"):
        check_index(str(path))
