"""`--device`: where a model in process runs. A session of the CPU stands in for one of a GPU.

tests/models/test_gpu.py has what needs a real one.
"""

import importlib.metadata
import os
import sys
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

import regplug
from regplug.cli import cli
from regplug.errors import BackendError
from regplug.hooks.manager import plugin_manager
from regplug.interpret.filters.models import open_first_layer
from regplug.models import device, triton
from regplug.models.embedded import Embedded
from regplug.scoring.backend import BackendOptions
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_models import gc_model, position_model, profile_model

ROOT = Path(__file__).parents[2]
CUDA, ON_CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
FULL = (  # as onnxruntime says it
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running Conv "
    "node. Name:'Conv_3' Status Message: bfc_arena.cc:376 AllocateRawInternal Failed to allocate "
    "memory for requested buffer of size 939524096"
)


class Gpu:
    """Sessions that say that they run on a GPU, of which each holds so many rows."""

    def __init__(self):
        self.rows, self.off, self.error, self.used = 10**9, {}, FULL, True
        self.asked, self.sizes, self.alive = [], [], 0
        self.real = onnxruntime.InferenceSession

    def __call__(self, onnx, options, *, providers, enable_fallback):
        assert enable_fallback == 0
        session = self.real(onnx, options, providers=[ON_CPU])
        self.asked.append((providers, options.use_deterministic_compute))
        return session if providers == [ON_CPU] or not self.used else Session(self, session)


class Session:
    def __init__(self, gpu, session):
        self.gpu, self.session = gpu, session
        gpu.alive += 1

    def __del__(self):
        self.gpu.alive -= 1

    def get_providers(self):
        return [CUDA, ON_CPU]

    def get_inputs(self):
        return self.session.get_inputs()

    def get_outputs(self):
        return self.session.get_outputs()

    def run(self, names, feed):
        rows = len(feed["codes"])
        self.gpu.sizes.append(rows)
        if rows > self.gpu.rows:
            raise RuntimeException(self.gpu.error)
        answers = self.session.run(names, feed)
        return [a + self.gpu.off.get(name, 0) for name, a in zip(names, answers, strict=True)]


@pytest.fixture
def gpu(monkeypatch):
    made = Gpu()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, ON_CPU])
    monkeypatch.setattr(onnxruntime, "InferenceSession", made)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: sys.stdout.write("no cudart\n"))
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "")  # so that it is put back
    del os.environ["NVIDIA_TF32_OVERRIDE"]
    device.load_libraries.cache_clear()
    yield made
    device.load_libraries.cache_clear()


@pytest.fixture
def toys(tmp_path):
    """Return a folder with a repository, a genome, and a VCF of 40 SNVs in it."""
    repo = tmp_path / "models"
    gc_model(repo, default=True)
    position_model(repo)
    profile_model(repo)
    letters = random_letters(600, seed=1)
    write_fasta(tmp_path / "x.fa", {"chr1": letters})
    lines = ["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for at in range(50, 450, 10):
        alt = "ACGT"[("ACGT".index(letters[at]) + 1) % 4]
        lines.append(f"chr1\t{at + 1}\t.\t{letters[at]}\t{alt}\t.\t.\t.")
    (tmp_path / "x.vcf").write_text("\n".join(lines) + "\n")
    return tmp_path


def rows(count, window=21, seed=0):
    return np.random.default_rng(seed).integers(0, 5, (count, window), np.uint8)


@pytest.mark.parametrize(("name", "number"), [("cuda", 0), ("cuda:0", 0), ("cuda:12", 12)])
def test_what_onnxruntime_is_asked_for(gpu, toys, name, number, capsys):
    Embedded(toys / "models" / "gc", device=name).close()
    (((found, options), fallback), deterministic) = gpu.asked[0]
    assert (found, options["device_id"], options["use_tf32"]) == (CUDA, number, 0)
    assert options["cudnn_conv_algo_search"] == "HEURISTIC"
    assert (fallback, deterministic) == (ON_CPU, True)
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "0"
    assert capsys.readouterr() == ("", "no cudart\n")  # a VCF may go to stdout


def test_a_cpu_is_asked_for_nothing_new(gpu, toys):
    Embedded(toys / "models" / "gc").close()
    assert gpu.asked == [([ON_CPU], False)]
    assert "NVIDIA_TF32_OVERRIDE" not in os.environ


def test_onnxruntime_that_falls_back_to_the_cpu(gpu, toys, regplug):
    gpu.used = False
    done = regplug(
        "annotate", toys / "x.vcf", "--fasta", toys / "x.fa", "--model-repo", toys / "models",
        "--device", "cuda", "-o", toys / "out.vcf",
    )  # fmt: skip
    assert (done.status, done.out) == (1, "")
    assert "cannot use that GPU; what it says of that stands above" in done.err
    assert "nvidia-smi" in done.err
    assert not list(toys.glob("out.vcf*"))


@pytest.mark.parametrize(
    ("installed", "advice"),
    [
        (False, "runs on the CPU alone: pip uninstall onnxruntime, then pip install 'onnxruntime-"),
        (True, "are both installed, and the first is in the way: pip uninstall onnxruntime onnxr"),
    ],
)
def test_onnxruntime_for_the_cpu(monkeypatch, toys, installed, advice):
    def version(name):
        if not installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.31.1"

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [ON_CPU])
    monkeypatch.setattr("regplug.models.device.version", version)
    with pytest.raises(BackendError, match=r"--device cuda:1: .*both bring the module") as caught:
        Embedded(toys / "models" / "gc", device="cuda:1")
    assert advice in str(caught.value)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:-1", "CUDA", "cuda:1 ", "", "٣"])
