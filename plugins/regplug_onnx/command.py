"""`regplug models import onnx`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from regplug.errors import ModelError
from regplug.hooks.importing import about_from, import_options, say
from regplug.hooks.measuring import measuring, measuring_options
from regplug.scoring.outputs import Kind


@click.command("onnx", short_help="Any network that was exported to ONNX.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="NAME[=KIND]",
    help="The output that is wanted, where a file has several. With =KIND, one of several: "
    f"{', '.join(get_args(Kind))}.",
)
@import_options
@measuring_options
def onnx(
    files: tuple[Path, ...],
    heads: tuple[str, ...],
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

    about = about_from(**_asked(heads), **said)
    nets = [
        net_of(read_graph(file), file.name, window=about.window, layout=about.layout,
               head=about.head, outputs=about.outputs)
        for file in files
    ]  # fmt: skip
    with measuring(snvs, threads) as how:
        done = import_nets(nets, output, about, command="onnx", golden=golden, measuring=how)
    say(done.card, output, done.warnings)


def _asked(heads: Sequence[str]) -> dict[str, Any]:
    """Return what --head says: one name, or several with their kinds.

    Raises:
        ModelError: of several, one has no kind, or one that is none.
    """
    if len(heads) < 2 and "=" not in "".join(heads):
        return {"head": heads[0], "outputs": {}} if heads else {}
    pairs = [head.rpartition("=") for head in heads]
    for name, _, kind in pairs:
        if not name or kind not in get_args(Kind):
            raise ModelError(
                f"--head {name or kind}: of several outputs say what each is, as in "
                f"{name or kind}=KIND; kinds are {', '.join(get_args(Kind))}"
            )
    return {"outputs": {name: kind for name, _, kind in pairs}}
