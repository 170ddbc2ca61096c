"""The loop itself, without a command line; models of RNA; a network described by its card alone."""

import hashlib
import json
import re
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from regplug.errors import BackendError, ModelError
from regplug.genome.codes import reverse_complement
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Status, Variant
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.models.export import export_model
from regplug.scoring.adapter import FieldOptions, VariantEffect
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.card import ModelCard, Target
from regplug.scoring.examined import examine
from regplug.scoring.model import Model, check_tags
from regplug.vcf.annotate import annotate_records
from regplug.vcf.records import VariantReader
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import centre_model, gc_model

LETTERS = random_letters(3000, seed=7)


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self):
        self.batches = []

    def write(self, batch):
        self.batches.append(batch)

    def close(self): ...


@pytest.fixture
def records(tmp_path):
    """Return 2,500 records of three SNVs each: more than one batch."""
    rows = [
        f"c {pos} . {LETTERS[pos - 1]} {','.join(b for b in 'ACGT' if b != LETTERS[pos - 1])} . . ."
        for pos in range(100, 2600)
    ]
    (tmp_path / "in.vcf").write_text(vcf_text(rows, {"c": LETTERS}))
    return VariantReader(str(tmp_path / "in.vcf"))


def test_batches_come_in_order(toy_repo, genome_of, records):
    kept, seen = Kept(), []
    with closing(Embedded(toy_repo / "gc", threads=1)) as backend:
        model = Model(backend, VariantEffect(), FieldOptions())
        tally = annotate_records(
            records, [model], genome_of(c=LETTERS), writers=[kept], progress=seen.append
        )
    assert (tally.alts, tally.records) == (7500, 2500)
    assert tally.by_model["gc"] == {Status.OK: 7500}
    assert len(kept.batches) == len(seen) > 1
    positions = [record.pos for batch in kept.batches for record in batch.records]
    assert positions == list(range(100, 2600))
    for batch in kept.batches:
        for column in batch.columns.values():
            assert len(column) == len(batch.variants) == len(batch.status)


@pytest.mark.parametrize("size", [1, 7, 2048])
def test_the_size_of_a_batch_makes_no_difference(toy_repo, genome_of, records, monkeypatch, size):
    monkeypatch.setattr("regplug.scoring.model.BATCH", size)
    kept = Kept()
    few = [record for record, _ in zip(records, range(40), strict=False)]
    with closing(Embedded(toy_repo / "place", threads=1)) as backend:
        model = Model(backend, VariantEffect(), FieldOptions())
        annotate_records(few, [model], genome_of(c=LETTERS), writers=[kept])
        variants = [variant for batch in kept.batches for variant in batch.variants]
        genome = genome_of(c=LETTERS)
        alleles = encode_alleles([examine(v, genome) for v in variants], genome, window=21)
        expected = backend.predict(alleles.alt) - backend.predict(alleles.ref)
    found = np.concatenate([batch.scores[0].alt - batch.scores[0].ref for batch in kept.batches])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_error_of_a_backend_reaches_the_caller(toy_repo, genome_of, records):
    class Broken(VariantEffect):
        def score(self, alleles, backend):
            raise BackendError("gone")

    with closing(Embedded(toy_repo / "gc", threads=1)) as backend:
        model = Model(backend, Broken(), FieldOptions())
        with pytest.raises(BackendError, match="gone"):
            annotate_records(records, [model], genome_of(c=LETTERS), writers=[Kept()])


def test_check_tags(tmp_path):
    gc_model(tmp_path, "a-b")
    gc_model(tmp_path, "a.b")
    with (
        closing(Embedded(tmp_path / "a-b", threads=1)) as one,
        closing(Embedded(tmp_path / "a.b", threads=1)) as two,
    ):
        models = [Model(backend, VariantEffect(), FieldOptions()) for backend in (one, two)]
        check_tags(models[:1])
        with pytest.raises(ModelError, match=r"RP_A_B__TOP: «a-b: .*«a\.b: "):
            check_tags(models)


@pytest.fixture
def rna(tmp_path):
    """Return a function that scores with a model that reads the transcribed strand only."""
    centre_model(tmp_path, strand="forward")

    def score(genome, variants, gtf):
        transcripts = None
        if gtf:
            (tmp_path / "genes.gtf").write_text(gtf)
            transcripts = Transcripts(str(tmp_path / "genes.gtf"))
        with closing(Embedded(tmp_path / "centre", threads=1)) as backend:
            model = Model(backend, VariantEffect(), FieldOptions(), transcripts)
            return model.score([examine(v, genome) for v in variants], genome)

    return score


def gene(start, end, strand):
    return f"c\tx\tgene\t{start}\t{end}\t.\t{strand}\t.\tid\n"


def test_models_of_rna_read_the_transcribed_strand(genome_of, rna):
    """A C G T = 1 2 4 8: A>C is +1 on the forward strand, T>G is -4 on the other."""
    genome = genome_of(c="A" * 100)
    variants = [Variant("c", pos, "A", "C") for pos in (20, 40, 60, 80)]
    genes = gene(15, 25, "+") + gene(35, 45, "-") + gene(55, 65, "+") + gene(58, 62, "-")
    scores = rna(genome, variants, genes)
    ok, none = Status.OK, Status.NO_TRANSCRIPT
    assert scores.status == [ok, ok, ok, none]
    np.testing.assert_array_equal((scores.alt - scores.ref)[:, 0], [1, -4, -4, np.nan])


