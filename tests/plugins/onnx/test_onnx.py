"""`regplug models import onnx`: any form of graph gives the scores that it must."""

import os

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from regplug.genome.codes import decode, reverse_complement
from regplug.models.embedded import Embedded
from regplug.models.repository import check_model
from regplug.models.server import local_server, serving
from tests.plugins.onnx.toys import FILTERS, TARGETS, WINDOW, Toy, some_codes
from tests.toy_genomes import random_letters, vcf_text, write_fasta


@pytest.fixture
def importing(regplug, tmp_path):
    return importer(regplug, tmp_path, "onnx")


def importer(regplug, tmp_path, kind):
    """Return what imports files as the model `mine`, and sees that a refusal leaves nothing."""

    def run(*files, **options):
        said = [word for key, value in options.items() for word in _words(key, value)]
        done = regplug(
            "models", "import", kind, *files, "--name", "mine", "-o", tmp_path / "repo",
            "--snvs", 30, "--threads", 1, *said,
        )  # fmt: skip
        if done.status:
            assert (done.status, done.out) == (1, ""), done.err
            assert "Traceback" not in done.err
            assert not (tmp_path / "repo").exists()
        return done

    return run


def _words(key, value):
    flag = "--" + key.replace("_", "-")
    return [flag] if value is True else [flag, value]


def scores(tmp_path, codes):
    backend = Embedded(tmp_path / "repo" / "mine", threads=1)
    found = backend.predict(codes)
    backend.close()
    return found


def joined(answers, codes, strand):
    sides = answers(codes), answers(reverse_complement(codes))
    return {"mean": sum(sides) / 2, "max": np.maximum(*sides), "none": sides[0]}[strand]


@pytest.mark.parametrize("strand", ["mean", "max", "none"])
@pytest.mark.parametrize("layout", ["ncl", "nlc", "nc1l", "n1lc", "nlc1"])
def test_axes_are_told_by_their_sizes(importing, tmp_path, layout, strand):
    toy = Toy()
    done = importing(toy.write(tmp_path / "net.onnx", layout=layout), strand=strand)
    assert (done.status, done.out) == (0, f"{tmp_path / 'repo' / 'mine'}\t{TARGETS} targets\n")
    assert "licence of the weights: not stated" in done.err
    expected = joined(toy.answers, some_codes(), strand)
    np.testing.assert_allclose(scores(tmp_path, some_codes()), expected, atol=1e-5)
    card = check_model(tmp_path / "repo" / "mine")
    assert (card.window, card.strand, card.output_scale) == (WINDOW, strand, "score")
    assert card.labels == ["t0", "t1", "t2"]
    assert all(target.spread > 0 for target in card.targets)


@pytest.mark.parametrize("strand", ["mean", "max"])
def test_torch_runs_what_joins_the_strands(importing, regplug, tmp_path, strand):
    pytest.importorskip("torch")
    assert importing(Toy().write(tmp_path / "net.onnx"), strand=strand).status == 0
    done = regplug("models", "verify", "--model-repo", tmp_path / "repo", "--engine", "torch")
    assert (done.status, done.out[:8]) == (0, "mine\tok\t"), done.out


@pytest.mark.parametrize(
    ("layout", "kind", "opset", "rows"),
    [
        ("ncl", TensorProto.FLOAT, 9, 1), ("nlc", TensorProto.FLOAT, 13, "n"),
        ("nlc", TensorProto.FLOAT, 20, 1), ("nl", TensorProto.INT64, 17, 1),
        ("nl", TensorProto.UINT8, 18, "n"), ("nl", TensorProto.FLOAT, 11, "n"),
    ],
)  # fmt: skip
def test_types_versions_and_rows(importing, tmp_path, layout, kind, opset, rows):
    """A graph that was exported for one row reads many."""
    toy = Toy()
    how = {"layout": layout, "kind": kind, "opset": opset, "rows": rows}
    file = toy.write(tmp_path / "x.onnx", **how)
    if layout == "nl" and kind == TensorProto.FLOAT:  # or letters in one row?
        assert "floating-point numbers, and no letters: say --layout nl" in importing(file).err
    done = importing(file, layout=layout)
    assert done.status == 0, done.err
    expected = joined(toy.answers, some_codes(), "mean")
    np.testing.assert_allclose(scores(tmp_path, some_codes()), expected, atol=1e-5)


