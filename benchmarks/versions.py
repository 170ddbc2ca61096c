r"""What did a new version of a model change, and what does it cost?

    python -m benchmarks.versions OLD/open_chromatin NEW/open_chromatin \
        --fasta hg19.fa.gz --regions-file stretches.bed [--windows 2048] [--rounds 5]

OLD and NEW are repositories. Of the outputs that both have: how many numbers differ, and by how
much, on random windows, such with unknown bases, and windows of a genome's regions, in batches of
three sizes. Then the processor time of the new, in units of the old: of random windows, and of SNVs
at the densities of benchmarks.variants_fast, scored together as `regplug annotate` does. The two
take turns, on one thread; the least of the rounds counts.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.variants_fast import DENSITIES, Network, _alleles
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.regions import read_bed
from regplug.genome.variant import Interval
from regplug.models.embedded import Embedded
from regplug.models.export import random_codes
from regplug.scoring.backend import Backend
from regplug.scoring.pairs import pair_predictions

BATCHES = (1, 7, 512)
TOGETHER = 256  # batches
COMPARED, TIMED = 2048, 512  # windows


def main() -> None:
    """Compare, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--fasta", type=Path, required=True)
    parser.add_argument("--regions-file", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=COMPARED)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with (
        closing(Embedded(options.old, threads=1)) as old,
        closing(Embedded(options.new, threads=1)) as new,
    ):
        window = new.card.window or 0
        if old.card.window != window:
            raise SystemExit("the two read windows of different lengths")
        regions = read_bed(str(options.regions_file))
        compared = windows(options.fasta, regions, window, options.windows)
        for line in differences(old, new, compared):
            print(line)
        for name, work in tasks(window):
            print(f"{name}: {ratio(partial(work, old), partial(work, new), options.rounds):.2f}")


def windows(fasta: Path, regions: Sequence[Interval], width: int, count: int) -> dict[str, Codes]:
    """Return windows (count, width) by what they are; those of a genome lie in its regions."""
    rng = np.random.default_rng(0)
    drawn = random_codes(rng, count, width)
    unknown = np.where(rng.random(drawn.shape) < 0.05, 4, drawn).astype(np.uint8)
    room = np.array([max(0, one.end - one.start - width + 1) for one in regions])
    real: list[Codes] = []
    with Genome(fasta) as genome:
        for at in rng.choice(len(regions), count, p=room / room.sum()):
            start = regions[at].start + int(rng.integers(room[at]))
            real.append(genome.codes(Interval(regions[at].chrom, start, start + width)))
    return {"random": drawn, "random, with unknown bases": unknown, "real": np.stack(real)}


def differences(old: Backend, new: Backend, sets: Mapping[str, Codes]) -> Iterator[str]:
    """Yield a line for each set of windows: how far outputs of one name are from each other."""
    both = [label for label in old.card.labels if label in new.card.labels]
    columns = [[card.labels.index(label) for label in both] for card in (old.card, new.card)]
    for name, codes in sets.items():
        apart, furthest = 0, 0.0
        for size in BATCHES:
            some = codes[: size * TOGETHER]
            before, after = (
                np.concatenate(
                    [
                        backend.predict(some[at : at + size])[:, of]
                        for at in range(0, len(some), size)
                    ]
                )
                for backend, of in zip((old, new), columns, strict=True)
            )
            apart += int((before.view(np.uint32) != after.view(np.uint32)).sum())
            furthest = max(furthest, float(abs(before - after).max()))
        sizes = ", ".join(map(str, BATCHES))
        yield (
            f"{len(codes)} windows, {name}, in batches of {sizes}: {len(both)} outputs, "
            f"{apart} numbers differ, by {furthest:.1e} at most"
        )


def tasks(window: int) -> Iterator[tuple[str, Callable[[Backend], object]]]:
    """Yield what is timed: a name, and the work that a backend does."""
    codes = random_codes(np.random.default_rng(1), TIMED, window)
    yield f"{TIMED} windows", lambda backend: backend.predict(codes)
    for density, every in DENSITIES.items():
        alleles = _alleles(window, every, Network(Path(), 256, 128))
        yield f"SNVs, {density}", lambda backend, of=alleles: pair_predictions(of, backend)


def ratio(old: Callable[[], object], new: Callable[[], object], rounds: int) -> float:
    """Return the new work's least processor time in units of the old's; the two take turns."""
    least = [np.inf, np.inf]
    for number in range(rounds + 1):
        for at, work in enumerate((old, new)):
            began = time.process_time()
            work()
            if number:  # the first makes what is made once
                least[at] = min(least[at], time.process_time() - began)
    return float(least[1] / least[0])


if __name__ == "__main__":
    main()
