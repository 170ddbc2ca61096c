"""The command line: a module per command, imported when the command is called."""

import errno
import importlib
import logging
import os
import signal
import sys
import traceback

import click

from regplug.cli.shared.printable import printable
from regplug.errors import ReaderGoneError, RegplugError
from regplug.files.signals import obeyed

ISSUES = "https://github.com/regplug/regplug/issues"

COMMANDS = {
    "annotate": "regplug.cli.annotate",
    "attribute": "regplug.cli.attribute",
    "compare": "regplug.cli.compare",
    "embed": "regplug.cli.embed",
    "explain": "regplug.cli.explain",
    "export": "regplug.cli.export",
    "marginalize": "regplug.cli.marginalize",
    "models": "regplug.cli.models.command",
    "motifs": "regplug.cli.motifs",
    "patterns": "regplug.cli.patterns",
    "plugins": "regplug.cli.plugins",
    "precompute": "regplug.cli.precompute",
    "predict": "regplug.cli.predict",
    "prepare": "regplug.cli.prepare.command",
    "profile": "regplug.cli.profile",
    "serve": "regplug.cli.serve",
    "test": "regplug.cli.test.runs",
    "top": "regplug.cli.top",
    "track": "regplug.cli.track",
    "train": "regplug.cli.train.command",
    "verify": "regplug.cli.verify",
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
@click.option(
    "--debug", is_flag=True, expose_value=False, help="Show an error's traceback; of any command."
)
@click.version_option(package_name="regplug", message="%(version)s")
def cli() -> None:
    """Does a non-coding variant change where a protein binds, or whether the chromatin opens?"""


def main() -> None:
    """Run the command line; exit with 0 only when all is written."""
    if sys.stdin is None:  # it is closed, and the next file opened would be read in place of stdin
        os.open(os.devnull, os.O_RDONLY)
    logging.getLogger("matplotlib").setLevel(
        logging.ERROR
    )  # its list of fonts is no matter of ours
    words = [word for word in sys.argv[1:] if word != "--debug"]  # it may stand after any command
    try:
        _run(words)
    except ReaderGoneError:
        sys.exit(128 + signal.SIGPIPE)
    except Exception as error:  # noqa: BLE001  the last net: a line, not a traceback
        if len(words) < len(sys.argv) - 1:
            traceback.print_exc()
        click.echo(f"regplug: {printable(_told(error))}", err=True)
        sys.exit(1)


def _run(words: list[str]) -> None:
    """Run the command that `words` name; click's own errors and Ctrl-C end the program here."""
    try:
        from regplug.hooks.manager import plugin_manager

        plugin_manager().hook.regplug_commands(cli=cli)
        with obeyed():
            cli(words, standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("regplug: interrupted", err=True)
        sys.exit(130)


def _told(error: Exception) -> str:
    """Return what a user is told of an error; one that is not regplug's own is a fault of it."""
    if isinstance(error, RegplugError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return f"no file can have a name as long as {str(error.filename)[:60]}..."
    what = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, MemoryError):
        return f"the memory is full ({what}): give it more, or ask for less at once"
    return f"{what}. This is a fault of regplug: report what --debug prints at {ISSUES}"