@pytest.mark.parametrize("letters", ["ACGT", "AGCT", "TCAG", "GTAC"])
@pytest.mark.parametrize("unknown", [0.0, 0.25])
def test_letters_and_unknown_bases(importing, tmp_path, letters, unknown):
    toy = Toy()
    done = importing(
        toy.write(tmp_path / "x.onnx"), letters=letters, unknown=unknown, strand="none"
    )
    assert done.status == 0, done.err
    expected = toy.answers(some_codes(), letters, unknown)
    np.testing.assert_allclose(scores(tmp_path, some_codes()), expected, atol=1e-5)
    assert check_model(tmp_path / "repo" / "mine").unknown_base == unknown


@pytest.mark.parametrize(("pad", "before"), [("SAME_UPPER", 4), ("SAME_LOWER", 5)])
def test_sizes_that_stay_the_same(importing, tmp_path, pad, before):
    """Of dilated filters onnxruntime does not run it; an even one has its odd pad at one end."""
    toy, codes = Toy(), some_codes()
    toy.filters = toy.filters[:, :, :4]
    graph = toy.graph()
    (conv,) = (node for node in graph.graph.node if node.op_type == "Conv")
    said = {"auto_pad": pad, "dilations": [3], "kernel_shape": [4]}
    conv.attribute.extend(helper.make_attribute(key, value) for key, value in said.items())
    (tmp_path / "x.onnx").write_bytes(graph.SerializeToString())
    done = importing(tmp_path / "x.onnx", strand="none")
    assert done.status == 0, done.err
    rows = np.pad(
        np.vstack([np.eye(4), np.full(4, 0.25)])[codes], [(0, 0), (before, 9 - before), (0, 0)]
    )
    taps = np.stack([rows[:, tap : tap + WINDOW] for tap in (0, 3, 6, 9)], -1)  # (n, p, 4, tap)
    found = np.tensordot(taps, toy.filters, ([2, 3], [1, 2]))
    expected = np.maximum(found, 0).max(1) @ toy.weights
    np.testing.assert_allclose(scores(tmp_path, codes), expected, atol=1e-5)


def test_any_length_needs_a_window(importing, tmp_path):
    toy = Toy()
    file = toy.write(tmp_path / "x.onnx", window="l")
    assert "x.onnx reads sequences of any length: name one with --window" in importing(file).err
    assert importing(file, window=34).status == 0
    codes = some_codes(34)
    expected = joined(toy.answers, codes, "mean")
    np.testing.assert_allclose(scores(tmp_path, codes), expected, atol=1e-5)


