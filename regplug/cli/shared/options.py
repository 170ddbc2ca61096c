"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from regplug.motifs.matches import TAX_GROUPS
from regplug.scoring.backend import ENGINE, BackendOptions

Function = Callable[..., Any]
PATH = click.Path(path_type=Path)
_OLD = "regplug.old_spellings"  # key in a context's meta: parameter → the old spelling's value


def fasta_option(function: Function) -> Function:
    """Add --fasta."""
    return click.option("--fasta", help="Reference, plain or bgzipped (samtools faidx).")(function)


def force_option(function: Function) -> Function:
    """Add --force."""
    what = "Go on though contigs, REFs or the model's organism do not fit the FASTA."
    return click.option("--force", is_flag=True, help=what)(function)


def regions_file_option(before: str = "", *short: str) -> Callable[[Function], Function]:
    """Add --regions-file, whose help begins with `before`; `short` is a short spelling of it."""
    text = "BED if called .bed or .bed.gz, else 1-based CHROM, POS or CHROM, FROM, TO, or a VCF."
    return click.option("--regions-file", *short, default="", help=before + text)


def comma_separated(value: str | None) -> tuple[str, ...]:
    """Return the words between commas; empty words are left out."""
    return tuple(filter(None, (value or "").split(",")))


def known_motifs_options(function: Function) -> Function:
    """Add --against and --tax-group, which say what known motifs there are."""
    for option in (
        click.option(
            "--tax-group",
            type=click.Choice(TAX_GROUPS),
            default="vertebrates",
            show_default=True,
            callback=_without_against,
            help="Without --against: whose motifs of JASPAR CORE.",
        ),
        click.option(
            "--against",
            type=PATH,
            is_eager=True,
            help="Known motifs, MEME format.  [default: JASPAR CORE]",
        ),
    ):
        function = option(function)
    return function


def _without_against(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return the group; click.UsageError if it is given beside a file of motifs."""
    given = ctx.get_parameter_source(parameter.name or "")
    if given is click.core.ParameterSource.COMMANDLINE and ctx.params.get("against"):
        raise click.UsageError("--tax-group is of JASPAR: it does not go with --against")
    return value


def targets_option(text: str) -> Callable[[Function], Function]:
    """Add --targets T,T, which gives a tuple; --target, repeated, is its old spelling."""

    def add(function: Function) -> Function:
        function = click.option(
            "--targets", metavar="T,T", help=text, callback=_or_old(comma_separated)
        )(function)
        return renamed("--target", "--targets", multiple=True)(function)

    return add


def renamed(old: str, new: str, name: str = "", **kind: Any) -> Callable[[Function], Function]:
    """Accept the old spelling of an option until version 0.3, with a hint on stderr.

    The option `new` must have the callback `old_or_new`.

    Args:
        old: the old spelling, with dashes.
        new: the option that replaces it, with dashes.
        name: of the parameter of `new`, if it is not the option's.
        kind: further arguments of the old option, such as its type.
    """
    name = name or new.lstrip("-").replace("-", "_")

    def remember(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value not in (None, (), False):
            click.echo(f"regplug: {old} is called {new} now, and will go in 0.3", err=True)
            ctx.meta.setdefault(_OLD, {})[name] = value

    return click.option(
        old,
        f"old_{name}",
        hidden=True,
        expose_value=False,
        callback=remember,
        is_eager=True,
        **kind,
    )


def old_or_new(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return an option's value, or that of its old spelling if only that was used."""
    given = ctx.get_parameter_source(parameter.name or "")
    if given is click.core.ParameterSource.COMMANDLINE:
        return value
    return ctx.meta.get(_OLD, {}).get(parameter.name, value)


def _or_old(read: Callable[[str | None], Any]) -> Callable[..., Any]:
    """Return a callback as `old_or_new`; text is read by `read`."""

    def callback(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
        found = old_or_new(ctx, parameter, value)
        return found if isinstance(found, tuple) else read(found)

    return callback


def windows_options(function: Function) -> Function:
    """Add --windows and --windows-split; `windows_from` reads them.

    Their old spellings were --genome for the FASTA and --windows for its split.
    """
    for option in (
        click.option("--windows", type=PATH, help="FASTA of windows of a genome."),
        click.option(
            "--windows-split", type=PATH, help="TSV: which windows are train, which test."
        ),
        click.option("--genome", type=PATH, hidden=True),
    ):
        function = option(function)
    return function


def windows_from(options: dict[str, Any]) -> tuple[Path | None, Path | None]:
    """Remove what `windows_options` added from `options`; return the FASTA and its split."""
    old, windows, split = (options.pop(n) for n in ("genome", "windows", "windows_split"))
    if old is None:
        return windows, split
    click.echo(
        "regplug: --genome FASTA --windows TSV are called --windows FASTA --windows-split TSV now, "
        "and will go in 0.3",
        err=True,
    )
    return old, split or windows


def model_repo_option(function: Function) -> Function:
    """Add --model-repo."""
    return click.option(
        "--model-repo",
        metavar="DIR|URL",
        help="Folder of models, or a server: grpc://HOST:PORT, grpcs://, http://, https://.  "
        "[default: the models that came with regplug]",
    )(function)


def threads_option(function: Function) -> Function:
    """Add --threads."""
    return click.option(
        "--threads", type=click.IntRange(0), default=0, help="CPU threads; 0: all."
    )(function)


def device_option(function: Function) -> Function:
    """Add --device."""
    return click.option(
        "--device",
        default="cpu",
        show_default=True,
        callback=lambda ctx, parameter, value: BackendOptions(device=value).device,
        help="cpu, or cuda or cuda:N, the GPU of that number.",
    )(function)


def engine_option(function: Function) -> Function:
    """Add --engine."""
    return click.option(
        "--engine",
        default=ENGINE,
        show_default=True,
        metavar="NAME",
        help="What runs models here: onnxruntime, openvino, torch, or NAME:bf16 in such numbers.",
    )(function)


def backend_options(function: Function) -> Function:
    """Add --model-repo, --threads, --device, --engine and what a server asks for.

    `backend_from` reads them.
    """
    for option in reversed(
        [
            model_repo_option,
            threads_option,
            device_option,
            engine_option,
            click.option(
                "--header", multiple=True, metavar="KEY=VALUE", help="Sent to the server."
            ),
            click.option("--ca-certificate", default="", help="PEM file that signs the server's."),
            click.option("--client-key", default="", help="PEM file with the client's key."),
            click.option("--client-certificate", default="", help="PEM file with the client's."),
            click.option(
                "--card", default="", help="card.json, for a server that cannot return it."
            ),
        ]
    ):
        function = option(function)
    return function


def backend_from(options: dict[str, Any]) -> tuple[str | None, BackendOptions]:
    """Remove what `backend_options` added from `options`; return the repository and the rest.

    Raises:
        click.BadParameter: a header is not KEY=VALUE.
    """
    from regplug.genome.reference import read_config

    headers = []
    for header in options.pop("header"):
        key, equals, value = header.partition("=")
        if not equals:
            raise click.BadParameter(f"{header} is not KEY=VALUE", param_hint="--header")
        headers.append((key, value))
    names = ("threads", "device", "engine", "ca_certificate", "client_key", "client_certificate")
    rest = {name: options.pop(name) for name in (*names, "card")}
    location = options.pop("model_repo") or read_config().model_repo
    return location, BackendOptions(headers=tuple(headers), **rest)
