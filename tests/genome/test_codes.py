import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regplug.genome.codes import decode, encode, reverse_complement

LETTERS = st.text("ACGTN")


def test_encode_numbers_the_letters():
    assert encode("ACGTUNacgtun").tolist() == [0, 1, 2, 3, 3, 4, 0, 1, 2, 3, 3, 4]
    assert encode("RYK-*.é").tolist() == [4] * 7
    assert encode("").shape == (0,)


def test_encode_takes_bytes():
    assert encode(b"GATTACA").tolist() == encode("GATTACA").tolist()


@given(LETTERS)
def test_decode_undoes_encode(letters):
    assert decode(encode(letters)) == letters


@given(LETTERS)
def test_reverse_complement_is_an_involution(letters):
    codes = encode(letters)
    assert np.array_equal(reverse_complement(reverse_complement(codes)), codes)


def test_reverse_complement_of_rows():
    rows = np.stack([encode("AACGN"), encode("TTTTT")])
    assert [decode(row) for row in reverse_complement(rows)] == ["NCGTT", "AAAAA"]
