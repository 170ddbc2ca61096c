"""The example, annotated once, and the programs that read it or run regplug."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PIPELINES = ROOT / ".venv-pipelines" / "bin"
Run = Callable[..., str]


@pytest.fixture(scope="session")
def integrations() -> Path:
    """Return the folder of what is tested here."""
    return ROOT / "integrations"


@pytest.fixture(scope="session")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example, annotated and indexed; not to be changed."""
    out = tmp_path_factory.mktemp("annotated") / "annotated.vcf.gz"
    command = [sys.executable, "-m", "regplug", "annotate", EXAMPLES / "variants.vcf", "-o", out]
    command += ["--fasta", EXAMPLES / "example.hg38.fa.gz", "--model", "deepbind_encode"]
    subprocess.run([*map(str, command)], check=True, capture_output=True)
    return out


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a program in `tmp_path`, where `regplug` is a command.

    It is one of .venv-pipelines if it is there, else of Debian; without it the test is skipped.
    """
    found = shutil.which("regplug", path=str(Path(sys.executable).parent))
    assert found, "regplug is not installed"
    monkeypatch.setenv("PATH", f"{Path(found).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def call(program: str, *arguments: object, stdin: str | None = None) -> str:
        path = shutil.which(program, path=f"{PIPELINES}{os.pathsep}{os.environ['PATH']}")
        if path is None:
            pytest.skip(f"no {program}: make debian .venv-pipelines/ready")
        done = subprocess.run(
            [path, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            input=stdin,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    return call


@pytest.fixture
def pipelines(run: Run) -> Run:
    """Return a function that runs Python code in .venv-pipelines."""
    python = PIPELINES / "python"
    if not python.exists():
        pytest.skip("no .venv-pipelines: make .venv-pipelines/ready")
    return lambda code, *arguments: run(str(python), "-c", code, *arguments)
