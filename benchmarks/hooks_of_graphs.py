"""DeepLIFT of exported graphs by tangermeme's hooks on modules, beside the rules of regplug.

    python -m benchmarks.hooks_of_graphs model_repo/basset_dhs4 model_repo/open_chromatin

Each function of one tensor, each max pool, softmax and product of two tensors is a module that
tangermeme has a rule for. Sums of contributions should be the change of the score from the
references: prints how far they are from it, as a share of it. `turned`: rows lie as the hooks
expect them, the sequences of both strands before the references of both.
"""

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from tangermeme.deep_lift_shap import BilinearOp, deep_lift_shap
from torch import Tensor, nn

from regplug.interpret.attribute.contributions import actual
from regplug.interpret.attribute.gradients import deeplift, references_of
from regplug.interpret.attribute.letters import Letters, of_codes
from regplug.interpret.attribute.network import Network
from regplug.interpret.attribute.rules import Pair
from regplug.models.repository import read_card, read_onnx
from regplug.models.torch_graph.graph import Step, TorchGraph

SEQUENCES, REFERENCES = 4, 5


class Erf(nn.Module):
    """The error function, which torch has no module of."""

    def forward(self, x: Tensor) -> Tensor:
        """Return erf of each number."""
        return torch.erf(x)


PRODUCTS = ("Mul", "MatMul")
MODULES = {"Relu": nn.ReLU, "Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh, "Erf": Erf}


def module(step: Step) -> nn.Module | None:
    """Return the module that tangermeme has a rule for, or can be given one."""
    told = step.attributes
    if step.kind in MODULES:
        return MODULES[step.kind]()
    if step.kind == "MaxPool":
        return nn.MaxPool2d(told["kernel_shape"], told["strides"])
    if step.kind == "Softmax":
        return nn.Softmax(told.get("axis", -1))
    return BilinearOp({"Mul": "...,...->..."}.get(step.kind)) if step.kind in PRODUCTS else None


class Modules(nn.Module):
    """A graph whose operators are modules; letters (n, 4, bases) → the answers."""

    def __init__(self, model: onnx.ModelProto, output: str, *, turned: bool) -> None:
        super().__init__()
        self.graph, self.turned = TorchGraph(model, [output], "cpu"), turned
        self.codes, self.output = model.graph.input[0].name, output
        made = {step.outputs[0]: module(step) for step in self.graph.steps}
        self.names = {name: str(at) for at, (name, of) in enumerate(made.items()) if of}
        self.of = nn.ModuleDict({self.names[name]: of for name, of in made.items() if of})

    def forward(self, letters: Tensor) -> Tensor:
        """Return the answers (n, targets): of the sequences, then of their references."""
        rows = len(letters) // 2

        def apply(step: Step, inputs: Sequence[Any]) -> Any:
            if any(isinstance(value, Letters) for value in inputs):
                found = of_codes(step, inputs)
                return found.value if isinstance(found, Pair) else found
            changing = [v for v in inputs if isinstance(v, Tensor) and v.requires_grad]
            name = self.names.get(step.outputs[0])
            if not name or len(changing) < 1 + (step.kind in PRODUCTS):
                return step(inputs)
            several = len(changing[0]) // (2 * rows)
            if not self.turned or several * 2 * rows != len(changing[0]):
                return self.of[name](*changing)
            return swapped(self.of[name](*(swapped(x, several, 2) for x in changing)), 2, several)

        codes = Letters(Pair(nn.functional.pad(letters.mT, (0, 1)), None))
        answers: Tensor = self.graph.run({self.codes: codes}, apply)[self.output]
        return answers


def swapped(x: Tensor, outer: int, inner: int) -> Tensor:
    """Return the rows of x, in blocks of blocks, with the inner blocks outside."""
    blocks = x.reshape(outer, inner, -1, *x.shape[1:])
    return blocks.transpose(0, 1).reshape(x.shape)


def one_hot(codes: np.ndarray) -> Tensor:
    """Return codes (..., bases) as letters (..., 4, bases)."""
    return nn.functional.one_hot(torch.from_numpy(codes).long(), 4).float().mT


def main() -> None:
    """Print a row for each model that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    from tangermeme._deep_lift_utils import _nonlinear

    print("| model | by | off by | r with regplug's |\n|---|---|--:|--:|")
    for folder in given.folders:
        card = read_card(folder)
        model, output = onnx.load_from_string(read_onnx(folder, card)), card.main.name
        shape = (SEQUENCES, card.window or 101)
        codes = np.random.default_rng(0).integers(0, 4, shape).astype(np.uint8)
        references = [references_of(row, REFERENCES) for row in codes]
        network = Network(model, card.name, output)
        ours = deeplift(codes, network, [0], "diff", lambda row: references_of(row, REFERENCES))
        change = (ours.predictions - ours.references)[:, 0]
        found = {"regplug": ours.hypothetical[:, 0]}
        for turned in (False, True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it says that its sums are off
                by_hooks = deep_lift_shap(
                    Modules(model, output, turned=turned),
                    one_hot(codes),
                    references=one_hot(np.stack(references)),
                    hypothetical=True,
                    device="cpu",
                    batch_size=REFERENCES,
                    additional_nonlinear_ops={Erf: _nonlinear},
                )
            found["hooks, turned" if turned else "hooks"] = by_hooks.mT.numpy()
        for name, of in found.items():
            off = np.abs(actual(of, codes).sum(axis=1) - change).sum() / np.abs(change).sum()
            r = np.corrcoef(of.ravel(), found["regplug"].ravel())[0, 1]
            print(f"| {card.name} | {name} | {off:.2g} | {r:.2f} |")


if __name__ == "__main__":
    main()
