"""Coverage: reads at each base, as numpy and ChromBPNet's own formula have them."""

from contextlib import closing

import msgspec
import numpy as np
import pytest

from regplug.errors import BackendError, ModelError
from regplug.models.embedded import Embedded
from regplug.scoring.adapter import VariantEffect
from regplug.scoring.coverage import coverage_of
from regplug.scoring.outputs import Output
from tests.toy_models import gc_model, profile_model
from tests.toy_profiles import BASES, WINDOW, ProfileToy


@pytest.mark.parametrize(
    ("toy", "how"),
    [
        (ProfileToy(), {"flat": True}),
        (ProfileToy(), {}),
        (ProfileToy(), {"base_first": True}),
        (ProfileToy(rows=2), {}),
        (ProfileToy(rows=2), {"base_first": True}),
        (ProfileToy(targets=3), {}),
        (ProfileToy(targets=3), {"base_first": True}),
    ],
)
def test_reads_at_each_base(tmp_path, toy, how):
    toy.imported(tmp_path / "repo", **how)
    codes = np.random.default_rng(3).integers(0, 5, (4, WINDOW)).astype(np.uint8)
    with closing(Embedded(tmp_path / "repo" / "toy", threads=1)) as backend:
        assert VariantEffect().covers(backend.card) == BASES
        found = VariantEffect().track(list(codes), backend, width=WINDOW, step=1)
    assert [part.shape for part in found] == [(1, BASES, toy.targets)] * 4
    for part, sequence in zip(found, codes, strict=True):
        np.testing.assert_allclose(part[0], toy.reads(sequence), rtol=1e-4)


def test_chrombpnets_own_formula(tmp_path):
    """softmax as predict_to_bigwig.py writes it: exp(x - mean) over its sum, times exp(counts)."""
    coverage = coverage_of(ProfileToy().imported(tmp_path / "repo"))
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (5, 1, BASES)).astype(np.float32)
    counts = rng.normal(4, 1, (5, 1)).astype(np.float32)
    shifted = np.exp((logits[:, 0] - logits[:, 0].mean(1, keepdims=True)).astype(np.float64))
    wanted = shifted / shifted.sum(1, keepdims=True) * np.exp(counts)
    found = coverage.values({"profile": logits, "counts": counts})
    np.testing.assert_allclose(found[:, :, 0], wanted, rtol=1e-5)
    np.testing.assert_allclose(found.sum(1), np.exp(counts), rtol=1e-5)


def test_counts_that_are_no_logarithms(tmp_path):
    card = profile_model(tmp_path)
    profile, counts = card.outputs
    card = msgspec.structs.replace(
        card, output_scale="positive", outputs=(profile, Output(counts.name, (2,), "count"))
    )
    logits = np.log(np.array([[[1, 3] * 6, [2] * 12]], np.float32))
    reads = coverage_of(card).values({"profile": logits, counts.name: np.array([[24, 6]])})
    np.testing.assert_allclose(reads[0].T, [[1, 3] * 6, [0.5] * 12], rtol=1e-6)


def test_counts_that_are_said_to_be_logarithms(tmp_path):
    coverage = coverage_of(profile_model(tmp_path))
    answers = {"profile": np.zeros((2, 2, 12), np.float32)}
    answers["log_counts"] = np.array([[3, 4], [5, 120]], np.float32)
    with pytest.raises(BackendError, match="log_counts is 120 somewhere, and no logarithm"):
        coverage.values(answers)


def test_a_model_without_a_profile_has_a_value_per_window(tmp_path):
    card = gc_model(tmp_path)
    assert coverage_of(card) is None
    assert VariantEffect().covers(card) == 1


LOGITS, COUNTS = Output("p", (2, 12), "profile_logits"), Output("c", (2,), "log_count")


@pytest.mark.parametrize(
    ("outputs", "window", "message"),
    [
        (
            (msgspec.structs.replace(LOGITS, shape=(2, 11)), COUNTS), 12,
            "profile reads 12 bases and its profile covers 11",
        ),
        (
            (msgspec.structs.replace(LOGITS, shape=(1,)), Output("c", (2,), "log_count")), 12,
            "has 2 targets and a profile of shape",
        ),
        ((LOGITS, COUNTS), 10, "reads 10 bases and its profile covers 12"),
        (
            (LOGITS, msgspec.structs.replace(COUNTS, kind="score")), 12,
            r"a profile \(p\) but no counts, as c is a score: import it with --head NAME=log_count",
        ),
        (
            (LOGITS, Output("q", (2, 12), "profile_logits"), COUNTS), 12,
            r"several profiles \(p, q\)",
        ),
        (
            (msgspec.structs.replace(LOGITS, shape=(3, 12)), COUNTS), 12,
            r"has 2 targets and a profile of shape \(3, 12\)",
        ),
        (
            (msgspec.structs.replace(LOGITS, shape=(12,)), COUNTS), 12,
            r"has 2 targets and a profile of shape \(12,\)",
        ),
        (
            (msgspec.structs.replace(LOGITS, shape=(2, 12, 2, 2)), COUNTS), 12,
            r"has 2 targets and a profile of shape \(2, 12, 2, 2\)",
        ),
    ],
)  # fmt: skip
def test_outputs_that_are_no_coverage(tmp_path, outputs, window, message):
    card = msgspec.structs.replace(profile_model(tmp_path), outputs=outputs, window=window)
    with pytest.raises(ModelError, match=message):
        coverage_of(card)
