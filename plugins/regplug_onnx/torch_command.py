"""`regplug models import torch`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from regplug.errors import ModelError
from regplug.hooks.about import About
from regplug.hooks.importing import about_from, head_option, import_options, say
from regplug.hooks.measuring import measuring, measuring_options

if TYPE_CHECKING:
    from regplug.models.foreign import Net


@click.command("torch", short_help="Any PyTorch network: its module and weights, or a program.")
@click.argument("network")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--run-code", is_flag=True, help="NETWORK may do all that you can: you have read it.")
@head_option
@import_options
@measuring_options
def torch(
    network: str,
    files: tuple[Path, ...],
    run_code: bool,
    golden: Path | None,
    output: Path,
    snvs: int,
    threads: int,
    **said: Any,
) -> None:
    """Import a PyTorch network that reads DNA, through ONNX.

    NETWORK is module.py:Network, a class or function that makes it without arguments, and FILES are
    its weights: state dicts (.pt, .pth, .safetensors), several for folds, whose answers are
    averaged. --window says how many bases it reads, --layout how (ncl: rows, letters, bases). Or
    all are programs of torch.export.save (.pt2). Several outputs are called y0, y1 ...: --head
    y1=log_count --head y0=profile_logits takes both.

    A module is a program, and a .pt2 may hold one: with --run-code they run with your rights.
    Weights never do.
    """
    from regplug.models.imported import import_nets

    about = about_from(**said)
    if not run_code:
        raise ModelError(
            f"{network} is a program, or may hold one, that would run with all your rights: read "
            "it, or trust who wrote it, and say --run-code"
        )
    is_program = network.endswith(".pt2")
    nets = _programs([Path(network), *files], about) if is_program else _nets(network, files, about)
    with measuring(snvs, threads) as how:
        done = import_nets(nets, output, about, command="torch", golden=golden, measuring=how)
    say(done.card, output, done.warnings)


def _programs(files: list[Path], about: About) -> "list[Net]":
    from regplug_onnx.torch_network import as_net, read_program

    return [as_net(*read_program(file, about.window), file.name, about) for file in files]


def _nets(place: str, files: tuple[Path, ...], about: About) -> "list[Net]":
    from regplug_onnx.torch_module import read_module
    from regplug_onnx.torch_network import Example, as_net

    if ":" not in place or not files:
        raise ModelError(f"{place} is no network with weights: give module.py:Network WEIGHTS.pt")
    if about.window is None:
        raise ModelError("a PyTorch network does not say how many bases it reads: name --window")
    layout = about.layout or "ncl"
    sizes = {"n": 2, "c": 4, "l": about.window, "1": 1}
    example = Example(tuple(sizes[axis] for axis in layout), "c" not in layout)
    about = replace(about, layout=layout)
    return [as_net(read_module(place, file), example, file.name, about) for file in files]
