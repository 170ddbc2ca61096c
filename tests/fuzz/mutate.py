"""Damage to files: the same seed gives the same bytes."""

import re
import struct
from collections.abc import Callable, Sequence
from random import Random

Mutator = Callable[[bytes, Random], bytes]

# Numbers at which counts, offsets and sizes break, and text that is nearly a number.
NUMBERS = [-1, 0, 1, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 10**9, 2**63 - 1, 2**63, 10**30]
TEXTS = [
    *(str(number).encode() for number in NUMBERS),
    *(
        b"",
        b".",
        b"nan",
        b"inf",
        b"-0",
        b"1e999",
        b"0x10",
        b"1_000",
        b"1.5",
        b"+",
        b"-",
        b"*",
        b"<>",
    ),
    *("² ٣ ① é \u2028 \x85 \ufeff".encode().split(b" ")),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\x1b[2J",
        b"../../x",
        b"/etc/hostname",
        b"null",
        b"true",
        b"[]",
        b"{}",
    ),
    b"A" * 5000,
    b"9" * 5000,
    b"[" * 3000,
]
SEPARATORS = [b"\t", b" ", b"\n", b"\r\n", b"\r", b"\x0b", b"\x0c", b"\x1c", b";", b",", b":", b"="]
_TOKEN = re.compile(rb"[A-Za-z0-9_.+-]+")
_SEPARATOR = re.compile(rb"[\t \n;,:=]")


def mutated(
    data: bytes, random: Random, seeds: Sequence[bytes], mutators: Sequence[Mutator]
) -> bytes:
    """Return `data` after one to four mutations, or spliced with another seed."""
    for _ in range(random.choice([1, 1, 1, 2, 3, 4])):
        if random.random() < 0.05:
            data = _spliced(data, random.choice(seeds), random)
        data = random.choice(mutators)(data, random)
    return data


def flipped(data: bytes, random: Random) -> bytes:
    """Return `data` with a few bytes changed."""
    changed = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 8])):
        if changed:
            at = random.randrange(len(changed))
            changed[at] = random.choice(
                [changed[at] ^ 1 << random.randrange(8), 0, 255, 10, 9, 127]
            )
    return bytes(changed)


def cut(data: bytes, random: Random) -> bytes:
    """Return `data` without its end, or without a stretch."""
    start = random.randrange(len(data) + 1)
    end = len(data) if random.random() < 0.5 else start + random.randint(1, 64)
    return data[:start] + data[end:]


def repeated(data: bytes, random: Random) -> bytes:
    """Return `data` with a stretch of it put in elsewhere."""
    start = random.randrange(len(data) + 1)
    stretch = data[start : start + random.choice([1, 4, 30, 500])]
    at = random.randrange(len(data) + 1)
    return data[:at] + stretch * random.choice([1, 1, 50]) + data[at:]


def numbered(data: bytes, random: Random) -> bytes:
    """Return `data` with an odd number of 1 to 8 bytes written over it."""
    size, code = random.choice([(1, "B"), (2, "H"), (4, "I"), (8, "Q")])
    number = random.choice(NUMBERS) % 256**size
    at = random.randrange(len(data) + 1)
    packed = struct.pack(random.choice("<>") + code, number)
    return data[:at] + packed + data[at + size :]


def token(data: bytes, random: Random) -> bytes:
    """Return text with a word or number changed to an odd one, or to another of the text."""
    found = list(_TOKEN.finditer(data))
    if not found:
        return flipped(data, random)
    old = random.choice(found)
    new = random.choice(found)[0] if random.random() < 0.3 else random.choice(TEXTS)
    return data[: old.start()] + new + data[old.end() :]


def separator(data: bytes, random: Random) -> bytes:
    """Return text with a separator changed to another."""
    found = list(_SEPARATOR.finditer(data))
    if not found:
        return flipped(data, random)
    old = random.choice(found)
    return data[: old.start()] + random.choice(SEPARATORS) + data[old.end() :]


def lines(data: bytes, random: Random) -> bytes:
    """Return text with a line left out, doubled, or moved."""
    rows = data.split(b"\n")
    row = rows.pop(random.randrange(len(rows)))
    for _ in range(random.choice([0, 1, 2])):
        rows.insert(random.randint(0, len(rows)), row)
    return b"\n".join(rows)


def _spliced(data: bytes, other: bytes, random: Random) -> bytes:
    """Return the begin of one file and the end of another."""
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


BYTES: list[Mutator] = [flipped, cut, repeated, numbered]
TEXT: list[Mutator] = [token, token, separator, lines, flipped, cut, repeated]
