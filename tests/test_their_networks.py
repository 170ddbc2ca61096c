"""docs/their_networks.md, followed with random weights."""

import argparse
import re
import runpy
import shlex
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from regplug.models.embedded import Embedded
from regplug.models.repository import read_card
from tests.toy_genomes import random_letters

torch = pytest.importorskip("torch")
PAGE = (Path(__file__).parents[1] / "docs" / "their_networks.md").read_text()
BELUGA, MALINOIS, TAKEN_OUT = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SMALL = {"320": "6", "480": "7", "640": "8", "67840": str(8 * 106), "2003": "9", "2002": "5"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(1)
    return tmp_path


def line_of(name):
    """Return the words of the page's import of `name`, after the program's."""
    code = "\n".join(re.findall(r"^(?:    .*\n)+", PAGE, re.MULTILINE)).replace("\\\n", " ")
    (line,) = (line for line in code.splitlines() if f"models import torch {name}.py" in line)
    return shlex.split(line)[1:]


def random_weights(network):
    """Give a network weights, and statistics of its norms, that matter for what it answers."""
    with torch.no_grad():
        for array in network.state_dict().values():
            if array.is_floating_point():
                array.uniform_(0.02, 0.2).mul_(torch.where(torch.rand_like(array) < 0.5, -1.0, 1.0))
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm1d):
                layer.running_var.uniform_(0.5, 2)
    return network.eval()


def answers(network, codes, order, dummy=False):
    """Return what PyTorch answers, the mean of both strands; order: channels, by A C G T."""

    def ask(codes):
        letters = np.concatenate([np.eye(4), np.zeros((1, 4))])[:, order][codes]
        x = torch.tensor(letters, dtype=torch.float32).transpose(1, 2)
        with torch.no_grad():
            return network(x[:, :, None] if dummy else x).numpy()

    turned = np.array([3, 2, 1, 0, 4])[codes[:, ::-1]]
    return (ask(codes) + ask(turned)) / 2


def check(network, model, order, **how):
    with closing(Embedded(Path("my_models", model), threads=1)) as backend:
        codes = np.random.default_rng(0).integers(0, 5, (4, backend.card.window)).astype(np.uint8)
        wanted = answers(network, codes, order, **how)
        found = backend.predict(codes)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert np.ptp(found, axis=0).min() > 1e-4


def test_beluga(regplug, folder):
    made = re.sub(r"\d+", lambda number: SMALL.get(number[0], number[0]), BELUGA)
    Path("beluga.py").write_text(made)
    network = random_weights(runpy.run_path("beluga.py")["network"]())
    layers = ["0.0", "0.2", "0.6", "0.8", "0.12", "0.14", "1.2.1", "1.4.1"]  # as published
    names = [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    assert list(network.state_dict()) == names
    torch.save({f"model.{k}": v for k, v in network.state_dict().items()}, "deepsea.beluga.pth")
    Path("predictor_names.txt").write_text("".join(f"p{i}\n" for i in range(5)))
    line = [*line_of("beluga"), "--snvs", "30"]
    refused = regplug(*[word for word in line if word != "--accept-license"])
    assert (refused.status, "say --accept-license" in refused.err) == (1, True)
    done = regplug(*line)
    assert done.status == 0, done.err
    check(network, "beluga", [0, 2, 1, 3], dummy=True)
    assert read_card(Path("my_models/beluga")).license == "Princeton Academic Use"


def test_belugas_published_shapes():
    """The dense layer's 67,840 units are what 2,000 bases leave."""
    scope = {}
    exec(BELUGA, scope)
    with torch.device("meta"):
        network = scope["network"]()
        shape = network(torch.zeros(1, 4, 1, 2000)).shape
    assert shape == (1, 2002)
    assert network.state_dict()["1.2.1.weight"].shape == (2003, 67840)


def test_malinois(regplug, folder):
    flanks = random_letters(400, 3)
    Path("flanks.txt").write_text(f"{flanks[:200]}\n{flanks[200:]}\n")
    Path("malinois.py").write_text(MALINOIS)
    network = random_weights(runpy.run_path("malinois.py")["Network"]())
    shapes = {name: tuple(array.shape) for name, array in network.state_dict().items()}
    assert shapes["linear1.linear.weight"] == (1000, 2600)
    assert shapes["branched.branched_layer_1.weight"] == (3, 1000, 140)
    assert shapes["branched.branched_layer_3.bias"] == (3, 1, 140)
    assert shapes["output.weight"] == (3, 140, 1)
    assert {"conv1.conv.weight", "conv1.bn_layer.running_mean"} <= set(shapes)
    assert not {"up", "down"} & set(shapes)
    Path("artifacts").mkdir()
    hparams = argparse.Namespace(input_len=600)
    checkpoint = {"model_state_dict": network.state_dict(), "model_hparams": hparams}
    torch.save(checkpoint, "artifacts/torch_checkpoint.pt")
    exec(TAKEN_OUT, {})
    Path("cells.txt").write_text("K562\nHepG2\nSK-N-SH\n")
    done = regplug(*line_of("malinois"), "--snvs", "30")
    assert done.status == 0, done.err
    check(network, "malinois", [0, 1, 2, 3])
    assert read_card(Path("my_models/malinois")).labels == ["K562", "HepG2", "SK-N-SH"]


def test_families_of_readme_stand_on_the_page():
    """With the licence that the page tells."""
    text = (Path(__file__).parents[1] / "README.md").read_text()
    header = "| family | what comes in | checked against | licence of the weights |\n"
    (table,) = re.findall(re.escape(header) + r"\|[-|]+\|\n((?:\|.*\n)+)", text)
    rows = [line.strip("| \n").split(" | ") for line in table.splitlines()]
    page = {row.split(" | ")[0].strip("| "): row for row in PAGE.splitlines() if row[:2] == "| "}
    assert len(rows) > 5
    for family, _, _, licence in rows[:-1]:
        name = re.sub(r"^DeepSEA |[\[\]]|\(.*\)", "", family).split(",")[0]
        (row,) = (row for title, row in page.items() if name in title)
        assert licence in row.split(" | ")[-1], family
