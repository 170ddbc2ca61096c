"""What bpnet-lite says of a ChromBPNet's file, beside a VCF and bigWigs that regplug wrote of it.

Windows are those of `regplug.scoring.alleles`, stitched base by base; the strands are joined as the
card says: counts averaged as counts, logits as logits.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import cyvcf2
import numpy as np
import pyBigWig

from regplug.genome.codes import Codes, reverse_complement
from regplug.genome.fasta import Genome
from regplug.genome.regions import parse_regions
from regplug.genome.variant import Interval, Status
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.examined import Examined, examine
from regplug.vcf.records import VariantReader, variants_of

SIZES = {"filters": 512, "dilated": 8, "window": 2114, "bases": 1000}  # Pampari et al. 2024
WINDOW, BASES = SIZES["window"], SIZES["bases"]
NAME, TAG = "k562_atac", "RP_K562_ATAC_COUNTS"
SCORES = ("diff", "ref", "alt", "logfc", "jsd")
Answers = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]  # log counts (n,), logits (n, bases)


class Asked(NamedTuple):
    """What the outputs are of: a genome, variants in it, and a region."""

    fasta: Path
    vcf: Path
    region: str


class Off(dict[str, float]):
    """Largest differences, by what was compared; printed as they are noted."""

    def note(self, what: str, difference: float, of: str) -> None:
        """Keep and print a difference, and what it is to be compared with."""
        self[what] = difference
        print(f"{what}: {difference:.1e} of {of}", flush=True)


class BpnetLite:
    """The network as bpnet-lite reads the file, of both strands, in float64."""

    def __init__(self, file: Path) -> None:
        import torch
        from bpnetlite.bpnet import BPNet

        torch.set_num_threads(1)
        self._torch = torch
        self._network = BPNet.from_chrombpnet(file).eval().double()
        self._network.trimming = (WINDOW - BASES) // 2

    def __call__(self, codes: Codes) -> Answers:
        """Return the log of the strands' mean counts, and mean logits, of codes (n, window)."""
        found = [self._strand(rows) for rows in (codes, reverse_complement(codes))]
        (plus, forward), (minus, backward) = found
        counts = np.logaddexp(plus, minus) - np.log(2)
        return counts, (forward + backward[:, ::-1]) / 2

    def _strand(self, codes: Codes) -> Answers:
        table = np.vstack([np.eye(4), np.zeros((1, 4))])
        counts, logits = [], []
        with self._torch.no_grad():
            for row in codes:
                letters = self._torch.from_numpy(table[row].T[None].copy())
                profile, count = self._network(letters)
                counts.append(float(count[0, 0]))
                logits.append(profile[0, 0].numpy())
        return np.array(counts), np.array(logits)


def reads(answers: Answers) -> np.ndarray[Any, Any]:
    """Return softmax(logits) * exp(log counts), (n, bases)."""
    counts, logits = answers
    powers = np.exp(logits - logits.max(1, keepdims=True))
    shares: np.ndarray[Any, Any] = powers / powers.sum(1, keepdims=True) * np.exp(counts)[:, None]
    return shares


def truth(net: BpnetLite, made: Mapping[str, Path], asked: Asked, off: Off) -> None:
    """Note the largest differences of VCF and bigWigs from bpnet-lite."""
    with closing(Genome(asked.fasta)) as genome, closing(VariantReader(str(asked.vcf))) as vcf:
        variants = [one for record in vcf for one in variants_of(record)]
        examined = [examine(variant, genome) for variant in variants]
        scored = [one for one in examined if one.status is Status.OK]
        alleles = encode_alleles(scored, genome, window=WINDOW)
        sides = [net(codes) for codes in (alleles.ref, alleles.alt)]
        ref, alt = (_by_allele(counts, alleles.owner) for counts, _ in sides)
        wanted = {"ref": ref, "alt": alt, "diff": alt - ref, "logfc": (alt - ref) / np.log(2)}
        rows = [row for record in cyvcf2.VCF(str(made["vcf"])) for row in tags(record)]
        for score, values in wanted.items():
            found = np.array([row[score] for row in rows if row["ref"] is not None])
            off.note(f"VCF, {score}", float(abs(found - values).max()), f"{abs(values).max():.3g}")
        snv = [len(one.variant.ref) == len(one.variant.alt) for one in scored]
        of_snv = [at for at, owner in enumerate(alleles.owner.tolist()) if snv[owner]]
        apart = [distance(*(reads((s[0][[at]], s[1][[at]]))[0] for s in sides)) for at in of_snv]
        found = np.array([row["jsd"] for row in rows if row["ref"] is not None])[snv]
        off.note("VCF, jsd of SNVs", float(abs(found - apart).max()), f"{max(apart):.3g}")
        _variant_tracks(made["around"], scored, alleles.owner, sides, off)
        (region,) = parse_regions(asked.region, genome.lengths)
        _region_track(net, made["region"], region, genome, off)


