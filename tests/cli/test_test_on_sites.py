"""`regplug test --model` measures a model on a set of sites."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

from tests.data.sites.toy_sites import write_sites
from tests.toy_models import gc_model, table_model
from tests.toy_networks import random_panel

pytestmark = pytest.mark.slow

SEQUENCES = ["GGGG", "GGAA", "GAAA", "AAAA"]
OPEN = [1, 0, 1, 0]
PICTURES = {f"{name}.{form}" for name in ("roc", "pr") for form in ("pdf", "png", "svg")}
TEXTS = {"metrics.tsv", "metrics.json"}
CALIBRATION = {"calibration.pdf", "calibration.png", "calibration.svg"}
HEADER = ["target", "positives", "negatives"]
HEADER += [f"{name}{end}" for name in ("auroc", "auprc") for end in ("", "_low", "_high")]


@pytest.fixture
def model(tmp_path):
    """Write a model of four bases: T0 is the share of G and C, T1 that of A and T."""
    table = np.array([[0, 0.25], [0.25, 0], [0.25, 0], [0, 0.25], [0, 0]])
    table_model(tmp_path, "share", table, window=4, output_scale="probability")
    return ["--model", "share", "--model-repo", tmp_path]


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def test_four_sites_by_hand(regplug, model, tmp_path):
    path = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": OPEN, "T1": OPEN})
    out = tmp_path / "out"
    out.mkdir()
    (out / "metrics.tsv").write_text("an older report")
    done = regplug("test", *model, path, "-o", out)
    assert done.status == 0, done.err
    # T0: 1 > 0.5, 1 > 0, 0.25 > 0, not 0.25 > 0.5; open sites are 1st and 3rd, of T1 2nd and 4th.
    # Each site has a bin. T0: 1 open, 0.5 not, 0.25 open, 0 not; T1: 0 open, 0.5 not, ...
    assert rows(done.out) == [
        [*HEADER, "calibration_error"],
        ["T0", "2", "2", "0.7500", ".", ".", "0.8333", ".", ".", f"{(0 + 0.5 + 0.75 + 0) / 4:.4f}"],
        ["T1", "2", "2", "0.2500", ".", ".", "0.5000", ".", ".", f"{(1 + 0.5 + 0.25 + 1) / 4:.4f}"],
    ]
    assert done.err == "share: 2 targets, 4 sites, medians AUROC 0.5000, AUPRC 0.6667\n"
    assert {one.name for one in out.iterdir()} == TEXTS | PICTURES | CALIBRATION
    assert (out / "metrics.tsv").read_text() == done.out
    record = json.loads((out / "metrics.json").read_text())
    assert record["set"] == {"file": "s.h5", "part": "test", "sites": 4}
    assert record["model"]["name"] == "share"
    assert record["targets"][0]["auroc"] == 0.75
    assert record["targets"][0]["auroc_low"] is None
    assert [one["sites"] for one in record["targets"][0]["bins"]] == [1, 1, 1, 1]
    assert [one["observed"] for one in record["targets"][0]["bins"]] == [0, 1, 0, 1]
    for name in (*PICTURES, *CALIBRATION):
        if name.endswith(".svg"):
            ElementTree.parse(out / name)
        else:
            assert (out / name).read_bytes().startswith((b"\x89PNG", b"%PDF"))


def test_a_part_of_the_targets_and_sites(regplug, model, tmp_path):
    """Sites of other parts, with other labels, do not count; nor do the model's other targets."""
    labels = {"T1": [*OPEN, 0, 1, 0, 1]}
    parts = ["valid"] * 4 + ["test"] * 4
    path = write_sites(tmp_path / "s.h5", SEQUENCES * 2, labels, parts)
    areas = {}
    for part in ("valid", "test"):
        done = regplug("test", *model, path, "--part", part)
        assert done.status == 0, done.err
        areas[part] = [row[3] for row in rows(done.out)]
    assert areas == {"valid": ["auroc", "0.2500"], "test": ["auroc", "0.7500"]}
    assert regplug("test", *model, path).out == done.out


def test_intervals(regplug, model, tmp_path):
    path = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": OPEN})
    done = regplug("test", *model, path, "--bootstrap", 200)
    assert done.status == 0, done.err
    # Bootstraps draw 1 or 0.25 twice, and 0.5 or 0 twice: an AUROC from 0 (1 of 16) to 1.
    assert rows(done.out)[1][3:6] == ["0.7500", "0.0000", "1.0000"]


def test_targets_of_one_class_are_told(regplug, model, tmp_path):
    path = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": [1] * 4, "T1": OPEN})
    done = regplug("test", *model, path)
    assert done.status == 0, done.err
    assert rows(done.out)[1][:9] == ["T0", "4", "0", *["."] * 6]
    assert rows(done.out)[2][3] == "0.2500"
    assert "T0: no AUROC, no AUPRC; 4 of 4 sites in part test are open\n" in done.err
    assert "medians AUROC 0.2500" in done.err
    one_class = write_sites(tmp_path / "none.h5", SEQUENCES, {"T0": [1] * 4, "T1": [0] * 4})
    done = regplug("test", *model, one_class)
    assert (done.status, done.out) == (1, "")
    assert "no target has both open and closed sites" in done.err


