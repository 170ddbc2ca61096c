"""A bcftools that selects records ends with its reader, in whatever state that is left."""

import threading
from pathlib import Path

import psutil
import pytest

from regplug.errors import VariantFileError
from regplug.vcf.records import VariantReader
from regplug.vcf.selection import Selection
from tests.toy_genomes import vcf_text

MANY = [f"chr1 {pos} . A C . . DP={pos}" for pos in range(1, 40_000)]
DP = ['##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">']


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "in.vcf"
    path.write_text(vcf_text(MANY, {"chr1": "A" * 50_000}, DP))
    return path


def test_all_records_come(large):
    reader = VariantReader(str(large), Selection(exclude="DP=7"))
    assert [record.pos for record in reader] == [*range(1, 7), *range(8, 40_000)]
    reader.close()


def children():
    """Return the processes that this one has."""
    return {process.pid for process in psutil.Process().children()}


@pytest.mark.parametrize("taken", [0, 1, 1000])
def test_nothing_runs_on_after_a_reader_is_closed(large, taken):
    before = children()
    for _ in range(5):
        reader = VariantReader(str(large), Selection(include="DP>0"))
        records = iter(reader)
        for _ in range(taken):
            next(records)
        del records
        reader.close()
    assert children() <= before
    assert not [t for t in threading.enumerate() if "_copy" in t.name]


def test_a_fault_far_inside(large, tmp_path):
    path = Path(tmp_path / "in.vcf")
    path.write_text(large.read_text() + "chr1\tx\n")
    reader = VariantReader(str(path), Selection(include="DP>0"))
    with pytest.raises(VariantFileError, match=r"bcftools cannot choose from .*after chr1:"):
        list(reader)
    reader.close()
