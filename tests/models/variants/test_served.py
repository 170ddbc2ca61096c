"""The graph for variants as a directory of its own, and what a Triton server does with it."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from regplug.cli.models.command import models
from regplug.errors import BackendError
from regplug.models import triton
from regplug.models.embedded import Embedded
from regplug.models.repository import model_names, read_card
from regplug.models.server import Server, serving
from regplug.models.variants.served import write_variants
from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import BackendOptions
from regplug.scoring.pairs import pair_predictions
from tests.models.conftest import triton_installed  # noqa: F401  a fixture
from tests.plugins.basset.toys import basset_model
from tests.scoring.test_stretches import alleles_in, snvs
from tests.toy_models import gc_model

WINDOW = 600


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, another of other weights, and one without convolutions."""
    pytest.importorskip("safetensors")
    folder = tmp_path_factory.mktemp("repo")
    basset_model(folder, "open")
    gc_model(folder)
    return folder


@pytest.fixture(scope="module")
def alleles() -> Alleles:
    codes = np.random.default_rng(1).integers(0, 4, 3000).astype(np.uint8)
    codes[900] = 4
    return alleles_in(snvs(codes, [310, 700, 701, 960, 1500, 2650, 2990]), codes, WINDOW)


def test_the_command_writes_a_directory_that_is_no_model_of_ours(repo: Path) -> None:
    result = CliRunner().invoke(models, ["variants", "open", "--model-repo", str(repo)])
    assert result.exit_code == 0, result.output
    assert result.output.strip() == str(repo / "open_variants")
    assert sorted(path.name for path in (repo / "open_variants").iterdir()) == ["1", "config.pbtxt"]
    assert read_card(repo / "open").sha256 in (repo / "open_variants" / "config.pbtxt").read_text()
    assert model_names(repo) == ["gc", "open"]


def test_a_model_without_convolutions_has_no_such_graph(repo: Path) -> None:
    result = CliRunner().invoke(models, ["variants", "gc", "--model-repo", str(repo)])
    assert result.exit_code != 0
    assert "gc has no graph for variants" in str(result.exception)
    assert not (repo / "gc_variants").exists()


@pytest.fixture(scope="module")
def server(triton_installed: None, repo: Path) -> Iterator[Server]:  # noqa: F811
    write_variants(repo / "open")
    for path in repo.glob("*_variants"):
        assert path.is_dir()
    shutil.copytree(repo / "open", repo / "other")
    text = (repo / "other" / "card.json").read_text().replace('"open"', '"other"')
    (repo / "other" / "card.json").write_text(text)
    config = (repo / "other" / "config.pbtxt").read_text().replace("open", "other", 1)
    (repo / "other" / "config.pbtxt").write_text(config.replace('\\"open\\"', '\\"other\\"'))
    shutil.copytree(repo / "open_variants", repo / "other_variants")
    stale = (repo / "other_variants" / "config.pbtxt").read_text().replace("open", "other", 1)
    sha = read_card(repo / "open").sha256
    (repo / "other_variants" / "config.pbtxt").write_text(stale.replace(sha, "0" * 64))
    with serving(repo) as running:
        yield running


@pytest.mark.triton
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_server_scores_them_as_this_process_does_window_by_window(
    server: Server, repo: Path, alleles: Alleles, protocol: str
) -> None:
    backend = triton.regplug_open_backend(getattr(server, protocol), "open", BackendOptions())
    assert isinstance(backend, triton.Triton)
    with closing(backend), closing(Embedded(repo / "open", threads=1)) as plain:
        assert backend.sizes == plain.sizes is not None
        found = pair_predictions(alleles, backend)
        for side, codes in zip(found, (alleles.ref, alleles.alt), strict=True):
            np.testing.assert_allclose(side, plain.predict(codes), atol=1e-5)


@pytest.mark.triton
def test_a_graph_of_other_weights_is_left_alone(server: Server, alleles: Alleles) -> None:
    backend = triton.regplug_open_backend(server.grpc, "other", BackendOptions())
    assert isinstance(backend, triton.Triton)
    with closing(backend):
        assert backend.sizes is None
        ref, _ = pair_predictions(alleles, backend)
        np.testing.assert_array_equal(ref, backend.predict(alleles.ref))


@pytest.mark.triton
def test_an_answer_of_another_model_is_none(
    server: Server, alleles: Alleles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a second server behind the address has other weights already."""
    backend = triton.regplug_open_backend(server.grpc, "open", BackendOptions())
    assert isinstance(backend, triton.Triton)
    with closing(backend):
        pair_predictions(alleles, backend)
        infer = triton.Client.infer

        def off(self, *arguments):
            answer = infer(self, *arguments)
            changed = {name: rows * 0.9 for name, rows in answer.outputs.items()}
            return answer._replace(outputs=changed)

        monkeypatch.setattr(triton.Client, "infer", off)
        with pytest.raises(BackendError, match="two models called open_variants answer"):
            pair_predictions(alleles, backend)
