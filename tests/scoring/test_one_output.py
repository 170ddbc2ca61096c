"""`predict --head`: another output of a model than the one that scores variants."""

import numpy as np
import pytest

import regplug
from regplug.errors import ModelError
from regplug.genome.codes import encode
from tests.toy_models import LOGITS, gc_model, profile_model

SEQUENCE = "ACGTACGGTTCA"
PROFILE = LOGITS[encode(SEQUENCE)].T.ravel().tolist()  # of both strands, worked out by hand


@pytest.fixture
def repo(tmp_path):
    profile_model(tmp_path)
    gc_model(tmp_path)
    return tmp_path


@pytest.fixture
def predicted(regplug, repo):
    def run(text, *options, model="profile"):
        (repo / "x.fa").write_text(text)
        return regplug("predict", repo / "x.fa", "--model", model, "--model-repo", repo, *options)

    return run


def test_a_column_for_each_number(predicted):
    done = predicted(f">x\n{SEQUENCE}\n", "--head", "profile")
    header, row = (line.split("\t") for line in done.out.strip("\n").split("\n"))
    assert header == ["name", *(f"profile[{s},{b}]" for s in range(2) for b in range(12))]
    assert [row[0], *map(float, row[1:])] == ["x", *PROFILE]


def test_one_number_per_target_has_their_names(predicted):
    done = predicted(f">x\n{SEQUENCE}\n", "--head", "log_counts")
    assert done.out == "name\tplus\tminus\nx\t6.0\t12.0\n" == predicted(f">x\n{SEQUENCE}\n").out


def test_every_window(predicted):
    done = predicted(f">x\nA{SEQUENCE}\n", "--head", "profile", "--whole", "--step", "1")
    _, first, second = (line.split("\t") for line in done.out.strip("\n").split("\n"))
    assert (first[:3], second[:3]) == (["x", "0", "12"], ["x", "1", "13"])
    assert list(map(float, second[3:])) == PROFILE
    assert list(map(float, first[3:15])) == [1, *PROFILE[:11]]


def test_in_python(repo):
    pytest.importorskip("pyarrow")
    table = regplug.predict([SEQUENCE, "N" * 12], model="profile", head="profile", repo=str(repo))
    found = np.array([column.to_pylist() for column in table.columns[1:]]).T
    assert found.tolist() == [PROFILE, [0.0] * 24]


@pytest.mark.parametrize(
    ("model", "head", "message"),
    [
        ("profile", "shape", "profile has no output shape: it has profile, log_counts"),
        ("gc", "profile", "gc has no output profile: it has scores"),
    ],
)
def test_an_output_that_is_not_there(predicted, model, head, message):
    done = predicted(f">x\n{SEQUENCE}\n", "--head", head, model=model)
    assert (done.status, done.out) == (1, "")
    assert message in done.err


def test_more_numbers_than_a_table_has_columns(repo, monkeypatch):
    monkeypatch.setattr("regplug.scoring.card.MOST_TARGETS", 23)
    with pytest.raises(ModelError, match="24 targets are more than 23"):
        regplug.predict([SEQUENCE], model="profile", head="profile", repo=str(repo))
