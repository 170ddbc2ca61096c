"""Does a model name the factor whose site a variant changes? `__TOP` on known and planted sites.

    python -m benchmarks.factor_on_top --data DATA [--model-repo DIR] NAME... [-o cases.tsv]

DATA holds genome/ and peaks/. Known: changes in promoters of which the factor is known from
experiments, each with its source, on GRCh38. Planted: the JASPAR consensus of each factor in the
middle of 20 stretches of hg19 chr20 that are closed in four cells (DNase hotspots of ENCODE), and
its most informative base made the rarest. Figures: how often `__TOP` is the factor, or one of its
family (FAMILIES), how often of these the factor itself, and the mean rank of the best of the family
by |ALT - REF| / spread, 1 if it is the first. Factors that a model lacks are left out, and so are
variants that it has no score for, such as one near the end of a locus.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from benchmarks.factor_on_top_cases import FAMILIES, KNOWN, Case, closed_places, planted
from regplug.errors import ModelError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Variant
from regplug.hooks.manager import adapter_for, open_backend, plugin_manager
from regplug.scoring.adapter import FieldOptions, spreads
from regplug.scoring.backend import BackendOptions
from regplug.scoring.effects import difference
from regplug.scoring.model import Model, score_variants

COLUMNS = ("model", "case", "factor", *Variant.__slots__, "source", "top", "rank", "of")
CELLS = ("GM12878", "H1hESC", "HeLaS3", "HepG2")


class Found(NamedTuple):
    """What a model says of a case."""

    model: str
    case: Case
    top: str
    rank: int  # of the best target of the factor's family
    targets: int


def main() -> None:
    """Measure, print the tables, write a row per case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="NAME")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model-repo")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    peaks = [options.data / "peaks" / "hg19" / f"dnase_{cell}.narrowPeak.gz" for cell in CELLS]
    genomes = options.data / "genome"
    with Genome(genomes / "hg19.partial.fa.gz") as hg19:
        cases, letters = planted(closed_places(hg19, "chr20", peaks))
    found: list[Found] = []
    with tempfile.TemporaryDirectory() as folder:
        fasta = Path(folder) / "planted.fa"
        fasta.write_text(letters)
        with Genome(genomes / "hg38.partial.fa.gz") as hg38, Genome(fasta) as sites:
            for name in options.models:
                model = opened(name, options.model_repo)
                known, made = judged(model, KNOWN, hg38), judged(model, cases, sites)
                print(f"### {name}\n\n{known_table(known)}\n\n{planted_table(made)}\n")
                found += known + made
    if options.output:
        write_tsv(options.output, found)


def opened(name: str, repo: str | None) -> Model:
    """Return a model of `repo`, or one that comes with regplug."""
    manager = plugin_manager()
    try:
        backend = open_backend(manager, repo, name, BackendOptions(threads=1))
    except ModelError as error:
        raise SystemExit(str(error)) from error
    return Model(backend, adapter_for(manager, backend.card), FieldOptions())


def family(factor: str) -> set[str]:
    """Return the factors that may be named for a site of `factor`."""
    return next((names for names in FAMILIES if factor in names), {factor})


def factors(labels: Iterable[str]) -> list[str]:
    """Return the factor of each target: its label up to the first `_`."""
    return [label.partition("_")[0] for label in labels]


def judged(model: Model, cases: Sequence[Case], genome: Genome) -> list[Found]:
    """Return what a model says of the cases whose factor, or one of its family, is its target.

    Those without a score are left out, and named on standard error.
    """
    card, names = model.card, factors(model.card.labels)
    asked = [case for case in cases if family(case.factor) & set(names)]
    (scores,) = score_variants([case.variant for case in asked], [model], genome)[1]
    tops = next(field for field in model.fields if field.id.endswith("__TOP")).values(scores)
    sizes = np.abs(difference(scores.ref, scores.alt)) / spreads(card)
    found = []
    for case, top, size, status in zip(asked, tops, sizes, scores.status, strict=True):
        if not isinstance(top, str):
            print(f"{card.name} has no score for {case.name}: {status}", file=sys.stderr)
            continue
        own = max(
            value for value, name in zip(size, names, strict=True) if name in family(case.factor)
        )
        found.append(Found(card.name, case, top, int((size > own).sum()) + 1, len(names)))
    return found


def in_family(one: Found) -> bool:
    """Tell whether the target named is of the family."""
    return one.top.partition("_")[0] in family(one.case.factor)


def itself(one: Found) -> bool:
    """Tell whether the target named is the factor."""
    return one.top.partition("_")[0] == one.case.factor


def summary(found: Sequence[Found]) -> str:
    """Return the figures of cases as cells of a table."""
    named, own = sum(map(in_family, found)), sum(map(itself, found))
    mean = fmean(one.rank for one in found)
    return f"{named} of {len(found)} | {own} | {mean:.1f}"


def known_table(found: Sequence[Found]) -> str:
    """Return a Markdown table with a row per known change."""
    rows = ["| known change | factor | `__TOP` | rank |", "|---|---|---|---:|"]
    for one in found:
        mark = f"**{one.top}**" if in_family(one) else one.top
        rows.append(f"| {one.case.name} | {one.case.factor} | {mark} | {one.rank} |")
    return "\n".join([*rows, f"\nfamily, itself, mean rank: {summary(found)}"])


def planted_table(found: Sequence[Found]) -> str:
    """Return a Markdown table with a row per planted motif."""
    rows = ["| planted | motif | family | itself | mean rank |", "|---|---|---:|---:|---:|"]
    for factor in dict.fromkeys(one.case.factor for one in found):
        own = [one for one in found if one.case.factor == factor]
        rows.append(f"| {factor} | {own[0].case.source} | {summary(own)} |")
    return "\n".join([*rows, f"| all | | {summary(found)} |"])


def write_tsv(path: Path, found: Sequence[Found]) -> None:
    """Write a row per case."""
    with path.open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(
            ["model", "case", "factor", "chrom", "pos", "ref", "alt", "source", "top", "rank", "of"]
        )
        for one in found:
            case, at = one.case, one.case.variant
            where = (at.chrom, at.pos, at.ref, at.alt)
            row = (one.model, case.name, case.factor, *where, case.source)
            table.writerow((*row, one.top, one.rank, one.targets))
    print(f"{path}: {len(found)} cases", file=sys.stderr)


if __name__ == "__main__":
    main()
