"""`regplug models config`: Triton's own parser reads what is written, and a server does it."""

from contextlib import closing, nullcontext
from itertools import product

import numpy as np
import pytest

from regplug.errors import BackendError, ModelError
from regplug.models import triton
from regplug.models.repository import check_model, promised_config, read_card
from regplug.models.server import local_server, serving
from regplug.models.tuned import tune
from regplug.models.tuning import Tuning
from regplug.models.variants.served import write_variants
from regplug.scoring.backend import BackendOptions
from tests.faults.fakes import Served, gc_scores, over_grpc
from tests.plugins.basset.toys import basset_model
from tests.test_readme import ROOT
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import gc_model

SHIPPED = sorted(path.parent for path in (ROOT / "model_repo").glob("*/config.pbtxt"))


def parsed(text):
    """Return the message of Triton's protocol that a configuration is."""
    message = pytest.importorskip("tritonclient.grpc.model_config_pb2").ModelConfig()
    from google.protobuf import text_format

    return text_format.Parse(text, message)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_the_models_that_come_with_regplug_have_what_is_written_without_options(folder):
    text = (folder / "config.pbtxt").read_text()
    assert text == promised_config(read_card(folder)) + Tuning().lines(read_card(folder))


@pytest.mark.parametrize(
    ("kind", "instances", "threads", "delay", "tensorrt"),
    [*product(["auto", "cpu", "gpu"], [0, 3], [0, 2], [0, 700], [False, True])],
)
def test_triton_reads_every_configuration(tmp_path, kind, instances, threads, delay, tensorrt):
    gc_model(tmp_path, max_batch_size=50)
    tune(tmp_path / "gc", Tuning(kind, instances, threads, delay, tensorrt))
    config = parsed((tmp_path / "gc" / "config.pbtxt").read_text())
    (group,) = config.instance_group
    assert group.Kind.Name(group.kind) == f"KIND_{kind.upper()}"
    assert group.count == instances
    assert config.dynamic_batching.max_queue_delay_microseconds == delay
    told = config.parameters["intra_op_thread_count"].string_value if threads else "0"
    assert int(told) == threads
    on_gpus = config.optimization.execution_accelerators.gpu_execution_accelerator
    assert [one.name for one in on_gpus] == ["tensorrt"] * tensorrt
    assert [sample.batch_size for sample in config.model_warmup] == [1, 50][: 1 + tensorrt]
    assert "regplug_precision" not in config.parameters
    check_model(tmp_path / "gc")


def test_half_precision_is_asked_for_and_said(regplug, tmp_path):
    gc_model(tmp_path)
    line = ["models", "config", "gc", "--model-repo", tmp_path, "--gpu", "--tensorrt"]
    for more, mode in ((["--fp16"], "FP16"), ([], "FP32")):
        assert regplug(*line, *more).out == f"{tmp_path}/gc/config.pbtxt\n"
        config = parsed((tmp_path / "gc" / "config.pbtxt").read_text())
        (accelerator,) = config.optimization.execution_accelerators.gpu_execution_accelerator
        assert accelerator.parameters["precision_mode"] == mode
        assert ("regplug_precision" in config.parameters) == bool(more)


def test_a_graph_for_variants_gets_instances_alone(regplug, tmp_path):
    pytest.importorskip("safetensors")
    basset_model(tmp_path, "open")
    write_variants(tmp_path / "open")
    before = parsed((tmp_path / "open_variants" / "config.pbtxt").read_text())
    line = ["models", "config", "open", "--model-repo", tmp_path]
    done = regplug(*line, "--gpu", "--instances", 2, "--tensorrt", "--fp16")
    assert done.out.split() == [f"{tmp_path}/{name}/config.pbtxt" for name in NAMES]
    after = parsed((tmp_path / "open_variants" / "config.pbtxt").read_text())
    assert after.instance_group[0].count == 2
    assert not after.optimization.execution_accelerators.gpu_execution_accelerator
    del before.instance_group[:], after.instance_group[:]
    assert before == after


NAMES = ("open", "open_variants")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gc", "--gpu", "--fp16"], "--fp16 is of TensorRT: give --tensorrt too"),
        (["gc", "--tensorrt"], "--tensorrt is of GPUs: give --gpu too"),
        (["gc", "--cpu", "--tensorrt"], "--tensorrt is of GPUs: give --gpu too"),
        (["gc", "--instances", 0], "0 is not in the range x>=1"),
        (["none"], "no model at"),
        (["any", "--gpu", "--tensorrt"], "any reads any length"),
    ],
)
def test_what_cannot_be_changes_nothing(regplug, tmp_path, words, said):
    gc_model(tmp_path)
    gc_model(tmp_path, "any", window=None)
    before = [path.read_text() for path in sorted(tmp_path.glob("*/config.pbtxt"))]
    done = regplug("models", "config", *words, "--model-repo", tmp_path)
    assert done.status in (1, 2)
    assert said in done.err
    assert [path.read_text() for path in sorted(tmp_path.glob("*/config.pbtxt"))] == before