def test_models_of_rna_need_genes(genome_of, rna):
    with pytest.raises(ModelError, match=r"centre reads the transcribed strand only.*--genes"):
        rna(genome_of(c="A" * 100), [Variant("c", 20, "A", "C")], "")
    scores = rna(genome_of(c="A" * 100), [Variant("c", 20, "A", "*")], gene(1, 9, "+"))
    assert scores.status == [Status.STAR]


def test_a_card_and_a_graph_are_a_model(tmp_path, regplug):
    """A convolution of 8 filters of 5, ReLU, maximum, sum: no Python of its own; numpy agrees."""
    rng = np.random.default_rng(3)
    filters = rng.normal(size=(8, 4, 5)).astype(np.float32)
    table = np.vstack([np.eye(4), np.full((1, 4), 0.25)]).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["codes"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["bases"], axis=0),
        helper.make_node("Transpose", ["bases"], ["onehot"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["onehot", "filters"], ["hits"]),
        helper.make_node("Relu", ["hits"], ["positive"]),
        helper.make_node("ReduceMax", ["positive"], ["best"], axes=[2], keepdims=0),
        helper.make_node("ReduceSum", ["best", "axis"], ["scores"], keepdims=1),
    ]
    parts = {"table": table, "filters": filters, "axis": np.array([1])}
    graph = helper.make_graph(
        nodes,
        "cnn",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", 31])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(value, name) for name, value in parts.items()],
    )
    onnx = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = onnx.SerializeToString()
    card = ModelCard(
        name="cnn",
        version="1",
        family="my_cnn",
        window=31,
        targets=(Target("ACTIVITY"),),
        strand="mean",
        output_scale="positive",
        max_batch_size=32,
        sha256=hashlib.sha256(content).hexdigest(),
        default=True,
    )
    export_model(tmp_path / "repo", card, content, measuring=Measuring(300))

    def score(letters):
        onehot = table[["ACGT".index(letter) for letter in letters]].T
        windows = np.lib.stride_tricks.sliding_window_view(onehot, 5, axis=1)
        return np.maximum(np.einsum("cpk,fck->fp", windows, filters), 0).max(1).sum()

    fasta = write_fasta(tmp_path / "g.fa", {"c": LETTERS})
    rows = [
        f"c {pos} . {LETTERS[pos - 1]} {'ACGT'['ACGT'.index(LETTERS[pos - 1]) - 1]} . . ."
        for pos in range(50, 60)
    ]
    (tmp_path / "in.vcf").write_text(vcf_text(rows, {"c": LETTERS}))
    done = regplug(
        "annotate",
        tmp_path / "in.vcf",
        "--fasta",
        fasta,
        "--model-repo",
        tmp_path / "repo",
        "--scores",
        "ref,diff,log2fc",
    )
    assert done.status == 0, done.err
    found = re.findall(r"RP_CNN_ACTIVITY__REF=([^;]*);RP_CNN_ACTIVITY=([^;]*)", done.out)
    assert len(found) == 10
    for row, (ref, diff) in zip(rows, found, strict=True):
        _, pos, _, _, alt, *_ = row.split()
        start = int(pos) - 1 - 15
        before = LETTERS[start : start + 31]
        after = before[:15] + alt + before[16:]
        assert float(ref) == pytest.approx(score(before), rel=1e-5)
        assert float(diff) == pytest.approx(score(after) - score(before), abs=2e-5)


def test_strand_symmetry_of_the_other_strand(genome_of):
    genome = genome_of(c=LETTERS)
    one = [examine(Variant("c", 500, LETTERS[499], "N"), genome)]
    forward, back = (encode_alleles(one, genome, window=21, strand=strand) for strand in "+-")
    assert np.array_equal(reverse_complement(forward.ref), back.ref)


# -- memory ------------------------------------------------------------------------------

# Not ru_maxrss, which starts at the peak of the process that forked this one.
MEASURE = """
import re, sys
from pathlib import Path
from regplug.cli import main
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    print(re.search(r"VmHWM:\\s+(\\d+)", status)[1], file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.parametrize("out", ["out.vcf.gz", "out.bcf"])
def test_memory_does_not_grow_with_the_records(tmp_path, toy_repo, out):
    letters = random_letters(2_000_000, seed=5)
    fasta = write_fasta(tmp_path / "g.fa", {"c": letters})
    peaks = {}
    for count in (10_000, 200_000):
        step = 1_900_000 // count
        rows = (
            f"c {p} . {letters[p - 1]} {'ACGT'['ACGT'.index(letters[p - 1]) - 1]} . . ."
            for p in range(100, 100 + step * count, step)
        )
        (tmp_path / "in.vcf").write_text(vcf_text(rows, {"c": letters}))
        command = [
            sys.executable,
            "-c",
            MEASURE,
            "annotate",
            tmp_path / "in.vcf",
            "--fasta",
            fasta,
            "--model-repo",
            toy_repo,
            "--model",
            "gc",
            "--threads",
            "1",
            "-o",
            tmp_path / out,
            "--summary",
            tmp_path / "run.json",
        ]
        done = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True)
        assert json.loads((tmp_path / "run.json").read_text())["alts"] == count
        peaks[count] = int(done.stderr.split()[-1])
    assert peaks[200_000] < 1.1 * peaks[10_000]
    assert peaks[10_000] > 20_000  # KiB: it is this program's