@pytest.mark.parametrize("window", [20, 21, 34, 35])
def test_windows_of_odd_and_even_bases(regplug, importing, tmp_path, window):
    """A variant's column: of an odd window its middle, of an even one the base left of it."""
    toy, letters = Toy(), random_letters(120, seed=3)
    done = importing(toy.write(tmp_path / "x.onnx", window=window), strand="none")
    assert done.status == 0, done.err
    fasta = write_fasta(tmp_path / "g.fa", {"chr1": letters})
    alt = "ACGT"[("ACGT".index(letters[59]) + 1) % 4]
    (tmp_path / "in.vcf").write_text(
        vcf_text([f"chr1 60 . {letters[59]} {alt} . . ."], {"chr1": letters})
    )
    done = regplug(
        "annotate", tmp_path / "in.vcf", "--fasta", fasta, "--model-repo", tmp_path / "repo",
        "--model", "mine", "--all-targets",
    )  # fmt: skip
    assert done.status == 0, done.err
    start = 59 - (window // 2 - 1 if window % 2 == 0 else window // 2)
    cut = np.array(["ACGT".index(base) for base in letters[start : start + window]])
    changed = cut.copy()
    changed[59 - start] = "ACGT".index(alt)
    ref, other = toy.answers(np.array([cut, changed]))
    info = dict(item.split("=") for item in done.out.splitlines()[-1].split("\t")[7].split(";"))
    found = [float(info[f"RP_MINE_T{i}"]) for i in range(TARGETS)]
    np.testing.assert_allclose(found, other - ref, atol=1e-4)


def test_double_precision_is_named(importing, tmp_path):
    """onnxruntime has no convolution of such numbers."""
    said = importing(Toy().write(tmp_path / "x.onnx", kind=TensorProto.DOUBLE)).err
    assert "x.onnx computes in float64, for which onnxruntime has no Conv: export it" in said


def test_folds_are_averaged_whatever_their_versions(importing, tmp_path):
    toys = [Toy(seed) for seed in range(3)]
    files = [
        toy.write(tmp_path / f"{opset}.onnx", opset=opset, layout=layout, last="Sigmoid")
        for toy, opset, layout in zip(toys, (11, 17, 19), ("ncl", "nlc", "ncl"), strict=True)
    ]
    done = importing(*files)
    assert done.status == 0, done.err

    def answers(codes):
        return np.mean([1 / (1 + np.exp(-toy.answers(codes))) for toy in toys], axis=0)

    expected = joined(answers, some_codes(), "mean")
    np.testing.assert_allclose(scores(tmp_path, some_codes()), expected, atol=1e-5)
    card = check_model(tmp_path / "repo" / "mine")
    assert card.output_scale == "probability"
    assert card.doc == "imported network, mean of 3 networks, mean of both strands"


def test_logits_become_probabilities(importing, tmp_path):
    toy = Toy()
    assert importing(toy.write(tmp_path / "x.onnx"), sigmoid=True).status == 0
    expected = joined(lambda codes: 1 / (1 + np.exp(-toy.answers(codes))), some_codes(), "mean")
    np.testing.assert_allclose(scores(tmp_path, some_codes()), expected, atol=1e-5)


def test_notes_and_options_make_the_card(importing, tmp_path):
    notes, names = tmp_path / "notes.toml", tmp_path / "names.txt"
    notes.write_text(
        'license = "MIT"\ncite_as = "We 2020"\nassembly = "hg19"\nstrand = "max"\n'
        '[[targets]]\nlabel = "a"\ncell = "K562"\n[[targets]]\nlabel = "b"\n'
        '[[targets]]\nlabel = "c"\nontology = "EFO:0002067"\n'
    )
    file = Toy().write(tmp_path / "x.onnx")
    assert importing(file, card=notes, license="CC0").status == 0
    card = check_model(tmp_path / "repo" / "mine")
    assert (card.license, card.cite_as, card.assembly, card.strand) == (
        "CC0", "We 2020", "hg19", "max",
    )  # fmt: skip
    assert [target.about for target in card.targets] == [
        {"cell": "K562"}, {}, {"ontology": "EFO:0002067"},
    ]  # fmt: skip
    names.write_text("x\ny z\nw\n")
    assert importing(file, card=notes, targets=names).status == 0
    assert check_model(tmp_path / "repo" / "mine").labels == ["x", "y-z", "w"]


def test_what_is_imported_annotates_and_verifies(regplug, importing, tmp_path):
    toy, rng = Toy(), np.random.default_rng(3)
    assert importing(toy.write(tmp_path / "x.onnx"), strand="none").status == 0
    assert regplug("models", "verify", "--model-repo", tmp_path / "repo").status == 0
    letters = decode(rng.integers(0, 4, 200).astype(np.uint8))
    fasta = write_fasta(tmp_path / "x.fa", {"chr1": letters})
    alt = "A" if letters[99] != "A" else "C"
    vcf = tmp_path / "in.vcf"
    vcf.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=200>\n"
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t100\t.\t{letters[99]}\t{alt}\t.\t.\t.\n"
    )
    done = regplug(
        "annotate", vcf, "--fasta", fasta, "--model-repo", tmp_path / "repo", "--model", "mine",
        "--targets", "t0,t1,t2",
    )  # fmt: skip
    assert done.status == 0, done.err
    window = letters[89:110]
    both = ["ACGT".index(base) for base in window], ["ACGT".index(b) for b in window]
    both[1][10] = "ACGT".index(alt)
    ref, changed = toy.answers(np.array(both))
    info = dict(item.split("=") for item in done.out.splitlines()[-1].split("\t")[7].split(";"))
    found = [float(info[f"RP_MINE_T{i}"]) for i in range(TARGETS)]
    np.testing.assert_allclose(found, changed - ref, atol=1e-4)


