"""The wheel holds what runs and nothing else, and runs where there is no checkout."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["regplug", *sorted(path.name for path in (ROOT / "plugins").glob("regplug_*"))]
MODELS = {
    "basset_dhs4",
    "open_chromatin",
    "yeast",
    "deepbind_encode",
    "deepbind_single",
    "deepbind_single_scan",
}
KERNEL = "regplug_deepbind/_kernel.so"  # where there is a compiler
ENGINE = """
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.scoring.backend import BackendOptions
print(open_backend(plugin_manager(), None, "deepbind_single", BackendOptions()).engine)
"""
LOAD = """
from importlib.metadata import entry_points
for one in entry_points(group="regplug"):
    print(one.name, one.load().__file__)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the path of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    return built(folder)


def built(folder, **environment):
    """Build the wheel into a folder and return its path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    if importlib.util.find_spec("hatchling"):
        command.append("--no-build-isolation")
    subprocess.run(command, check=True, env={**os.environ, **environment})
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    """Return what is in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return a function that runs Python where regplug is what the wheel installs."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", target, wheel], check=True)
    empty = tmp_path_factory.mktemp("empty")

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=empty,
            env={**os.environ, "PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.target = target
    return run


def files(folder):
    """Return the files below `folder`, relative to it, but for what Python leaves there."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder) for path in paths if "__pycache__" not in path.parts}


def test_it_holds_the_packages_and_the_models_and_no_more(names):
    wanted = {f"regplug/model_repo/{path.as_posix()}" for path in files(ROOT / "model_repo")}
    for package in PACKAGES:
        folder = ROOT / package if package == "regplug" else ROOT / "plugins" / package
        wanted |= {f"{package}/{path.as_posix()}" for path in files(folder)}
    found = {name for name in names if ".dist-info/" not in name}
    assert found - {KERNEL} == wanted - {KERNEL}


def test_it_holds_what_is_no_module(names):
    recipes = {path.name for path in (ROOT / "regplug/train/recipes").glob("*.toml")}
    model = {"1/model.onnx", "card.json", "config.pbtxt", "golden.json", "targets.txt"}
    wanted = {f"regplug/train/recipes/{name}" for name in recipes}
    wanted |= {f"regplug/model_repo/{name}/{file}" for name in MODELS for file in model}
    wanted |= {f"{package}/py.typed" for package in PACKAGES}
    browser = ("igv.min.js", "page.html", "page.css", "page.js")
    wanted |= {f"regplug_browser/{name}" for name in browser}
    wanted.add("regplug/train/deepbind/report_template.html")
    wanted.add("regplug/models/standin/onnxruntime/model.py")
    assert len(recipes) >= 6
    assert wanted <= names
    licences = {name.rpartition("/")[2] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "igv.LICENSE"}


def test_its_entry_points_are_of_the_wheel(installed):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = dict(line.split(" ", 1) for line in installed("-c", LOAD).splitlines())  # name → file
    assert set(project["entry-points"]["regplug"]) <= set(found)
    for name in project["entry-points"]["regplug"]:
        assert Path(found[name]).is_relative_to(installed.target)


def test_it_lists_its_plugins_and_models(installed):
    plugins = [line.split("\t")[0] for line in installed("-m", "regplug", "plugins").splitlines()]
    assert {"embedded", "triton", "deepbind", "basset", "browser"} <= set(plugins)
    listed = installed("-m", "regplug", "models", "list")
    assert all(name in listed for name in MODELS)


def test_it_has_the_kernel_where_there_is_a_compiler(wheel, names, installed):
    compiles = shutil.which(shlex.split(os.environ.get("CC", "cc"))[0]) is not None
    assert (KERNEL in names) == compiles
    assert wheel.name.endswith("-py3-none-any.whl") != compiles
    assert ("kernel" in installed("-c", ENGINE)) == compiles


@pytest.mark.parametrize("environment", [{"CC": "no-such-compiler"}, {"CC": "false"}])
def test_without_a_compiler_it_is_pure(environment, tmp_path):
    path = built(tmp_path, **environment)
    assert path.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(path) as archive:
        assert KERNEL not in archive.namelist()
        assert "regplug_deepbind/kernel.c" in archive.namelist()
        archive.extractall(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-c", ENGINE],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("onnxruntime")
