import json
import re

import pytest

from regplug.models.repository import read_card


@pytest.fixture
def models(regplug, toy_repo):
    return lambda *arguments: regplug("models", *arguments, "--model-repo", toy_repo)


def test_list(models):
    done = models("list")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0] == ["name", "family", "window", "targets", "strand", "default", "metrics"]
    assert [row[0] for row in rows[1:]] == ["centre", "gc", "place"]
    assert rows[2] == ["gc", "toy", "21", "2", "mean", "no", "."]


def test_show(models, toy_repo):
    out = models("show", "gc").out
    assert "window: 21" in out
    assert "target\tspread\nT0\t1\nT1\t1\n" in out
    card = json.loads(models("show", "gc", "--json").out)
    assert card["sha256"] == read_card(toy_repo / "gc").sha256


def test_show_an_unknown_model(models):
    done = models("show", "nope")
    assert (done.status, "there are: centre, gc, place" in done.err) == (1, True)


def test_verify(models):
    done = models("verify")
    assert done.status == 0
    assert re.findall(r"^(\w+)\tok\tlargest error", done.out, re.MULTILINE) == [
        "centre",
        "gc",
        "place",
    ]


def test_verify_finds_damage(regplug, tmp_path):
    from tests.toy_models import gc_model

    gc_model(tmp_path, "bad")
    gc_model(tmp_path, "good")
    (tmp_path / "bad" / "targets.txt").write_text("other\n")
    done = regplug("models", "verify", "--model-repo", tmp_path)
    assert done.status == 1
    assert "bad\tFAILED\tbad: targets.txt" in done.out
    assert "good\tok" in done.out


def test_import_lists_the_importers(regplug):
    done = regplug("models", "import", "--help")
    assert (done.status, "deepbind" in done.out) == (0, True)
    assert regplug("models", "import", "nope").status == 2


def test_plugins(regplug):
    done = regplug("plugins")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert {"embedded", "tables", "vcf", "repository", "deepbind"} <= {row[0] for row in rows}
    assert {row[1] for row in rows if row[0] == "vcf"} == {"regplug"}


def test_version_is_a_bare_line(regplug):
    from regplug import __version__

    assert regplug("--version").out == f"{__version__}\n"


@pytest.mark.parametrize(
    "command",
    [[], ["annotate"], ["models"], ["models", "verify"], ["plugins"], ["predict"], ["serve"]],
)
def test_help(regplug, command):
    done = regplug(*command, "--help")
    assert (done.status, "Usage: regplug" in done.out or "Usage: " in done.out) == (0, True)


def test_a_wrong_option_is_a_usage_error(regplug):
    done = regplug("annotate", "x.vcf", "--colour", "red")
    assert (done.status, "No such option" in done.err) == (2, True)
    done = regplug("annotate", "x.vcf", "--header", "novalue")
    assert (done.status, "KEY=VALUE" in done.err) == (2, True)
