import numpy as np
import pytest

from regplug.errors import MotifError
from regplug.motifs.meme import DNA, RNA, read_meme, write_meme
from regplug.motifs.motif import Motif

ONE = Motif("one", np.array([[1.0, 0, 0, 0], [0.25, 0.25, 0.5, 0]]), 12, "also this")
TWO = Motif("two", np.array([[1 / 3, 1 / 3, 1 / 3, 0]]))
NONE = Motif("none", np.empty((0, 4)))

GOOD = """MEME version 4

ALPHABET= ACGT

MOTIF M1 name
letter-probability matrix: alength= 4 w= 2 nsites= 7.6 E= 0
 1 0 0 0
 0.1\t0.2 0.3 0.4
URL http://somewhere
"""


@pytest.mark.parametrize("letters", [DNA, RNA])
def test_round_trip(tmp_path, letters):
    path = tmp_path / "a.meme"
    write_meme(path, [ONE, NONE, TWO], letters=letters)
    alphabet, motifs = read_meme(path)
    assert alphabet == letters
    assert [(m.name, m.also, m.sites) for m in motifs] == [("one", "also this", 12), ("two", "", 0)]
    for motif, written in zip(motifs, (ONE, TWO), strict=True):
        np.testing.assert_allclose(motif.frequencies, written.frequencies, atol=1e-6)


def test_memelite_reads_it(tmp_path):
    read = pytest.importorskip("memelite.io").read_meme
    write_meme(tmp_path / "a.meme", [ONE, TWO])
    motifs = read(tmp_path / "a.meme")
    assert list(motifs) == ["one also this", "two"]
    np.testing.assert_allclose(motifs["one also this"], ONE.frequencies.T)


def test_a_file_of_another_program(tmp_path):
    (tmp_path / "a.meme").write_text(GOOD)
    letters, [motif] = read_meme(tmp_path / "a.meme")
    assert (letters, motif.name, motif.also, motif.sites) == (DNA, "M1", "name", 8)
    np.testing.assert_allclose(motif.frequencies, [[1, 0, 0, 0], [0.1, 0.2, 0.3, 0.4]])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MEME version 4", "MEMO", "first line is not 'MEME version"),
        ("ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY", "its alphabet is ACDEF"),
        ("MOTIF M1 name", "", "no line MOTIF"),
        ("MOTIF M1 name", "MOTIF", "line 5 has no name"),
        ("letter-probability matrix", "log-odds matrix", "no matrix"),
        (" 1 0 0 0\n", "", "M1 has 1 rows where its matrix asks for 2"),
        ("0.3 0.4", "0.3", "line 8 is not four numbers"),
        ("0.3 0.4", "0.3 x", "line 8 is not four numbers"),
        ("0.3 0.4", "0.3 0.9", "line 8 is not four frequencies that sum to 1"),
        ("0.3 0.4", "0.9 -0.2", "line 8 is not four frequencies that sum to 1"),
        ("0.3 0.4", "0.3 nan", "line 8 is not four frequencies that sum to 1"),
    ],
)
def test_damaged(tmp_path, old, new, message):
    path = tmp_path / "a.meme"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(MotifError, match=message) as caught:
        read_meme(path)
    assert str(path) in str(caught.value)
    assert "Give a file in MEME's" in str(caught.value)


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(MotifError, match="No such file"):
        read_meme(tmp_path / "no.meme")
    (tmp_path / "a.meme").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MotifError, match="not a text file"):
        read_meme(tmp_path / "a.meme")
