"""On a GPU, where there is one that onnxruntime can use: the CPU's numbers."""

from pathlib import Path

import onnxruntime
import pytest

from regplug.models.repository import model_names

ROOT = Path(__file__).parents[2]
CUDA = "CUDAExecutionProvider"

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        CUDA not in onnxruntime.get_available_providers()
        or not Path("/proc/driver/nvidia/version").exists(),
        reason="no GPU, or no onnxruntime-gpu (docs/gpu.md)",
    ),
]


@pytest.mark.parametrize("model", model_names(ROOT / "model_repo"))
def test_models_that_come_with_regplug(regplug, model):
    done = regplug("models", "verify", model, "--device", "cuda")
    assert done.status == 0, done.out
    assert "off the CPU by" in done.out


def test_the_example(regplug, tmp_path):
    common = ROOT / "examples" / "variants.vcf", "--fasta", ROOT / "examples" / "example.hg38.fa.gz"
    out = tmp_path / "out.vcf"
    done = regplug("annotate", *common, "--device", "cuda", "--all-targets", "-o", out)
    assert done.status == 0, done.err
    done = regplug("verify", out, *common[1:], "--all", "--tolerance", "1e-4")
    assert done.status == 0, done.out