def test_a_model_whose_files_disagree_is_left_alone(tmp_path):
    gc_model(tmp_path)
    config = tmp_path / "gc" / "config.pbtxt"
    config.write_text(config.read_text().replace("dims: [ 21 ]", "dims: [ 22 ]"))
    before = config.read_bytes()
    with pytest.raises(ModelError, match="lacks the card's line"):
        tune(tmp_path / "gc", Tuning())
    assert config.read_bytes() == before


def test_an_output_names_the_precision_of_a_server(regplug, tmp_path):
    pytest.importorskip("tritonclient.grpc")
    genome, repo = {"chr1": "ACGT" * 50}, tmp_path / "models"
    write_fasta(tmp_path / "genome.fa", genome)
    (tmp_path / "in.vcf").write_text(vcf_text(["chr1 101 . A C . . ."], genome))
    gc_model(repo)
    served = Served(read_card(repo / "gc"))
    served.precision = "fp16"
    with over_grpc(served) as url:
        line = ["annotate", tmp_path / "in.vcf", "--fasta", tmp_path / "genome.fa"]
        done = regplug(*line, "--model", "gc", "--model-repo", url)
    (model,) = [line for line in done.out.splitlines() if line.startswith("##regplug_model=")]
    assert "precision=fp16" in model


def test_two_batches_agree_as_far_as_the_precision_goes(tmp_path):
    pytest.importorskip("tritonclient.grpc")
    """An answer that is off by a thousandth: rounding in float16, in float32 another model."""
    gc_model(tmp_path)
    codes = np.random.default_rng(0).integers(0, 4, (70, 21)).astype(np.uint8)
    for precision, off, agrees in (("fp16", 0.004, True), ("fp16", 0.4, False), ("", 0.4, False)):
        served = Served(read_card(tmp_path / "gc"), lambda codes: gc_scores(codes))
        served.precision = precision
        with over_grpc(served) as url:
            backend = triton.regplug_open_backend(url, "gc", BackendOptions())
            with closing(backend):
                backend.predict(codes)
                served.answer = lambda codes, off=off: gc_scores(codes) + np.float32(off)
                with nullcontext() if agrees else pytest.raises(BackendError, match="two models"):
                    backend.predict(codes)


@pytest.mark.parametrize(("later", "again"), [("", 2), ("fp16", 4)])
def test_parts_of_another_precision_are_scored_again(regplug, tmp_path, later, again):
    pytest.importorskip("tritonclient.grpc")
    """A server fails after the first of two parts, and comes back, perhaps in float16.

    Each part is two requests, one of REF and one of ALT.
    """
    genome = {"chr1": random_letters(200, seed=1)}  # no window is like another
    write_fasta(tmp_path / "genome.fa", genome)
    refs = [(pos, genome["chr1"][pos - 1]) for pos in range(41, 121, 4)]
    snvs = [f"chr1 {pos} . {ref} {'CA'[ref == 'C']} . . ." for pos, ref in refs]
    (tmp_path / "in.vcf").write_text(vcf_text(snvs, genome))
    gc_model(tmp_path / "models")
    served, most = Served(read_card(tmp_path / "models" / "gc")), 2

    def answer(codes):
        assert served.requests <= most
        return gc_scores(codes)

    served.answer = answer
    with over_grpc(served) as url:
        line = ["annotate", tmp_path / "in.vcf", "--fasta", tmp_path / "genome.fa", "--resume"]
        line += ["--part-size", 10, "--model", "gc", "--model-repo", url, "-o", tmp_path / "o.vcf"]
        assert regplug(*line).status == 1
        served.precision, served.requests, most = later, 0, 1000
        assert regplug(*line).status == 0
    assert served.requests == again


@pytest.mark.triton
@pytest.mark.skipif(local_server() is None, reason="needs the server extra")
class TestServer:
    """The real server reads what is written, and does it."""

    def test_instances_on_the_cpu(self, tmp_path):
        import tritonclient.grpc

        gc_model(tmp_path, max_batch_size=50)
        tune(tmp_path / "gc", Tuning("cpu", instances=3, threads=1, delay=0))
        codes = np.random.default_rng(0).integers(0, 5, (700, 21)).astype(np.uint8)
        with serving(tmp_path) as server:
            backend = triton.regplug_open_backend(server.grpc, "gc", BackendOptions())
            with closing(backend):
                np.testing.assert_array_equal(backend.predict(codes), gc_scores(codes))
            address = server.grpc.removeprefix("grpc://")
            with tritonclient.grpc.InferenceServerClient(address) as client:
                config = client.get_model_config("gc").config
        assert [group.count for group in config.instance_group] == [3]
        assert config.parameters["intra_op_thread_count"].string_value == "1"

    def test_instances_on_gpus_are_refused_where_there_is_none(self, tmp_path):
        gc_model(tmp_path)
        tune(tmp_path / "gc", Tuning("gpu", 2, tensorrt=True, half=True))
        with pytest.raises(BackendError, match="did not start") as error, serving(tmp_path):
            pass
        assert "KIND_GPU" in str(error.value)
