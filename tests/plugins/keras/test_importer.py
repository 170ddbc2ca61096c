"""`regplug models import keras`: files of every version give the scores they must."""

import json
from pathlib import Path

import numpy as np
import pysam
import pytest

from regplug.errors import ModelError
from regplug.models.joined import Reading, joined
from regplug.models.library import open_session
from regplug.models.repository import check_model
from tests.toy_genomes import write_fasta

h5py = pytest.importorskip("h5py")

from regplug.genome.codes import decode  # noqa: E402
from regplug.models.keras.reading import read_keras  # noqa: E402
from tests.plugins.keras.toys import conv, dense, layer, norm, outputs, write  # noqa: E402

WIDTH = 31
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def some_codes(width=WIDTH):
    codes = np.random.default_rng(5).integers(0, 4, (5, width)).astype(np.uint8)
    codes[1, 3:9] = 4
    return codes


def scores(paths, codes, **options):
    graph = joined([read_keras(*paths, **options)], Reading("mean"))
    session = open_session(graph.SerializeToString(), "toy", threads=1)
    return session.run(["scores"], {"codes": codes})[0]


def one_axis(rng):
    """Return (width, 4): convolutions, a norm, pools, dropout and two dense layers."""
    return [
        conv(rng, 4, 4, 5, activation="relu", batch_input_shape=[None, WIDTH, 4]),
        norm(rng, 5),
        layer("Dropout", rate=0.5),
        conv(rng, 3, 5, 6, padding="same"),
        layer("Activation", activation="relu"),
        layer("MaxPooling1D", pool_size=[3], strides=[2]),
        layer("Flatten"),
        dense(rng, 13 * 6, 4, activation="relu"),
        dense(rng, 4, 3, activation="softmax"),
    ]


def as_dragonn(rng):
    """Return (1, 4, width) with channels first, as DragoNN has it."""
    first = {"data_format": "channels_first"}
    return [
        conv(rng, (4, 5), 1, 3, **first, input_shape=[1, 4, WIDTH], activation="linear"),
        layer("Activation", activation="relu"),
        conv(rng, (1, 4), 3, 2, **first),
        layer("MaxPooling2D", pool_size=[1, 7], strides=[1, 7], padding="valid", **first),
        layer("Flatten"),
        dense(rng, 6, 1, activation="linear"),
        layer("Activation", activation="sigmoid"),
    ]


def in_a_picture(rng):
    """Return (width, 4) in a picture, turned; strides, and means that leave out what hangs over."""
    return [
        layer("Reshape", target_shape=[WIDTH, 4, 1], batch_input_shape=[None, WIDTH, 4]),
        conv(rng, (6, 4), 1, 5, strides=[2, 1], activation="sigmoid"),
        layer("AveragePooling2D", pool_size=[4, 1], padding="same"),
        layer("Permute", dims=[2, 1, 3]),
        norm(rng, 4, axis=2),
        layer("Flatten"),
        dense(rng, 20, 2),
    ]


def dilated(rng):
    return [
        conv(rng, 4, 4, 5, strides=[3], padding="same", batch_input_shape=[None, WIDTH, 4]),
        conv(rng, 2, 5, 6, dilation_rate=[3], activation="relu"),
        dense(rng, 6, 4),
        layer("GlobalAveragePooling1D"),
        dense(rng, 4, 2, activation="sigmoid"),
    ]


def highest(rng):
    return [conv(rng, 6, 4, 3, batch_input_shape=[None, WIDTH, 4]), layer("GlobalMaxPooling1D")]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("network", [one_axis, in_a_picture, dilated, highest])
