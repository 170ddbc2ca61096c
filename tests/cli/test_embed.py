import gzip

import numpy as np
import pytest

from regplug.errors import OutputError
from regplug.genome.codes import encode
from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.manager import plugin_manager, stored_networks
from regplug_deepbind.graph import hidden_graph
from regplug_deepbind.parameters import read_network
from tests.interpret.embed.test_hidden import UNITS, WINDOW, Graph, last_layer, model_of, stacked
from tests.plugins.deepbind.test_graph import opened, run
from tests.toy_genomes import random_letters, write_fasta
from tests.toy_networks import as_stored, random_panel

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

pytestmark = pytest.mark.slow

# Two filters, matches of GATA - 2 and of CCCC - 2.
PARAMETERS = """# deepbind 0.1
reverse_complement = {both}
num_detectors = 2
detector_len = 4
has_avg_pooling = 0
num_hidden = 0
detectors = 0,0,0,1,1,0,0,0,1,0,0,1,0,0,0,0,0,0,0,1,0,0,1,0,1,0,0,1,0,0,0,0
thresholds = -2,-2
weights1 = 2,1
biases1 = 0
weights2 =\x20
biases2 =\x20
"""
HEADER = "name\tlabel\tpc1\tpc2\ttsne1\ttsne2"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "dna.txt").write_text(PARAMETERS.format(both=1))
    (tmp_path / "rna.txt").write_text(PARAMETERS.format(both=0))
    write(tmp_path / "a.fa", {f"s{i}": random_letters(20 + i % 2, seed=i) for i in range(8)})
    return tmp_path


def write(path, sequences, ending=""):
    path.write_text("".join(f">{name}{ending}\n{one}\n" for name, one in sequences.items()))
    return path


def table(folder):
    header, *rows = (folder / "embedding.tsv").read_text().splitlines()
    assert header == HEADER
    return [row.split("\t") for row in rows]


def test_embed(regplug, files):
    out = files / "out"
    done = regplug("embed", files / "dna.txt", files / "a.fa", "-o", out)
    assert (done.status, done.out) == (0, ""), done.err
    assert done.err.splitlines() == [
        f"{out}: 8 sequences, 2 units of dna",
        "few sequences: the perplexity is 2.33",
    ]
    names = {path.name for path in out.iterdir()}
    assert names == {"embedding.npy", "embedding.tsv", "embed.pdf", "embed.png", "embed.svg"}
    units = np.load(out / "embedding.npy", allow_pickle=False)
    assert (units.dtype, units.shape) == (np.float32, (8, 2))
    session = opened(hidden_graph(read_network(files / "dna.txt")))
    for i in range(8):
        codes = encode(random_letters(20 + i % 2, seed=i))[None]
        np.testing.assert_array_equal(units[i], run(session, codes)[0])
    rows = table(out)
    assert [row[:2] for row in rows] == [[f"s{i}", "a"] for i in range(8)]
    points = np.array([row[2:] for row in rows], float)
    centred = units - units.mean(0)
    np.testing.assert_allclose(  # PCA turns, and moves no two points towards each other
        np.linalg.norm(points[:, :2], axis=1), np.linalg.norm(centred, axis=1), rtol=1e-4, atol=1e-5
    )
    pictures = [(out / name).read_bytes() for name in ("embed.png", "embed.svg")]
    assert (pictures[0][:8], b"<svg" in pictures[1]) == (b"\x89PNG\r\n\x1a\n", True)
    again = regplug("embed", files / "dna.txt", files / "a.fa", "-o", out)
    assert (again.status, table(out)) == (0, rows)
    assert (out / "embed.svg").read_bytes() == pictures[1]


def test_some_are_drawn_and_all_are_written(regplug, files):
    done = regplug("embed", files / "dna.txt", files / "a.fa", "--max", "6", "-o", files / "out")
    assert "drawn: 6 of them, by chance (--max)" in done.err
    rows = table(files / "out")
    assert sum(row[4:] == [".", "."] for row in rows) == 2
    assert len(rows) == 8
    assert "." not in [cell for row in rows for cell in row[2:4]]


