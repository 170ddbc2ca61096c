"""Single-base changes in and beside known binding sites of yeast, and what a model says of them.

    python -m benchmarks.yeast_sites samples.tsv --fasta sacCer3.fa.gz --contig chrXIII -o sites.vcf
    regplug annotate sites.vcf --fasta sacCer3.fa.gz --model yeast --all-targets -o annotated.vcf.gz
    python -m benchmarks.yeast_sites annotated.vcf.gz --model yeast

The first makes the VCF: of each peak's best placement of its protein's motif (JASPAR's fungi)
within NEAR bases, if it has SHARE of the bits that the motif can have, three SNVs. `break` puts the
base that loses most bits, `keep` the one that changes them least, `beside` changes the base OUTSIDE
bases before the motif (A and G, C and T change places). REF is the FASTA's base.
The last prints, per protein, how its tag answers.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.data.measure.metrics import auroc
from regplug.data.sites.parts import ContigSplit
from regplug.data.sites.samples import Settings, read_peaks, read_samples
from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.motifs.matches import jaspar
from regplug.motifs.motif import Frequencies, Motif

NEAR = 25  # bases from a peak to a motif's middle
SHARE = 0.7
OUTSIDE = 8
LEAST = 0.01  # frequency of a base, so that its logarithm is finite
KINDS = ("break", "keep", "beside")
TRANSITION = (2, 3, 0, 1)  # A C G T → G T A C


class Change(NamedTuple):
    """A single-base change: 0-based start, codes of REF and ALT."""

    start: int
    ref: int
    alt: int


def main() -> None:
    """Write the VCF, or print what a model says of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path, help="samples.tsv, or the annotated VCF")
    parser.add_argument("--fasta", type=Path)
    parser.add_argument("--contig", default="chrXIII")
    parser.add_argument("--model", default="yeast")
    parser.add_argument("-o", "--output", type=Path, help="write the VCF")
    options = parser.parse_args()
    if options.output is None:
        measure(options.input, options.model)
        return
    with Genome(options.fasta) as genome:
        lines = sorted(records(options.input, genome, options.contig))
        length = genome.lengths[options.contig]
    header = [
        "##fileformat=VCFv4.3",
        f"##contig=<ID={options.contig},length={length},assembly=sacCer3>",
        '##INFO=<ID=PROTEIN,Number=1,Type=String,Description="Whose motif is there">',
        '##INFO=<ID=KIND,Number=1,Type=String,Description="break, keep or beside">',
        '##INFO=<ID=BITS,Number=1,Type=Float,Description="Change of the motif\'s bits">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    text = [
        f"{options.contig}\t{start + 1}\t.\t{'ACGT'[ref]}\t{'ACGT'[alt]}\t.\t.\t{info}"
        for start, ref, alt, info in lines
    ]
    options.output.write_text("\n".join([*header, *text]) + "\n")