def test_keras_2(tmp_path, rng, network, whole):
    layers = network(rng)
    expected = outputs(layers, some_codes(), (WIDTH, 4))
    found = scores(write(tmp_path, layers, whole=whole), some_codes())
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.std(0).min() > 1e-3


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("backend", ["theano", "tensorflow"])
@pytest.mark.parametrize(
    ("network", "shape"), [(one_axis, (WIDTH, 4)), (as_dragonn, (1, 4, WIDTH))]
)
def test_theano_turns_filters_round(tmp_path, rng, network, shape, backend, version):
    layers = network(rng)
    expected = outputs(layers, some_codes(), shape, flip=backend == "theano")
    paths = write(tmp_path, layers, version=version, backend=backend)
    np.testing.assert_allclose(scores(paths, some_codes()), expected, atol=1e-5)


def test_keras_0_does_not_say_its_backend(tmp_path, rng):
    """Channels first were Theano's way; --backend says otherwise."""
    layers = as_dragonn(rng)
    paths = write(tmp_path, layers, version=0)
    for options, flip in (({}, True), ({"backend": "tensorflow"}, False)):
        expected = outputs(layers, some_codes(), (1, 4, WIDTH), flip=flip)
        np.testing.assert_allclose(scores(paths, some_codes(), **options), expected, atol=1e-5)


def test_the_command_and_its_card(regplug, tmp_path, rng):
    layers = one_axis(rng)
    names = tmp_path / "names.txt"
    names.write_text("K562\nHep G2\tliver\nH1\n")
    done = regplug(
        "models", "import", "keras", *write(tmp_path, layers), "-o", tmp_path / "repo",
        "--name", "mine", "--targets", names, "--license", "MIT", "--cite-as", "We 2020",
        "--assembly", "hg19", "--snvs", 30,
    )  # fmt: skip
    assert (done.status, done.out) == (0, f"{tmp_path / 'repo' / 'mine'}\t3 targets\n"), done.err
    card = check_model(tmp_path / "repo" / "mine")
    assert card.labels == ["K562", "Hep-G2", "H1"]
    assert (card.window, card.strand, card.output_scale) == (WIDTH, "mean", "probability")
    assert (card.license, card.cite_as, card.assembly) == ("MIT", "We 2020", "hg19")
    assert all(target.spread > 0 for target in card.targets)
    fasta = write_fasta(tmp_path / "x.fa", {f"s{i}": decode(c) for i, c in enumerate(some_codes())})
    done = regplug("predict", fasta, "--model", "mine", "--model-repo", tmp_path / "repo")
    rows = np.array([line.split("\t")[1:] for line in done.out.splitlines()[1:]], float)
    np.testing.assert_allclose(rows, outputs(layers, some_codes(), (WIDTH, 4)), atol=1e-5)
    assert regplug("models", "verify", "--model-repo", tmp_path / "repo").status == 0


def refused(regplug, tmp_path, paths, *options):
    done = regplug(
        "models", "import", "keras", *paths, "--name", "x", "-o", tmp_path / "repo", *options
    )
    assert (done.status, done.out) == (1, "")
    assert not (tmp_path / "repo").exists()
    return done.err


def test_a_score_is_no_probability(regplug, tmp_path, rng):
    said = refused(
        regplug, tmp_path, write(tmp_path, highest(rng)), "--output-scale", "probability"
    )
    assert "no probabilities: say --sigmoid if they are logits, or another --scale" in said


@pytest.mark.parametrize("kind", ["Lambda", "LSTM", "LocallyConnected1D"])
def test_a_layer_that_is_not_read_is_named_with_its_place(regplug, tmp_path, rng, kind):
    layers = one_axis(rng)
    layers.insert(6, layer(kind, function=["cos\n(system)\n..."]))
    assert f"layer 7 of 10, {kind} l6 is not read" in refused(
        regplug, tmp_path, write(tmp_path, layers)
    )


