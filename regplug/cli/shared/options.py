"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from regplug.scoring.backend import BackendOptions

Function = Callable[..., Any]


def fasta_option(function: Function) -> Function:
    """Add --fasta."""
    return click.option(
        "--fasta", help="Reference FASTA, plain or bgzipped, indexed (samtools faidx)."
    )(function)


def backend_options(function: Function) -> Function:
    """Add --model-repo and what it takes to reach a server; `backend_from` reads them."""
    for option in reversed(
        [
            click.option(
                "--model-repo",
                help="Folder of models, or a server: grpc://HOST:PORT, grpcs://, http://, "
                "https://.  "
                "[default: the models that came with regplug]",
            ),
            click.option(
                "--threads", type=click.IntRange(0), default=0, help="CPU threads; 0: all."
            ),
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
    """Take what `backend_options` added out of `options`; return the location and the rest."""
    from regplug.genome.reference import read_config

    headers = []
    for header in options.pop("header"):
        key, equals, value = header.partition("=")
        if not equals:
            raise click.BadParameter(f"{header} is not KEY=VALUE", param_hint="--header")
        headers.append((key, value))
    location = options.pop("model_repo") or read_config().model_repo
    names = ("threads", "ca_certificate", "client_key", "client_certificate", "card")
    return location, BackendOptions(headers=tuple(headers), **{n: options.pop(n) for n in names})
