"""`regplug models import torch`: modules and programs answer as PyTorch does."""

from contextlib import closing

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regplug.genome.codes import reverse_complement  # noqa: E402
from regplug.models.embedded import Embedded  # noqa: E402
from regplug.models.repository import check_model  # noqa: E402
from regplug.scoring.outputs import Output  # noqa: E402
from tests.plugins.onnx.test_onnx import importer, scores  # noqa: E402
from tests.plugins.onnx.toys import TARGETS, WINDOW, some_codes  # noqa: E402

pytestmark = pytest.mark.slow

MODULE = """
import torch
from torch import nn

import neighbour


class Network(nn.Module):
    def __init__(self, targets=3):
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 5, padding="same")
        self.norm = nn.BatchNorm1d(8)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(8, targets)

    def forward(self, x):
        values = self.dropout(neighbour.act(self.norm(self.conv(x))))
        return self.last(values.mean(-1))


class Dilated(nn.Module):
    def __init__(self):
        super().__init__()
        pair = (nn.Conv1d(a, 6, size, padding="same", dilation=3) for a, size in ((4, 7), (6, 5)))
        self.all = nn.Sequential(*pair, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3))

    def forward(self, x):
        return self.all(x)


class Codes(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = Network()
        self.letters = nn.Embedding(5, 4)

    def forward(self, x):
        return self.network(self.letters(x).transpose(1, 2))


class Pair(Network):
    def forward(self, x):
        return super().forward(x), -super().forward(x)


class Profile(Network):
    # A profile of one row, and counts.

    def forward(self, x):
        return (x * torch.tensor([1.0, 2, 4, 8])[:, None]).sum(1), super().forward(x)


class Controlled(Network):
    def forward(self, x, control):
        return super().forward(x) + control


class Last(Network):
    # Letters are its last axis.

    def forward(self, x):
        return super().forward(x.transpose(1, 2))


class Double(Network):
    def __init__(self):
        super().__init__()
        self.double()


class Half(Network):
    def __init__(self):
        super().__init__()
        self.bfloat16()


class Spectrum(Network):
    def forward(self, x):
        return super().forward(torch.fft.rfft(x).abs())


class Named(Network):
    def forward(self, x):
        return {"open": super().forward(x)}


class Branching(Network):
    def forward(self, x):
        return super().forward(x) + (100 if x.sum() > 0 else 0)


def with_an_argument(targets):
    return Network(targets)


ready = Network()
number = 7
"""


@pytest.fixture
def module(tmp_path):
    (tmp_path / "neighbour.py").write_text("import torch\nact = torch.nn.functional.gelu\n")
    path = tmp_path / "their_module.py"
    path.write_text(MODULE)
    return path


@pytest.fixture
def importing(regplug, tmp_path):
    return importer(regplug, tmp_path, "torch")


def made(module, name="Network", seed=0):
    """Return a network of the module, with random weights and norms as after training."""
    names = {}
    text = module.read_text().replace("import neighbour", "import torch.nn.functional as neighbour")
    exec(compile(text.replace("neighbour.act", "neighbour.gelu"), "m", "exec"), names)
    torch.manual_seed(seed)
    network = names[name]()
    for key, buffer in network.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand_like(buffer) + ("var" in key))
    return network.eval()


def answers(network, codes, layout="ncl"):
    table = np.vstack([np.eye(4), np.full((1, 4), 0.25)]).astype(np.float32)
    rows = {"ncl": table[codes].swapaxes(1, 2), "nlc": table[codes], "nl": codes.astype(np.int64)}
    with torch.no_grad():
        return network(torch.from_numpy(rows[layout].copy())).numpy()


def expected(networks, codes, layout="ncl"):
    sides = codes, reverse_complement(codes)
    return np.mean([answers(net, side, layout) for net in networks for side in sides], axis=0)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".ckpt"])
def test_a_module_and_weights(importing, tmp_path, module, suffix):
    """Weights may be of a wrapper's, and lie in a checkpoint."""
    network, weights = made(module), tmp_path / f"w{suffix}"
    if suffix == ".safetensors":
        pytest.importorskip("safetensors.torch").save_file(network.state_dict(), weights)
    elif suffix == ".ckpt":
        state = {f"model.{name}": array for name, array in network.state_dict().items()}
        torch.save({"state_dict": state, "epoch": 3}, weights)
    else:
        torch.save(network.state_dict(), weights)
    done = importing(f"{module}:Network", weights, window=WINDOW, run_code=True)
    assert done.status == 0, done.err
    codes = some_codes()
    np.testing.assert_allclose(scores(tmp_path, codes), expected([network], codes), atol=1e-5)
    assert check_model(tmp_path / "repo" / "mine").created_by.endswith("models import torch")


