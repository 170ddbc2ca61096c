"""The ONNX graphs: scores by hand, against the plain reference, and against each other."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from regplug_deepbind.graph import scan_graph, variant_graph, variant_width
from regplug_deepbind.network import Network
from regplug_deepbind.parameters import read_network
from tests.plugins.deepbind.reference import reverse_complement, score
from tests.toy_networks import random_network

TOLERANCE = 1e-5
# From one base to several sub-windows; those of 5 columns are int(1.5 * 5) = 7 bases wide.
LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 20]


def opened(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(session: onnxruntime.InferenceSession, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = session.run(["scores"], {"codes": codes})[0]
    return scores


def scored(
    networks: list[Network], codes: NDArray[np.uint8], *, whole: bool = False
) -> NDArray[np.float32]:
    return run(opened(scan_graph(networks, whole=whole)), codes)


def encode(*sequences: str) -> NDArray[np.uint8]:
    return np.array([["ACGT".find(base) % 5 for base in text] for text in sequences], np.uint8)


def random_codes(seed: int, count: int, length: int) -> NDArray[np.uint8]:
    """Return random sequences in which one base in twenty is unknown, written as 4 or as 255."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (count, length))
    unknown = random.choice([4, 255], codes.shape)
    return np.where(random.random(codes.shape) < 0.05, unknown, codes).astype(np.uint8)


def toy(**changes: object) -> Network:
    """Return one filter for AC: 1 for A, 1 for C, threshold -1; the score is 2 * feature + 0.5."""
    fields: dict[str, object] = {
        "detectors": np.array([[1, 0, 0, 0], [0, 1, 0, 0]], np.float32)[:, :, np.newaxis],
        "thresholds": np.array([-1], np.float32),
        "weights1": np.array([[2]], np.float32),
        "biases1": np.array([0.5], np.float32),
        "weights2": None,
        "bias2": 0.0,
        "reverse_complement": False,
        "average_pooling": False,
    }
    return Network(**{**fields, **changes})  # type: ignore[arg-type]


PANEL = [
    random_network(1, 5),
    random_network(2, 3, hidden=4),
    random_network(3, 5, mean=True),
    random_network(4, 1),
    random_network(5, 5, mean=True, rc=False, hidden=2),
    random_network(6, 2, filters=1, rc=False),
    random_network(7, 5),
    random_network(8, 8, mean=True),
    random_network(9, 3, hidden=4, filters=600),
]


@pytest.mark.parametrize(
    ("network", "sequence", "expected"),
    [
        pytest.param(toy(), "AC", 2 * 1 + 0.5, id="both columns match"),
        pytest.param(toy(), "GG", 0.5, id="the rectifier stays shut"),
        pytest.param(toy(), "A", 2 * 0.25 + 0.5, id="A, then an unknown base of padding"),
        pytest.param(toy(), "GC", 0.5, id="C behind a known base"),
        pytest.param(toy(), "NC", 2 * 0.25 + 0.5, id="C behind an unknown base"),
        pytest.param(toy(), "GT", 0.5, id="the other strand is not read"),
        pytest.param(toy(reverse_complement=True), "GT", 2 * 1 + 0.5, id="the other strand is"),
        pytest.param(
            toy(average_pooling=True, weights1=np.array([[2], [4]], np.float32)),
            "A",
            2 * 0.25 + 4 * (0 + 0.25) / 2 + 0.5,
            id="mean over n + m - 1 = 2 placements",
        ),
        pytest.param(
            toy(weights1=np.array([[-2]], np.float32)),
            "ACGG",  # ACG has the motif, CGG only a quarter of it: the larger score wins
            -2 * 0.25 + 0.5,
            id="maximum of scores, not of features",
        ),
        pytest.param(
            toy(
                weights1=np.array([[1, -1]], np.float32),
                biases1=np.array([0, 1], np.float32),
                weights2=np.array([3, 5], np.float32),
                bias2=-1.0,
            ),
            "AC",
            3 * 1 + 5 * 0 - 1,
            id="hidden layer",
        ),
        pytest.param(toy(thresholds=np.array([-9], np.float32)), "AC", 0.5, id="silent filter"),
    ],
)
def test_scores_by_hand(network: Network, sequence: str, expected: float) -> None:
    codes = encode(sequence)
    np.testing.assert_allclose(scored([network], codes), [[expected]], atol=1e-6)
    np.testing.assert_allclose(score(network, codes), [expected], atol=1e-6)


def test_whole_takes_the_sequence_as_one_sub_window() -> None:
    network = toy(weights1=np.array([[-2]], np.float32))
    np.testing.assert_allclose(scored([network], encode("ACGG"), whole=True), [[-2 + 0.5]])


@pytest.mark.parametrize("whole", [False, True])
def test_a_panel_is_the_reference_at_every_length(whole: bool) -> None:
    session = opened(scan_graph(PANEL, whole=whole))
    for length in LENGTHS:
        codes = random_codes(length, 6, length)
        expected = np.stack([score(network, codes, whole=whole) for network in PANEL], axis=1)
        np.testing.assert_allclose(run(session, codes), expected, rtol=0, atol=TOLERANCE)


def test_a_panel_is_its_single_networks() -> None:
    panel = opened(scan_graph(PANEL))
    for target, network in enumerate(PANEL):
        single = opened(scan_graph([network]))
        for length in LENGTHS:
            codes = random_codes(length, 6, length)
            np.testing.assert_allclose(
                run(panel, codes)[:, [target]], run(single, codes), rtol=0, atol=TOLERANCE
            )


