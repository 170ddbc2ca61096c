"""`regplug models import basset`: every kind of file gives the scores it must."""

import pickle
import sys

import numpy as np
import pytest

from regplug.errors import ModelError
from regplug.genome.codes import decode, encode
from regplug.hooks.labels import read_labels
from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.models.repository import check_model
from regplug_basset.importer import read_network, rows_per_call
from tests.plugins.basset.reference import probabilities
from tests.plugins.basset.toys import lua_modules, random_state, write_convnet
from tests.toy_genomes import random_letters, vcf_text, write_fasta

save_file = pytest.importorskip("safetensors.numpy").save_file


def save_torch(path, state, **options):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    counters = {f"{n}.num_batches_tracked": torch.tensor(7) for n in (1, 5, 9, 14, 18)}
    torch.save(tensors | counters, path, **options)


def save_lua(path, state, *, package="nn", dtype=np.float32):
    same = state["13.1.weight"].shape[1] == 52
    arrays = {name: array.astype(dtype) for name, array in state.items()}
    write_convnet(path, lua_modules(arrays, same=same, package=package))


FILES = {
    "net.pth": save_torch,
    "old.pt": lambda path, state: save_torch(path, state, _use_new_zipfile_serialization=False),
    "net.safetensors": lambda path, state: save_file(state, path),
    "net.th": save_lua,
    "cuda.t7": lambda path, state: save_lua(path, state, package="cudnn", dtype=np.float64),
}


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_every_file_gives_its_scores(regplug, tmp_path, name, same):
    state = random_state(2, same=same)
    FILES[name](tmp_path / name, state)
    done = regplug("models", "import", "basset", tmp_path / name, "-o", tmp_path / "r", "--snvs", 3)
    assert (done.status, done.out) == (0, f"{tmp_path / 'r' / 'basset'}\t3 targets\n")
    codes = random_codes(np.random.default_rng(6), 5, 600)
    codes[2, 100:120] = 4
    fasta = write_fasta(tmp_path / "x.fa", {f"s{i}": decode(row) for i, row in enumerate(codes)})
    done = regplug("predict", fasta, "--model", "basset", "--model-repo", tmp_path / "r")
    rows = [line.split("\t")[1:] for line in done.out.splitlines()]
    assert rows.pop(0) == ["t0", "t1", "t2"]
    expected = probabilities(state, codes, same=same)
    np.testing.assert_allclose(np.array(rows, float), expected, atol=1e-5)
    assert regplug("models", "verify", "--model-repo", tmp_path / "r").status == 0


@pytest.mark.parametrize("same", [False, True])
def test_the_published_width_gives_what_torch_gives(regplug, tmp_path, same):
    """A Sequential built as the port describes, in float64, is the judge."""
    torch = pytest.importorskip("torch")
    nn, pads = torch.nn, (9, 5, 3) if same else (0, 0, 0)
    state, layers = random_state(3, same=same, full=True), []
    depths = ((4, 300, 19, 3), (300, 200, 11, 4), (200, 200, 7, 4))
    for (before, after, size, pool), pad in zip(depths, pads, strict=True):
        layers += [
            nn.Conv2d(before, after, (size, 1), padding=(pad, 0)),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.MaxPool2d((pool, 1), ceil_mode=same),
        ]
    layers.append(nn.Flatten())
    for before in (2600 if same else 2000, 1000):
        linear = nn.Sequential(nn.Identity(), nn.Linear(before, 1000))
        layers += [linear, nn.BatchNorm1d(1000), nn.ReLU(), nn.Dropout(0.3)]
    layers += [nn.Sequential(nn.Identity(), nn.Linear(1000, 164)), nn.Sigmoid()]
    model = nn.Sequential(*layers)
    assert sum(p.numel() for p in model.parameters()) == (4_735_064 if same else 4_135_064)
    counters = {n: v for n, v in model.state_dict().items() if n.endswith("tracked")}
    model.load_state_dict({n: torch.from_numpy(a) for n, a in state.items()} | counters)
    torch.save(model.state_dict(), tmp_path / "net.pth")
    done = regplug("models", "import", "basset", tmp_path / "net.pth", "-o", tmp_path, "--snvs", 3)
    assert done.status == 0, done.err
    codes = random_codes(np.random.default_rng(9), 4, 600)
    letters = torch.eye(4, dtype=torch.float64)[torch.from_numpy(codes).long()]  # (4, 600, 4)
    channels = letters.transpose(1, 2)[..., None]
    with torch.no_grad():
        strands = [model.double().eval()(one) for one in (channels, channels.flip(1, 2))]
    backend = Embedded(tmp_path / "basset", threads=1)
    scores = backend.predict(codes)
    backend.close()
    np.testing.assert_allclose(scores, sum(strands) / 2, atol=1e-5)
    assert scores.std(0).max() > 0.01


