"""The ChIP-seq sets are read as they are."""

import os
from pathlib import Path

import pytest

from regplug.data.sequences.chip import chip_file, read_chip

DATA = Path(os.environ.get("REGPLUG_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no data at {DATA}; set REGPLUG_DATA")
def test_published_sets():
    folder = DATA / "encode_chip"
    training = read_chip(chip_file(folder, "MYC", "AC"))
    test = read_chip(chip_file(folder, "MYC", "B"))
    assert training.codes.shape == (4051, 101)
    assert training.bound.all()
    assert test.codes.shape == (1000, 101)
    assert test.bound.sum() == 500
