"""A ChromBPNet of full size to VCF, bigWigs, page and Triton, beside bpnet-lite in float64."""

import pytest

from regplug.models.server import local_server
from tests.toy_genomes import random_letters, vcf_text, write_fasta

pytest.importorskip("h5py")
pytest.importorskip("bpnetlite")

from benchmarks.chrombpnet_size import made
from benchmarks.chrombpnet_truth import WINDOW, Asked


@pytest.mark.nightly
@pytest.mark.triton
def test_every_output_is_that_of_bpnet_lite_and_of_the_server(tmp_path):
    """Six minutes of processor time, most of it for the page's mutation maps, here and there."""
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    letters = random_letters(5 * WINDOW, seed=1)
    write_fasta(tmp_path / "g.fa", {"chr1": letters})
    pos, more = 2 * WINDOW, 2 * WINDOW + 300
    snv = f"chr1 {pos} . {letters[pos - 1]} {'ACGT'['ACGT'.index(letters[pos - 1]) - 1]} . . ."
    deletion = f"chr1 {more} . {letters[more - 1 : more + 6]} {letters[more - 1]} . . ."
    (tmp_path / "in.vcf").write_text(vcf_text([snv, deletion], {"chr1": letters}))
    asked = Asked(tmp_path / "g.fa", tmp_path / "in.vcf", f"chr1:{WINDOW}-{WINDOW + 2000}")
    off = made(asked, tmp_path / "out", snvs=3)
    assert len([what for what in off if what.startswith("served")]) == 2 * 2 * 5
    assert max(off.values()) < 1e-5, off
