"""Models whose answers can be worked out by hand, as ONNX graphs in the repository's form."""

import hashlib
from pathlib import Path

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from regplug.genome.codes import encode
from regplug.models.repository import Golden, write_model
from regplug.scoring.card import ModelCard, Target
from regplug.scoring.outputs import Output


def table_model(
    repo: Path,
    name: str,
    table: np.ndarray,
    *,
    window: int | None,
    weights: np.ndarray | None = None,
    **card: object,
) -> ModelCard:
    """Write a model that looks each base up in `table` (5, targets) and sums over the columns.

    `weights` (window,) multiplies each column before the sum: a model can read one column only.
    """
    onnx = _graph(table.astype(np.float32), window, weights)
    labels = [f"T{i}" for i in range(table.shape[1])]
    made = ModelCard(
        name=name,
        window=window,
        targets=tuple(Target(label, 1.0) for label in labels),
        max_batch_size=int(card.pop("max_batch_size", 64)),  # type: ignore[call-overload]
        sha256=hashlib.sha256(onnx).hexdigest(),
        **{"version": "1", "family": "toy", "strand": "mean", "output_scale": "score"} | card,  # type: ignore[arg-type]
    )
    letters = "ACGTN" * 50
    sequence = letters[: window or 30]
    rows = table[encode(sequence)] * (1 if weights is None else weights[:, None])
    write_model(repo, made, onnx=onnx, golden=Golden([sequence], [rows.sum(0).tolist()]))
    return made


def gc_model(repo: Path, name: str = "gc", *, window: int | None = 21, **card: object) -> ModelCard:
    """Write a model of two targets: the number of G and C, and twice that."""
    table = np.array([[0, 0], [1, 2], [1, 2], [0, 0], [0.5, 1]])
    return table_model(repo, name, table, window=window, **card)


def centre_model(
    repo: Path, name: str = "centre", *, window: int = 21, **card: object
) -> ModelCard:
    """Write a model that reads the base in the variant's column alone: A C G T N = 1 2 4 8 0."""
    weights = np.zeros(window)
    weights[(window - 1) // 2] = 1
    table = np.array([[1.0], [2], [4], [8], [0]])
    return table_model(repo, name, table, window=window, weights=weights, **card)


def position_model(
    repo: Path, name: str = "place", *, window: int = 21, **card: object
) -> ModelCard:
    """Write a model that tells columns apart: the sum over columns i of code_value * 1.1 ** i."""
    table = np.array([[1.0, -1], [2, 3], [4, 1], [8, 2], [0, 0]])
    return table_model(repo, name, table, window=window, weights=1.1 ** np.arange(window), **card)


def weights_model(repo: Path, name: str, weights: np.ndarray, **card: object) -> ModelCard:
    """Write a model that sums a weight per column and base: (window, 4), an N is their mean."""
    by_code = np.c_[weights, weights.mean(1)].astype(np.float32)  # (window, 5)
    window = len(weights)
    nodes = [
        helper.make_node("Cast", ["codes"], ["code"], to=TensorProto.INT64),
        helper.make_node("Add", ["code", "first"], ["index"]),
        helper.make_node("Gather", ["weights", "index"], ["values"], axis=0),
        helper.make_node("ReduceSum", ["values", "axis"], ["scores"], keepdims=1),
    ]
    arrays = {"first": 5 * np.arange(window), "weights": by_code.ravel(), "axis": np.array([1])}
    onnx = _model(nodes, arrays, window, {"scores": [1]})
    made = ModelCard(
        name=name,
        window=window,
        targets=(Target("T0", 1.0),),
        sha256=hashlib.sha256(onnx).hexdigest(),
        max_batch_size=64,
        **{"version": "1", "family": "toy", "strand": "none", "output_scale": "score"} | card,  # type: ignore[arg-type]
    )
    sequence = ("ACGTN" * window)[:window]
    golden = by_code[np.arange(window), encode(sequence)].sum()
    write_model(repo, made, onnx=onnx, golden=Golden([sequence], [[float(golden)]]))
    return made


LOGITS = np.array([[1.0, -1], [2, 3], [4, 1], [8, 2], [0, 0]])  # of A C G T N, on two strands


def profile_model(
    repo: Path, name: str = "profile", *, unknown: float = 0, **card: object
) -> ModelCard:
    """Write a model of 12 bases and two outputs, `profile` (2, 12) and `log_counts` (2,).

    A base's logits are LOGITS, `unknown` at an N; log counts are G and C, and twice that.
    """
    logits, counts = LOGITS.copy(), np.array([[0, 0], [1, 2], [1, 2], [0, 0], [0.5, 1]])
    logits[4] = unknown
    onnx = _profile_graph(logits.astype(np.float32), counts.astype(np.float32))
    made = ModelCard(
        name=name,
        window=12,
        targets=(Target("plus", 1.0), Target("minus", 1.0)),
        outputs=(
            Output("profile", (2, 12), "profile_logits"),
            Output("log_counts", (2,), "log_count"),
        ),
        sha256=hashlib.sha256(onnx).hexdigest(),
        **{  # type: ignore[arg-type]
            "version": "1", "family": "variant_effect", "strand": "none", "output_scale": "score",
            "max_batch_size": 64,
        } | card,
    )  # fmt: skip
    codes = encode("ACGTACGGTTCA")
    golden = Golden(
        ["ACGTACGGTTCA"], [counts[codes].sum(0).tolist()],
        {"profile": [logits[codes].T.ravel().tolist()]},
    )  # fmt: skip
    write_model(repo, made, onnx=onnx, golden=golden)
    return made


def _profile_graph(logits: np.ndarray, counts: np.ndarray) -> bytes:
    nodes = [
        helper.make_node("Cast", ["codes"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["logits", "index"], ["by_base"], axis=0),
        helper.make_node("Transpose", ["by_base"], ["profile"], perm=[0, 2, 1]),
        helper.make_node("Gather", ["counts", "index"], ["counted"], axis=0),
        helper.make_node("ReduceSum", ["counted", "axis"], ["log_counts"], keepdims=0),
    ]
    arrays = {"logits": logits, "counts": counts, "axis": np.array([1])}
    return _model(nodes, arrays, 12, {"profile": [2, 12], "log_counts": [2]})


def _model(
    nodes: list[NodeProto],
    arrays: dict[str, np.ndarray],
    window: int,
    outputs: dict[str, list[int]],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", window])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _graph(table: np.ndarray, window: int | None, weights: np.ndarray | None) -> bytes:
    nodes = [
        helper.make_node("Cast", ["codes"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["values"], axis=0),
    ]
    initializers = [numpy_helper.from_array(table, "table")]
    last = "values"
    if weights is not None:
        initializers.append(numpy_helper.from_array(weights.astype(np.float32)[:, None], "weights"))
        nodes.append(helper.make_node("Mul", ["values", "weights"], ["weighted"]))
        last = "weighted"
    initializers.append(numpy_helper.from_array(np.array([1]), "axis"))
    nodes.append(helper.make_node("ReduceSum", [last, "axis"], ["scores"], keepdims=0))
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", window or "length"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", table.shape[1]])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()
