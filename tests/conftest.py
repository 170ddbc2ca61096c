"""Fixtures that every test may use, and the rule that some tests must not be skipped."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest

from regplug.cli import main
from regplug.files import figures
from regplug.genome.fasta import Genome
from tests.reliability import Kept, note
from tests.toy_codes import planted_codes, random_codes
from tests.toy_genomes import write_fasta
from tests.toy_models import centre_model, gc_model, position_model
from tests.toy_pictures import smallest_letters

__all__ = ["planted_codes", "random_codes"]  # fixtures, which pytest finds here

DATA = Path(os.environ.get("REGPLUG_DATA") or Path(__file__).parents[2] / "shared" / "data")

# Libraries of extras that tests import at their top, and their reference implementations.
EXTRAS = {"h5py", "matplotlib", "numba", "optuna", "safetensors", "scipy", "torch"}

# A loaded machine is no fault of the code: no test is timed.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Tests send Ctrl-C to processes, which would ignore it if pytest does (`pytest &` in a script).
signal.signal(signal.SIGINT, signal.default_int_handler)


class Finished(NamedTuple):
    """How a run of the command line ended."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of the real data sets."""
    if not DATA.is_dir():
        pytest.skip(f"no data at {DATA}: set REGPLUG_DATA")
    return DATA


@pytest.fixture(scope="session")
def toy_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of gc (2 targets), centre and place (one, every column differs)."""
    repo = tmp_path_factory.mktemp("models")
    gc_model(repo)
    centre_model(repo)
    position_model(repo)
    return repo


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with recipe.toml, train/ and test/, and run/; not to be changed."""
    pytest.importorskip("torch")
    from tests.toy_runs import toy_inputs, train

    folder = tmp_path_factory.mktemp("toy")
    toy_inputs(folder)
    train(folder)
    return folder


@pytest.fixture
def genome_of(tmp_path: Path) -> Iterator[Callable[..., Genome]]:
    """Return a maker of genomes from contigs: `genome_of(chr1="ACGT")`."""
    opened: list[Genome] = []

    def make(**contigs: str) -> Genome:
        opened.append(Genome(write_fasta(tmp_path / f"genome{len(opened)}.fa", contigs)))
        return opened[-1]

    yield make
    for genome in opened:
        genome.close()


@pytest.fixture
def regplug(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Finished]:
    """Return a function that runs the command line in this process: `regplug("annotate", path)`."""

    def run(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["regplug", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        sys.stdout.flush()
        return Finished(status, *capfd.readouterr())

    return run


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[int], None]:
    """Return a function that counts cases, where a test tries more than one: `tried(50)`."""

    def count(cases: int) -> None:
        request.node.user_properties.append(("cases", cases))

    return count


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    monkeypatch.delenv("REGPLUG_FASTA", raising=False)
    empty = tmp_path_factory.getbasetemp() / "settings"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(empty))
    monkeypatch.setenv("GENOMES_DIR", str(empty))


@pytest.fixture(autouse=True)
def _pictures_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no picture of a test have letters under 7 points where it is as wide as a page."""
    drawn = figures._drawn

    def drawn_and_seen(figure: Any, form: str) -> bytes:
        file = drawn(figure, form)
        assert smallest_letters(figure) >= figures.SMALLEST - 0.01
        return file

    monkeypatch.setattr(figures, "_drawn", drawn_and_seen)


def _must_run(item: pytest.Item) -> str:
    """Return why `item` must not be skipped, or ""."""
    if item.get_closest_marker("data") and DATA.is_dir():
        return f"the data are there ({DATA})"
    server_or_browser = item.get_closest_marker("triton") or item.get_closest_marker("browser")
    if server_or_browser and os.environ.get("CI") == "true":
        return "CI=true"
    return ""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --reliability."""
    parser.addoption(
        "--reliability", type=Path, metavar="FILE", help="Keep there what tests marked fault did."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests marked `fault` did, in the process that all reports reach."""
    if config.option.reliability and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Kept(config.option.reliability))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say in the report which fault a test tries."""
    note(item)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make nightly` runs, unless it is asked for: -m nightly."""
    if "nightly" not in config.option.markexpr:
        nightly = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in nightly]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Skip a module that needs a library of an extra that is not installed, and name it."""
    report: pytest.CollectReport = yield
    found = re.search(r"No module named '(\w+)", str(report.longrepr)) if report.failed else None
    if found and found[1] in EXTRAS:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 1, f"Skipped: needs {found[1]}")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skipped test that must run into a failure."""
    report: pytest.TestReport = yield
    reason = _must_run(item)
    if report.skipped and reason and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though it must run here ({reason}): {report.longrepr}"
    return report