def distance(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> float:
    """Return the Jensen-Shannon distance, base 2, as SciPy has it."""
    from scipy.spatial.distance import jensenshannon

    return float(jensenshannon(p, q, base=2))


def _by_allele(values: np.ndarray[Any, Any], owner: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array([values[owner == one].mean() for one in np.unique(owner)])


def tags(record: Any) -> Iterator[dict[str, float | None]]:
    """Yield the scores of each ALT of a record; None where it was not scored."""
    names = {score: TAG + ("" if score == "diff" else f"__{score.upper()}") for score in SCORES}
    columns = {score: np.ravel(record.INFO.get(name)) for score, name in names.items()}
    for at in range(len(record.ALT)):
        yield {score: column[at] for score, column in columns.items()}


def _variant_tracks(
    folder: Path,
    scored: Sequence[Examined],
    owner: np.ndarray[Any, Any],
    sides: Sequence[Answers],
    off: Off,
) -> None:
    """Compare REF's and ALT's tracks at the first SNV's bases that no other variant has."""
    first = scored[0].variant
    low = first.start - (WINDOW // 2 - 1) + (WINDOW - BASES) // 2
    others = [one.variant.start for one in scored if one.variant.start != first.start]
    high = min([low + BASES, *((first.start + at) // 2 - 1 for at in others if at > first.start)])
    (row,) = np.flatnonzero(owner == 0)[:1]
    for kind, side in zip(("ref", "alt"), sides, strict=True):
        found = values(folder / f"counts.{kind}.bw", Interval(first.chrom, low, high))
        wanted = reads((side[0][[row]], side[1][[row]]))[0][: high - low]
        off.note(f"bigWig around a variant, {kind}", largest(found, wanted), "the value")


def _region_track(net: BpnetLite, folder: Path, region: Interval, genome: Genome, off: Off) -> None:
    """Compare a region's track with windows of every half profile, stitched base by base."""
    hop, before = BASES // 2, (WINDOW - BASES) // 2
    total, weight = np.zeros((2, len(region)))
    count = 0
    for start in range((region.start - BASES) // hop * hop + hop, region.end, hop):
        window = Interval(region.chrom, start - before, start - before + WINDOW)
        tile = reads(net(genome.codes(window)[None]))[0]
        count += 1
        for at in range(max(start, region.start), min(start + BASES, region.end)):
            nearer = min(at - start + 1, start + BASES - at)  # bases to the tile's end
            total[at - region.start] += nearer * tile[at - start]
            weight[at - region.start] += nearer
    found = values(folder / "counts.bw", region)
    what = f"bigWig of {len(region)} bases, {count} windows"
    off.note(what, largest(found, total / weight), "the value")


def values(path: Path, place: Interval) -> np.ndarray[Any, Any]:
    """Return a bigWig's values of each base."""
    file = pyBigWig.open(str(path))
    found = np.array(file.values(place.chrom, place.start, place.end))
    file.close()
    return found


def largest(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> float:
    """Return the largest difference, relative; NaN must stand in the same places."""
    assert (np.isnan(found) == np.isnan(wanted)).all()
    return float(np.nanmax(abs(found - wanted) / abs(wanted)))