def imported(regplug, tmp_path, state, *options):
    save_file(state, tmp_path / "net.safetensors")
    done = regplug(
        "models", "import", "basset", tmp_path / "net.safetensors", "-o", tmp_path / "repo",
        "--snvs", 30, *options,
    )  # fmt: skip
    assert done.status == 0, done.err
    return tmp_path / "repo"


def test_the_card(regplug, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("8988T\tencode/8988T.bed.gz\nLNG_IMR90 \nCD20+; a=b\n")
    options = ("--targets", names, "--name", "mine", "--license", "MIT")
    card = check_model(imported(regplug, tmp_path, random_state(), *options) / "mine")
    assert card.labels == ["8988T", "LNG_IMR90", "CD20+-a-b"]
    assert (card.family, card.window, card.strand) == ("basset", 600, "mean")
    assert (card.output_scale, card.license, card.assembly) == ("probability", "MIT", "")
    assert "Kelley" in card.cite_as
    assert all(target.spread > 0 for target in card.targets)


def test_a_call_stays_small():
    """The first convolution of 256 rows of the published network: 256 * 2 * 300 * 600 * 4 bytes."""
    assert rows_per_call(300 * 600) == 256
    assert rows_per_call(5 * 600) == 512


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Return a folder with a genome and variants in it, and the contig's letters."""
    folder = tmp_path_factory.mktemp("toy")
    letters = random_letters(2000, seed=8)
    write_fasta(folder / "g.fa", {"chr1": letters})
    other = {"A": "G", "C": "T", "G": "C", "T": "A"}
    records = [
        f"chr1 {p} . {letters[p - 1]} {other[letters[p - 1]]} . . ." for p in (500, 900, 1001)
    ]
    (folder / "v.vcf").write_text(vcf_text(records, {"chr1": letters}))
    return folder, letters


def info_of(path):
    lines = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
    fields = [dict(one.split("=") for one in line[7].split(";")) for line in lines]
    return [(int(line[1]), line[4], info) for line, info in zip(lines, fields, strict=True)]


def test_annotated_scores_are_those_of_hand_cut_windows(regplug, tmp_path, toy):
    folder, letters = toy
    state = random_state(5)
    repo = imported(regplug, tmp_path, state)
    arguments = ("--model", "basset", "--fasta", folder / "g.fa", "-o", tmp_path / "out.vcf")
    scores = ("--scores", "ref,alt,diff,logit,log2fc")
    done = regplug("annotate", folder / "v.vcf", "--model-repo", repo, *arguments, *scores)
    assert done.status == 0, done.err
    for pos, alt, info in info_of(tmp_path / "out.vcf"):
        ref = encode(letters[pos - 300 : pos + 300])  # the variant in column 299 of 600
        changed = ref.copy()
        changed[299] = encode(alt)[0]
        before, after = probabilities(state, np.stack([ref, changed]))
        assert (changed != ref).sum() == 1
        assert np.abs(after - before).max() > 1e-4
        for i in range(3):
            tags = [f"RP_BASSET_T{i}{key}" for key in ("", "__REF", "__ALT", "__LOGIT", "__LOG2FC")]
            got = [float(info[tag]) for tag in tags]
            r, a = before[i], after[i]
            wanted = [a - r, r, a, np.log(a / (1 - a)) - np.log(r / (1 - r)), np.log2(a / r)]
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-5)
        assert "SAD" in (tmp_path / "out.vcf").read_text()


def test_probabilities_of_0_and_1_write_numbers(regplug, tmp_path, toy):
    folder, _ = toy
    state = random_state(5)
    state["21.1.bias"][:] = (200, -200, 0)
    repo = imported(regplug, tmp_path, state)
    arguments = ("--model", "basset", "--fasta", folder / "g.fa", "-o", tmp_path / "out.vcf")
    scores = ("--scores", "ref,diff,logit,log2fc")
    assert (
        regplug("annotate", folder / "v.vcf", "--model-repo", repo, *arguments, *scores).status == 0
    )
    for _, _, info in info_of(tmp_path / "out.vcf"):
        assert (info["RP_BASSET_T0__REF"], info["RP_BASSET_T1__REF"]) == ("1", "0")
        values = [float(v) for key, v in info.items() if not key.endswith(("STATUS", "TOP"))]
        assert np.isfinite(values).all()


def without(name):
    return lambda state: {key: array for key, array in state.items() if key != name}


