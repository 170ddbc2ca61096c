"""Tracks of imported files hold what Keras itself answered (make_real.py), softmax times counts."""

import zipfile
from pathlib import Path

import numpy as np
import pybigtools
import pytest

from regplug.genome.codes import decode
from regplug.scoring.alleles import column
from tests.toy_genomes import vcf_text, write_fasta

pytest.importorskip("h5py")


@pytest.mark.parametrize("name", ["nobias", "bpnet", "odd"])
def test_reads_are_those_of_keras(regplug, tmp_path, name):
    """One strand, and two whose logits share a softmax, as bpnet-refactor's predict has them."""
    with zipfile.ZipFile(Path(__file__).with_name("real.zip")) as zipped:
        zipped.extractall(tmp_path)
    held = np.load(tmp_path / f"{name}.npz")
    done = regplug(
        *("models", "import", "bpnet", tmp_path / f"{name}.h5", "--name", "mine"),
        *("-o", tmp_path / "repo", "--snvs", 30, "--strand", "none"),
    )
    assert done.status == 0, done.err
    letters = [decode(codes) for codes in held["codes"]]
    window, bases = len(letters[0]), held["profile"].shape[1]
    at, first = column(window), (window - bases) // 2
    shown = [
        number for number, text in enumerate(letters)
        if text.count("N") < window / 10 and text[at] != "N"
    ]  # fmt: skip
    contigs = {f"c{number}": letters[number] for number in shown}
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    records = [f"{c} {at + 1} . {text[at]} {other[text[at]]} . . ." for c, text in contigs.items()]
    (tmp_path / "in.vcf").write_text(vcf_text(records, contigs))
    done = regplug(
        *(
            "track",
            "--vcf",
            tmp_path / "in.vcf",
            "--model",
            "mine",
            "--model-repo",
            tmp_path / "repo",
        ),
        *("--fasta", write_fasta(tmp_path / "g.fa", contigs), "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    with pybigtools.open(str(tmp_path / "out" / "counts.ref.bw")) as file:
        assert len(shown) >= 3
        for number in shown:
            logits = held["profile"][number].reshape(bases, -1).astype(np.float64)
            shares = np.exp(logits) / np.exp(logits).sum()
            wanted = shares.sum(1) * np.exp(held["counts"][number, 0])
            found = np.array(file.values(f"c{number}", 0, window, fillna=np.nan))
            np.testing.assert_allclose(found[first : first + bases], wanted, rtol=1e-4)
            assert np.isnan(found).sum() == window - bases
