"""A small random network of counts and a profile: as an ONNX file, and its answers without ONNX."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from regplug.genome.codes import reverse_complement
from regplug.hooks.about import About
from regplug.hooks.measuring import Measuring
from regplug.models.foreign import net_of
from regplug.models.graphs import read_graph
from regplug.models.imported import import_nets
from regplug.scoring.card import ModelCard

WINDOW, BASES, FILTERS, SIZE = 114, 50, 6, 9
WIDE = WINDOW - SIZE + 1  # positions of the first convolution


class ProfileToy:
    """A convolution, then logits of each base by a wide one, and log counts by the mean.

    `rows` are those of the profile: 1 for a single target, or one for each of the targets, or the
    two strands of a single one.
    """

    def __init__(
        self, seed=0, *, targets=1, rows=None, window=WINDOW, bases=BASES, kind="log_count"
    ):
        self.kind = kind
        rng = np.random.default_rng(seed)
        self.targets, self.rows, self.window, self.bases = targets, rows or targets, window, bases
        wide = window - SIZE + 1
        self.filters = rng.normal(size=(FILTERS, 4, SIZE)).astype(np.float32)
        shape = (self.rows, FILTERS, wide - bases + 1)
        self.heads = (rng.normal(size=shape) / np.sqrt(shape[2])).astype(np.float32)
        self.weights = rng.normal(size=(FILTERS, targets)).astype(np.float32)

    def one_strand(self, codes):
        """Return log counts (targets,) and logits (rows, bases) of one sequence, loop by loop."""
        letters = np.full((len(codes), 4), 0.25)
        for at, code in enumerate(codes):
            if code < 4:
                letters[at] = np.eye(4)[code]
        positions = len(codes) - SIZE + 1
        hidden = np.zeros((FILTERS, positions))
        for at in range(positions):
            seen = letters[at : at + SIZE].T  # (4, SIZE)
            hidden[:, at] = np.maximum((self.filters * seen).sum((1, 2)), 0)
        reach = self.heads.shape[2]
        logits = np.zeros((self.rows, self.bases))
        for at in range(self.bases):
            logits[:, at] = (self.heads * hidden[:, at : at + reach]).sum((1, 2))
        return hidden.mean(1) @ self.weights, logits

    def answers(self, codes):
        """Return log counts and logits: of three rows and more as they stand, else of both strands.

        Their counts and their logits are averaged; two rows are the strands, and change places.
        """
        plus = self.one_strand(codes)
        if self.rows > 2:
            return plus
        minus = self.one_strand(reverse_complement(codes))
        counts = (plus[0] + minus[0]) / 2
        if self.kind == "log_count":
            counts = np.log((np.exp(plus[0]) + np.exp(minus[0])) / 2)
        return counts, (plus[1] + minus[1][::-1, ::-1]) / 2

    def reads(self, codes):
        """Return reads at each base, (bases, targets), of both strands."""
        return self.of_strands(codes).reshape(self.bases, self.targets, -1).sum(2)

    def of_strands(self, codes):
        """Return reads at each base, (bases, rows): softmax(logits) * exp(log counts)."""
        log_counts, logits = self.answers(codes)
        of_target = logits.reshape(self.targets, -1)
        shares = np.exp(of_target) / np.exp(of_target).sum(1, keepdims=True)
        return (shares * np.exp(log_counts)[:, None]).reshape(self.rows, self.bases).T

    def write(self, path: Path, *, base_first=False, flat=False) -> Path:
        """Write the network as an ONNX file; `flat`: a profile (n, bases), as ChromBPNet's."""
        arrays = {"w": self.filters, "heads": self.heads, "v": self.weights}
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["found"]),
            helper.make_node("Relu", ["found"], ["hidden"]),
            helper.make_node("Conv", ["hidden", "heads"], ["logits"]),
            helper.make_node("ReduceMean", ["hidden"], ["mean"], axes=[2], keepdims=0),
            helper.make_node("MatMul", ["mean", "v"], ["counts"]),
        ]
        if flat:
            arrays["shape"] = np.array([-1, self.bases])
            nodes.append(helper.make_node("Reshape", ["logits", "shape"], ["profile"]))
        else:
            perm = [0, 2, 1] if base_first else [0, 1, 2]
            nodes.append(helper.make_node("Transpose", ["logits"], ["profile"], perm=perm))
        graph = helper.make_graph(
            nodes,
            "toy",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, self.window])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                for name in ("profile", "counts")
            ],
            [numpy_helper.from_array(array, name) for name, array in arrays.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        path.write_bytes(model.SerializeToString())
        return path

    def imported(self, repo: Path, name="toy", **how) -> ModelCard:
        """Import the network, as `models import onnx --head ...` does, and return its card."""
        file = self.write(repo.parent / f"{name}.onnx", **how)
        outputs = {"counts": self.kind, "profile": "profile_logits"}
        net = net_of(read_graph(file), file.name, outputs=outputs)
        about = About(name=name, outputs=outputs, strand="none" if self.rows > 2 else "mean")
        return import_nets([net], repo, about, command="onnx", measuring=Measuring(30)).card