def with_settings(index, **settings):
    def change(layers):
        kind, old, arrays = layers[index]
        layers[index] = kind, old | settings, arrays
        return layers

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_settings(0, activation="cos"), "layer 1 of 9, Conv1D l0 has activation 'cos', which"),
        (with_settings(3, padding="causal"), "layer 4 of 9, Conv1D l3 has padding 'causal', which"),
        (with_settings(0, filters=6), r"l0: /l0/l0/w0:0 has shape \(4, 4, 5\), where \(4, 4, 6\)"),
        (with_settings(0, filters=10**12), r"where \(4, 4, 1000000000000\) fits"),
        (with_settings(0, kernel_size=[40]), "l0 reads 40 places, where there are 31"),
        (with_settings(0, kernel_size="x"), "l0 has kernel_size 'x', where 1 numbers above 0"),
        (with_settings(0, use_bias=False), "l0 has 2 arrays, where 1 belong"),
        (with_settings(0, batch_input_shape=[None, None, 4]), r"shape \[None, 4\]: a model needs"),
        (with_settings(0, batch_input_shape=[None, 31, 5]), "DNA is an axis of 4 letters and one"),
        (with_settings(0, batch_input_shape=[None, 2**21, 4]), "DNA is an axis of 4 letters"),
        (with_settings(1, mode=2), "has mode 2: only 0 is read"),
        (with_settings(1, axis=7), "l1 has axis 7, where"),
        (lambda layers: layers[:-1], r"weights of 5 layers, the architecture 4 with weights; /l8"),
        (lambda layers: layers[:6], r"layer 6 of 6, MaxPooling1D l5 gives shape \(13, 6\), where"),
    ],
)
def test_architectures_that_do_not_fit(tmp_path, rng, change, message):
    paths = write(tmp_path, one_axis(rng))
    changed = change(one_axis(rng))
    if len(changed) == 6:
        paths = write(tmp_path, changed)
    text = write(tmp_path, changed, name="other")[0]
    with pytest.raises(ModelError, match=message):
        read_keras(text, paths[1])


def test_more_layers_than_weights(tmp_path, rng):
    layers = one_axis(rng)
    _, weights = write(tmp_path, layers[:7], name="few")
    text, _ = write(tmp_path, layers)
    with pytest.raises(ModelError, match=r"weights of 3 layers, none for layer 8 of 9, Dense l7"):
        read_keras(text, weights)


def replace(file, name, value, **options):
    del file[name]
    if isinstance(value, (h5py.SoftLink, h5py.ExternalLink)):
        file[name] = value
    else:
        file.create_dataset(name, data=value, **options)


def as_virtual(file):
    layout = h5py.VirtualLayout((5,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (5,))
    del file["l0/l0/w1:0"]
    file.create_virtual_dataset("l0/l0/w1:0", layout)


def as_group(file):
    del file["l0/l0/w1:0"]
    file.create_group("l0/l0/w1:0")


def outside(file):
    del file["l0/l0/w1:0"]
    file.create_dataset("l0/l0/w1:0", (5,), "f4", external=[("other.bin", 0, 20)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: replace(f, "l0/l0/w1:0", h5py.ExternalLink("o.h5", "/x")),
            "is a link, and none",
        ),
        (lambda f: replace(f, "l0/l0/w1:0", h5py.SoftLink("/l3/l3/w1:0")), "is a link, and none"),
        (lambda f: replace(f, "l0/l0", h5py.ExternalLink("o.h5", "/x")), "/l0/l0 is a link, and"),
        (as_virtual, "is kept in another file"),
        (outside, "is kept in another file"),
        (lambda f: replace(f, "l0/l0/w1:0", np.zeros(5, int)), "holds int64, no floating-point"),
        (lambda f: replace(f, "l0/l0/w1:0", np.full(5, np.nan)), "holds a number that is not fin"),
        (lambda f: replace(f, "l0/l0/w1:0", np.full(5, 1e300)), "holds a number that is not fin"),
        (lambda f: replace(f, "l1/l1/w3:0", -np.ones(5)), "or a variance below 0"),
        (lambda f: f.__delitem__("l0/l0/w1:0"), "/l0/l0/w1:0 is missing"),
        (lambda f: replace(f, "l0/l0/w1:0", np.zeros((0, 5, 1))), "has shape"),
        (as_group, "/l0/l0/w1:0 is a group"),
        (lambda f: f.attrs.__delitem__("layer_names"), "it names no layers"),
    ],
)
def test_files_that_are_not_trusted(tmp_path, rng, change, message):
    paths = write(tmp_path, one_axis(rng))
    with h5py.File(paths[1], "a") as file:
        change(file)
    with pytest.raises(ModelError, match=message):
        read_keras(*paths)


