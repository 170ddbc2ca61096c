"""`regplug models import bpnet`."""

from pathlib import Path
from typing import Any

import click

from regplug.hooks.importing import about_from, import_options, say
from regplug.hooks.measuring import measuring, measuring_options


@click.command("bpnet", short_help="ChromBPNet and BPNet: counts and a profile.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@import_options
@measuring_options
def bpnet(
    files: tuple[Path, ...],
    golden: Path | None,
    output: Path,
    snvs: int,
    threads: int,
    **said: Any,
) -> None:
    """Import a network that predicts log counts and a profile from DNA.

    FILES are Keras's (.h5, .keras), such as chrombpnet_nobias.h5, or BPNet's, whose control is held
    at zero. Several (folds) become one model, the mean of their answers. Nothing in them is run,
    and TensorFlow is not needed.
    """
    from regplug_bpnet.importer import import_bpnet

    about = about_from(**said)
    with measuring(snvs, threads) as how:
        done = import_bpnet(files, output, about, golden=golden, measuring=how)
    say(done.card, output, done.warnings)
