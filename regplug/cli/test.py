"""`regplug test`: how good the networks of a training run are on other sets."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regplug.errors import ConfigError

if TYPE_CHECKING:
    from regplug.train.measure import Measured

FILE = click.Path(path_type=Path)
COLUMNS = ("target", "metric", "value", "low", "high", "n")


@click.command()
@click.argument("run", type=FILE)
@click.argument("sets", nargs=-1, required=True, type=FILE)
@click.option("--output", "-o", type=FILE, help="Folder for the scores, a TSV per target.")
def test(run: Path, sets: tuple[Path, ...], output: Path | None) -> None:
    """Test the targets of RUN on SETS, folders made by `regplug prepare deepbind`.

    A set is of the target that its folder is called as, and each of its sequences is one window.
    Prints a row per target and metric: low and high are the 2.5 and 97.5 percentiles of 1,000
    bootstraps, n the sequences. The scores have a row per sequence, in the order of the set.
    """
    try:
        from regplug.train.measure import measure_sets
    except ImportError as error:
        raise ConfigError(f"testing needs {error.name}: pip install 'regplug[train]'") from error
    from regplug.output import check_folder

    if output is not None:
        check_folder(output, [f"{path.name}.tsv" for path in sets])
    measured = list(measure_sets(run, sets))
    if output is not None:
        _write(output, measured)
    click.echo("\t".join(COLUMNS))
    for target, tested, _, figures in measured:
        for metric, interval in figures.items():
            numbers = "\t".join(f"{number:.4f}" for number in interval)
            click.echo(f"{target}\t{metric}\t{numbers}\t{len(tested.codes)}")


def _write(output: Path, measured: "list[Measured]") -> None:
    """Write the folder of scores, replacing an earlier one of the same targets."""
    from regplug.output import complete

    with complete(output.absolute()) as partial:
        partial.mkdir()
        for one in measured:
            (partial / f"{one.target}.tsv").write_text(_text(one))


def _text(one: "Measured") -> str:
    rows = zip(one.scores.tolist(), one.tested.targets.tolist(), strict=True)
    return "score\ttarget\n" + "".join(f"{score:.6g}\t{wanted:.6g}\n" for score, wanted in rows)