def test_labels(regplug, files):
    """Both classes of a file, its name, a table; files of several classes keep their names."""
    words = {f"b{i}": random_letters(20, seed=20 + i) for i in range(3)}
    text = "".join(f"> {n}; class:{i % 2}\n{one}\n" for i, (n, one) in enumerate(words.items()))
    (files / "clip.fa").write_text(text)
    rows = [f"A\tseq_{i}_peak\t{random_letters(20, seed=40 + i)}\t{i % 2}" for i in range(4)]
    with gzip.open(files / "chip.seq.gz", "wt") as packed:
        packed.write("\n".join(["FoldID\tEventID\tseq\tBound", *rows]))
    out, model = files / "out", files / "dna.txt"
    done = regplug(
        "embed", model, *(files / n for n in ("a.fa", "clip.fa", "chip.seq.gz")), "-o", out
    )
    assert done.status == 0, done.err
    assert [row[:2] for row in table(out)] == [
        *([f"s{i}", "a"] for i in range(8)),
        ["b0", "clip unbound"],
        ["b1", "clip bound"],
        ["b2", "clip unbound"],
        *([f"seq_{i}_peak", f"chip {'bound' if i % 2 else 'unbound'}"] for i in range(4)),
    ]
    assert "silhouette of the labels in PCA: " in done.err
    write(files / "one.fa", words | {"b3": "ACGTACGATA", "b4": "CCCCCC"}, "  class:1")
    assert regplug("embed", model, files / "one.fa", "-o", out).status == 0
    assert {row[1] for row in table(out)} == {"one"}
    (files / "l.tsv").write_text("b1\tliver & $x$\nb3\t_hidden\nb1\tliver & $x$\n")
    done = regplug("embed", model, files / "one.fa", "-o", out, "--labels", files / "l.tsv")
    assert done.status == 0, done.err
    assert [row[1] for row in table(out)] == [".", "liver & $x$", ".", "_hidden", "."]