def test_an_array_that_says_it_is_huge_is_not_read(tmp_path, rng):
    """HDF5 gives zeros for what was never written: a small file may claim terabytes."""
    text, weights = write(tmp_path, [*highest(rng), dense(rng, 3, 2)])
    model = json.loads(text.read_text())
    model["config"]["layers"][2]["config"]["units"] = 2**40
    text.write_text(json.dumps(model))
    with h5py.File(weights, "a") as file:
        del file["l2/l2/w0:0"]
        file["l2"].create_dataset("l2/w0:0", (3, 2**40), "f4", chunks=(3, 1024))
    with pytest.raises(ModelError, match="more than 268,435,456 numbers, too many for a model"):
        read_keras(text, weights)


def test_other_files(tmp_path, rng):
    text, weights = write(tmp_path, one_axis(rng))
    for content, message in [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"class_name": "Model", "config": {}}', "bad.json names no layers"),
        ('{"class_name": "Sequential", "config": []}', "names no layers"),
        ('{"class_name": "Sequential", "config": [3]}', "layer 1 of 1 is no layer but int"),
    ]:
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(ModelError, match=message):
            read_keras(tmp_path / "bad.json", weights)
    (tmp_path / "bad.h5").write_bytes(weights.read_bytes()[:3000])
    for path, message in [
        (tmp_path / "none.h5", "no such file"),
        (text, "it is no HDF5 file"),
        (tmp_path / "bad.h5", "cannot be read"),
    ]:
        with pytest.raises(ModelError, match=message):
            read_keras(text, path)
    with pytest.raises(ModelError, match=r"none\.json cannot be read"):
        read_keras(tmp_path / "none.json", weights)


def plain_codes(width):
    """Return two rows of bases from a generator that any language can repeat."""
    state, codes = 12, []
    for _ in range(2 * width):
        state = (1103515245 * state + 12345) % 2**31
        codes.append(state >> 16 & 3)
    return np.array(codes, np.uint8).reshape(2, width)


# What Keras itself gives for `plain_codes` and, in the second row, for their other strands.
# MPRA-DragoNN: tf_keras 2.21 with TensorFlow 2.21; model_from_json, load_weights, predict.
MPRA_DRAGONN = [
    [[-0.26527435, -0.41090181, -0.39788008, -0.17945626, -0.17195433, -0.21034637,
      -0.33497298, -0.25648555, -0.35577926, -0.07672762, -0.18284732, -0.15937351],
     [0.14279915, 0.07690515, 0.12802850, 0.00853163, 0.02015164, 0.02079968,
      0.03703973, 0.00483515, 0.02427670, 0.10671106, 0.09596412, 0.11617774]],
    [[-0.36495200, -0.37359411, -0.43092272, -0.24092470, -0.23325163, -0.27704567,
      -0.32766038, -0.23739097, -0.33890003, -0.23776622, -0.27577456, -0.30590877],
     [0.05261345, 0.04833281, 0.05995764, -0.02634857, 0.02060532, -0.00423173,
      0.08931392, -0.05401002, 0.01995842, -0.05881225, -0.04716873, -0.06195423]],
]  # fmt: skip
# DragoNN: Keras 0.3.3 itself, on Theano-PyMC 1.1.2; model_from_json, load_weights, get_output.
DRAGONN = {
    "ctcf": [[0.94557518, 0.05023016], [0.67222345, 0.02402877]],
    "six5": [[0.97863710, 0.98399204], [0.94513720, 0.91391385]],
    "znf143": [[0.43851438, 0.45653063], [0.16010846, 0.38570461]],
}