def central(network: Network, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the columns whose sub-windows cover the middle one."""
    middle = codes.shape[1] // 2
    return codes[:, middle - network.scan + 1 : middle + network.scan]


def test_a_variant_graph_reads_each_network_s_own_central_columns() -> None:
    assert variant_width(PANEL) == 23  # sub-windows of 12 bases for 8 columns
    codes = random_codes(0, 6, 23)
    scores = run(opened(variant_graph(PANEL)), codes)
    expected = [scored([network], central(network, codes)) for network in PANEL]
    np.testing.assert_allclose(scores, np.hstack(expected), rtol=0, atol=TOLERANCE)


def test_the_interface_of_the_graphs() -> None:
    for model, width in ((variant_graph(PANEL), 23), (scan_graph(PANEL), "bases")):
        session = opened(model)
        (codes,), (scores,) = session.get_inputs(), session.get_outputs()
        assert (codes.name, codes.type, codes.shape) == ("codes", "tensor(uint8)", ["n", width])
        assert (scores.name, scores.type, scores.shape) == ("scores", "tensor(float)", ["n", 9])
        assert model.producer_name == "regplug"
        assert (model.ir_version, model.opset_import[0].version) == (8, 17)


def test_a_graph_holds_nothing_unused() -> None:
    graph = variant_graph(PANEL).graph
    read = {name for node in graph.node for name in node.input} | {graph.output[0].name}
    made = {name for node in graph.node for name in node.output}
    assert made | {initializer.name for initializer in graph.initializer} <= read


def test_the_same_networks_give_the_same_bytes() -> None:
    assert variant_graph(PANEL).SerializeToString() == variant_graph(PANEL).SerializeToString()


@cache
def strand_blind() -> tuple[onnxruntime.InferenceSession, onnxruntime.InferenceSession]:
    networks = [network for network in PANEL if network.reverse_complement]
    return opened(scan_graph(networks)), opened(variant_graph(networks))


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_both_strands_of_a_sequence_score_the_same(bases: list[int]) -> None:
    codes = np.array([bases], np.uint8)
    scan, _ = strand_blind()
    np.testing.assert_allclose(
        run(scan, codes), run(scan, reverse_complement(codes)), rtol=0, atol=TOLERANCE
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=23, max_size=23))
def test_both_strands_of_a_variant_s_window_score_the_same(bases: list[int]) -> None:
    codes = np.array([bases], np.uint8)
    _, variant = strand_blind()
    np.testing.assert_allclose(
        run(variant, codes), run(variant, reverse_complement(codes)), rtol=0, atol=TOLERANCE
    )


@cache
def published(folder: Path) -> dict[str, Network]:
    return {path.stem: read_network(path) for path in sorted(folder.glob("*.txt"))}


@pytest.fixture(scope="module")
def networks(data: Path) -> dict[str, Network]:
    return published(data / "deepbind_v011" / "params")


@pytest.mark.data
def test_the_published_golden_scores(data: Path, networks: dict[str, Network]) -> None:
    lines = (data / "deepbind_v011" / "golden.tsv").read_text().splitlines()
    header, *rows = [line.split("\t") for line in lines if not line.startswith("#")]
    session = opened(scan_graph([networks[name] for name in header[1:]]))
    assert len(rows) == 4
    for sequence, *expected in rows:
        scores = run(session, encode(sequence.replace("U", "T")))
        np.testing.assert_allclose(scores, [list(map(float, expected))], rtol=0, atol=TOLERANCE)


@pytest.mark.data
@pytest.mark.parametrize("whole", [False, True])
def test_every_published_network_is_the_reference(
    networks: dict[str, Network], whole: bool
) -> None:
    session = opened(scan_graph(list(networks.values()), whole=whole))
    for length in (7, 12, 19, 29, 53):
        codes = random_codes(length, 3, length)
        expected = [score(network, codes, whole=whole) for network in networks.values()]
        scores = run(session, codes)
        error = np.abs(scores - np.stack(expected, axis=1)).max()
        print(f"{len(networks)} networks, {length} bases: largest error {error:.1e}")  # noqa: T201
        assert error < TOLERANCE


@pytest.mark.data
def test_every_published_network_reads_its_central_columns(networks: dict[str, Network]) -> None:
    panel = list(networks.values())
    session = opened(variant_graph(panel))
    codes = random_codes(0, 2, variant_width(panel))
    assert codes.shape[1] == 107  # 36 columns, sub-windows of 54 bases
    expected = [score(network, central(network, codes)) for network in panel]
    scores = run(session, codes)
    np.testing.assert_allclose(scores, np.stack(expected, axis=1), rtol=0, atol=TOLERANCE)


@pytest.mark.data
def test_a_published_panel_is_its_single_networks(networks: dict[str, Network]) -> None:
    names = list(networks)[::60]
    panel = opened(scan_graph([networks[name] for name in names]))
    for target, name in enumerate(names):
        single = opened(scan_graph([networks[name]]))
        for length in (7, 25, 80):
            codes = random_codes(length, 3, length)
            np.testing.assert_allclose(
                run(panel, codes)[:, [target]], run(single, codes), rtol=0, atol=TOLERANCE
            )
