"""What the documentation shows in Python runs, and gives what it says."""

import doctest
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def beside_examples(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_docs_in_python(beside_examples):
    pytest.importorskip("matplotlib")
    done = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False)
    assert done.attempted > 5
    assert done.failed == 0


@pytest.mark.slow
def test_the_notebook_runs(beside_examples):
    pytest.importorskip("matplotlib")
    cells = json.loads((ROOT / "examples" / "notebook.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    for source in code:
        exec(source, names)
    assert any(
        "image/png" in out.get("data", {}) for cell in cells for out in cell.get("outputs", ())
    )
