"""Every wall between the rooms stands, and falls when somebody climbs over it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("importlinter")

ROOT = Path(__file__).parents[1]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
]
# contract → a module, and a line in it that the contract forbids
CLIMBERS = {
    "rooms: each knows only those below it": ("regplug/genome/codes.py", "import regplug.scoring"),
    "training: the forms of networks do not know each other": (
        "regplug/train/deepbind/recipe.py",
        "import regplug.train.basset.recipe",
    ),
    "interpretation: what is shown does not know what else is": (
        "regplug/interpret/explain/rows.py",
        "import regplug.interpret.profile.exons",
    ),
    "data: sets and sites are made of sequences": (
        "regplug/data/sequences/records.py",
        "import regplug.data.sets",
    ),
    "engines do not know each other": (
        "regplug/models/embedded.py",
        "import regplug.models.triton",
    ),
    "the core names no plugin": ("regplug/cli/motifs.py", "import regplug_deepbind.network"),
    "plugins know the core up to tracks, vcf and models": (
        "plugins/regplug_browser/bases.py",
        "import regplug.interpret",
    ),
    "model plugins name no engine": (
        "plugins/regplug_basset/adapter.py",
        "import regplug.models.embedded",
    ),
    "torch is for training, gradients and graphs in torch only": (
        "regplug/interpret/embed/hidden.py",
        "import torch",
    ),
}

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path):
    """Return a copy of all packages and their contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__", "*.min.js")
    shutil.copytree(ROOT / "regplug", tmp_path / "regplug", ignore=ignore)
    shutil.copytree(ROOT / "plugins", tmp_path / "plugins", ignore=ignore)
    return tmp_path


def fallen(folder):
    """Return the contracts that `lint-imports` finds broken."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}:{folder / 'plugins'}", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert all(f"{name} " in done.stdout for name in CONTRACTS), done.stdout + done.stderr
    broken = [name for name in CONTRACTS if f"{name} BROKEN" in done.stdout]
    assert (done.returncode == 0) == (not broken)
    return broken


def test_all_walls_stand(copy):
    assert fallen(copy) == []


def test_each_wall_has_a_climber():
    assert list(CLIMBERS) == CONTRACTS


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_climber_is_seen(copy, name):
    module, line = CLIMBERS[name]
    path = copy / module
    path.write_text(f"{path.read_text()}\n{line}\n")
    assert fallen(copy) == [name]
