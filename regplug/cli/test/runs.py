"""`regplug test`: how good networks are on sequences that they have not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from regplug.cli.shared.options import backend_options
from regplug.data.sites.parts import PARTS
from regplug.files.extras import needs

if TYPE_CHECKING:
    from regplug.train.deepbind.measure import MeasuredSet

FILE = click.Path(path_type=Path)
GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)  # not by default
COLUMNS = ("target", "metric", "value", "low", "high", "n")


@click.command(short_help="Test a run, or a model, on held-out data.")
@click.argument("paths", nargs=-1, required=True, type=FILE, metavar="{RUN SETS... | SITES}")
@click.option("--model", help="Test this model (regplug models list) on SITES.")
@click.option("--along", is_flag=True, help="SITES are tiles along a genome: beside baselines.")
@click.option("--output", "-o", type=FILE, help="Folder: of scores for SETS, of plots for SITES.")
@click.option("--part", type=click.Choice(PARTS), help="Sites to test on.  [default: test]")
@click.option(
    "--bootstrap",
    type=click.IntRange(0),
    help="Bootstraps for the intervals of SITES.  [default: none; with --along, 200]",
)
@click.option(
    "--block",
    type=click.IntRange(1),
    help="With --along: bases of neighbouring tiles that bootstraps draw together.  "
    "[default: 50000]",
)
@click.option(
    "--as",
    "pairs",
    multiple=True,
    metavar="SAMPLE=TARGET",
    help="With --along: what a sample is called in the model, if otherwise.",
)
@backend_options
def test(
    paths: tuple[Path, ...], model: str | None, output: Path | None, along: bool, **options: Any
) -> None:
    """Test the targets of RUN on SETS, or with --model those of a model on SITES.

    RUN is a run of `regplug train deepbind`; SETS are folders made by `regplug prepare deepbind`. A
    set is of the target that its folder is called as, and each of its sequences is one window;
    sets of other targets are passed over, so that SETS may be a folder's: tests/*.
    Prints a row per target and metric: low and high are the 2.5 and 97.5 percentiles of 1,000
    bootstraps, n the sequences. -o writes the scores, a row per sequence, in the order of the set.

    SITES is a file made by `regplug prepare basset`; its targets are found in the model by name.
    Prints a row per target: areas under the ROC and precision-recall curves, and the calibration
    error where the model gives probabilities. -o writes metrics.tsv and .json, and the plots roc,
    pr and calibration, .png and .svg.

    With --along, SITES are tiles made by `regplug prepare basset --along`. Prints a row per target
    and score: the model's, the share of G and C in the tile, and a logistic regression on its
    6-mers, fitted on the training part. Intervals are of bootstraps over blocks of neighbours. -o
    writes metrics.tsv and .json, precision-recall curves and a stretch of signal.
    """
    if along and model is None:
        raise click.UsageError("--along goes with --model")
    if model is not None:
        if len(paths) > 1:
            raise click.UsageError("--model takes one file of SITES")
        if along:
            from regplug.cli.test.along import test_along

            test_along(paths[0], model, output, **options)
            return
        from regplug.cli.test.on_sites import test_on_sites

        for name, option in (("block", "--block"), ("pairs", "--as")):
            if options.pop(name):
                raise click.UsageError(f"{option} goes with --along")
        test_on_sites(paths[0], model, output, **options)
        return
    context = click.get_current_context()
    if given := [name for name in options if context.get_parameter_source(name) in GIVEN]:
        raise click.UsageError(f"--{given[0].replace('_', '-')} goes with --model")
    if len(paths) == 1:
        raise click.UsageError("give RUN and SETS, or --model and SITES")
    _test_run(paths[0], paths[1:], output)


def _test_run(run: Path, sets: tuple[Path, ...], output: Path | None) -> None:
    """Test a run on sets: write the folder of scores, print the table."""
    with needs("train"):
        from regplug.train.deepbind.measure import measure_sets, sets_of
    from regplug.files.output import check_folder

    others = set(sets) - set(own := sets_of(run, sets))
    if others:
        listed = ", ".join(map(str, sorted(others)))
        click.echo(f"passed over, as {run} has no such target: {listed}", err=True)
    if output is not None:
        check_folder(output, [f"{path.name}.tsv" for path in own])
    measured = list(measure_sets(run, own))
    if output is not None:
        _write(output, measured)
    click.echo("\t".join(COLUMNS))
    for target, tested, _, figures in measured:
        for metric, interval in figures.items():
            numbers = "\t".join(f"{number:.4f}" for number in interval)
            click.echo(f"{target}\t{metric}\t{numbers}\t{len(tested.codes)}")


def _write(output: Path, measured: "list[MeasuredSet]") -> None:
    """Write the folder of scores, replacing an earlier folder of the same targets."""
    from regplug.files.output import complete

    with complete(output.absolute()) as partial:
        partial.mkdir()
        for measured_set in measured:
            (partial / f"{measured_set.target}.tsv").write_text(_text(measured_set))


def _text(measured_set: "MeasuredSet") -> str:
    rows = zip(measured_set.scores.tolist(), measured_set.tested.targets.tolist(), strict=True)
    return "score\ttarget\n" + "".join(f"{score:.6g}\t{wanted:.6g}\n" for score, wanted in rows)
