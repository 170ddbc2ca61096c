"""`regplug models import onnx`."""

from pathlib import Path
from typing import Any

import click

from regplug.hooks.importing import about_from, head_option, import_options, say
from regplug.hooks.measuring import measuring, measuring_options


@click.command("onnx", short_help="Any network that was exported to ONNX.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@head_option
@import_options
@measuring_options
def onnx(
    files: tuple[Path, ...],
    golden: Path | None,
    output: Path,
    snvs: int,
    threads: int,
    **said: Any,
) -> None:
    """Import a network that reads DNA from FILE, an ONNX graph.

    It reads letters, one-hot (n, 4, bases) or (n, bases, 4), or codes, and answers one number per
    target; of several outputs, as counts and a profile, say what each is: --head NAME=KIND. Several
    FILEs (folds) become one model, the mean of their answers. What N is, and both strands, are put
    in front of the graph.
    """
    from regplug.models.foreign import net_of
    from regplug.models.graphs import read_graph
    from regplug.models.imported import import_nets

    about = about_from(**said)
    nets = [
        net_of(read_graph(file), file.name, window=about.window, layout=about.layout,
               head=about.head, outputs=about.outputs)
        for file in files
    ]  # fmt: skip
    with measuring(snvs, threads) as how:
        done = import_nets(nets, output, about, command="onnx", golden=golden, measuring=how)
    say(done.card, output, done.warnings)
