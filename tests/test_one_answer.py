"""Models give the same answer in process and on a real Triton server, to 1e-5.

The one that comes with regplug, and a panel in the form of the published ones.
"""

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regplug.hooks.manager import open_backend, plugin_manager
from regplug.models.export import random_codes
from regplug.models.repository import model_names
from regplug.scoring.backend import Backend, BackendOptions
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_networks import random_panel

pytest.importorskip("pytriton", reason="needs the server extra")
pytestmark = pytest.mark.triton

ROOT = Path(__file__).parents[1]
REPO = ROOT / "model_repo"
MODELS = {
    "open_chromatin": 600,
    "basset_dhs4": 200,
    "deepbind_encode": 101,
    "panel": 71,
}  # their windows


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of the models that come with regplug, and a panel."""
    folder = tmp_path_factory.mktemp("repo") / "models"
    shutil.copytree(REPO, folder)
    random_panel(folder)
    return folder


@pytest.fixture(scope="module")
def urls(repo: Path) -> Iterator[dict[str, str]]:
    """Return the URLs of a server on the repository, files unchanged."""
    from regplug.models.server import serving

    with serving(repo) as server:
        yield {"grpc": server.grpc, "http": server.http}


@pytest.fixture(scope="module")
def random_alleles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a FASTA and a VCF of 1,000 random alleles: SNVs, MNVs, insertions and deletions."""
    folder = tmp_path_factory.mktemp("random")
    bases = random_letters(30_000, seed=4)
    rng = np.random.default_rng(4)
    records = []
    for start in range(100, 29_100, 29):
        ref = bases[start : start + int(rng.integers(1, 5))]
        alt = random_letters(int(rng.integers(1, 6)), seed=start)
        if alt == ref:
            alt += "A"
        records.append(f"chr1 {start + 1} . {ref} {alt} . . .")
    fasta = write_fasta(folder / "genome.fa", {"chr1": bases})
    vcf = folder / "in.vcf"
    vcf.write_text(vcf_text(records[:1000], {"chr1": bases}))
    return fasta, vcf


@pytest.fixture(scope="module")
def in_process() -> dict[object, Any]:
    """Return where answers in this process are kept, for both protocols."""
    return {}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("model", MODELS)
def test_annotations_agree(
    regplug: Callable,
    repo: Path,
    urls: dict[str, str],
    random_alleles: tuple[Path, Path],
    in_process: dict[object, Any],
    protocol: str,
    model: str,
    tmp_path: Path,
) -> None:
    example = (ROOT / "examples/example.hg38.fa.gz", ROOT / "examples/variants.vcf")
    for fasta, vcf in (example, random_alleles):

        def table(location: Path | str, fasta: Path = fasta, vcf: Path = vcf) -> list[list[str]]:
            matrix = tmp_path / "matrix.tsv"
            done = regplug(
                *("annotate", vcf, "--fasta", fasta, "--model-repo", location),
                *("--model", model),
                *("--matrix", matrix, "-o", tmp_path / "out.vcf"),
            )
            assert done.status == 0, done.err
            return list(csv.reader(matrix.read_text().splitlines(), delimiter="\t"))

        if (model, vcf) not in in_process:
            in_process[model, vcf] = table(repo)
        embedded, served = in_process[model, vcf], table(urls[protocol])
        assert len(embedded) == len(served)
        assert [row[:7] for row in embedded] == [row[:7] for row in served]
        np.testing.assert_allclose(_numbers(embedded), _numbers(served), atol=1e-5)


def test_ranks_agree_where_a_url_is_all_there_is(
    regplug: Callable, repo: Path, urls: dict[str, str], tmp_path: Path
) -> None:
    found = []
    for number, location in enumerate((str(repo), urls["grpc"])):
        out = tmp_path / f"{number}.vcf"
        done = regplug(
            *("annotate", ROOT / "examples/variants.vcf", "--model-repo", location),
            *("--fasta", ROOT / "examples/example.hg38.fa.gz", "-o", out),
            *("--model", "basset_dhs4", "--model", "deepbind_encode"),
        )
        assert done.status == 0, done.err
        text = out.read_text()
        assert text.count("##regplug_background=<ID=") == 2
        found.append(
            [line for line in text.splitlines() if line[0] != "#" or "_background" in line]
        )
    embedded, served = found
    names = r"RP_\w+=[A-Za-z_:0-9.,]*[A-Za-z][A-Za-z_:0-9.,]*"
    assert [re.findall(names, line) for line in embedded] == [
        re.findall(names, line) for line in served
    ]
    numbers = [
        [
            float(number)
            for line in lines
            for number in re.findall(r"__?(?:Q|ACT|Z)=(-?[\d.]+)", line)
        ]
        for lines in found
    ]
    assert len(numbers[0]) > 60
    np.testing.assert_allclose(*numbers, rtol=0.01)  # of three digits the last may differ


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("rows", [1, 7, 512])
@pytest.mark.parametrize("model", MODELS)
def test_predictions_agree_at_any_batch_size(
    repo: Path,
    urls: dict[str, str],
    in_process: dict[object, Any],
    protocol: str,
    rows: int,
    model: str,
) -> None:
    codes = random_codes(np.random.default_rng(1), 1000, MODELS[model])
    codes[::5, 30:34] = 4
    if model not in in_process:
        embedded = _open(str(repo), model)
        in_process[model] = embedded.predict(codes)
        embedded.close()
    wanted, served = in_process[model], _open(urls[protocol], model)
    starts = range(0, 1000 if rows > 1 else 100, rows)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda s: served.predict(codes[s : s + rows]), starts))
    for start, answer in zip(starts, answers, strict=True):
        np.testing.assert_allclose(answer, wanted[start : start + rows], atol=1e-5)
    served.close()


def test_verify_replays_golden_scores_on_the_server(
    regplug: Callable, repo: Path, urls: dict[str, str]
) -> None:
    for url in urls.values():
        done = regplug("models", "verify", "--model-repo", url, "--against", repo)
        assert done.status == 0, done.out + done.err
        assert {line.split("\t")[1] for line in done.out.splitlines()} == {"ok"}
        assert len(done.out.splitlines()) == len(model_names(repo))


def _open(location: str, model: str) -> Backend:
    return open_backend(plugin_manager(), location, model, BackendOptions())


def _numbers(table: list[list[str]]) -> np.ndarray:
    return np.array([[np.nan if x == "." else float(x) for x in row[7:]] for row in table[1:]])
