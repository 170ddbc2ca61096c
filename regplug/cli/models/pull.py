"""`regplug models pull`: a model from an address, checked before it appears."""

from pathlib import Path

import click

from regplug.cli.shared.options import PATH


@click.command(short_help="Get a model from an address, checked.")
@click.argument("url")
@click.option("--sha256", required=True, help="Of what lies at URL, from somebody whom you trust.")
@click.option("--output", "-o", type=PATH, required=True, help="Model repository.")
@click.option("--accept-license", is_flag=True, help="Take weights that are not free for all.")
@click.option("--ca-certificate", default="", help="PEM file that signs the server's.")
def pull(url: str, sha256: str, output: Path, accept_license: bool, ca_certificate: str) -> None:
    """Get the model at URL (https) into a folder of models.

    URL is of a tar of the model's folder, or of SHA256SUMS beside its files, as sha256sum
    writes it. The model appears when its files agree with its card and its golden scores are
    replayed. The same command goes on where a connection ended.
    """
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn

    from regplug.cli.shared.progress import bar
    from regplug.hooks.importing import say
    from regplug.models.pulled import pull as pull_model

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with bar("bytes", None, *columns) as progress:
        card = pull_model(
            url,
            sha256,
            output,
            accepted=accept_license,
            ca_certificate=ca_certificate,
            progress=progress,
        )
    say(card, output)
