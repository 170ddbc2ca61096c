"""`regplug models import bpnet`."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from regplug.hooks.importing import about_from, import_options, say
from regplug.hooks.measuring import measuring, measuring_options

SNVS = 300  # random ones, for spreads: these networks are a hundred times as large as others


@click.command("bpnet", short_help="ChromBPNet, BPNet, Cherimoya: counts and a profile.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--profile",
    type=click.IntRange(1),
    help="Bases that a network of PyTorch's predicts.  [default: as many as its class leaves]",
)
@click.option("--basepairnet", is_flag=True, help="State dicts are of bpnet-lite's BasePairNet.")
@import_options
@partial(measuring_options, snvs=SNVS)
def bpnet(
    files: tuple[Path, ...],
    profile: int | None,
    basepairnet: bool,
    golden: Path | None,
    output: Path,
    snvs: int,
    threads: int,
    **said: Any,
) -> None:
    """Import a network that predicts log counts and a profile from DNA.

    FILES are Keras's (.h5, .keras), such as chrombpnet_nobias.h5, or PyTorch's (.torch, .pt ...):
    state dicts of bpnet-lite, and what Cherimoya saves. A control is held at zero. Several files
    (folds) become one model, the mean of their answers. Nothing in them is run, and neither
    TensorFlow nor bpnet-lite is needed.
    """
    from regplug_bpnet.importer import import_bpnet

    about = about_from(**said)
    with measuring(snvs, threads) as how:
        done = import_bpnet(
            *(files, output, about),
            profile=profile,
            basepairnet=basepairnet,
            golden=golden,
            measuring=how,
        )
    say(done.card, output, done.warnings)
