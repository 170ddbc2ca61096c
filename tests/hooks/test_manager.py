"""Each hook is documented, its example runs, and a test is named after it; a plugin installs."""

import importlib.metadata
import inspect
import os
import re
import shutil
import subprocess
import sys
import types
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import pluggy
import pytest

from regplug import cli
from regplug.errors import ModelError, PluginError
from regplug.hooks import hookspecs
from regplug.hooks import manager as plugins
from regplug.hooks.track_writer import TrackFile, TrackSet
from regplug.models.repository import read_card
from regplug.scoring.adapter import Adapter, VariantEffect
from regplug.scoring.backend import BackendOptions
from tests.toy_genomes import vcf_text, write_fasta
from tests.toy_models import gc_model

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "plugins.md").read_text()
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("regplug_")}
OPTIONS = BackendOptions(threads=1)


def manager_with(*modules):
    """Return a manager with the installed plugins and `modules`."""
    manager = plugins.plugin_manager()
    for number, module in enumerate(modules):
        manager.register(module, f"plugin{number}")
    manager.check_pending()
    return manager


def example(hook):
    """Return the docs' example of a hook, run as a module."""
    section = DOCS.split(f"\n## {hook}(")[1].split("\n## ")[0]
    module = types.ModuleType(f"example_of_{hook}")
    module.__file__ = str(ROOT / "docs" / "plugins.md")
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], vars(module))
    return module


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_are_documented(hook):
    signature = inspect.signature(HOOKS[hook], eval_str=False)
    words = []
    for name, parameter in signature.parameters.items():
        kind = parameter.annotation
        named = getattr(kind, "__name__", str(kind))  # a union has none
        words.append(f"{name}: {'click.Group' if kind is click.Group else named}")
        assert f"\n`{name}` (" in DOCS.split(f"\n## {hook}(")[1].split("\n## ")[0]
    heading = re.search(rf"^## {hook}\((.*?)\) -> (.*)$", DOCS, re.MULTILINE)
    assert heading, f"docs/plugins.md has no section for {hook}"
    assert heading[1] == ", ".join(words)
    source = inspect.getsource(HOOKS[hook])
    assert f"-> {heading[2]}:" in source


