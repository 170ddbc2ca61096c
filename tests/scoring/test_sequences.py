import gzip
from contextlib import closing

import numpy as np
import pytest

from regplug.errors import SequenceError
from regplug.models.embedded import Embedded
from regplug.scoring.sequences import predict_sequences, read_fasta
from tests.toy_models import gc_model

FASTA = ">a first\nACGT\nGG\n>b\nacgu\n>c\nNNNNNN\n"
SEQUENCES = [("a", "ACGTGG"), ("b", "acgu"), ("c", "NNNNNN")]


@pytest.mark.parametrize("name", ["a.fa", "a.fa.gz"])
def test_read_fasta(tmp_path, name):
    data = FASTA.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert list(read_fasta(str(tmp_path / name))) == SEQUENCES


def test_read_fastq(tmp_path):
    (tmp_path / "a.fq").write_text("@r\nACGT\n+\nIIII\n")
    assert list(read_fasta(str(tmp_path / "a.fq"))) == [("r", "ACGT")]


@pytest.mark.parametrize("content", [b"", b"no fasta\n", b">a\n\n>b\nAC\n", bytes(range(256)) * 9])
def test_what_is_no_fasta(tmp_path, content):
    (tmp_path / "odd.fa").write_bytes(content)
    with pytest.raises(SequenceError, match=r"odd\.fa"):
        list(read_fasta(str(tmp_path / "odd.fa")))


def test_truncated(tmp_path):
    letters = np.random.default_rng(0).choice(list("ACGT"), 100_000)
    whole = gzip.compress(b">a\n" + "".join(letters).encode() + b"\n>b\nAC\n")
    (tmp_path / "cut.fa.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SequenceError, match=r"cut\.fa\.gz"):
        list(read_fasta(str(tmp_path / "cut.fa.gz")))


def test_no_such_file(tmp_path):
    with pytest.raises(SequenceError, match=r"none\.fa"):
        list(read_fasta(str(tmp_path / "none.fa")))


def test_any_length_in_any_order(tmp_path):
    gc_model(tmp_path, window=None, max_batch_size=2)
    with closing(Embedded(tmp_path / "gc", threads=1)) as backend:
        scores = predict_sequences(["GG", "ACGTG", "AT", "NN", "CA", "TTTTT"], backend)
    assert scores.tolist() == [[2, 4], [3, 6], [0, 0], [1, 2], [1, 2], [0, 0]]


def test_a_window_is_kept_to(tmp_path):
    gc_model(tmp_path, window=3)
    with closing(Embedded(tmp_path / "gc", threads=1)) as backend:
        assert predict_sequences(["ACG"], backend).tolist() == [[2, 4]]
        with pytest.raises(SequenceError, match="gc reads 3 bases, a sequence has 4"):
            predict_sequences(["ACG", "ACGT"], backend)
