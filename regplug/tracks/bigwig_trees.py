"""The two trees of a bigWig: contigs by name (B+), and blocks of data by place (R), as bytes.

A node is a byte, whether it is a leaf, a byte of 0, the number of its items, and the items; those
of inner nodes are offsets of the nodes below. The root stands first, the leaves last.
Source: Kent et al. 2010, supplement, tables 8-11 and 14-17.
"""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

NODE = 256  # items
BLOCK = np.dtype([("chrom", "<u4"), ("start", "<u4"), ("end", "<u4"), ("size", "<u4")])
_LEAF = np.dtype(
    [(name, "<u4") for name in ("chrom", "start", "last", "end")]
    + [(name, "<u8") for name in ("offset", "size")]
)

Blocks = NDArray[Any]  # of BLOCK: contigs by number, bases 0-based and half-open, bytes in the file


def contig_tree(contigs: Mapping[str, int], at: int) -> bytes:
    """Return the tree of contigs (name → length), numbered as they come; `at` is its offset."""
    names = [name.encode() for name in contigs]
    width = max(map(len, names), default=1)
    item = np.dtype([("name", f"S{width}"), ("number", "<u4"), ("length", "<u4")])
    leaves = np.array([*zip(names, range(len(names)), contigs.values(), strict=True)], item)
    head = struct.pack("<IIIIQQ", 0x78CA8C91, NODE, width, 8, len(names), 0)
    inner = np.dtype([("name", f"S{width}"), ("offset", "<u8")])
    levels = [np.sort(leaves, order="name")]
    while len(levels[-1]) > NODE:
        above = np.empty(len(levels[-1][::NODE]), inner)
        above["name"] = levels[-1]["name"][::NODE]
        levels.append(above)
    return head + _nodes(levels, at + len(head))


def block_tree(blocks: Blocks, first: int, items: int, at: int) -> bytes:
    """Return the index of blocks that stand one after another from `first` on.

    Args:
        blocks: in the order of the genome.
        first: their offset in the file.
        items: in a block, at most.
        at: the tree's own offset.
    """
    leaves = np.empty(len(blocks), _LEAF)
    leaves["chrom"] = leaves["last"] = blocks["chrom"]
    leaves["start"], leaves["end"] = blocks["start"], blocks["end"]
    leaves["size"] = blocks["size"]
    ends = first + np.cumsum(blocks["size"], dtype=np.uint64)
    leaves["offset"] = ends - blocks["size"]
    levels: list[NDArray[Any]] = [leaves]
    inner = np.dtype(_LEAF.descr[:5])
    while len(levels[-1]) > NODE:
        below = levels[-1]
        above = np.empty(len(below[::NODE]), inner)
        last = np.minimum(np.arange(1, len(above) + 1) * NODE, len(below)) - 1
        for name in ("chrom", "start"):
            above[name] = below[name][::NODE]
        for name in ("last", "end"):
            above[name] = below[name][last]
        levels.append(above)
    place = [0, 0, 0, 0]
    if len(leaves):
        place = [
            int(number) for number in (*leaves[0][["chrom", "start"]], *leaves[-1][["last", "end"]])
        ]
    head = struct.pack("<IIQIIIIQII", 0x2468ACE0, NODE, len(leaves), *place, at, items, 0)
    return head + _nodes(levels, at + len(head))


def _nodes(levels: list[NDArray[Any]], at: int) -> bytes:
    """Return the nodes of a tree's levels, leaves first; those above are given their offsets."""
    parts: list[bytes] = []
    for depth in range(len(levels) - 1, -1, -1):
        items = levels[depth]
        nodes = [items[first : first + NODE] for first in range(0, max(1, len(items)), NODE)]
        if depth:  # the level below stands behind this one
            below = levels[depth - 1]
            behind = at + 4 * len(nodes) + items.nbytes
            each = 4 + NODE * below.itemsize
            items["offset"] = behind + each * np.arange(len(items))
            at = behind
        parts += [struct.pack("<BBH", not depth, 0, len(node)) + node.tobytes() for node in nodes]
    return b"".join(parts)
