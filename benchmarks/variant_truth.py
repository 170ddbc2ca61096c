"""Are models right about variants? Directions, reporters and saturation mutagenesis in one table.

    python -m benchmarks.variant_truth --data DATA [--model-repo DIR] NAME... [-o table.tsv]

DATA holds variant_truth/, genome/, mpra_satmut/ and loci/. NAME is a model of DIR, or one that
comes with regplug. Beside the models stand the difference in GC, and a constant.

- dsQTL, H3K27ac, CTCF_asb: 100 bases around an SNV, with the allele of the higher and of the lower
  signal. A model reads them with the SNV in its column; bases that the data do not give are
  unknown. Figure: how often HIGH is predicted above LOW (equal: half right), of all sites and of
  the tenth of largest predicted change. CTCF_asb has no controls, so it has no AUC.
- raQTL: SNVs on the hg19 contigs of genome/, scored as `regplug annotate` does. Figure: Spearman's
  correlation of ALT - REF with the measured log2 ALT / REF; variants up to 1,000 bases from the
  next are drawn together.
- saturation mutagenesis (as benchmarks.mpra reads it): Spearman's correlation per experiment; the
  changes of one base are drawn together.

Intervals are the middle 95 % of 1,000 bootstrap draws. Which output counts: see
benchmarks.variant_truth_outputs. Probabilities are compared by --effect: diff (as in INFO) or
logit. --set, which may be repeated, takes single sets: dsQTL, "raQTL K562", "satmut SORT1" ...
--shifts=-50,0,50 takes the mean of predictions for windows that are moved by so many bases.
--engine runs the models by another library, or in other numbers (docs/engines.md).
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pluggy

from benchmarks.variant_truth_baselines import baselines
from benchmarks.variant_truth_measure import Settings, measure, open_truth
from benchmarks.variant_truth_shifts import Shifted
from benchmarks.variant_truth_tables import Row, markdown, write_tsv
from regplug.errors import ModelError
from regplug.hooks.manager import adapter_for, cards, open_backend, plugin_manager
from regplug.scoring.backend import ENGINE, Backend, BackendOptions


def main() -> None:
    """Measure the models, write the table and print its Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="NAME")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model-repo")
    parser.add_argument("--choose", action="append", default=[], metavar="CELL=LABEL")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="NAME")
    parser.add_argument("--effect", choices=["diff", "logit"], default="diff")
    parser.add_argument("--shifts", default="0", metavar="BASES,BASES")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--engine", default=ENGINE)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    chosen = dict(one.split("=", 1) for one in options.choose)
    settings = Settings(chosen, options.effect, options.seed, options.sets)
    shifts = [int(by) for by in options.shifts.split(",")]
    manager = plugin_manager()
    rows: list[Row] = []
    with open_truth(options.data) as truth:
        if unknown := [name for name in settings.sets if name not in truth.names]:
            raise SystemExit(f"no set {unknown[0]}: there are {', '.join(truth.names)}")
        how = BackendOptions(threads=options.threads, engine=options.engine)
        for backend in opened(manager, options.models, options.model_repo, how):
            shown = Shifted(backend, shifts) if shifts != [0] else backend
            rows += measure(shown, adapter_for(manager, backend.card), truth, settings)
            print(f"{backend.card.name} done", file=sys.stderr)
            backend.close()
    if options.output:
        with options.output.open("w") as file:
            write_tsv(rows, file)
    print(markdown(rows))


def opened(
    manager: pluggy.PluginManager, names: Sequence[str], repo: str | None, options: BackendOptions
) -> Iterator[Backend]:
    """Yield the models, from `repo` or else as they come with regplug, and the baselines."""
    theirs = {card.name for card in cards(manager, repo, options)} if repo else set()
    for name in names:
        try:
            yield open_backend(manager, repo if name in theirs else None, name, options)
        except ModelError as error:
            raise SystemExit(str(error)) from error
    yield from baselines()


if __name__ == "__main__":
    main()
