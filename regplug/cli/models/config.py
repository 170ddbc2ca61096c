"""`regplug models config`: how a Triton server is to run models."""

from pathlib import Path

import click

from regplug.cli.shared.options import PATH


@click.command(short_help="Write how a Triton server is to run models: instances, GPUs, fp16.")
@click.argument("names", nargs=-1, required=True)
@click.option("--model-repo", required=True, type=PATH, metavar="DIR", help="Folder of models.")
@click.option("--gpu", "kind", flag_value="gpu", help="Instances on each GPU alone.")
@click.option("--cpu", "kind", flag_value="cpu", help="Instances on the CPU alone.")
@click.option(
    "--instances",
    type=click.IntRange(1),
    metavar="N",
    help="On each GPU, or on the CPU.  [default: Triton's own: 1 on each GPU, 2 on a CPU]",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="Of the CPU that an instance has.  [default: all]",
)
@click.option(
    "--queue-delay",
    "delay",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    metavar="MICROSECONDS",
    help="How long a request waits for others that are computed with it.",
)
@click.option("--tensorrt", is_flag=True, help="TensorRT runs the models on GPUs.")
@click.option("--fp16", "half", is_flag=True, help="TensorRT may compute in float16.")
def config(
    names: tuple[str, ...],
    model_repo: Path,
    kind: str | None,
    instances: int | None,
    threads: int | None,
    delay: int,
    tensorrt: bool,
    half: bool,
) -> None:
    """Write how a Triton server is to run the models NAMES, into their config.pbtxt.

    What stands there below the card's lines is replaced; without options by what a new model has.
    NAME_variants, if it is there, gets the instances and threads. Nothing of this changes how
    models run in this process.
    """
    from regplug.models.tuned import tune
    from regplug.models.tuning import Tuning

    if half and not tensorrt:
        raise click.UsageError("--fp16 is of TensorRT: give --tensorrt too")
    if tensorrt and kind != "gpu":
        raise click.UsageError("--tensorrt is of GPUs: give --gpu too")
    tuning = Tuning(kind or "auto", instances or 0, threads or 0, delay, tensorrt, half)
    for name in names:
        for path in tune(model_repo / name, tuning):
            click.echo(path)
