"""Export asks a run what it is, and nothing else, to know what to make of it."""

import json

import pytest

pytest.importorskip("torch")

MAKERS = {
    "deepbind run 1": "regplug.train.deepbind.publish.publish_deepbind",
    "panel run 1": "regplug.train.panel.publish.publish_panel",
    "basset run 1": "regplug.train.basset.publish.publish_basset",
}


class MadeError(Exception):
    """Says who was asked to make the model."""


@pytest.mark.parametrize("form", MAKERS)
@pytest.mark.parametrize("old", [False, True])
def test_each_form_has_its_maker(regplug, tmp_path, monkeypatch, form, old):
    for name, maker in MAKERS.items():

        def make(*_, said=name, **__):
            raise MadeError(said)

        monkeypatch.setattr(maker, make)
    keys = {"shape": {}} if form != "deepbind run 1" else {}
    if not old or form == "basset run 1":  # whose runs have always said it
        keys |= {"form": form}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text(json.dumps(keys))
    words = ["export", tmp_path / "run", "--name", "x", "--test", "t", "-o", tmp_path / "repo"]
    if form == "panel run 1":
        words += ["--windows", "w.fa", "--windows-split", "w.tsv"]
    done = regplug(*words)
    assert (done.status, f"MadeError: {form}" in done.err) == (1, True)


def test_an_unknown_form(regplug, tmp_path):
    (tmp_path / "metrics.json").write_text('{"form": "tree run 1"}')
    done = regplug("export", tmp_path, "--name", "x", "-o", tmp_path / "repo")
    assert (done.status, "says it is a 'tree run 1'" in done.err) == (1, True)
    assert not (tmp_path / "repo").exists()
