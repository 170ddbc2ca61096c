"""Which cutoff of Q? Precision, recall and lift on variants with effects, beside controls.

    python -m benchmarks.cutoffs --data DATA [--model-repo DIR] NAME...

Sets: dsQTL, H3K27ac and CTCF_asb are 100 bases around a variant that differs between alleles in
what was measured; raQTL are variants of both reporter cells. Controls, of whole windows or of 100
bases as the set's own are:

- matched: SNVs drawn in regulatory elements (DNase hotspots, REMO), one for each variant of the
  set, of the same two bases and the nearest share of G and C in the 100 bases around;
- common: the SNVs of a person (Genome in a Bottle, chr20), which lie anywhere.

Recall is the share of the set at or below a cutoff of Q; lift is recall over the same share of the
controls (1: no better than chance); precision is that of a set and as many controls, recall /
(recall + their share). Shares of few variants are printed as counts. Models are ranked by all their
targets, and by their default background.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from benchmarks.variant_truth import opened
from benchmarks.variant_truth_sets import Pairs, in_window, read_pairs, read_reporters
from regplug.data.background.drawn import drawn
from regplug.data.background.ground import known_stretches, within
from regplug.genome.codes import Codes, encode
from regplug.genome.fasta import Genome
from regplug.genome.regions import read_bed
from regplug.genome.variant import Interval, Status, Variant
from regplug.hooks.manager import adapter_for, plugin_manager
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import Backend, BackendOptions
from regplug.scoring.effects import Scores
from regplug.scoring.kinds import SNV
from regplug.scoring.model import Model, score_variants
from regplug.scoring.sketch import Floats

CUTOFFS = (0.05, 0.01, 0.001)
SETS = ("dsQTL", "H3K27ac", "CTCF_asb")
HALF = 50  # bases on either side of an SNV, about what SETS have
POOL = 40_000  # SNVs in elements that controls are chosen from
PERSON = "test_nist.b37_chr20_100kbp_at_10mb.vcf.gz"


class Controls(NamedTuple):
    """SNVs: their variants, and the two alleles in 100 bases, the SNV in base `Pairs.at`."""

    variants: list[Variant]
    pairs: Pairs


def main() -> None:
    """Print a table per model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="NAME")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model-repo")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    manager = plugin_manager()
    print("| model | set | controls | " + " | ".join(f"Q ≤ {cut:g}" for cut in CUTOFFS) + " |")
    print("|---|---|---|" + "---|" * len(CUTOFFS))
    with Genome(options.data / "genome" / "hg19.partial.fa.gz") as genome:
        pool = in_elements(genome, options.data, np.random.default_rng(options.seed))
        common = of_person(genome, options.data)
        for backend in opened(
            manager, options.models, options.model_repo, BackendOptions(threads=1)
        ):
            if backend.card.background is None:
                continue
            model = Model(backend, adapter_for(manager, backend.card), FieldOptions())
            for row in rows(model, backend, genome, pool, common, options.data):
                print(row, flush=True)
            print(f"{backend.card.name} done", file=sys.stderr)


def rows(
    model: Model, backend: Backend, genome: Genome, pool: Controls, common: Controls, data: Path
) -> Iterator[str]:
    """Yield the rows of a model's table."""
    for name in SETS:
        pairs = read_pairs(data / "variant_truth" / f"{name}.tsv.gz")
        found = q_of_pairs(pairs, model, backend)
        for kind, controls in (("matched", matched(pairs, pool).pairs), ("common", common.pairs)):
            yield row(model, name, kind, found, q_of_pairs(controls, model, backend))
    reporters = read_reporters(data / "variant_truth" / "raqtl.hg19.vcf").values()
    variants = list({v for of_cell in reporters for v in of_cell.variants})
    own = around(variants, genome)
    found = q_of_variants(own.variants, model, genome)
    for kind, controls in (("matched", matched(own.pairs, pool)), ("common", common)):
        against = q_of_variants(controls.variants, model, genome)
        yield row(model, "raQTL", kind, found, against)


