"""Like commands take like options; old spellings go on for a version; help ends where lines do."""

import shutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from regplug.cli import cli

WIDE = 80


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its words."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), (*path, name))


COMMANDS = dict(walk(cli))
GROUPS = [words for words, command in COMMANDS.items() if isinstance(command, click.Group)]


def options(words: str) -> dict[str, click.Option]:
    command = COMMANDS[words]
    found = command.get_params(click.Context(command))
    return {name: option for option in found for name in option.opts if name.startswith("--")}


@pytest.mark.parametrize("words", GROUPS)
def test_short_help_ends_before_the_terminal_does(words):
    shown = CliRunner().invoke(cli, [*words.split(), "-h"], terminal_width=WIDE).output
    lines = shown.partition("Commands:\n")[2].splitlines()
    assert lines
    for line in lines:
        assert len(line) <= WIDE
        assert not line.endswith("..."), line
        assert line.endswith("."), line


@pytest.mark.parametrize(
    "words", ["annotate", "track", "explain", "predict", "profile", "test", "embed", "motifs"]
)
def test_what_runs_a_model_takes_where_it_is_and_threads(words):
    assert {"--model-repo", "--threads"} <= options(words).keys()


@pytest.mark.parametrize("words", COMMANDS)
def test_one_word_for_each_thing(words):
    """Old spellings are hidden; nothing else is called as they are."""
    for name, option in options(words).items():
        assert option.hidden or name not in ("--target", "--most", "--top", "--genome"), name
        if name == "--fasta":
            assert "eference" in option.help


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("explain", "--target", "--targets"),
        ("profile", "--target", "--targets"),
        ("embed", "--target", "--targets"),
        ("motifs", "--target", "--targets"),
        ("motifs", "--most", "--max"),
        ("prepare deepbind chip", "--top", "--max"),
    ],
)
def test_an_old_spelling_works_and_says_so(words, old, new):
    command = COMMANDS[words]
    parameter = next(option for option in command.params if new in option.opts)
    arguments = [old, "7", *_required(command)]
    seen = CliRunner().invoke(
        click.Command("x", params=command.params, callback=lambda **given: click.echo(given)),
        arguments,
    )
    assert f"{old} is called {new} now" in seen.stderr
    expected = "('7',)" if new == "--targets" else "7"
    assert f"'{parameter.name}': {expected}" in seen.stdout


def _required(command: click.Command) -> list[str]:
    words = []
    for parameter in command.params:
        if parameter.required and isinstance(parameter, click.Option):
            words += [parameter.opts[0], "x"]
        elif isinstance(parameter, click.Argument):
            words.append("x")
    return words


def test_models_are_a_table_on_a_terminal_and_tsv_on_a_pipe(regplug, toy_repo, monkeypatch):
    piped = regplug("models", "list", "--model-repo", toy_repo).out
    rows = [line.split("\t") for line in piped.splitlines()]
    assert rows[0] == ["name", "family", "window", "targets", "strand", "default", "metrics"]
    assert {row[0] for row in rows[1:]} == {"centre", "gc", "place"}
    assert {len(row) for row in rows} == {7}
    monkeypatch.setenv("COLUMNS", str(WIDE))
    monkeypatch.setenv("TERM", "dumb")
    script = shutil.which("script")
    if script is None:
        pytest.skip("no `script` to give a terminal")
    seen = subprocess.run(
        [script, "-qec", f"{sys.executable} -m regplug models list --model-repo {toy_repo}",
         "/dev/null"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "\t" not in seen
    assert {line.split()[0] for line in seen.splitlines() if line.strip()} >= {"name", "gc"}