def test_devices_that_there_are_not(name, regplug):
    with pytest.raises(BackendError, match="it is cpu, cuda or cuda:1, cuda:2"):
        BackendOptions(device=name)
    assert f"no device {name}: it is cpu" in regplug("models", "list", "--device", name).err


def test_a_server_has_its_own():
    with pytest.raises(BackendError, match="runs on the server's own, as instance_group"):
        triton.regplug_open_backend("grpc://nowhere:1", "gc", BackendOptions(device="cuda"))


def every_command(group, path=()):
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                yield from every_command(command, (*path, name))
            else:
                yield " ".join((*path, name)), {o for p in command.params for o in p.opts}


def test_every_command_that_runs_a_model_has_the_option():
    plugin_manager().hook.regplug_commands(cli=cli)
    running = {name: known for name, known in every_command(cli) if "--threads" in known}
    assert {"annotate", "track", "predict", "explain", "top", "verify", "motifs", "embed"} < {
        *running
    }
    without = {name for name, known in running.items() if "--device" not in known}
    made_on_the_cpu = {"export", "models config", "models int8"}
    assert all(name.startswith("models import ") for name in without - made_on_the_cpu)


# -- the same numbers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        ("annotate", "x.vcf", "--fasta", "x.fa", "--no-version", "--all-targets"),
        ("predict", "x.fa", "--model", "place", "--whole", "--step", "7"),
        ("predict", "x.fa", "--model", "profile", "--head", "profile", "--whole"),
        ("models", "verify"),
    ],
)
def test_commands_give_what_the_cpu_gives(gpu, toys, regplug, line, monkeypatch):
    monkeypatch.chdir(toys)
    on_cpu = regplug(*line, "--model-repo", "models")
    assert gpu.sizes == []
    done = regplug(*line, "--model-repo", "models", "--device", "cuda")
    assert on_cpu.status == done.status == 0, done.err
    assert gpu.sizes
    assert done.out.replace("\toff the CPU by 0", "") == on_cpu.out


def test_tracks(gpu, toys, regplug):
    common = ("--fasta", toys / "x.fa", "--model-repo", toys / "models", "--device", "cuda:3")
    done = regplug(
        "track", *common, "--model", "place", "--regions", "chr1:100-300", "-o", toys / "tracks"
    )
    assert done.status == 0, done.err
    assert gpu.asked[-1][0][0][1]["device_id"] == 3
    assert gpu.sizes


# -- memory ---------------------------------------------------------------------------------


def test_batches_are_halved_where_the_memory_is_full(gpu, toys):
    codes = rows(200)
    with closing(Embedded(toys / "models" / "gc")) as backend:
        wanted = backend.predict(codes)
    gpu.rows = 10
    with closing(Embedded(toys / "models" / "gc", device="cuda")) as backend:
        np.testing.assert_array_equal(backend.predict(codes), wanted)
        assert gpu.sizes == [64, 32, 16, *[8] * 25]  # no more is tried again
        assert gpu.alive == 1
        assert len(gpu.asked) == 1 + 1 + 3  # each time in a session of its own
        np.testing.assert_array_equal(backend.predict(codes[:3]), wanted[:3])
        np.testing.assert_array_equal(backend.predict(codes[:17]), wanted[:17])
        assert gpu.sizes[-4:] == [3, 8, 8, 1]
    assert gpu.alive == 0


