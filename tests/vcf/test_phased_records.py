"""Records with what lies beside their ALTs: what is read ahead, and what is kept."""

import pysam
import pytest

from regplug.vcf.phased_records import PhasedRecords
from tests.toy_genomes import VCF_COLUMNS, vcf_text

GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="">'
WINDOW = 20


@pytest.fixture
def read(tmp_path):
    """Return a function that yields records with (pos, REF, ALT, GT), and counts those read."""

    def run(rows):
        records = [f"c {pos} . {ref} {alt} . . . GT {gt}" for pos, ref, alt, gt in rows]
        header = ["##contig=<ID=c>", GT, f"{VCF_COLUMNS}\tFORMAT\tS"]
        path = tmp_path / "in.vcf"
        path.write_text(vcf_text(records, header=header))
        count = [0]

        def counted():
            with pysam.VariantFile(str(path)) as file:
                for record in file:
                    count[0] += 1
                    yield record

        return PhasedRecords(counted(), "S", [WINDOW]), count

    return run


def test_no_more_is_read_ahead_than_windows_reach(read):
    """A chromosome of any length needs the records of a few windows, not its own."""
    every = 5
    phased, count = read((at * every + 1, "A", "C", "0|1") for at in range(3000))
    for done, _ in enumerate(phased, start=1):
        assert count[0] - done <= 2 * WINDOW / every + 2
        assert len(phased._behind) <= 2 * WINDOW / every + 2
    assert done == 3000


def test_bases_that_deletions_take_are_read_ahead(read):
    """Behind a deletion of 90 bases an ALT lies near one that is 100 bases away."""
    rows = [(100, "A", "C", "0|1"), (110, "A" * 91, "A", "0|1"), (205, "A", "C", "0|1")]
    first, *_ = list(read(rows)[0])
    assert [one.written.pos for one in first.alts[0].beside[1]] == [110, 205]


@pytest.mark.parametrize("between", [1, 2, 10, 11])
def test_a_cluster_is_half_a_window(read, between):
    rows = [(at, "A", "C", "0|1") for at in (100, 100 + between - 1)] if between > 1 else []
    rows = rows or [(100, "A", "C", "0|1")]
    first, *_ = list(read(rows)[0])
    cluster = first.alts[0].clusters[WINDOW, 1]
    assert len(cluster) == (2 if 1 < between <= WINDOW // 2 else 1)
    assert (WINDOW, 0) not in first.alts[0].clusters