def test_regions(regplug, files):
    """Regions become the bases around their midpoints; those outside the genome are dropped."""
    letters = random_letters(900, seed=3)
    genome = write_fasta(files / "genome.fa", {"chr1": letters + "N" * 300})
    places = [(100 * i + 50, 100 * i + 61) for i in range(1, 7)]
    lines = [f"chr1\t{start}\t{end}\tp{start}\tk{start % 200}" for start, end in places]
    odd = ["# a comment", "chr1\t5\t7\tedge\tk", "chr9\t5\t700\taway\tk", "chr1\t1000\t1010\tn\tk"]
    (files / "r.bed").write_text("\n".join([*odd, *lines, ""]))
    bed = (files / "r.bed", "--fasta", genome, "-o", files / "out", "--length", 24)
    done = regplug("embed", files / "dna.txt", *bed, "--label-column", 5)
    assert done.status == 0, done.err
    assert "dropped 3 regions" in done.err
    assert [row[:2] for row in table(files / "out")] == [
        [f"p{start}", f"k{start % 200}"] for start, _ in places
    ]
    units = np.load(files / "out" / "embedding.npy")
    cut = {
        f"w{i}": letters[(s + e) // 2 - 12 : (s + e) // 2 + 12] for i, (s, e) in enumerate(places)
    }
    write(files / "cut.fa", cut)
    assert regplug("embed", files / "dna.txt", files / "cut.fa", "-o", files / "c").status == 0
    np.testing.assert_array_equal(units, np.load(files / "c" / "embedding.npy"))
    (files / "r.bed").write_text("\n".join([*odd[:1], *(f"chr1\t{s}\t{e}" for s, e in places)]))
    assert regplug("embed", files / "dna.txt", *bed).status == 0
    first = table(files / "out")[0]
    assert first[:2] == [f"chr1:{places[0][0] + 1}-{places[0][1]}", "r"]
    for arguments, message in [
        (("dna.txt", *bed, "--label-column", 5), "r.bed, line 2 has no column 5"),
        (("rna.txt", *bed), "reads the transcribed strand"),
        (("dna.txt", files / "a.fa", "-o", files / "out", "--length", 5), "add --fasta GENOME"),
    ]:
        done = regplug("embed", files / arguments[0], *arguments[1:])
        assert (done.status, message in done.err) == (1, True), done.err


def test_a_run_and_its_targets(regplug, files):
    pytest.importorskip("safetensors")
    from regplug.files.weights import save_weights

    network = read_network(files / "dna.txt")
    (files / "run").mkdir()
    stored = as_stored(network)
    save_weights(files / "run" / "weights.safetensors", {"REST": stored, "CTCF": stored})
    command = ("embed", files / "run", files / "a.fa", "-o", files / "out")
    assert "has 2 networks, each with a hidden layer of its own" in regplug(*command).err
    assert "--targets (CTCF, REST)" in regplug(*command).err
    assert "has no target MYC; it has CTCF, REST" in regplug(*command, "--targets", "MYC").err
    done = regplug(*command, "--targets", "REST")
    assert (done.status, "2 units of REST" in done.err) == (0, True), done.err


def test_a_folder_that_a_plugin_knows(regplug, files, monkeypatch):
    """It has no name that the core knows; the network is that of dna.txt, and so are its units."""
    (files / "mine").mkdir()
    (files / "mine" / "my_weights").write_text((files / "dna.txt").read_text())
    manager = plugin_manager()

    class Mine:
        @hookimpl
        def regplug_networks(self, path):
            found = path / "my_weights"
            return stored_networks(manager, found) if found.is_file() else None

    asked = plugin_manager()
    asked.register(Mine())
    monkeypatch.setattr("regplug.interpret.embed.networks.plugin_manager", lambda: asked)
    for model in ("mine", "dna.txt"):
        done = regplug("embed", files / model, files / "a.fa", "-o", files / f"of_{model}")
        assert done.status == 0, done.err
    units = [np.load(files / f"of_{model}" / "embedding.npy") for model in ("mine", "dna.txt")]
    np.testing.assert_array_equal(*units)


def test_a_model_by_name_and_by_folder(regplug, files):
    """Of a graph with both strands: units @ the last layer is what predict prints."""
    graph = Graph()
    model_of(graph, stacked(graph), files / "repo")
    write(files / "w.fa", {f"s{i}": random_letters(WINDOW, seed=i) for i in range(6)})
    repo, out = ("--model-repo", files / "repo"), files / "out"
    done = regplug("predict", files / "w.fa", "--model", "toy", *repo)
    scores = [row.split("\t")[1:] for row in done.out.splitlines()[1:]]
    weights, bias = last_layer(0)
    for model in (("toy", *repo), (files / "repo" / "toy",)):
        done = regplug("embed", *model, files / "w.fa", "-o", out)
        assert (done.status, f"6 sequences, {UNITS} units of toy" in done.err) == (0, True)
        made = np.load(out / "embedding.npy") @ weights + bias
        np.testing.assert_allclose(made, np.array(scores, float), atol=1e-5)
    done = regplug("embed", "toy", files / "a.fa", *repo, "-o", files / "not")
    assert (done.status, f"toy reads {WINDOW} bases, a sequence has 20" in done.err) == (1, True)
    assert not (files / "not").exists()


def test_mistakes(regplug, files, toy_repo):
    write(files / "protein.fa", {"p": "MEELQ"})
    write(files / "few.fa", {"a": "ACGTACGT", "b": "ACGGACGT"})
    write(files / "same.fa", {f"s{i}": "GATACCCC" for i in range(9)})
    (files / "empty.fa").touch()
    (files / "words.txt").write_text("no parameters\n")
    (files / "twice").mkdir()
    write(files / "twice" / "a.fa", {"t": "ACGT"})
    (files / "folder").mkdir()
    for name, text in (("who", "s9\tx\n"), ("cells", "s1 x\n"), ("two", "s1\tx\ns1\ty\n")):
        (files / f"{name}.tsv").write_text(text)
    dna, fasta = files / "dna.txt", files / "a.fa"
    (files / "models").mkdir()
    random_panel(files / "models")
    before = sorted(files.rglob("*"))
    for arguments, message in [
        ((files / "no", fasta), "no is no run (weights.safetensors), no published"),
        ((files / "folder", fasta), "folder is no run"),
        (("nobody", fasta), "no model; models are: "),
        ((files / "words.txt", fasta), "words.txt is no finished run"),
        ((dna, files / "no.fa"), "no.fa cannot be read"),
        ((dna, files / "empty.fa"), "empty.fa is empty"),
        ((dna, files / "words.txt"), "starts neither a FASTA nor a table"),
        ((dna, files / "protein.fa"), "line 1: 'E' is no IUPAC letter"),
        ((dna, files / "few.fa"), "2 sequences: it takes 5"),
        ((dna, files / "same.fa"), "the hidden layer is the same for all 9 sequences"),
        ((dna, fasta, files / "twice" / "a.fa"), "two files are called a"),
        ((dna, fasta, "--labels", files / "who.tsv"), "no sequence is called 's9'"),
        ((dna, fasta, "--labels", files / "cells.tsv"), "line 1 is not name<TAB>label"),
        ((dna, fasta, "--labels", files / "two.tsv"), "line 2: 's1' has the label 'x'"),
        ((dna, fasta, "-o", files / "a.fa" / "b"), "is a file"),
        ((dna, fasta, "-o", files), "holds other things: name a new folder"),
        ((toy_repo / "gc", fasta), "gc come from no hidden layer"),
        ((files / "models" / "panel", fasta), "come from no hidden layer that its targets share"),
        (("gc", fasta, "--model-repo", toy_repo, "--targets", "T0"), "--targets is for runs"),
        (("gc", fasta, "--model-repo", "grpc://there:1"), "not a server"),
    ]:
        done = regplug("embed", *arguments, *([] if "-o" in arguments else ["-o", files / "out"]))
        assert (done.status, message in done.err) == (1, True), (arguments, done.err)
        assert sorted(files.rglob("*")) == before


def test_nothing_is_half_written(regplug, files, monkeypatch):
    def fail(*_: object) -> None:
        raise OutputError("the pen is dry: fill it")

    monkeypatch.setattr("regplug.interpret.embed.report.save_formats", fail)
    before = sorted(files.rglob("*"))
    done = regplug("embed", files / "dna.txt", files / "a.fa", "-o", files / "out")
    assert (done.status, done.err) == (1, "regplug: the pen is dry: fill it\n")
    assert sorted(files.rglob("*")) == before


@pytest.mark.data
def test_real_peaks_stand_apart(regplug, data, tmp_path):
    """REST's published network on held-out peaks and shuffles: its scores, and its neighbours."""
    from sklearn.neighbors import KNeighborsClassifier

    from regplug.data.sequences.chip import chip_file, read_chip
    from tests.plugins.deepbind.reference import score

    peaks, out = chip_file(data / "encode_chip", "REST", "B"), tmp_path / "out"
    published = data / "deepbind_v011"
    assert "REST" in regplug("embed", published, peaks, "--targets", "REST", "-o", out).err
    done = regplug("embed", published, peaks, "--targets", "D00799.001", "-o", out)
    assert done.status == 0, done.err
    network, test = read_network(published / "params" / "D00799.001.txt"), read_chip(peaks)
    units = np.load(out / "embedding.npy")
    made = units @ network.weights2 + network.bias2
    np.testing.assert_allclose(made[::20], score(network, test.codes[::20]), atol=1e-5)
    rows = table(out)
    assert [row[1] == "bound" for row in rows] == test.bound.tolist()
    points = np.array([row[2:] for row in rows], float)
    for picture in (units, points[:, :2], points[:, 2:]):
        half = KNeighborsClassifier(15).fit(picture[::2], test.bound[::2])
        accuracy = half.score(picture[1::2], test.bound[1::2])
        assert accuracy > 0.95
