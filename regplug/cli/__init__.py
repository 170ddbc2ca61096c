"""The command line: a module per command, imported when the command is called."""

import importlib
import os
import signal
import sys

import click

from regplug.errors import ReaderGoneError, RegplugError

COMMANDS = {
    "annotate": "regplug.cli.annotate",
    "embed": "regplug.cli.embed",
    "explain": "regplug.cli.explain",
    "export": "regplug.cli.export",
    "models": "regplug.cli.models.command",
    "motifs": "regplug.cli.motifs",
    "plugins": "regplug.cli.plugins",
    "predict": "regplug.cli.predict",
    "prepare": "regplug.cli.prepare.command",
    "profile": "regplug.cli.profile",
    "serve": "regplug.cli.serve",
    "test": "regplug.cli.test.runs",
    "track": "regplug.cli.track",
    "train": "regplug.cli.train.command",
}


class Commands(click.Group):
    """Imports a command's module only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called `cmd_name`."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="regplug", message="%(version)s")
def cli() -> None:
    """Does a non-coding variant change where a protein binds, or whether the chromatin opens?"""


def main() -> None:
    """Run the command line; exit with 0 only when all is written."""
    # SystemExit, unlike the signal's default, lets unfinished files be removed, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if sys.stdin is None:  # it is closed, and the next file opened would be read in place of stdin
        os.open(os.devnull, os.O_RDONLY)
    try:
        from regplug.hooks.manager import plugin_manager

        plugin_manager().hook.regplug_commands(cli=cli)
        cli(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("regplug: interrupted", err=True)
        sys.exit(130)
    except ReaderGoneError:
        sys.exit(128 + signal.SIGPIPE)
    except RegplugError as error:
        click.echo(f"regplug: {error}", err=True)
        sys.exit(1)
