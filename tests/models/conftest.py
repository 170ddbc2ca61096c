import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from regplug.models.server import Server, local_server, serving
from tests.plugins.basset.toys import basset_model
from tests.toy_models import gc_model, position_model, profile_model, table_model


@pytest.fixture(scope="session")
def triton_installed() -> None:
    if local_server() is None:
        ask = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        ask("no Triton server: pip install 'regplug[server]'")


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven models: of a fixed window, of any length, NaN at an N, one and two outputs."""
    folder = tmp_path_factory.mktemp("repo")
    gc_model(folder, max_batch_size=512)
    position_model(folder, window=30)
    gc_model(folder, "any_length", window=None, max_batch_size=100, doc='quotes " and é \\ survive')
    table = np.array([[1.0, 1], [2, 2], [3, 3], [4, 4], [5, np.nan]])
    table_model(folder, "holed", table, window=10)
    basset_model(folder, "open")
    profile_model(folder)
    profile_model(folder, "profile_holed", unknown=np.nan)
    return folder


@pytest.fixture(scope="session")
def server(triton_installed: None, repo: Path) -> Iterator[Server]:
    with serving(repo) as running:
        yield running


@pytest.fixture(params=["grpc", "http"])
def url(request: pytest.FixtureRequest, server: Server) -> str:
    """The server's address, by each protocol."""
    address: str = getattr(server, request.param)
    return address
