"""Each benchmark finds what it imports: they are run by hand, and seldom."""

from importlib import import_module
from pathlib import Path

import pytest

NAMES = sorted(
    path.stem for path in Path("benchmarks").glob("*.py") if not path.stem.startswith("__")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_finds_what_it_imports(name: str) -> None:
    try:
        import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("benchmarks", "regplug", "tests"):
            raise
        pytest.skip(f"needs {error.name}")
