"""A network of ChromBPNet's size, from its file to a VCF, in process and on the real Triton."""

from contextlib import closing

import cyvcf2
import numpy as np
import pytest

from regplug.models import triton
from regplug.models.embedded import Embedded
from regplug.models.repository import check_model
from regplug.models.server import local_server, serving
from regplug.scoring.backend import BackendOptions
from regplug.scoring.pairs import pair_answers
from tests.scoring.test_stretches import alleles_in, snvs
from tests.toy_genomes import random_letters, vcf_text, write_fasta

pytest.importorskip("h5py")

from tests.plugins.bpnet.toys import write_chrombpnet

OUTPUTS = ("log_counts", "profile")
SCORES = "diff,logfc,jsd,logfc_x_jsd"
SMALL = {"filters": 8, "dilated": 3, "window": 170, "bases": 48}
FULL = {"filters": 64, "dilated": 8, "window": 2114, "bases": 1000}


@pytest.mark.triton
@pytest.mark.parametrize("sizes", [SMALL, pytest.param(FULL, marks=pytest.mark.slow)])
def test_a_server_gives_the_same(regplug, tmp_path, sizes):
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    path = write_chrombpnet(tmp_path / "chrombpnet_nobias.h5", **sizes)
    repo, window = tmp_path / "repo", sizes["window"]
    done = regplug("models", "import", "bpnet", path, "--name", "mine", "-o", repo, "--snvs", 3)
    assert done.status == 0, done.err
    card = check_model(repo / "mine")
    assert [output.shape for output in card.outputs] == [(1,), (sizes["bases"],)]
    letters = random_letters(3 * window, seed=1)
    write_fasta(tmp_path / "g.fa", {"chr1": letters})
    pos, more = window + 40, window + 90
    snv = f"chr1 {pos} . {letters[pos - 1]} {'ACGT'['ACGT'.index(letters[pos - 1]) - 1]} . . ."
    deletion = f"chr1 {more} . {letters[more - 1 : more + 6]} {letters[more - 1]} . . ."
    (tmp_path / "in.vcf").write_text(vcf_text([snv, deletion], {"chr1": letters}))
    codes = np.random.default_rng(1).integers(0, 5, (3, window)).astype(np.uint8)
    with closing(Embedded(repo / "mine", threads=1)) as backend:
        wanted = backend.predict(codes, OUTPUTS)
    written = {}
    with serving(repo) as server:
        for url in (server.grpc, server.http):
            made = triton.regplug_open_backend(url, "mine", BackendOptions())
            with closing(made) as backend:
                found = backend.predict(codes, OUTPUTS)
            for name in OUTPUTS:
                np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-5)
        for place in (repo, server.grpc):
            done = regplug(
                "annotate", tmp_path / "in.vcf", "--fasta", tmp_path / "g.fa", "--model", "mine",
                "--model-repo", place, "--all-targets", "--scores", SCORES, "-o",
                tmp_path / "out.vcf",
            )  # fmt: skip
            assert done.status == 0, done.err
            written[place] = [
                [record.INFO["RP_MINE_COUNTS"]]
                + [record.INFO[f"RP_MINE_COUNTS__{name}"] for name in ("LOGFC", "JSD")]
                for record in cyvcf2.VCF(str(tmp_path / "out.vcf"))
            ]
    ours, theirs = (np.array(written[place]) for place in (repo, server.grpc))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    assert (ours[:, 2] > 1e-4).all()
    np.testing.assert_allclose(ours[:, 0], ours[:, 1] * np.log(2), atol=1e-5)


@pytest.mark.triton
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_server_scores_both_outputs_of_snvs_together(regplug, tmp_path, protocol):
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    path = write_chrombpnet(tmp_path / "chrombpnet_nobias.h5", **SMALL)
    repo, window = tmp_path / "repo", SMALL["window"]
    words = ("--name", "mine", "-o", repo, "--snvs", 3)
    assert regplug("models", "import", "bpnet", path, *words).status == 0
    assert regplug("models", "variants", "mine", "--model-repo", repo).status == 0
    codes = np.random.default_rng(2).integers(0, 4, 900).astype(np.uint8)
    alleles = alleles_in(snvs(codes, [*range(300, 330, 3), 600]), codes, window)
    with serving(repo) as server, closing(Embedded(repo / "mine", threads=1)) as plain:
        made = triton.regplug_open_backend(getattr(server, protocol), "mine", BackendOptions())
        with closing(made) as backend:
            assert backend.sizes is not None
            found = pair_answers(alleles, backend, OUTPUTS)
        for side, rows in zip(found, (alleles.ref, alleles.alt), strict=True):
            wanted = plain.predict(rows, OUTPUTS)
            for name in OUTPUTS:
                np.testing.assert_allclose(side[name], wanted[name], rtol=1e-5, atol=1e-5)
