"""A kind of file: its sound ones, where a damaged one is put, and what reads it."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.mutate import TEXT, Mutator
from tests.fuzz.world import World, bgzipped, unpacked

Reads = list[str] | Callable[[Path], object]  # arguments of the command line, or a function of it


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        seeds: sound files, which mutations begin with.
        reads: returns, for the world and the case's folder, what reads the file there.
        name: of the file in that folder.
        beside: puts what else it needs there; called before the file is written.
        after: called after it, such as to renew a check sum.
        mutators: what is done to the bytes.
        packed: True if the bytes are what a BGZF file holds; half of the files are damaged inside.
    """

    seeds: Callable[[World], Sequence[bytes]]
    reads: Callable[[World, Path], Reads]
    name: str
    beside: Callable[[World, Path], object] = lambda world, case: None
    after: Callable[[Path], object] = lambda case: None
    mutators: Sequence[Mutator] = field(default_factory=lambda: TEXT)
    packed: bool = False

    def place(self, world: World, case: Path, data: bytes) -> None:
        """Write the case."""
        (case / "out").mkdir(parents=True)
        self.beside(world, case)
        (case / self.name).write_bytes(data)
        self.after(case)

    def damaged(self, world: World, data: bytes, random: Random, mutate: Callable) -> bytes:
        """Return the file damaged; a packed one inside or outside."""
        if self.packed and random.random() < 0.7:
            try:
                return bgzipped(mutate(unpacked(data)), world.folder)
            except (OSError, EOFError):
                pass  # of two that were spliced
        return mutate(data)


def annotate(vcf: str, *more: str, fasta: str = "{world}/genome.fa", repo: str = "{world}/models"):
    """Return the arguments of an annotation by a toy model."""
    return line(
        *("annotate", vcf, "--fasta", fasta, "--model-repo", repo, "--threads", "1"),
        *("-o", "{case}/out/out.vcf", "--model", "place", *more),
    )


def line(*arguments: str) -> Callable[[World, Path], Reads]:
    return lambda world, case: [a.format(world=world.folder, case=case) for a in arguments]


def function(read: Callable[[Path], object]) -> Callable[[World, Path], Reads]:
    return lambda world, case: read


def copy_of(*names: str) -> Callable[[World, Path], object]:
    def copy(world: World, case: Path) -> None:
        for name in names:
            source = world.folder / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, case / name)

    return copy


def files(*names: str) -> Callable[[World], list[bytes]]:
    return lambda world: [world.read(name) for name in names]


def text(text: str) -> Callable[[World], list[bytes]]:
    return lambda world: [text.encode()]