def test_only_hooks_are_documented():
    assert re.findall(r"^## (regplug_\w+)", DOCS, re.MULTILINE) == list(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_have_a_test(hook):
    assert f"test_hook_{hook}" in globals()


def test_hook_regplug_adapters():
    found = plugins.adapters(manager_with(example("regplug_adapters")))
    assert {"variant_effect", "methylation"} <= set(found)
    assert found["methylation"].effect.startswith("change of the predicted methylation")


def test_hook_regplug_model_repos(toy_repo):
    manager = manager_with(example("regplug_model_repos"))
    assert str(ROOT / "docs" / "model_repo") in plugins.locations(manager, None)
    assert plugins.locations(manager, "given") == ["given"]


def test_hook_regplug_importers():
    manager = manager_with(example("regplug_importers"))
    assert isinstance(plugins.importers(manager)["mine"].command, click.Command)


def test_hook_regplug_networks(tmp_path):
    module = example("regplug_networks")
    made = object()
    module.read_my_networks = lambda path: made
    manager = manager_with(module)
    assert plugins.stored_networks(manager, tmp_path) is None
    with pytest.raises(ModelError, match="is no finished run"):
        plugins.networks_at(manager, tmp_path)
    (tmp_path / "my_weights.npz").touch()
    assert plugins.stored_networks(manager, tmp_path) is made


def test_a_run_of_another_plugin_is_left_to_it(tmp_path):
    """Whoever is asked first, and however its weights are called."""
    (tmp_path / "weights.safetensors").write_bytes(b"in a format of its own")
    (tmp_path / "metrics.json").write_text('{"form": "tree run 1"}')
    made = object()

    class Trees:
        @hookspecs.hookimpl(trylast=True)
        def regplug_networks(self, path):
            return made

    assert plugins.stored_networks(manager_with(Trees()), tmp_path) is made
    with pytest.raises(ModelError, match=r"is a tree run 1, .*regplug export"):
        plugins.networks_at(manager_with(), tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("# deepbind 0.1")
    manager = manager_with()  # which reads files too

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(ModelError, match=r"a\.txt cannot be read: Permission denied"):
        plugins.networks_at(manager, tmp_path / "a.txt")


def test_hook_regplug_cards(toy_repo):
    manager = manager_with(example("regplug_cards"))
    assert plugins.cards(manager, "zoo://here", OPTIONS) == []
    found = plugins.cards(manager, str(toy_repo), OPTIONS)
    assert [card.name for card in found] == ["centre", "gc", "place"]
    with pytest.raises(ModelError, match="nowhere"):
        plugins.cards(manager, "nowhere", OPTIONS)
    with pytest.raises(ModelError, match="not ftp"):
        plugins.cards(manager, "ftp://host", OPTIONS)


def test_hook_regplug_open_backend(toy_repo):
    module = example("regplug_open_backend")
    manager = manager_with(module)
    with closing(plugins.open_backend(manager, str(toy_repo), "gc", OPTIONS)) as backend:
        assert backend.predict(np.ones((1, 21), np.uint8)).tolist() == [[21, 42]]

    class First:
        @hookspecs.hookimpl
        def regplug_open_backend(self, location, model):
            return module.Zeros(read_card(Path(location) / model))

    zeros = plugins.open_backend(manager_with(First()), str(toy_repo), "gc", OPTIONS)
    assert zeros.predict(np.ones((1, 21), np.uint8)).tolist() == [[0, 0]]


def test_hook_regplug_open_executor():
    manager = manager_with(example("regplug_open_executor"))
    with closing(manager.hook.regplug_open_executor(location="threads")) as executor:
        assert list(executor.run(abs, iter([-1, 2, -3]))) == [1, 2, 3]
    assert manager.hook.regplug_open_executor(location="elsewhere") is None


def test_hook_regplug_variant_writers():
    manager = manager_with(example("regplug_variant_writers"))
    names = {
        path: getattr(plugins.writer_for(manager, path), "__name__", None)
        for path in (
            "a.vcf",
            "a.vcf.gz",
            "a.bcf",
            "a.tsv",
            "a.tsv.gz",
            "a.parquet",
            "a.jsonl",
            "a.gz",
        )
    }
    assert list(names.values()) == [
        "VcfText",
        "VcfBgzip",
        "Bcf",
        "TsvMatrix",
        "TsvMatrix",
        "ParquetMatrix",
        "JsonLines",
        None,
    ]


def test_hook_regplug_track_writers(tmp_path, genome_of):
    writer = plugins.track_writers(manager_with(example("regplug_track_writers")))["list"]
    tracks = tuple(
        TrackFile(tmp_path / f"{target}.bw", "gc", target, "score", 0, 1) for target in "AB"
    )
    none = np.empty((0, 0), np.float32)
    made = TrackSet(tmp_path, tracks, "hg38", genome_of(c="ACGT"), (), (), none)
    assert writer.write(made).read_text() == "A.bw\nB.bw\n"


def test_hook_regplug_commands():
    group = cli.Commands("regplug")
    manager_with(example("regplug_commands")).hook.regplug_commands(cli=group)
    assert "hello" in group.list_commands(click.Context(group))
    assert group.get_command(click.Context(group), "hello")


def test_a_family_without_adapter_gets_the_default(toy_repo):
    card = read_card(toy_repo / "gc")
    assert card.family == "toy"
    assert type(plugins.adapter_for(plugins.plugin_manager(), card)) is VariantEffect


def test_two_adapters_of_one_name_are_an_error_naming_both_plugins():
    module = example("regplug_adapters")
    with pytest.raises(
        PluginError, match=r"plugin\d and plugin\d both bring adapters called methylation"
    ):
        plugins.adapters(manager_with(module, types.SimpleNamespace(**vars(module))))


PARTS = {*Adapter.__annotations__, *(name for name in vars(Adapter) if name[0] != "_")} - {"name"}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_an_adapter_that_lacks_a_part_is_named(part):
    old = types.SimpleNamespace(name="old", **{name: 0 for name in plugins.ADAPTER if name != part})
    bringing = types.SimpleNamespace(regplug_adapters=hookspecs.hookimpl(lambda: [old]))
    with pytest.raises(PluginError, match=f"the adapter old has no {part}: make it a subclass of"):
        plugins.adapters(manager_with(bringing))


def test_a_misspelt_hook_is_an_error_at_start_up(monkeypatch):
    class Misspelt:
        @hookspecs.hookimpl
        def regplug_adaptors(self):
            return []

    def load(self, group):
        self.register(Misspelt(), "misspelt")

    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", load)
    with pytest.raises(PluginError, match="regplug_adaptors"):
        plugins.plugin_manager()


def test_a_plugin_that_cannot_be_loaded_is_named(monkeypatch):
    def load(self, group):
        raise SyntaxError("odd_plugin.py: bad")

    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", load)
    with pytest.raises(PluginError, match="odd_plugin"):
        plugins.plugin_manager()


def test_the_first_repository_that_has_a_model_wins(tmp_path, monkeypatch):
    gc_model(tmp_path / "a", version="1")
    gc_model(tmp_path / "b", version="2")

    class Repos:
        @hookspecs.hookimpl
        def regplug_model_repos(self):
            return [tmp_path / "a", tmp_path / "b"]

    with closing(plugins.open_backend(manager_with(Repos()), None, "gc", OPTIONS)) as backend:
        assert backend.card.version == "1"


# -- the template distribution -----------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder into which plugins/template is installed."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(ROOT / "plugins" / "template", folder / "source")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        folder / "site",
        folder / "source",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "site"


def test_the_template_is_short():
    assert len((ROOT / "plugins/template/regplug_gc.py").read_text().splitlines()) < 40


def test_the_template_installs_and_annotates(installed, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def regplug(*arguments):
        command = [sys.executable, "-m", "regplug", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment
        ).stdout

    version = importlib.metadata.version("regplug")
    listed = regplug("plugins")
    assert "gc\tregplug-gc\t0.1.0\tregplug_adapters,regplug_open_backend" in listed
    assert f"embedded\tregplug\t{version}\t" in listed

    contigs = {"c": "A" * 200}
    write_fasta(tmp_path / "g.fa", contigs)
    records = ["c 100 . A C . . .", "c 101 . A T . . .", "c 102 . A AGG . . ."]
    (tmp_path / "in.vcf").write_text(vcf_text(records, contigs))
    out = regplug(
        *("annotate", tmp_path / "in.vcf", "--fasta", tmp_path / "g.fa"),
        *("--model", "gc_content", "--all-targets"),
    )
    values = re.findall(r"RP_GC_CONTENT_GC=([^;]*)", out)
    assert [float(value) for value in values] == pytest.approx([1 / 101, 0, 2 / 101], rel=1e-5)
    assert "change of the GC content around the variant" in out
