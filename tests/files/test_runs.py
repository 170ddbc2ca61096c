"""Runs say what they are, and those of before are known by the one old rule."""

import json

import pytest

from regplug.errors import ModelError
from regplug.files.runs import Form, form_of, stated_form


@pytest.mark.parametrize(
    ("metrics", "form"),
    [
        ({"form": "deepbind run 1"}, Form.DEEPBIND),
        ({"form": "panel run 1", "shape": {}}, Form.PANEL),
        ({"form": "basset run 1", "shape": {}}, Form.BASSET),
        ({"targets": {}}, Form.DEEPBIND),  # regplug 0.1
        ({"shape": {}, "members": []}, Form.PANEL),  # regplug 0.1
        ([], None),
    ],
)
def test_the_form_of_a_run(tmp_path, metrics, form):
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    assert form_of(tmp_path) is form


@pytest.mark.parametrize("text", [None, "", "{"])
def test_what_is_no_finished_run(tmp_path, text):
    if text is not None:
        (tmp_path / "metrics.json").write_text(text)
    assert form_of(tmp_path) is None
    assert form_of(tmp_path / "nowhere") is None


def test_a_form_of_the_future_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"form": "basset run 7"}')
    with pytest.raises(ModelError, match=r"says it is a 'basset run 7'.*update regplug"):
        form_of(tmp_path)
    assert stated_form(tmp_path) == "basset run 7"
