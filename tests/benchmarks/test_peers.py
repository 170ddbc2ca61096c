"""Programs that are measured beside one another are given the same, and answer the same."""

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow.parquet")
from benchmarks.peers import programs
from benchmarks.peers.__main__ import Result, Row, table
from benchmarks.peers.job import Job
from benchmarks.peers.setting import DENSITIES, write_setting
from regplug.genome.codes import encode
from regplug.models.repository import read_card, read_onnx
from tests.models.variants.toy_graphs import reference


@pytest.fixture(autouse=True)
def settings():
    """A program has a process of its own, where gradients and threads are its own too."""
    import torch

    threads = torch.get_num_threads()
    with torch.enable_grad():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers")
    write_setting(folder, dict.fromkeys(DENSITIES, 2))
    return Job(folder, folder / "dense.vcf", folder / "genome.fa", folder / "models/basset", 600)


@pytest.fixture(scope="module")
def wanted(job):
    """ALT - REF in float64, from the text of the files alone."""
    graph = onnx.load_from_string(read_onnx(job.model, read_card(job.model)))
    genome = job.fasta.read_text().split("\n")[1]
    found = []
    for line in job.vcf.read_text().splitlines():
        if line.startswith("#"):
            continue
        _, position, _, ref, alt, *_ = line.split("\t")
        start = int(position) - 1 - 299
        assert genome[int(position) - 1] == ref
        window = genome[start : start + 600]
        changed = window[:299] + alt + window[300:]
        before, after = (reference(graph, encode(text)[None])[0] for text in (window, changed))
        found.append(after - before)
    return np.array(found)


@pytest.mark.parametrize("name", ["naive", "script", "tangermeme", "plain", "together"])
def test_every_program_scores_the_same_snvs(job, wanted, name):
    if name == "tangermeme":
        pytest.importorskip("tangermeme")
    found = getattr(programs, name)(job)()
    assert abs(wanted).max() > 1e-4
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def test_ratios_are_to_the_peer_as_it_comes_and_genomes_are_sparse():
    rows = {
        Row("tangermeme", "1000 Genomes", 500): Result([50.0, 40.0, 60.0], 800, 1e-7),
        Row("tangermeme", "1000 Genomes", 500, tuned=True): Result([100.0] * 3, 800, 1e-7),
        Row("together", "dense", 4000): Result([1000.0] * 3, 500, None),
        Row("together", "sparse", 400): Result([125.0] * 3, 500, None),
    }
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(rows)][2:]
    assert [line[4] for line in lines] == ["1.00", "2.00", "20.00", "2.50"]
    assert lines[0][2:4] == ["50.0", "40.0-60.0"]
    # 4.5 million variants: 25 hours at 50 a second, 10 at 125, and none for dense ones
    assert [line[5] for line in lines] == ["25.0", "12.5", "", "10.0"]