def row(model: Model, name: str, kind: str, found: Floats, controls: Floats) -> str:
    """Return a line of the table: precision, recall, lift at each cutoff."""
    cells = []
    for cut in CUTOFFS:
        hits, false = int((found <= cut).sum()), int((controls <= cut).sum())
        recall, share = hits / len(found), false / len(controls)
        text = f"{hits} and {false}"
        if hits and false:
            precision = recall / (recall + share)
            text += f": {precision:.2f}, {recall:.3f}, × {recall / share:.1f}"
        cells.append(text)
    sizes = f"{name} ({len(found):,}) | {kind} ({len(controls):,})"
    return f"| `{model.card.name}` | {sizes} | " + " | ".join(cells) + " |"


def q_of_pairs(pairs: Pairs, model: Model, backend: Backend) -> Floats:
    """Return Q of sites (n,) of which 100 bases are known."""
    low, high = (
        backend.predict(in_window(codes, pairs.at, model.window))
        for codes in (pairs.low, pairs.high)
    )
    return model.ranking.ranked(Scores(low, high, [Status.OK] * len(low))).q


def q_of_variants(variants: Sequence[Variant], model: Model, genome: Genome) -> Floats:
    """Return Q of the variants that are scored, whole windows."""
    _, (scores,) = score_variants(variants, [model], genome)
    found = model.ranking.ranked(scores).q
    return found[~np.isnan(found)]


def in_elements(genome: Genome, data: Path, rng: np.random.Generator) -> Controls:
    """Return SNVs drawn in regulatory elements, with the spectrum of common ones."""
    beds = sorted((data / "peaks" / "hg19").glob("dnase_*.narrowPeak.gz"))
    regions: list[Interval] = [region for bed in beds for region in read_bed(str(bed))]
    there = within(known_stretches(genome), regions)
    return around(drawn(genome, there, SNV, POOL, rng), genome)


def of_person(genome: Genome, data: Path) -> Controls:
    """Return the SNVs of a person that fit the genome."""
    with pysam.VariantFile(str(data / "ref_chr20" / PERSON)) as records:
        variants = [
            Variant(f"chr{record.chrom.removeprefix('chr')}", record.pos, record.ref, alt)
            for record in records
            for alt in record.alts or ()
            if len(record.ref or "") == len(alt) == 1
        ]
    return around(variants, genome)


def around(variants: Sequence[Variant], genome: Genome) -> Controls:
    """Return variants with the bases around them: 50 before, the SNV, 49 behind."""
    windows = [Interval(one.chrom, one.start - HALF, one.start + HALF) for one in variants]
    low = np.stack([genome.codes(window) for window in windows])
    high = low.copy()
    high[:, HALF] = np.concatenate([encode(variant.alt) for variant in variants])
    return Controls(list(variants), Pairs(high, low, HALF))


def matched(pairs: Pairs, pool: Controls) -> Controls:
    """Return a control of the pool for each site, of its two bases and nearest in G and C."""
    wanted, offered = kinds(pairs), kinds(pool.pairs)
    gc, theirs = share_of_gc(pairs.low), share_of_gc(pool.pairs.low)
    free = np.ones(len(offered), np.bool_)
    taken = []
    for kind, share in zip(wanted, gc, strict=True):
        candidates = np.flatnonzero(free & (offered == kind))
        taken.append(int(candidates[np.abs(theirs[candidates] - share).argmin()]))
        free[taken[-1]] = False
    low, high = pool.pairs.low[taken], pool.pairs.high[taken]
    return Controls([pool.variants[index] for index in taken], Pairs(high, low, pool.pairs.at))


def kinds(pairs: Pairs) -> NDArray[np.intp]:
    """Return which two bases a site has, (n,): equal numbers on either strand, in either order."""
    bases = np.stack([pairs.low[:, pairs.at], pairs.high[:, pairs.at]]).astype(np.intp)
    forward, reverse = (side.min(axis=0) * 4 + side.max(axis=0) for side in (bases, 3 - bases))
    return np.minimum(forward, reverse)


def share_of_gc(codes: Codes) -> Floats:
    """Return the share of G and C, (n,)."""
    return np.asarray(((codes == 1) | (codes == 2)).mean(axis=1), np.float64)


if __name__ == "__main__":
    main()