@pytest.mark.data
def test_mpra_dragonn_gives_what_keras_gives(data):
    folder = data / "weights_keras"
    paths = folder / "mpra_dragonn_conv.json", folder / "mpra_dragonn_conv.hdf5"
    expected = np.mean(MPRA_DRAGONN, axis=0)
    np.testing.assert_allclose(scores(paths, plain_codes(145)), expected, atol=2e-6)


@pytest.mark.data
@pytest.mark.parametrize("factor", DRAGONN)
def test_dragonn_gives_what_keras_gives(data, factor):
    paths = [data / "weights_keras" / f"dragonn_{factor}.{end}" for end in ("json", "h5")]
    expected = np.mean(DRAGONN[factor], axis=0)[:, None]
    np.testing.assert_allclose(scores(paths, plain_codes(1000)), expected, atol=2e-6)


def golden(path, answers, width):
    """Write what Keras gave for `plain_codes` as they stand, as a table for --golden."""
    rows = np.reshape(answers, (2, -1))
    lines = ["sequence" + "".join(f"\tt{i}" for i in range(rows.shape[1]))]
    for codes, row in zip(plain_codes(width), rows, strict=True):
        lines.append("\t".join(["".join("ACGT"[code] for code in codes), *map(str, row)]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.data
def test_published_weights_from_the_file_to_the_vcf(regplug, data, tmp_path):
    """Imported, verified, and annotating the example; a number is that of sequences cut by hand."""
    folder, repo = data / "weights_keras", tmp_path / "repo"
    files = {
        "mpra_dragonn": ("mpra_dragonn_conv.json", "mpra_dragonn_conv.hdf5"),
        **{f"dragonn_{of}": (f"dragonn_{of}.json", f"dragonn_{of}.h5") for of in DRAGONN},
    }
    for name, pair in files.items():
        answers = MPRA_DRAGONN[0] if name == "mpra_dragonn" else DRAGONN[name[8:]][0]
        width = 145 if name == "mpra_dragonn" else 1000
        done = regplug(
            "models", "import", "keras", *(folder / file for file in pair), "--name", name,
            "--golden", golden(tmp_path / f"{name}.tsv", answers, width), "--license", "MIT",
            "--snvs", 30, "-o", repo,
        )  # fmt: skip
        assert done.status == 0, done.err
    verified = regplug("models", "verify", "--model-repo", repo)
    assert (verified.status, verified.out.count("\tok\t")) == (0, 4), verified.out
    fasta, out = EXAMPLES / "example.hg38.fa.gz", tmp_path / "out.vcf"
    done = regplug(
        "annotate", EXAMPLES / "variants.vcf", "--fasta", fasta, "--model-repo", repo,
        "--model", "*", "--all-targets", "-o", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    rows = [line.split("\t") for line in out.read_text().splitlines() if line[0] != "#"]
    (row,) = (row for row in rows if row[2] == "SORT1_rs12740374")
    tags = dict(pair.split("=") for pair in row[7].split(";"))
    assert tags["RP_MPRA_DRAGONN__STATUS"] == "ok"
    assert tags["RP_DRAGONN_CTCF__STATUS"] == "mostly_n"  # 1,000 bases are not in the example
    with pysam.FastaFile(str(fasta)) as genome:
        letters = genome.fetch("chr1", int(row[1]) - 73, int(row[1]) + 72).upper()
    assert letters[72] == row[3]
    (tmp_path / "x.fa").write_text(f">r\n{letters}\n>a\n{letters[:72]}{row[4]}{letters[73:]}\n")
    done = regplug("predict", tmp_path / "x.fa", "--model", "mpra_dragonn", "--model-repo", repo)
    ref, alt = (np.array(line.split("\t")[1:], float) for line in done.out.splitlines()[1:])
    found = [float(tags[f"RP_MPRA_DRAGONN_T{i}"]) for i in range(12)]
    np.testing.assert_allclose(found, alt - ref, atol=1e-5)
    assert np.abs(found).max() > 0.01
    done = regplug("verify", out, "--fasta", fasta, "--model-repo", repo, "--all")
    assert done.status == 0, done.out