def records(samples: Path, genome: Genome, contig: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield start, REF and ALT (codes) and INFO of the changes at the sites of `contig`."""
    known: dict[str, Motif] = {}
    for motif in jaspar("fungi").motifs:
        known.setdefault(motif.also.upper(), motif)
    at = list(genome.lengths).index(contig)
    settings = Settings(split=ContigSplit((), ()), length=200)
    for sample in read_samples(samples):
        if sample.name.upper() not in known:
            continue
        bits = weights(known[sample.name.upper()].frequencies)
        peaks = read_peaks(sample.path, genome, settings, summits=True)
        found = {site(genome, contig, c, bits) for c in peaks.centres[peaks.contigs == at].tolist()}
        for start, reverse in sorted(place for place in found if place):
            turned = bits[::-1, ::-1] if reverse else bits
            around = Interval(contig, start - OUTSIDE, start + len(bits))
            codes = genome.codes(around)
            for kind, change in changes(codes, turned).items():
                moved = turned[change.start - OUTSIDE] if change.start >= OUTSIDE else np.zeros(4)
                info = f"PROTEIN={sample.name};KIND={kind}"
                gained = moved[change.alt] - moved[change.ref]
                yield (
                    around.start + change.start,
                    change.ref,
                    change.alt,
                    f"{info};BITS={gained:.3f}",
                )


def weights(frequencies: Frequencies) -> NDArray[np.float64]:
    """Return the bits of each base at each position, shape (width, 4)."""
    raised = frequencies.clip(LEAST)
    return np.log2(4 * raised / raised.sum(axis=1, keepdims=True))


def site(
    genome: Genome, contig: str, centre: int, bits: NDArray[np.float64]
) -> tuple[int, bool] | None:
    """Return start and strand (True: reverse) of the best placement near a peak, or None."""
    width = len(bits)
    low = centre - NEAR - width // 2
    codes = genome.codes(Interval(contig, low, low + 2 * NEAR + width))
    if low < OUTSIDE or (codes == UNKNOWN).any():
        return None
    under = sliding_window_view(codes, width)  # (2 * NEAR + 1, width)
    both = np.stack([table[np.arange(width), under].sum(1) for table in (bits, bits[::-1, ::-1])])
    strand, place = np.unravel_index(both.argmax(), both.shape)
    if both.max() < SHARE * bits.max(axis=1).sum():
        return None
    return low + int(place), bool(strand)


def changes(codes: Codes, bits: NDArray[np.float64]) -> dict[str, Change]:
    """Return the change of each kind.

    Args:
        codes: the motif's bases behind OUTSIDE others.
        bits: of the motif as it lies there, shape (width, 4).
    """
    inside = codes[OUTSIDE:]
    lost = bits - bits[np.arange(len(bits)), inside][:, None]  # (width, 4)
    lost[np.arange(len(bits)), inside] = np.nan  # REF itself
    worst, least = int(np.nanargmin(lost)), int(np.nanargmin(np.abs(lost)))
    made = {
        kind: Change(OUTSIDE + at // 4, int(inside[at // 4]), at % 4)
        for kind, at in (("break", worst), ("keep", least))
    }
    return made | {"beside": Change(0, int(codes[0]), TRANSITION[codes[0]])}


def measure(path: Path, model: str) -> None:
    """Print how a protein's own tag answers each kind of change, and which tag answers most."""
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    tops: dict[str, list[str]] = defaultdict(list)
    prefix = f"RP_{model.upper()}_"
    with pysam.VariantFile(str(path)) as file:
        for record in file:
            protein, kind = record.info["PROTEIN"], record.info["KIND"]
            if (tag := f"{prefix}{protein.upper()}") not in file.header.info:
                raise SystemExit(f"{path} has no {tag}: annotate it with --all-targets")
            scores[protein][kind].append(record.info[tag][0])
            if kind == "break":
                tops[protein].append(record.info[f"{prefix}_TOP"][0])
    print("| protein | sites | break | keep | beside | lowered | AUROC | its tag moves most |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for protein, kinds in scores.items():
        print(row(protein, [np.array(kinds[kind]) for kind in KINDS], tops[protein]))


def row(protein: str, found: Sequence[NDArray[np.float64]], tops: Sequence[str]) -> str:
    """Return a protein's row: means, breaks that lower it, their AUROC, how often it is `__TOP`."""
    broken, *others = found
    rest = np.concatenate(others)
    opened = np.repeat([1, 0], [len(broken), len(rest)])
    area = auroc(opened, -np.concatenate([broken, rest]))
    cells = [f"{values.mean():+.3f}" for values in found]
    first = sum(top == protein for top in tops) / len(tops)
    lowered = (broken < 0).mean()
    return (
        f"| {protein} | {len(broken)} | {' | '.join(cells)} | {lowered:.0%} | {area:.3f} "
        f"| {first:.0%} |"
    )


if __name__ == "__main__":
    main()