@pytest.mark.parametrize(
    ("how", "options", "message"),
    [
        ({"extra_input": True}, {}, "x.onnx has 2 inputs (x, z): one that reads a sequence is"),
        ({"extra_output": True}, {}, "x.onnx has 2 outputs: choose with --head y or t0"),
        ({"extra_output": True}, {"head": "w"}, "x.onnx has no output w: choose with --head y or"),
        ({"extra_output": True}, {"head": "t0"}, "x.onnx answers numbers of shape (4, 21) to a"),
        ({}, {"window": 22}, "x.onnx reads 21 bases, not 22: leave --window out"),
        ({"window": "l"}, {"window": 4}, "x.onnx reads 4 bases: 5 to 1,048,576 are read"),
        ({"window": "l"}, {"window": 2**21}, "reads 2097152 bases: 5 to 1,048,576 are read"),
        ({}, {"layout": "nlc"}, "x.onnx reads (n, 4, 21), which is not --layout nlc"),
        ({}, {"layout": "nll"}, "a layout is n and an order of c (letters), l (bases) and 1, not"),
        ({"window": 4}, {}, "x.onnx reads (n, 4, 4), which may be several things: say which axis"),
        ({"rows": 1, "wrong_rows": True}, {}, "x.onnx cannot read 3 sequences of shape (4, 21"),
        ({"last": "Sigmoid"}, {"sigmoid": True}, "its answers are no logits: leave --sigmoid out"),
        ({}, {"scale": "probability"}, "to random sequences, no probabilities: say --sigmoid if"),
        ({}, {"scale": "positive"}, "not above 0: say another --scale"),
        ({}, {"letters": "ACGU"}, "letters are A, C, G and T in some order, not ACGU"),
        ({}, {"name": "../x"}, "'../x' is no name for a model"),
        ({}, {"license": "CC BY-NC 4.0"}, "licence is CC BY-NC 4.0, which does not allow every"),
        ({"kind": TensorProto.STRING}, {}, "x.onnx reads STRING in x, no numbers for letters"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_named(importing, tmp_path, how, options, message):
    assert message in importing(Toy().write(tmp_path / "x.onnx", **how), **options).err


def test_a_licence_that_is_accepted(importing, tmp_path):
    done = importing(
        Toy().write(tmp_path / "x.onnx"), license="non-commercial use", accept_license=True
    )
    assert done.status == 0
    assert "licence of the weights: non-commercial use" in done.err


def test_names_of_targets_must_fit(importing, tmp_path):
    (tmp_path / "names").write_text("a\nb\n")
    said = importing(Toy().write(tmp_path / "x.onnx"), targets=tmp_path / "names").err
    assert "2 targets are named, and x.onnx has 3" in said
    (tmp_path / "names").write_text("a\nb\na\n")
    assert (
        "two targets are called a" in importing(tmp_path / "x.onnx", targets=tmp_path / "names").err
    )


def test_members_must_be_alike(importing, tmp_path):
    said = importing(
        Toy().write(tmp_path / "a.onnx"), Toy(targets=2).write(tmp_path / "b.onnx")
    ).err
    assert "b.onnx reads 21 bases and has 2 targets, a.onnx 21 and 3: they are no ensemble" in said


def test_a_sequence_is_answered_by_itself(importing, tmp_path):
    """As a norm in training does, this one reads the mean of all rows."""
    model = Toy().graph()
    mean = helper.make_node("ReduceMean", ["y"], ["m"], axes=[0], keepdims=1)
    model.graph.node.extend([mean, helper.make_node("Sub", ["y", "m"], ["q"])])
    model.graph.output[0].name = "q"
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert (
        "x.onnx answers otherwise to a sequence alone than among"
        in importing(tmp_path / "x.onnx").err
    )


def test_dead_answers_are_warned_of(importing, tmp_path):
    toy = Toy()
    toy.weights[:, 1] = 0
    done = importing(toy.write(tmp_path / "x.onnx"))
    assert done.status == 0
    assert "warning: x.onnx: 1 of 3 of its answers are the same for every random" in done.err


def test_files_that_are_no_graphs(importing, tmp_path):
    file = tmp_path / "x.onnx"
    assert f"{file} cannot be read: No such file" in importing(file).err
    for content in (b"", b"\x80\x04]", b"<html>", Toy().graph().SerializeToString()[:-9]):
        file.write_bytes(content)
        assert f"{file} is no ONNX file" in importing(file).err
    for size, message in ((300 * 10**6, "is no ONNX file"), (2**31, "has more than 2 GiB")):
        with file.open("wb") as large:
            large.truncate(size)  # takes no place on the disk
        assert message in importing(file).err


def test_weights_in_another_file(importing, tmp_path):
    outside = {"save_as_external_data": True, "location": "w", "size_threshold": 0}
    onnx.save(Toy().graph(), tmp_path / "x.onnx", **outside)
    assert "the graph of x.onnx reads another file for" in importing(tmp_path / "x.onnx").err


@pytest.mark.parametrize(("kind", "domain"), [("Frobnicate", ""), ("Gemm", "com.evil")])
def test_operators_that_are_not_known(importing, tmp_path, kind, domain):
    model = Toy().graph()
    model.graph.node.append(helper.make_node(kind, ["y"], ["q"], domain=domain))
    model.graph.output[0].name = "q"
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    said = importing(tmp_path / "x.onnx").err
    assert f"has an operator that is not ONNX's own in opset 17: {domain}::{kind}" in said


def table(path, toy, letters="ACGT"):
    codes = some_codes()
    answers = toy.answers(codes, letters)
    lines = ["sequence\t" + "\t".join(f"t{i}" for i in range(TARGETS))]
    lines += ["\t".join([decode(c), *map(str, a)]) for c, a in zip(codes, answers, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_strands_tell_a_wrong_order_of_letters(importing, tmp_path):
    file = Toy(both=True).write(tmp_path / "x.onnx")
    assert "warning" not in importing(file, letters="ACGT").err
    assert "warning" not in importing(file, letters="TGCA").err  # A and T are pairs there too
    said = importing(file, letters="ACTG").err
    assert "warning: the strands of random sequences agree far better with channels such as" in said


def test_golden_answers_tell_the_order_of_letters(importing, tmp_path):
    toy = Toy()
    file, golden = toy.write(tmp_path / "x.onnx"), table(tmp_path / "g.tsv", toy, "AGCT")
    assert importing(file, golden=golden, letters="AGCT").status == 0
    for path in sorted((tmp_path / "repo").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "repo").rmdir()
    said = importing(file, golden=golden, letters="TGCA").err
    assert "where its channels are AGCT, not TGCA: say --letters AGCT" in said
    said = importing(file, golden=golden, letters="AGCT", unknown=0).err
    assert "x.onnx answers otherwise than" in said
    golden.write_text("sequence\tt0\nACG\t1\n")
    assert "has no answer for each of 3 targets" in importing(file, golden=golden).err
    golden.write_text("sequence\ta\tb\tc\nACG\t1\t2\t3\n")
    assert "line 2 of" in importing(file, golden=golden).err


def test_inner_graphs_keep_what_they_read(importing, tmp_path):
    """Names in the branches of an If are those of the graph around it."""
    model = Toy().graph()
    out = helper.make_tensor_value_info("r", TensorProto.FLOAT, None)
    branch = helper.make_graph([helper.make_node("Neg", ["y"], ["r"])], "b", [], [out])
    other = helper.make_graph([helper.make_node("Identity", ["y"], ["r"])], "c", [], [out])
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    model.graph.initializer.append(yes)
    model.graph.node.append(
        helper.make_node("If", ["yes"], ["q"], then_branch=branch, else_branch=other)
    )
    model.graph.output[0].name = "q"
    for name in ("a", "b"):
        (tmp_path / f"{name}.onnx").write_bytes(model.SerializeToString())
    done = importing(tmp_path / "a.onnx", tmp_path / "b.onnx", strand="none")
    assert done.status == 0, done.err
    np.testing.assert_allclose(
        scores(tmp_path, some_codes()), -Toy().answers(some_codes()), atol=1e-5
    )
    assert len(Toy().weights) == FILTERS


@pytest.mark.triton
def test_a_server_answers_alike(importing, regplug, tmp_path):
    """Folds of several versions of ONNX, on a real server."""
    if local_server() is None:
        ask = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        ask("no Triton server: pip install 'regplug[server]'")
    files = [Toy(opset).write(tmp_path / f"{opset}.onnx", opset=opset) for opset in (13, 17, 20)]
    assert importing(*files, strand="max").status == 0
    with serving(tmp_path / "repo") as server:
        done = regplug(
            "models", "verify", "--model-repo", server.grpc, "--against", tmp_path / "repo"
        )
    assert (done.status, done.out.startswith("mine\tok\t")) == (0, True), done.out


def test_an_opset_that_there_is_not(importing, tmp_path):
    model = Toy().graph()
    for version, message in ((9999, "export it with opset_version=17"), (1 << 40, f"{1 << 40}")):
        model.opset_import[0].version = version
        (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
        assert message in importing(tmp_path / "x.onnx").err


@pytest.mark.parametrize("form", [3, 4, onnx.IR_VERSION])
def test_forms_old_and_new(importing, tmp_path, form):
    """In the oldest, weights are inputs too; the model's is the oldest that has its operators."""
    toy, codes = Toy(), some_codes()
    model = toy.graph(opset=9)
    model.ir_version = form
    for array in model.graph.initializer if form == 3 else []:
        value = helper.make_tensor_value_info(array.name, array.data_type, array.dims)
        model.graph.input.append(value)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    done = importing(tmp_path / "x.onnx", strand="none")
    assert done.status == 0, done.err
    np.testing.assert_allclose(scores(tmp_path, codes), toy.answers(codes), atol=1e-5)
    assert onnx.load(tmp_path / "repo" / "mine" / "1" / "model.onnx").ir_version == 8


def test_a_form_that_there_is_not(importing, tmp_path):
    model = Toy().graph()
    model.ir_version = 9999
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "in ONNX's form 9999, and onnx" in importing(tmp_path / "x.onnx").err


def test_bfloat16_is_named(importing, tmp_path):
    model = Toy().graph()
    weights = next(array for array in model.graph.initializer if array.name == "w")
    values = numpy_helper.to_array(weights)
    weights.CopyFrom(helper.make_tensor("w", TensorProto.BFLOAT16, values.shape, values.ravel()))
    model.graph.node.insert(0, helper.make_node("Cast", ["x"], ["b"], to=TensorProto.BFLOAT16))
    model.graph.node[1].input[0] = "b"
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "computes in bfloat16, which onnxruntime" in importing(tmp_path / "x.onnx").err
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.BFLOAT16
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "reads BFLOAT16 in x, no numbers for letters" in importing(tmp_path / "x.onnx").err


def test_names_that_are_no_text(importing, tmp_path):
    graph = Toy().graph().SerializeToString()
    for name in (b"GlobalMaxPool", b"t0"):
        (tmp_path / "x.onnx").write_bytes(graph.replace(name, b"\xff" + name[1:]))
        assert "is damaged: a name in it is no UTF-8" in importing(tmp_path / "x.onnx").err
