"""What the guides show runs, its commands and options exist, and its figures follow from others."""

import re
import shlex
import types
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from regplug.cli import cli
from regplug.genome.codes import encode
from regplug.hooks.manager import adapters, plugin_manager
from regplug.models.embedded import Embedded
from regplug.models.repository import read_card
from tests.toy_genomes import random_letters

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def first_block(page):
    """Return the first Python block of a page, run as a module."""
    source = re.search(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)[1]
    module = types.ModuleType(page.removesuffix(".md"))
    exec(source, vars(module))
    return module


# -- commands ----------------------------------------------------------------------------


def commands(page):
    """Yield the words of each regplug command in the code of a page."""
    code = re.findall(r"^(?:    .*\n)+|^```\n(?:.*\n)*?```", page.read_text(), re.MULTILINE)
    for line in "\n".join(code).replace("\\\n", " ").splitlines():
        for part in line.strip().split(" | "):
            if found := re.match(r"(?:\$ )?(?:[\w ./-]+ -m )?regplug (.*)", part):
                yield shlex.split(found[1], comments=True)


@pytest.fixture(scope="module")
def group():
    """Return the command line, with what plugins bring."""
    plugin_manager().hook.regplug_commands(cli=cli)
    return cli


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_and_their_options_exist(page, group):
    for words in commands(page):
        if words[:3] == ["models", "import", "pwm"]:  # the guide's own
            continue
        command: click.Command = group
        with click.Context(group) as context:
            while isinstance(command, click.Group) and words:
                name, *words = words
                found = command.get_command(context, name)
                assert found, f"no command {name}"
                command = found
            known = {option for each in command.get_params(context) for option in each.opts}
        options = {word.partition("=")[0] for word in words if re.match("--?[a-zA-Z]", word)}
        assert options <= known, command.name


# -- figures -----------------------------------------------------------------------------


def test_hours_of_a_genome_follow_from_the_rates_of_readme():
    readme, page = (ROOT / "README.md").read_text(), (DOCS / "first_steps.md").read_text()
    rows = re.findall(
        r"^\| (.*?) \| ([\d,]+) \| ([\d.]+) \| (\d*) ?\| ([\d.]*) ?\|$", page, re.MULTILINE
    )
    assert len(rows) == 4
    total = 0.0
    for model, rate, annotate, step, track in rows:
        measured = re.search(rf"^\| {re.escape(model)}.*\| in process \| ([\d,]+) \|", readme, re.M)
        assert measured[1] == rate
        speed = float(rate.replace(",", ""))
        hours = 5e6 / speed / 3600
        assert float(annotate) == pytest.approx(hours, rel=0.02)
        if step:
            total += hours if read_card(ROOT / "model_repo" / model.strip("`")).default else 0
            assert float(track) == pytest.approx(3.1e9 / int(step) / (2 * speed) / 3600, rel=0.02)
    assert f"together: {total:.1f} hours" in page


# -- code --------------------------------------------------------------------------------


def test_the_command_of_the_guide():
    fasta = ROOT / "examples" / "example.hg38.fa.gz"
    done = CliRunner().invoke(first_block("add_command.md").contigs, [str(fasta)])
    index = [line.split("\t")[:2] for line in Path(f"{fasta}.fai").read_text().splitlines()]
    assert [line.split("\t") for line in done.stdout.splitlines()] == index


def test_the_model_family_of_the_guide(tmp_path, monkeypatch):
    module = first_block("add_model.md")
    bits = np.random.default_rng(1).normal(size=(6, 4))
    np.savetxt(tmp_path / "motif.txt", bits)
    arguments = [str(tmp_path / "motif.txt"), "--name", "motif", "-o", str(tmp_path / "repo")]
    done = CliRunner().invoke(module.command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    letters = [random_letters(41, seed=seed) for seed in range(20)]
    other = str.maketrans("ACGT", "TGCA")

    def best(sequence):
        strands = sequence, sequence.translate(other)[::-1]
        return max(
            sum(bits[i, "ACGT".index(strand[at + i])] for i in range(6))
            for strand in strands
            for at in range(41 - 6 + 1)
        )

    with closing(Embedded(tmp_path / "repo" / "motif")) as backend:
        scores = backend.predict(np.stack([encode(one) for one in letters]))
        assert backend.card.targets[0].spread > 0
    assert scores[:, 0] == pytest.approx([best(one) for one in letters], abs=1e-5)
    manager = plugin_manager()
    manager.register(module, "guide")
    manager.check_pending()
    assert adapters(manager)["pwm"].effect.startswith("change of the best placement")
