"""Are Q uniform where they should be, and what does the choice of statistic and background cost?

    python -m benchmarks.backgrounds --fasta FA --regions-file BED... [--snvs 1000] NAME...
        [--vcf REAL.vcf --vcf-fasta FA] [--truth variant_truth]

For the models NAME (of --model-repo, or those of the package), which were measured by
`regplug models calibrate`, it draws other background variants (another seed) and prints Markdown:

- held out: Kolmogorov and Smirnov's p that Q is uniform, per stratum and kind; of each target
  alone the smallest p times targets; and of RP_Q over all models. Draws and background are both
  finite: the effective number of variants is n * m / (n + m).
- another stratum: share of SNVs in elements whose Q is below 0.05 in the background `random`.
- --vcf: the same p for real variants.
- --truth: AUC of sites whose alleles differ (CTCF_asb, dsQTL: 100 bases) by the smallest p of all
  targets, for weights of the difference by the place's activity: against the held-out random SNVs,
  which activity alone tells apart, and against an SNV beside each site, where it does not.
"""

import argparse
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstwo, rankdata

from benchmarks.variant_truth_sets import Pairs, in_window, read_pairs
from regplug.api.models import OpenModel, open_model
from regplug.data.background.strata import Stratum, drawn_sets
from regplug.genome.fasta import Genome
from regplug.genome.regions import read_bed
from regplug.genome.variant import Status, Variant
from regplug.scoring.backend import BackendOptions
from regplug.scoring.effects import Scores, difference
from regplug.scoring.examined import examine
from regplug.scoring.kinds import SNV, kind_of
from regplug.scoring.ranking import Ranking
from regplug.scoring.ranking_tags import Overall
from regplug.scoring.rarity import Table, activity
from regplug.vcf.records import VariantReader, variants_of

SEED = 1000  # other than those of backgrounds
SITES = 600  # of each set
Floats = NDArray[np.float64]
Weight = Callable[[Floats, Floats], Floats]
WEIGHTS: dict[str, Weight] = {
    "abs(d)": lambda d, act: d,
    "abs(d) * ACT": lambda d, act: d * act,
    "abs(d) * ACT**2": lambda d, act: d * act**2,
    "abs(d) * sqrt(-ln(1 - ACT))": lambda d, act: d * np.sqrt(-np.log1p(-act)),
    "abs(d) * -ln(1 - ACT)": lambda d, act: d * -np.log1p(-act),
    "-ln(1 - ACT) alone": lambda d, act: -np.log1p(-act),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="NAME")
    parser.add_argument("--model-repo")
    parser.add_argument("--fasta", required=True)
    parser.add_argument("--regions-file", action="append", default=[])
    parser.add_argument("--vcf")
    parser.add_argument("--vcf-fasta")
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--snvs", type=int, default=1000)
    parser.add_argument("--kinds", default="snv,del_2_5")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    options = BackendOptions(threads=given.threads)
    models = [open_model(name, repo=given.model_repo, options=options) for name in given.models]
    with Genome(given.fasta) as genome:
        regions = [region for bed in given.regions_file for region in read_bed(bed)]
        strata = [Stratum("random")] + ([Stratum("elements", regions)] if regions else [])
        random = held_out(models, genome, strata, given)
    if given.vcf:
        with Genome(given.vcf_fasta or given.fasta) as genome:
            real(models, genome, given.vcf)
    if given.truth:
        for model, scores in zip(models, random, strict=True):
            truth(model, scores, given.truth)
    for model in models:
        model.close()


def held_out(
    models: Sequence[OpenModel],
    genome: Genome,
    strata: Sequence[Stratum],
    given: argparse.Namespace,
) -> list[Scores]:
    """Print the table of held-out variants; return each model's scores of random SNVs."""
    print(
        "| held out | kind | n | " + " | ".join(f"{m.card.name}: p, targets" for m in models),
        end="",
    )
    print(" | RP_Q: p, mean, Q<0.05, Q<0.01 |\n|---|---|---:|" + "---:|" * (len(models) + 1))
    random: list[Scores] = []
    for listed in drawn_sets(genome, strata, given.snvs, seed=SEED):
        if listed.kind not in given.kinds.split(","):
            continue
        variants = sorted(listed.variants, key=lambda v: (v.chrom, v.start))
        scores = [scored(model, variants, genome) for model in models]
        if (listed.stratum, listed.kind) == ("random", SNV):
            random = scores
        rankings = [Ranking(model.card, (), listed.stratum) for model in models]
        cells = [of_model(*pair, listed.stratum) for pair in zip(rankings, scores, strict=True)]
        q = np.array(Overall(rankings).columns(scores)["RP_Q"], float)
        size = rankings[0].tables[listed.kind].of.scored
        shares = f"{np.mean(q < 0.05):.3f}, {np.mean(q < 0.01):.3f}"
        cells.append(f"{uniform(q, size):.2g}, {q.mean():.3f}, {shares}")
        print("|", " | ".join([listed.stratum, listed.kind, str(len(q)), *cells]), "|", flush=True)
        if (listed.stratum, listed.kind) == ("elements", SNV):
            anyway = [Ranking(model.card, (), "random") for model in models]
            q = np.array(Overall(anyway).columns(scores)["RP_Q"], float)
            print(f"\nSNVs in elements, against random: Q<0.05 {np.mean(q < 0.05):.3f}\n")
    return random


