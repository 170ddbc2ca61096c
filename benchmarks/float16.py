"""How far off are models in float16, as a GPU's TensorRT computes them? And those models.

    python -m benchmarks.float16 -o REPO [--model-repo DIR] [NAME ...]

writes REPO/NAME_fp16: weights, and what each operator gives, rounded to float16; sums inside of an
operator are float32, as in a GPU's matrix units. (TensorRT rounds no more often than that: layers
that it joins give one number.) Printed are the largest differences from float32, of scores and of
ALT - REF, and the correlation of ALT - REF, of SNVs in the middle of random sequences, all targets.
What it does to variants whose effects are known: benchmarks.variant_truth --model-repo REPO.
"""

import argparse
import hashlib
from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
from msgspec.structs import replace
from onnx import ModelProto, TensorProto, helper, numpy_helper, shape_inference

from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.repository import Golden, model_names, read_card, read_onnx, write_model
from regplug.models.tuning import WARM_UP_LENGTH
from regplug.scoring.alleles import column

HEAD = "model | scores | ALT - REF | largest ALT - REF | r"
SNVS = 256


def main() -> None:
    """Write the models and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--model-repo", type=Path, default=Path("model_repo"))
    options = parser.parse_args()
    print(f"| {HEAD} |\n|---|--:|--:|--:|--:|")
    for name in options.names or model_names(options.model_repo):
        folder = options.model_repo / name
        _measure(folder, _written(folder, options.output))


def _measure(folder: Path, half: Path) -> None:
    """Print a model's row."""
    scores, changes = [], []
    for each in (folder, half):
        with closing(Embedded(each, threads=1)) as backend:
            width = backend.card.window or WARM_UP_LENGTH
            ref = random_codes(np.random.default_rng(0), SNVS, width)
            alt = ref.copy()
            alt[:, column(width)] = (alt[:, column(width)] + 1) % 4
            before = backend.predict(ref)
            scores.append(before)
            changes.append(backend.predict(alt) - before)
    apart = [np.abs(pair[1] - pair[0]).max() for pair in (scores, changes)]
    r = np.corrcoef(*(change.ravel() for change in changes))[0, 1]
    largest = np.abs(changes[0]).max()
    print(f"| `{folder.name}` | {apart[0]:.1e} | {apart[1]:.1e} | {largest:.2g} | {r:.5f} |")


def _written(folder: Path, repo: Path) -> Path:
    """Write a model in float16; its card has no background, which was of float32."""
    card = read_card(folder)
    data = rounded(onnx.load_from_string(read_onnx(folder, card))).SerializeToString()
    sha256 = hashlib.sha256(data).hexdigest()
    card = replace(card, name=f"{card.name}_fp16", sha256=sha256, background=None, default=False)
    return write_model(repo, card, onnx=data, golden=Golden([], []))


def rounded(model: ModelProto) -> ModelProto:
    """Return the network with its weights and each operator's float32 answers in float16."""
    graph = shape_inference.infer_shapes(model).graph
    floats = {
        value.name
        for value in (*graph.value_info, *graph.output)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }
    nodes = []
    for node in graph.node:
        kept = [name for name in node.output if name in floats]
        whole = {name: f"{name}, not rounded" for name in kept}
        node.output[:] = [whole.get(name, name) for name in node.output]
        nodes.append(node)
        for name in kept:
            nodes += [
                helper.make_node("Cast", [whole[name]], [f"{name}, half"], to=TensorProto.FLOAT16),
                helper.make_node("Cast", [f"{name}, half"], [name], to=TensorProto.FLOAT),
            ]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    for weight in graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(weight).astype(np.float16).astype(np.float32)
            weight.CopyFrom(numpy_helper.from_array(array, weight.name))
    made = ModelProto()
    made.CopyFrom(model)
    made.graph.CopyFrom(graph)
    return made


if __name__ == "__main__":
    main()
