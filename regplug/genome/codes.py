"""Bases as numbers: uint8 codes, A C G T = 0 1 2 3, anything else 4."""

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

UNKNOWN = 4
LETTERS = b"ACGTN"

_CODE_OF = np.full(256, UNKNOWN, np.uint8)
for _letters, _code in ((b"Aa", 0), (b"Cc", 1), (b"Gg", 2), (b"TtUu", 3)):
    _CODE_OF[list(_letters)] = _code
_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN], np.uint8)
_LETTER_OF = np.frombuffer(LETTERS, np.uint8)


def encode(letters: str | bytes) -> Codes:
    """Return the codes of `letters`, shape (len(letters),); lower case is upper case, U is T."""
    raw = letters.encode("ascii", "replace") if isinstance(letters, str) else letters
    return _CODE_OF[np.frombuffer(raw, np.uint8)]


def decode(codes: Codes) -> str:
    """Return the letters of `codes`, shape (n,), in upper case; N for an unknown base."""
    return _LETTER_OF[codes].tobytes().decode("ascii")


def reverse_complement(codes: Codes) -> Codes:
    """Return the other strand of `codes`, shape (..., width), read in its own direction."""
    other: Codes = _COMPLEMENT[codes[..., ::-1]]
    return other
