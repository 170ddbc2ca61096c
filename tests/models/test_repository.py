import hashlib
import re
from contextlib import closing

import msgspec
import numpy as np
import pytest

from regplug.errors import BackendError, ModelError, OutputError
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.models.export import export_model, measure_spread
from regplug.models.repository import (
    Golden,
    check_model,
    model_names,
    promised_config,
    read_card,
    read_golden,
    read_onnx,
    write_model,
)
from regplug.models.verify import verify_model
from regplug.scoring.card import card_from_json
from tests.toy_models import centre_model, gc_model


def test_a_model_directory(tmp_path):
    card = gc_model(tmp_path)
    folder = tmp_path / "gc"
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert files == ["1/model.onnx", "card.json", "config.pbtxt", "golden.json", "targets.txt"]
    assert read_card(folder) == check_model(folder) == card
    assert model_names(tmp_path) == ["gc"]
    assert (folder / "targets.txt").read_text() == "T0\nT1\n"
    assert hashlib.sha256(read_onnx(folder, card)).hexdigest() == card.sha256


def test_the_card_is_in_the_server_configuration(tmp_path):
    card = gc_model(tmp_path, doc='a "quoted" \\ line\nmore é')
    config = (tmp_path / "gc" / "config.pbtxt").read_text()
    found = re.search(r'key: "regplug_card" value \{ string_value: "(.*)" \} \}', config)
    text = re.sub(r"\\(.)", r"\1", found[1])
    assert card_from_json(text, source="config") == card
    for promise in ('backend: "onnxruntime"', "KIND_AUTO", "dynamic_batching", "model_warmup"):
        assert promise in config
    assert 'label_filename: "targets.txt"' in config
    assert config.isascii()


def test_writing_again_replaces_all(tmp_path):
    gc_model(tmp_path, version="1")
    (tmp_path / "gc" / "odd").touch()
    gc_model(tmp_path, version="2")
    assert read_card(tmp_path / "gc").version == "2"
    assert not (tmp_path / "gc" / "odd").exists()


def test_tuning_below_the_promise_is_allowed(tmp_path):
    card = gc_model(tmp_path)
    config = tmp_path / "gc" / "config.pbtxt"
    config.write_text(promised_config(card) + "instance_group [ { count: 4 } ]\n")
    assert check_model(tmp_path / "gc") == card


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("targets.txt", "T1", "T2", "targets.txt"),
        ("config.pbtxt", "max_batch_size: 64", "max_batch_size: 63", "max_batch_size: 64"),
        ("config.pbtxt", "dims: [ 21 ]", "dims: [ 22 ]", "dims: [ 21 ]"),
        ("card.json", '"name": "gc"', '"name": "cg"', "cg"),
        ("card.json", '"window": 21', '"window": 22', "config.pbtxt"),
        ("card.json", '"window"', '"windows"', "damaged"),
    ],
)
def test_files_that_disagree(tmp_path, file, old, new, named):
    gc_model(tmp_path)
    path = tmp_path / "gc" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ModelError, match=re.escape(named)):
        check_model(tmp_path / "gc")


@pytest.mark.parametrize("file", ["card.json", "targets.txt", "config.pbtxt", "1/model.onnx"])
def test_a_missing_file_is_named(tmp_path, file):
    gc_model(tmp_path)
    (tmp_path / "gc" / file).unlink()
    with pytest.raises(ModelError, match=file):
        check_model(tmp_path / "gc")


def test_another_graph(tmp_path):
    card = gc_model(tmp_path)
    (tmp_path / "gc" / "1" / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="sha256"):
        read_onnx(tmp_path / "gc", card)
    with pytest.raises(ModelError, match="sha256"):
        write_model(tmp_path, card, onnx=b"other", golden=Golden([], []))


def test_a_repository_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        gc_model(tmp_path / "file")


def test_golden_scores(tmp_path):
    gc_model(tmp_path)
    with closing(Embedded(tmp_path / "gc", threads=1)) as backend:
        assert verify_model(tmp_path / "gc", backend) <= 1e-5
        path = tmp_path / "gc" / "golden.json"
        golden = read_golden(tmp_path / "gc")
        path.write_bytes(msgspec.json.encode(Golden(golden.sequences, [[1.0, 2.0]])))
        with pytest.raises(ModelError, match="golden sequence 1 is off by"):
            verify_model(tmp_path / "gc", backend)
        path.write_bytes(msgspec.json.encode(Golden([], [])))
        with pytest.raises(ModelError, match="empty"):
            verify_model(tmp_path / "gc", backend)
        path.write_bytes(b"{")
        with pytest.raises(ModelError, match=r"golden\.json of gc"):
            verify_model(tmp_path / "gc", backend)


def test_a_backend_with_another_model(tmp_path):
    gc_model(tmp_path / "a")
    gc_model(tmp_path / "b", version="2")
    with (
        closing(Embedded(tmp_path / "a" / "gc", threads=1)) as backend,
        pytest.raises(ModelError, match="another gc"),
    ):
        verify_model(tmp_path / "b" / "gc", backend)


def test_predictions_are_checked(tmp_path):
    gc_model(tmp_path, max_batch_size=3)
    with closing(Embedded(tmp_path / "gc", threads=1)) as backend:
        assert backend.predict(np.zeros((7, 21), np.uint8)).shape == (7, 2)
        assert backend.predict(np.zeros((0, 21), np.uint8)).shape == (0, 2)
        with pytest.raises(BackendError, match="gc cannot read codes of shape"):
            backend.predict(np.zeros((1, 20), np.uint8))


def test_nan_from_a_model_is_an_error(tmp_path):
    from tests.toy_models import table_model

    table_model(tmp_path, "bad", np.array([[0.0], [0], [0], [np.nan], [0]]), window=5)
    with (
        closing(Embedded(tmp_path / "bad", threads=1)) as backend,
        pytest.raises(BackendError, match="answered nan for T0"),
    ):
        backend.predict(np.full((1, 5), 3, np.uint8))


def test_export_measures_the_spread(tmp_path):
    """The centre model reads A C G T = 1 2 4 8: its differences over random SNVs by hand."""
    made = centre_model(tmp_path / "first")
    onnx = read_onnx(tmp_path / "first" / "centre", made)
    card = export_model(tmp_path / "second", made, onnx, measuring=Measuring(9000))
    share, value = np.array([0.295, 0.205, 0.205, 0.295]), np.array([1, 2, 4, 8])
    pairs = [(share[r] / 3, value[a] - value[r]) for r in range(4) for a in range(4) if a != r]
    mean = sum(weight * change for weight, change in pairs)
    expected = np.sqrt(sum(weight * (change - mean) ** 2 for weight, change in pairs))
    assert card.targets[0].spread == pytest.approx(expected, rel=0.03)
    assert read_card(tmp_path / "second" / "centre") == card
    with closing(Embedded(tmp_path / "second" / "centre", threads=1)) as backend:
        assert verify_model(tmp_path / "second" / "centre", backend) <= 1e-5
        assert measure_spread(backend, 21, 300).shape == (1,)
