"""`--engine`: the same card and graph by another library, beside onnxruntime."""

import importlib
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import regplug
from regplug.errors import BackendError
from regplug.models import triton
from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.repository import read_card
from regplug.scoring.backend import BackendOptions
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import gc_model, profile_model

SHIPPED = Path(__file__).parents[3] / "model_repo"
ENGINES = ("openvino", "torch")


@pytest.fixture(params=ENGINES)
def engine(request):
    pytest.importorskip(request.param)
    return request.param


def opened(repo, name, engine, **options):
    plugin = importlib.import_module(f"regplug_{engine.partition(':')[0]}")
    return plugin.regplug_open_backend(
        str(repo), name, BackendOptions(threads=1, engine=engine, **options)
    )


@pytest.mark.parametrize("name", ["basset_dhs4", "deepbind_single", "open_chromatin", "yeast"])
def test_the_answers_are_those_of_onnxruntime(engine, name):
    rng, window = np.random.default_rng(1), read_card(SHIPPED / name).window
    codes = random_codes(rng, 6, window)
    codes[2, window // 2 :] = 4
    codes[3, rng.integers(window, size=9)] = 4
    with (
        closing(Embedded(SHIPPED / name, threads=1)) as plain,
        closing(opened(SHIPPED, name, engine)) as other,
    ):
        wanted, found = plain.predict(codes), other.predict(codes)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(other.predict(codes[:1]), wanted[:1], rtol=1e-5, atol=1e-5)
        assert other.engine.startswith(engine)
        assert other.precision == ""


def test_several_outputs_and_any_length(engine, tmp_path):
    profile_model(tmp_path)
    gc_model(tmp_path, "any", window=None)
    rng = np.random.default_rng(2)
    codes = rng.integers(5, size=(7, 12), dtype=np.uint8)
    with (
        closing(Embedded(tmp_path / "profile")) as plain,
        closing(opened(tmp_path, "profile", engine)) as other,
    ):
        names = ("log_counts", "profile")
        wanted, found = plain.predict(codes, names), other.predict(codes, names)
        for name in names:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5)
    with closing(opened(tmp_path, "any", engine)) as other:
        for width in (3, 50):
            codes = rng.integers(4, size=(2, width), dtype=np.uint8)
            counted = np.isin(codes, (1, 2)).sum(1)
            np.testing.assert_array_equal(other.predict(codes), np.c_[counted, 2 * counted])


def test_snvs_near_each_other(engine, tmp_path, monkeypatch):
    """OpenVINO scores them together, by the graph that onnxruntime runs too."""
    together = []
    whole = Embedded.predict_variants
    monkeypatch.setattr(
        Embedded,
        "predict_variants",
        lambda self, asked: together.append(len(asked)) or whole(self, asked),
    )
    letters = random_letters(900, seed=4)
    fasta = write_fasta(tmp_path / "g.fa", {"chr1": letters})
    other = str.maketrans("ACGT", "CGTA")
    snvs = [f"chr1:{at}:{letters[at - 1]}:{letters[at - 1].translate(other)}"
            for at in range(420, 480, 9)]  # fmt: skip
    tables = []
    for asked in ("onnxruntime", engine):
        options = BackendOptions(threads=1, engine=asked)
        table = regplug.score(
            snvs, fasta=fasta, models=["yeast"], repo=str(SHIPPED), options=options
        )
        columns = [name for name in table.column_names if name.startswith("yeast.")]
        tables.append(np.array([table[name].to_pylist() for name in columns[1:]], float))
    assert bool(together[1:]) == (engine == "openvino")
    assert np.abs(tables[0]).max() > 1e-4
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-4, atol=2e-6)


def test_golden_scores(regplug, toy_repo, engine):
    done = regplug("models", "verify", "--model-repo", toy_repo, "--engine", engine)
    assert (done.status, done.out.count("\tok\t")) == (0, 3), done.out


def test_bf16_is_another_number(tmp_path, engine):
    """It keeps eight bits: 1.1^i of `place` are not among its numbers; 0, 1, 2 and 4 are."""
    with (
        closing(Embedded(SHIPPED / "yeast", threads=1)) as plain,
        closing(opened(SHIPPED, "yeast", f"{engine}:bf16")) as other,
    ):
        codes = random_codes(np.random.default_rng(3), 8, plain.card.window)
        apart = np.abs(other.predict(codes) - plain.predict(codes)).max()
        assert other.precision == "bf16"
        assert 1e-5 < apart < 0.1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"engine": "openvino", "device": "cuda"}, "runs on the CPU, not cuda"),
        ({"engine": "openvino:fp8"}, "there are openvino and openvino:bf16"),
        ({"engine": "torch:fp8"}, "there are torch, torch:bf16 and, on a GPU, torch:tf32"),
        ({"engine": "torch:tf32"}, "TF32 is of GPUs"),
        ({"engine": "torch", "device": "cuda:99"}, "--device cuda:99: PyTorch"),
    ],
)
def test_what_there_is_not(toy_repo, asked, message):
    pytest.importorskip(asked["engine"].partition(":")[0])
    with pytest.raises(BackendError, match=re.escape(message)):
        opened(toy_repo, "gc", **asked)


def test_an_engine_that_nobody_brings(regplug, toy_repo, tmp_path):
    done = regplug("models", "verify", "gc", "--model-repo", toy_repo, "--engine", "none")
    assert (done.status, "no engine none: there are onnxruntime and" in done.out) == (1, True)
    with pytest.raises(BackendError, match="is of models in this process"):
        triton.regplug_open_backend("grpc://nowhere:1", "gc", BackendOptions(engine="torch"))
    for engine in ENGINES:
        assert opened(tmp_path, "gc", engine) is None


SIGNALLED = """
import gc, os, signal, sys
import numpy as np
import regplug
signal.signal(signal.SIGTERM, lambda *_: print("heard"))
options = regplug.BackendOptions(threads=1, engine="openvino")
models = [regplug.open_model("gc", repo=sys.argv[1], options=options) for _ in range(3)]
while models:
    model = models.pop(0)
    model.backend.predict(np.zeros((1, model.card.window or 9), np.uint8))
    model.close()
    del model
    gc.collect()
os.kill(os.getpid(), signal.SIGTERM)
print("goes on")
"""


@pytest.mark.fault("signals", "a signal after OpenVINO's models were closed")
def test_a_signal_after_models_were_closed(tmp_path):
    """OpenVINO's core gives handlers of signals a stack, and frees it with itself."""
    pytest.importorskip("openvino")
    gc_model(tmp_path)
    line = [sys.executable, "-c", SIGNALLED, str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "heard\ngoes on\n"), done.stderr
