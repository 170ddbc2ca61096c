"""Fixtures of the tests on Dask."""

from contextlib import ExitStack

import pytest

from tests.plugins.dask.clusters import Cluster


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def cluster(tmp_path, stack):
    return Cluster(tmp_path, stack)