def of_model(ranking: Ranking, scores: Scores, stratum: str) -> str:
    """Return p of a model's Q, and the smallest of its targets', times targets."""
    kind = scores.kinds[0]
    size, labels = ranking.tables[kind].of.scored, ranking.card.labels
    alone = [
        uniform(Ranking(ranking.card, [label], stratum).ranked(scores).q, size) for label in labels
    ]
    whole = uniform(ranking.ranked(scores).q, size)
    return f"{whole:.2g}, {min(1, min(alone) * len(labels)):.2g}"


def uniform(q: Floats, size: int) -> float:
    """Return p that q are uniform, where the background's `size` variants are a sample too."""
    q = np.sort(q[~np.isnan(q)])
    n = len(q)
    apart = max((np.arange(1, n + 1) / n - q).max(), (q - np.arange(n) / n).max())
    return float(kstwo.sf(apart, round(n * size / (n + size))))


def scored(model: OpenModel, variants: Sequence[Variant], genome: Genome) -> Scores:
    """Return a model's scores of variants, 512 at a time."""
    parts = [
        model.for_variants().score([examine(v, genome) for v in variants[at : at + 512]], genome)
        for at in range(0, len(variants), 512)
    ]
    ref, alt = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    kinds = [kind for part in parts for kind in part.kinds]
    return Scores(ref, alt, [status for part in parts for status in part.status], kinds)


def real(models: Sequence[OpenModel], genome: Genome, vcf: str) -> None:
    """Print how uniform the Q of real variants are, of SNVs and of the others."""
    with closing(VariantReader(vcf)) as reader:
        found = [examine(v, genome) for record in reader for v in variants_of(record)]
    variants = [
        allele.variant for allele in found if allele.status is Status.OK and not allele.edit
    ]
    rankings = [Ranking(model.card) for model in models]
    for what, chosen in (
        ("SNVs", [v for v in variants if kind_of(v) == SNV]),
        ("others", [v for v in variants if kind_of(v) != SNV]),
    ):
        scores = [scored(model, chosen, genome) for model in models]
        qs = {r.card.name: r.ranked(s).q for r, s in zip(rankings, scores, strict=True)}
        qs["RP_Q"] = np.array(Overall(rankings).columns(scores)["RP_Q"], float)
        size = rankings[0].tables[SNV if what == "SNVs" else "del_1"].of.scored
        told = [
            f"{name} p {uniform(q, size):.2g}, Q<0.05 {np.mean(q < 0.05):.3f}"
            for name, q in qs.items()
        ]
        print(f"\nreal {what} ({len(chosen)}): " + "; ".join(told))


def truth(model: OpenModel, random: Scores, folder: Path) -> None:
    """Print AUCs of sites against random SNVs and those beside them, for each weight."""
    table = Ranking(model.card, (), "random").tables[SNV]
    columns: dict[str, tuple[Scores, Scores]] = {}
    for name in ("CTCF_asb", "dsQTL"):
        pairs = read_pairs(folder / f"{name}.tsv.gz")
        pairs = pairs._replace(high=pairs.high[:SITES], low=pairs.low[:SITES])
        sites = predicted(model, pairs)
        columns[f"{name}, random"] = sites, random
        columns[f"{name}, beside"] = sites, predicted(model, beside(pairs))
    print(f"\n| {model.card.name}: AUC against | " + " | ".join(columns) + " |")
    print("|---|" + "---:|" * len(columns))
    for what, weight in WEIGHTS.items():
        background = weighed(random, table, weight)
        cells = [
            f"{auc(*(extreme(weighed(scores, table, weight), background) for scores in pair)):.3f}"
            for pair in columns.values()
        ]
        print(f"| {what} | " + " | ".join(cells) + " |", flush=True)


def predicted(model: OpenModel, pairs: Pairs) -> Scores:
    """Return the scores of sites, the lower allele for REF; each SNV in the model's column."""
    low, high = (
        model.backend.predict(in_window(codes, pairs.at, model.card.window or 0))
        for codes in (pairs.low, pairs.high)
    )
    return Scores(low, high, [Status.OK] * len(low))


def beside(pairs: Pairs) -> Pairs:
    """Return a random SNV 10 to 40 bases from each site, read in the site's own window."""
    rng, rows = np.random.default_rng(SEED), np.arange(len(pairs.high))
    places = pairs.at + rng.integers(10, 41, len(rows)) * rng.choice([-1, 1], len(rows))
    other = pairs.high.copy()
    other[rows, places] = (other[rows, places] + rng.integers(1, 4, len(rows))) % 4
    return Pairs(other, pairs.high, pairs.at)


def weighed(scores: Scores, table: Table, weight: Weight) -> Floats:
    """Return the weighed differences, shape (n, targets)."""
    size = np.abs(difference(scores.ref, scores.alt)).astype(np.float64)
    return weight(size, activity(scores, table.activities))


def extreme(x: Floats, background: Floats) -> Floats:
    """Return the largest -p of all targets, shape (n,)."""
    columns = [
        np.searchsorted(np.sort(column), x[:, target]) for target, column in enumerate(background.T)
    ]
    largest: Floats = np.max(columns, axis=0).astype(float)
    return largest


def auc(positive: Floats, negative: Floats) -> float:
    """Return the area under the ROC curve."""
    both = rankdata(np.concatenate([positive, negative]))
    n, m = len(positive), len(negative)
    return float((both[:n].sum() - n * (n + 1) / 2) / (n * m))


if __name__ == "__main__":
    main()