def test_folds(importing, tmp_path, module):
    networks, files = [made(module, seed=seed) for seed in range(2)], []
    for i, network in enumerate(networks):
        files.append(tmp_path / f"{i}.pt")
        torch.save(network.state_dict(), files[-1])
    done = importing(f"{module}:Network", *files, window=WINDOW, run_code=True)
    assert done.status == 0, done.err
    codes = some_codes()
    np.testing.assert_allclose(scores(tmp_path, codes), expected(networks, codes), atol=1e-5)


def test_dilated_layers_that_keep_the_size(importing, tmp_path, module):
    """By themselves onnxruntime does not run them."""
    network = made(module, "Dilated")
    torch.save(network.state_dict(), tmp_path / "w.pt")
    done = importing(f"{module}:Dilated", tmp_path / "w.pt", window=WINDOW, run_code=True)
    assert done.status == 0, done.err
    codes = some_codes()
    np.testing.assert_allclose(scores(tmp_path, codes), expected([network], codes), atol=1e-5)


def test_a_network_of_codes(importing, tmp_path, module):
    network = made(module, "Codes")
    torch.save(network.state_dict(), tmp_path / "w.pt")
    done = importing(
        f"{module}:Codes", tmp_path / "w.pt", window=WINDOW, layout="nl", run_code=True
    )
    assert done.status == 0, done.err
    codes = some_codes()
    np.testing.assert_allclose(scores(tmp_path, codes), expected([network], codes, "nl"), atol=1e-5)


@pytest.mark.parametrize("rows", ["any", 1, 2])
def test_an_exported_program(importing, tmp_path, module, rows):
    network = made(module)
    entry = torch.zeros(2 if rows == "any" else rows, 4, WINDOW)
    shapes = ({0: torch.export.Dim("n")},) if rows == "any" else None
    torch.export.save(
        torch.export.export(network, (entry,), dynamic_shapes=shapes), tmp_path / "p.pt2"
    )
    done = importing(tmp_path / "p.pt2", run_code=True)
    assert done.status == 0, done.err
    codes = some_codes()
    np.testing.assert_allclose(scores(tmp_path, codes), expected([network], codes), atol=1e-5)


def test_one_of_several_outputs(importing, tmp_path, module):
    network = made(module, "Pair")
    torch.save(network.state_dict(), tmp_path / "w.pt")
    options = {"window": WINDOW, "run_code": True, "strand": "none"}
    said = importing(f"{module}:Pair", tmp_path / "w.pt", **options).err
    assert "w.pt has 2 outputs: choose with --head y0 or y1" in said
    assert importing(f"{module}:Pair", tmp_path / "w.pt", head="y1", **options).status == 0
    wanted = -answers(lambda x: network(x)[0], some_codes())
    np.testing.assert_allclose(scores(tmp_path, some_codes()), wanted, atol=1e-5)


@pytest.mark.parametrize("form", ["module", "program"])
def test_several_outputs(importing, tmp_path, module, form):
    network, codes = made(module, "Profile"), some_codes()
    if form == "module":
        torch.save(network.state_dict(), tmp_path / "w.pt")
        files = f"{module}:Profile", tmp_path / "w.pt"
        options = {"window": WINDOW}
    else:
        rows = ({0: torch.export.Dim("n")},)
        entry = torch.zeros(2, 4, WINDOW)
        exported = torch.export.export(network, (entry,), dynamic_shapes=rows)
        torch.export.save(exported, tmp_path / "p.pt2")
        files, options = (tmp_path / "p.pt2",), {}
    heads = ("--head", "y0=profile_logits", "--head", "y1=log_count")
    done = importing(*files, *heads, run_code=True, **options)
    assert done.status == 0, done.err
    with closing(Embedded(tmp_path / "repo" / "mine", threads=1)) as backend:
        assert backend.card.outputs == (
            Output("y1", (TARGETS,), "log_count"),
            Output("y0", (WINDOW,), "profile_logits"),
        )
        both = backend.predict(codes, ("y0", "y1"))
    sides = (answers(lambda x: network(x)[1], s) for s in (codes, reverse_complement(codes)))
    np.testing.assert_allclose(both["y1"], np.logaddexp(*sides) - np.log(2), atol=1e-5)
    weights = np.array([1, 2, 4, 8, 15 / 4])
    own, pair = weights[codes], weights[np.array([3, 2, 1, 0, 4])[codes]]
    np.testing.assert_allclose(both["y0"], (own + pair) / 2, rtol=1e-6)


