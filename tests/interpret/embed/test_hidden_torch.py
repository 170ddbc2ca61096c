"""A graph as torch exports it, cut at its last layer."""

from contextlib import closing
from io import BytesIO

import numpy as np
import pytest
from onnx import load_from_string

from regplug.hooks.measuring import Measuring
from regplug.interpret.embed.hidden import hidden_graph, open_hidden
from regplug.models.embedded import Embedded
from regplug.models.export import export_model
from regplug.scoring.card import ModelCard, Target

torch = pytest.importorskip("torch")

WINDOW, UNITS, TARGETS = 40, 12, 5


class Cnn(torch.nn.Module):
    """One-hot, convolution, pooling, two dense layers."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv1d(4, 6, 8)
        self.first, self.last = torch.nn.Linear(6, UNITS), torch.nn.Linear(UNITS, TARGETS)

    def hidden(self, bases):
        return self.first(self.convolution(bases).relu().amax(2)).relu()

    def forward(self, bases):
        return self.last(self.hidden(bases))


class BothStrands(torch.nn.Module):
    """The mean of members and strands, from codes; `stacked`: both strands are one batch."""

    def __init__(self, members, *, stacked):
        super().__init__()
        self.members, self.stacked = torch.nn.ModuleList(members), stacked

    def forward(self, codes):
        table = torch.cat([torch.eye(4), torch.full((1, 4), 0.25)])
        bases = table[codes.long()].transpose(1, 2)
        other = bases.flip(1, 2)
        if self.stacked:
            both = torch.cat([bases, other])
            means = [one(both).reshape(2, -1, TARGETS).mean(0) for one in self.members]
        else:
            means = [(one(bases) + one(other)) / 2 for one in self.members]
        return torch.stack(means).mean(0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("stacked", [True, False])
@pytest.mark.parametrize("count", [1, 3])
def test_an_exported_ensemble(tmp_path, count, stacked):
    torch.manual_seed(0)
    members = [Cnn() for _ in range(count)]
    network = BothStrands(members, stacked=stacked).eval()
    codes = np.random.default_rng(0).integers(0, 5, (7, WINDOW)).astype(np.uint8)
    file = BytesIO()
    torch.onnx.export(
        network,
        (torch.from_numpy(codes[:2]),),
        file,
        dynamo=False,
        input_names=["codes"],
        output_names=["scores"],
        dynamic_axes={"codes": {0: "n"}, "scores": {0: "n"}},
    )
    card = ModelCard(
        name="cnn",
        version="1",
        family="toy",
        window=WINDOW,
        targets=tuple(Target(f"T{i}") for i in range(TARGETS)),
        strand="mean",
        output_scale="score",
        max_batch_size=4,
        sha256="",
    )
    card = export_model(tmp_path, card, file.getvalue(), measuring=Measuring(3))
    with closing(Embedded(tmp_path / "cnn", threads=1)) as backend:
        scores = backend.predict(codes)
    with open_hidden(hidden_graph(load_from_string(file.getvalue()), card), card) as backend:
        units = backend.predict(codes)
    assert units.shape == (len(codes), count * UNITS)
    with torch.no_grad():
        weights = np.vstack([one.last.weight.T.numpy() for one in members])
        bias = np.mean([one.last.bias.numpy() for one in members], axis=0)
    np.testing.assert_allclose(units @ weights + bias, scores, atol=1e-5)