def with_(**arrays):
    return lambda state: state | {k.replace("_", "."): v for k, v in arrays.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("5.running_var"), "missing: 5.running_var"),
        (without("13.1.weight"), r"missing: 13.1.weight; there are: .* more"),
        (with_(extra_bias=np.ones(3)), "unknown: extra.bias"),
        (
            lambda state: {f"layer1.{k}": v for k, v in state.items()},
            "missing: 0.weight; there are: layer1.0.bias, layer1.0",
        ),
        (lambda state: {}, "missing: 0.weight; there are: none"),
        (with_(**{"0_weight": np.ones((6, 5, 19, 1))}), r"0.weight has shape \(6, 5, 19\), where"),
        (with_(**{"4_weight": np.ones((5, 6, 3, 3))}), r"4.weight has shape \(5, 6, 3, 3\), which"),
        (with_(**{"21.1_weight": np.ones(7)}), r"21.1.weight has shape \(7,\), which"),
        (with_(**{"13.1_weight": np.ones((8, 44))}), r"reads 44 .* 40 \(valid.* 52 \(same"),
        (with_(**{"21.1_weight": np.ones((0, 7))}), "every size must be 1 or more"),
        (
            with_(**{"17.1_weight": np.ones((7, 9))}),
            r"17.1.weight has shape \(7, 9\), where \(7, 8",
        ),
        (with_(**{"21.1_bias": np.array([0, np.nan, 0])}), "21.1.bias holds a number"),
        (with_(**{"21.1_bias": np.array([0, 1e300, 0])}), "21.1.bias holds a number"),
        (with_(**{"9_running.var": -np.ones(4)}), "9.running_var holds a variance below 0"),
    ],
)
def test_other_state_dicts_are_refused(tmp_path, change, message):
    state = change(random_state())
    path = tmp_path / "net.safetensors"
    save_file({name.replace("running.", "running_"): a for name, a in state.items()}, path)
    with pytest.raises(ModelError, match=rf"net\.safetensors is no Basset network: .*{message}"):
        read_network(path, width=600)


class Evil:
    """A pickle of this would write a file where it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickles_are_never_run(tmp_path):
    torch = pytest.importorskip("torch")
    victim = tmp_path / "victim"
    torch.save({"0.weight": Evil(victim)}, tmp_path / "zip.pth")
    torch.save(
        {"0.weight": Evil(victim)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False
    )
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Evil(victim)))
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pth")
    for name in ("zip.pth", "old.pth", "plain.pt", "module.pth"):
        with pytest.raises(ModelError, match=r"no state dict that can be read .*torch\.save"):
            read_network(tmp_path / name, width=600)
    assert not victim.exists()


def test_what_is_no_state_dict(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "net.pth"
    for thing, message in [
        (torch.zeros(3), "it holds a Tensor, no state dict"),
        ({"0.weight": 3}, "it is no state dict: 0.weight is a int"),
    ]:
        torch.save(thing, path)
        with pytest.raises(ModelError, match=message):
            read_network(path, width=600)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_is_refused(regplug, tmp_path, name):
    path = tmp_path / name
    FILES[name](path, random_state())
    content = path.read_bytes()
    for share in (0, 0.01, 0.5, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        done = regplug("models", "import", "basset", path, "-o", tmp_path / "repo")
        assert (done.status, done.out) == (1, "")
        assert f"{path} is no Basset network" in done.err
        assert not (tmp_path / "repo").exists()


def test_missing_files_and_unknown_suffixes(regplug, tmp_path):
    for name, message in [
        ("none.th", "No such file"),
        ("none.pth", "No such file"),
        ("none.safetensors", "No such file"),
        ("net.h5", "Torch7 file (.th, .t7) or state dict (.pth, .pt, .safetensors), not .h5"),
        ("net", "not without a suffix"),
    ]:
        done = regplug("models", "import", "basset", tmp_path / name, "-o", tmp_path / "repo")
        assert done.status == 1
        assert message in done.err


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("a\nb\n", "names.txt names 2 targets, {net} has 3"),
        ("a\nb\na\n", "names.txt names a twice"),
        ("a\n\nb\n", "line 2 of {folder}/names.txt has no name"),
    ],
)
def test_names_that_do_not_fit(regplug, tmp_path, names, message):
    net = tmp_path / "net.safetensors"
    save_file(random_state(), net)
    (tmp_path / "names.txt").write_text(names)
    arguments = ("--targets", tmp_path / "names.txt", "-o", tmp_path / "repo")
    done = regplug("models", "import", "basset", net, *arguments)
    assert done.status == 1
    assert message.format(net=net, folder=tmp_path) in done.err
    assert not (tmp_path / "repo").exists()
    with pytest.raises(ModelError, match="cannot be read"):
        read_labels(net)


def test_another_window_is_refused(regplug, tmp_path):
    net = tmp_path / "net.safetensors"
    save_file(random_state(), net)
    for window, message in [(1000, "over 1000 bases Basset leaves 72"), (90, "leaves no bins")]:
        done = regplug("models", "import", "basset", net, "-o", tmp_path / "r", "--window", window)
        assert done.status == 1
        assert message in done.err


@pytest.mark.parametrize(
    ("name", "lacking", "extra"),
    [("n.pth", "torch", "train"), ("n.safetensors", "safetensors.numpy", "embed")],
)
def test_a_library_that_is_not_installed_is_named(tmp_path, monkeypatch, name, lacking, extra):
    monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(ModelError, match=rf"needs {lacking}: pip install 'regplug\[{extra}\]'"):
        read_network(tmp_path / name, width=600)
