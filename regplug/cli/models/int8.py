"""`regplug models int8`: a model in whole numbers."""

import shlex
import sys
from pathlib import Path

import click

from regplug.cli.shared.options import PATH
from regplug.hooks.measuring import measuring_options


@click.command(short_help="Write a model in whole numbers of 8 bits.")
@click.argument("name")
@click.option("--output", "-o", required=True, type=PATH, metavar="DIR", help="Folder of models.")
@click.option("--model-repo", metavar="DIR", help="Where model NAME is.  [default: as installed]")
@measuring_options
def int8(name: str, output: Path, model_repo: str | None, snvs: int, threads: int) -> None:
    """Write NAME_int8, model NAME in whole numbers, into a folder of models.

    It is another model: outputs name its precision, its spreads are its own, and what was measured
    of NAME is left out of its card (`models calibrate` and `models record` put it in).
    docs/engines.md says what it gains, and what it does to variants with known effects.
    """
    from regplug.files.commands import for_a_card
    from regplug.files.version import VERSION
    from regplug.hooks.measuring import measuring
    from regplug.models.locate import model_folder
    from regplug.models.quantised import quantised

    command = for_a_card(shlex.join(["regplug", *sys.argv[1:]]))
    folder = model_folder(Path(name), model_repo)
    with measuring(snvs, threads) as how:
        card = quantised(folder, output, created_by=f"regplug {VERSION}: {command}", measuring=how)
    click.echo(output / card.name)