@pytest.mark.parametrize(
    "message",
    [
        FULL,
        "CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; file=cuda_allocator.cc",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0",
        "CUDNN failure 4002: CUDNN_STATUS_ALLOC_FAILED",
        "std::bad_alloc",
    ],
)
def test_how_a_full_memory_is_told(gpu, toys, message):
    gpu.rows, gpu.error = 40, message
    with closing(Embedded(toys / "models" / "gc", device="cuda")) as backend:
        assert backend.predict(rows(64)).shape == (64, 2)
    assert gpu.sizes == [64, 32, 32]


def test_a_row_that_does_not_fit(gpu, toys):
    gpu.rows = 0
    with closing(Embedded(toys / "models" / "gc", device="cuda")) as backend:
        with pytest.raises(BackendError, match="full where gc reads 21 bases: take a GPU that has"):
            backend.predict(rows(5))
        gpu.rows = 10**9
        assert backend.predict(rows(2)).shape == (2, 2)


def test_a_part_of_a_graph_that_does_not_fit(gpu, regplug):
    """`motifs --model` runs a model in two parts."""
    pytest.importorskip("h5py")
    layer = open_first_layer("basset_dhs4", str(ROOT / "model_repo"), rna=False, device="cuda")
    gpu.rows = 0
    with pytest.raises(BackendError, match=r"a part of basset_dhs4 cannot be run: .*allocate mem"):
        layer.read(rows(2, 200))


def test_other_errors_are_not_tried_again(gpu, toys):
    gpu.rows, gpu.error = 40, "CUDA failure 719: launch failed"
    with (
        closing(Embedded(toys / "models" / "gc", device="cuda")) as backend,
        pytest.raises(BackendError, match=r"cannot read codes of shape \(64, 21\): .*719"),
    ):
        backend.predict(rows(100))
    assert gpu.sizes == [64]


# -- models verify --------------------------------------------------------------------------


def test_verify_compares_every_output(gpu, toys, regplug):
    line = ("models", "verify", "--model-repo", toys / "models", "--device", "cuda")
    off = "\tok\tlargest error 0\toff the CPU by 0\n"
    assert regplug(*line, "gc", "profile").out == f"gc{off}profile{off}"
    gpu.off = {"profile": 9e-6}  # within 1e-5 of numbers that are exact
    done = regplug(*line, "profile")
    assert (done.status, "off the CPU by 9" in done.out) == (0, True)
    gpu.off = {"profile": 1e-3}
    done = regplug(*line, "gc", "profile")
    assert done.status == 1
    assert "gc\tok" in done.out
    assert "profile\tFAILED\tprofile, profile[" in done.out


def test_what_golden_scores_do_not_show(gpu, toys, regplug, monkeypatch):
    """The CPU is asked for other sequences too, as a GPU may be wrong on some alone."""
    real = Session.run

    def run(self, names, feed):
        answers = real(self, names, feed)
        if len(feed["codes"]) > 10:
            answers[0][7] *= 1.01
        return answers

    monkeypatch.setattr(Session, "run", run)
    done = regplug("models", "verify", "gc", "--model-repo", toys / "models", "--device", "cuda")
    assert done.status == 1
    assert "gc\tFAILED\tgc, T" in done.out
    assert "to random sequence 8" in done.out


def test_in_python(gpu, toys):
    options, repo = BackendOptions(device="cuda"), str(toys / "models")
    with regplug.open_model("gc", repo=repo, options=options) as model:
        assert model.predict(["ACGTACGTACGTACGTACGTA"])[0].tolist() == [10, 20]
    assert gpu.sizes == [1]
    done = regplug.annotate(
        toys / "x.vcf", output=toys / "out.vcf", fasta=toys / "x.fa", repo=str(toys / "models"),
        options=BackendOptions(device="cuda:1"),
    )  # fmt: skip
    assert done.tally.alts == 40
    assert gpu.asked[-1][0][0][1]["device_id"] == 1
    assert Path(toys / "out.vcf").exists()
