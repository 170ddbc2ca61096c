"""The figures in README.md are those of the files that are here."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"-?\d+\.\d+")


@pytest.mark.parametrize("name", ["example", "models", "along"])
def test_a_block_is_up_to_date(name):
    spec = importlib.util.spec_from_file_location("readme", ROOT / "docs" / "readme.py")
    readme = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(readme)
    text = (ROOT / "README.md").read_text()
    shown = text.partition(f"<!-- begin {name} -->\n")[2].partition(f"\n<!-- end {name} -->")[0]
    made = readme.BLOCKS[name]()
    assert NUMBER.split(shown) == NUMBER.split(made)
    numbers = [[float(number) for number in NUMBER.findall(one)] for one in (shown, made)]
    assert numbers[0] == pytest.approx(numbers[1], abs=1e-4)
    assert numbers[0]
