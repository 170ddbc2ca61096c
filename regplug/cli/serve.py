"""regplug serve: a Triton server on a model repository."""

import shlex
from pathlib import Path

import click

from regplug.errors import BackendError, ModelError
from regplug.hooks.manager import locations, plugin_manager
from regplug.models.server import container_command, local_server, serving


@click.command(short_help="Start a Triton server on a model repository.")
@click.option(
    "--model-repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the models; by default the installed ones.",
)
@click.option("--http-port", default=8000, show_default=True, help="Port for HTTP.")
@click.option("--grpc-port", default=8001, show_default=True, help="Port for gRPC.")
@click.option(
    "--metrics-port", default=8002, show_default=True, help="Port for Prometheus metrics."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(
    model_repo: Path | None, http_port: int, grpc_port: int, metrics_port: int, host: str
) -> None:
    """Start a Triton Inference Server on a model repository, until Ctrl-C.

    The server is the one of the extra `server`, on the CPU. Without it, the command of NVIDIA's
    container is printed instead: run that on a machine with GPUs.

    Then: regplug annotate --model-repo grpc://127.0.0.1:8001 ...
    """
    repo = model_repo or _installed_repo()
    ports = {"http_port": http_port, "grpc_port": grpc_port, "metrics_port": metrics_port}
    if local_server() is None:
        click.echo(
            "No Triton server is installed here (pip install 'regplug[server]'); with docker, run:",
            err=True,
        )
        click.echo(shlex.join(container_command(repo, **ports)))
        return
    click.echo(f"Starting a Triton server on {repo} ...", err=True)
    try:
        with serving(repo, host=host, **ports) as server:
            click.echo(f"--model-repo {server.grpc}  (or {server.http})", err=True)
            click.echo(f"metrics {server.metrics}; log {server.log}; stop with Ctrl-C", err=True)
            status = server.process.wait()
            raise BackendError(
                f"the Triton server ended by itself ({status}); its log ends:\n{server.log_tail()}"
            )
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


def _installed_repo() -> Path:
    for location in locations(plugin_manager(), None):
        if Path(location).is_dir():
            return Path(location)
    raise ModelError("no model repository is installed: give one with --model-repo DIR")