def test_scores_have_no_calibration(regplug, tmp_path):
    gc_model(tmp_path, window=4)
    path = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": OPEN, "T1": [0] * 4})
    out = tmp_path / "out"
    done = regplug("test", "--model", "gc", "--model-repo", tmp_path, path, "-o", out)
    assert done.status == 0, done.err
    assert rows(done.out)[1:] == [
        ["T0", "2", "2", "0.7500", ".", ".", "0.8333", ".", ".", "."],
        ["T1", "0", "4", *["."] * 7],
    ]
    assert "no calibration: gc gives scores, not probabilities (its output_scale is score)" in (
        done.err
    )
    assert {one.name for one in out.iterdir()} == TEXTS | PICTURES


def test_a_panel_reads_sites_of_any_length(regplug, tmp_path, random_codes):
    random_panel(tmp_path)
    codes = random_codes(30, 50, seed=1)
    path = write_sites(tmp_path / "s.h5", codes, {"T2": [0, 1, 1] * 10})
    (tmp_path / "s.fa").write_text(
        "".join(f">{i}\n{''.join('ACGT'[code] for code in row)}\n" for i, row in enumerate(codes))
    )
    model = ["--model", "panel", "--model-repo", tmp_path]
    table = rows(regplug("predict", tmp_path / "s.fa", *model).out)
    scores = np.array([row[3] for row in table[1:]], float).reshape(10, 3)
    pairs = scores[:, 1:].reshape(-1, 1) - scores[:, 0]  # each open site against each closed one
    expected = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    done = regplug("test", *model, path)
    assert done.status == 0, done.err
    assert float(rows(done.out)[1][3]) == pytest.approx(expected, abs=1e-4)


def test_mistakes(regplug, model, tmp_path):
    good = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": OPEN})
    long = write_sites(tmp_path / "long.h5", ["GGGGG", "AAAAA"], {"T0": [0, 1]})
    other = write_sites(tmp_path / "other.h5", SEQUENCES, {"T0": OPEN, "HepG2": OPEN})
    damaged = write_sites(tmp_path / "damaged.h5", SEQUENCES, {"T0": OPEN})
    with h5py.File(damaged) as file:
        at = file["codes"].id.get_chunk_info(0).byte_offset
    raw = bytearray(damaged.read_bytes())
    raw[at + 3] ^= 4
    damaged.write_bytes(raw)
    cut = tmp_path / "cut.h5"
    cut.write_bytes(good.read_bytes()[:3000])
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    for arguments, said in [
        ([long], "share reads 4 bases, the sites of"),
        ([other], "share lacks 1 of the 2 targets of"),
        ([other], "HepG2; it has T0, T1"),
        ([damaged], "is damaged"),
        ([cut], "cannot be read as a set of sites"),
        ([tmp_path / "no.h5"], "no.h5 cannot be read"),
        ([good, "--part", "train"], "has no sites in part train"),
        ([good, "-o", tmp_path / "taken"], "holds other things"),
        ([good, "-o", good / "out"], "is a file"),
        ([good, "--model", "nothing"], "no model nothing in"),
    ]:
        output = [] if "-o" in arguments else ["-o", tmp_path / "out"]
        done = regplug("test", *model, *arguments, *output)
        assert (done.status, done.out) == (1, ""), arguments
        assert said in done.err
        assert done.err.count("\n") == 1
        assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "m", "a.h5", "b.h5"], "--model takes one file of SITES"),
        (["run"], "give RUN and SETS, or --model and SITES"),
        (["run", "set", "--part", "valid"], "--part goes with --model"),
        (["run", "set", "--model-repo", "x"], "--model-repo goes with --model"),
        (["run", "set", "--bootstrap", "9"], "--bootstrap goes with --model"),
        ([], "Missing argument"),
    ],
)
def test_usage(regplug, arguments, said):
    done = regplug("test", *arguments)
    assert done.status == 2
    assert said in done.err


def test_nothing_is_half_written(regplug, model, tmp_path, monkeypatch):
    path = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": OPEN})
    before = sorted(tmp_path.iterdir())

    def fail(figure, file):
        file.write_bytes(b"half")
        if file.name == "pr.svg":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("regplug.files.figures.save_figure", fail)
    done = regplug("test", *model, path, "-o", tmp_path / "out")
    assert (done.status, done.out) == (1, "")
    assert "No space left" in done.err
    assert sorted(tmp_path.iterdir()) == before


def test_no_torch_is_needed(model, tmp_path):
    path = write_sites(tmp_path / "s.h5", SEQUENCES, {"T0": OPEN})
    arguments = ["regplug", "test", *map(str, model), str(path)]
    code = (
        f"import sys\nsys.argv = {arguments}\nfrom regplug.cli import main\nmain()\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout)[1][3] == "0.7500"