def test_code_runs_only_when_it_is_said(importing, tmp_path, module):
    module.write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    (tmp_path / "w.pt").write_bytes(b"")
    said = importing(f"{module}:Network", tmp_path / "w.pt", window=WINDOW).err
    assert (
        "would run with all your rights: read it, or trust who wrote it, and say --run-code" in said
    )
    assert not (tmp_path / "ran").exists()
    importing(f"{module}:Network", tmp_path / "w.pt", window=WINDOW, run_code=True)
    assert (tmp_path / "ran").exists()


class _Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('weights were run')",))


@pytest.mark.parametrize(
    ("place", "state", "options", "message"),
    [
        ("Nothing", {}, {}, "their_module.py has no Nothing: give module.py:Network"),
        ("number", {}, {}, "cannot be made: TypeError: 'int' object is not callable"),
        ("with_an_argument", {}, {}, "it is called without arguments, so write a function"),
        ("Network", {"conv.bias": None}, {}, "their_module.py:Network: missing: conv.bias"),
        ("Network", {"more": torch.zeros(1)}, {}, "their_module.py:Network: unknown: more"),
        ("Network", {"last.bias": torch.zeros(4)}, {}, "last.bias has shape (4,), where (3,) fits"),
        ("Network", {"x": _Evil()}, {}, "A whole module is a pickle, which would run code, and is"),
        ("Network", {"last.bias": torch.full((3,), torch.nan)}, {}, "w.pt answers NaN or inf to"),
        ("Network", {}, {"window": None}, "does not say how many bases it reads: name --window"),
        ("Network", {}, {"layout": "nlc"}, "; it can read (2, 4, 21): say --layout ncl"),
        ("Last", {}, {}, "; it can read (2, 21, 4): say --layout nlc"),
        ("Controlled", {}, {}, "it has 2 inputs (x, control), and one that reads a sequence"),
        ("Double", {}, {}, "of float64: write a function in the module that returns it as .fl"),
        ("Half", {}, {}, "of bfloat16: write a function in the module that returns it as .fl"),
        ("Spectrum", {}, {}, "w.pt cannot be exported to ONNX: UnsupportedOperatorError"),
        ("Named", {}, {}, "w.pt answers a dict, where a tensor or several fit"),
        ("Branching", {}, {}, "answers otherwise in ONNX than in PyTorch, by"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(importing, tmp_path, module, place, state, options, message):
    network = made(module, "Branching" if place == "Branching" else "Network")
    arrays = network.state_dict() | state
    kept = {name: array for name, array in arrays.items() if array is not None}
    torch.save(kept, tmp_path / "w.pt")
    options = {"window": WINDOW, "run_code": True} | options
    said = importing(
        f"{module}:{place}", tmp_path / "w.pt", **{k: v for k, v in options.items() if v}
    ).err
    assert message.replace("their_module.py:", f"{module}:") in said


def test_no_program_and_no_module(importing, tmp_path, module):
    (tmp_path / "x.pt2").write_bytes(b"PK")
    said = importing(tmp_path / "x.pt2", run_code=True).err
    assert said.startswith("regplug: ")
    assert "x.pt2 is no exported program" in said
    said = importing(tmp_path / "none.pt2", run_code=True).err
    assert said == f"regplug: there is no {tmp_path / 'none.pt2'}\n"
    module.write_text("raise SystemExit(0)")
    (tmp_path / "w.pt").write_bytes(b"")
    said = importing(f"{module}:Network", tmp_path / "w.pt", window=9, run_code=True).err
    assert "their_module.py cannot be run: SystemExit: 0" in said
    said = importing(tmp_path / "none.py", tmp_path / "w.pt", window=9, run_code=True).err
    assert "give module.py:Network WEIGHTS.pt" in said
