"""Changes planted in sites of yeast: by hand on toy genomes, and on the genome itself."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.yeast_sites import NEAR, OUTSIDE, Change, changes, measure, row, site, weights
from regplug.genome.codes import encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from tests.toy_genomes import write_fasta

pytest.importorskip("sklearn")

FREQUENCIES = np.array(
    [[0.97, 0.01, 0.01, 0.01], [0.01, 0.49, 0.49, 0.01], [0.01, 0.01, 0.01, 0.97]]
)
SITE = "ACT"  # or AGT


def test_weights_by_hand():
    """log2 of the share over a quarter; a base never seen counts as one in a hundred."""
    bits = weights(np.array([[1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]]))
    np.testing.assert_allclose(bits[0], np.log2([4 / 1.03, *[0.04 / 1.03] * 3]))
    np.testing.assert_allclose(bits[1], 0)


@pytest.mark.parametrize(("there", "reverse"), [("AAGT", False), ("ATCT", True)])
def test_a_site_is_found_on_either_strand(tmp_path, there, reverse):
    """AAGT reads ACTT backwards; only AAGT is planted, 7 bases before the peak."""
    exact = weights(np.eye(4)[encode("AAGT" if not reverse else "AGAT")])
    start = 60
    letters = "C" * start + there + "C" * 80
    with Genome(write_fasta(tmp_path / "g.fa", {"c": letters})) as genome:
        assert site(genome, "c", start + 7, exact) == (start, reverse)
        assert site(genome, "c", start + NEAR + 10, exact) is None  # too far
        assert site(genome, "c", 5, exact) is None  # its window would leave the contig


def test_changes_by_hand():
    """Of ACT, A to anything loses most, C to G loses nothing; 8 bases before it lies a G."""
    codes = encode("G" + "T" * (OUTSIDE - 1) + SITE)
    made = changes(codes, weights(FREQUENCIES))
    assert made["keep"] == Change(OUTSIDE + 1, 1, 2)
    assert made["break"].start in (OUTSIDE, OUTSIDE + 2)
    assert made["beside"] == Change(0, 2, 0)  # G becomes A


def test_a_row_by_hand():
    """Two breaks, one of them below all four others, the other below two."""
    cells = row(
        "X", [np.array([-0.4, -0.1]), np.array([0.0, -0.2]), np.array([0.1, -0.3])], ["X", "Y"]
    )
    assert cells == "| X | 2 | -0.250 | -0.100 | -0.100 | 100% | 0.750 | 50% |"


ANNOTATED = """##fileformat=VCFv4.2
##contig=<ID=c>
##INFO=<ID=PROTEIN,Number=1,Type=String,Description="">
##INFO=<ID=KIND,Number=1,Type=String,Description="">
##INFO=<ID=RP_Y__TOP,Number=A,Type=String,Description="">
##INFO=<ID=RP_Y_X,Number=A,Type=Float,Description="">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
c\t1\t.\tA\tC\t.\t.\tPROTEIN=X;KIND=break;RP_Y__TOP=X;RP_Y_X=-0.5
c\t2\t.\tA\tC\t.\t.\tPROTEIN=X;KIND=keep;RP_Y__TOP=Z;RP_Y_X=0.25
c\t3\t.\tA\tC\t.\t.\tPROTEIN=X;KIND=beside;RP_Y__TOP=Z;RP_Y_X=0
"""


def test_what_an_annotated_vcf_says(tmp_path, capsys):
    """A protein's own tag is read, and one that was not written is named."""
    path = tmp_path / "a.vcf"
    path.write_text(ANNOTATED)
    measure(path, "y")
    table = capsys.readouterr().out
    assert table.endswith("\n| X | 1 | -0.500 | +0.250 | +0.000 | 100% | 1.000 | 100% |\n")
    path.write_text(ANNOTATED.replace("PROTEIN=X", "PROTEIN=Q"))
    with pytest.raises(SystemExit, match="no RP_Y_Q: annotate it with --all-targets"):
        measure(path, "y")


@pytest.mark.data
@pytest.mark.slow
def test_sites_of_yeast(data: Path, tmp_path: Path) -> None:
    """Changes that break Reb1's sites hit TTACCC, or nearly that; REF is the genome's base."""
    pytest.importorskip("pyjaspar")
    fasta = data / "yeast" / "sacCer3.fa.gz"
    (tmp_path / "samples.tsv").write_text(f"Reb1\t{data / 'yeast/peaks/Reb1.bed.gz'}\n")
    command = [sys.executable, "-m", "benchmarks.yeast_sites", tmp_path / "samples.tsv"]
    subprocess.run([*command, "--fasta", fasta, "-o", tmp_path / "s.vcf"], check=True)
    rows = [li.split("\t") for li in (tmp_path / "s.vcf").read_text().splitlines() if li[0] != "#"]
    assert len(rows) >= 3 * 30
    cores = []
    with Genome(fasta) as genome:
        for chrom, pos, _, ref, alt, *_, info in rows:
            at = int(pos) - 1
            around = genome.letters(Interval(chrom, at - 10, at + 11))
            assert around[10] == ref != alt
            if "KIND=break" in info:
                cores.append("TTACCC" in around or "GGGTAA" in around)
    assert np.mean(cores) > 0.8
