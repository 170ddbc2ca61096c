"""The compiled kernel, against the plain reference in float64 and the graph by onnxruntime."""

from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from regplug.genome.variant import Status, Variant
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.backend import BackendOptions
from regplug.scoring.examined import Examined
from regplug.scoring.pairs import pair_predictions
from regplug_deepbind import backend as panels
from regplug_deepbind import kernel as kernels
from regplug_deepbind.backend import Panel
from regplug_deepbind.graph import scan_graph, variant_graph, variant_width
from regplug_deepbind.importer import export_panel
from regplug_deepbind.kernel import Kernel
from regplug_deepbind.network import Network
from regplug_deepbind.parameters import read_network
from regplug_deepbind.stacked import stacks_of
from tests.plugins.deepbind.reference import score
from tests.scoring.test_stretches import OneContig
from tests.toy_networks import panel_card, random_network

TOLERANCE = 1e-5
# 5 columns have sub-windows of 7 bases; 300 bases are more sub-windows than go at once.
LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 20, 300]
PANEL = [
    random_network(1, 5),
    random_network(2, 3, hidden=4),
    random_network(3, 5, mean=True),
    random_network(4, 1, filters=1),
    random_network(5, 5, mean=True, rc=False, hidden=2),
    random_network(6, 2, filters=1, rc=False),
    random_network(7, 5),
    random_network(8, 8, mean=True, hidden=40, filters=16),
    random_network(9, 8, hidden=32, filters=16, rc=False),
    random_network(10, 8, mean=True, filters=16, hidden=40),
]
OPTIONS = BackendOptions(threads=2)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    if not kernels.LIBRARY.exists():
        pytest.skip("the kernel is not compiled: pip install -e . where there is a C compiler")
    assert kernels.library(), "the kernel is of other sources: pip install -e . again"


def kernel_of(model: onnx.ModelProto, wide: int = 0, threads: int = 1) -> Kernel:
    stacks = stacks_of(model)
    assert stacks is not None
    return Kernel(stacks, threads=threads, wide=wide)


def random_codes(seed: int, count: int, length: int) -> NDArray[np.uint8]:
    """Return random sequences in which one base in twenty is unknown, written as 4 or as 255."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (count, length))
    unknown = random.choice([4, 255], codes.shape)
    return np.where(random.random(codes.shape) < 0.05, unknown, codes).astype(np.uint8)


def expected(networks: list[Network], codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.stack([score(network, codes) for network in networks], axis=1)


def central(networks: list[Network], codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the scores of the sub-windows that cover the middle base."""
    middle = codes.shape[1] // 2
    parts = [(n, codes[:, middle - n.scan + 1 : middle + n.scan]) for n in networks]
    return np.stack([score(network, part) for network, part in parts], axis=1)


@pytest.mark.parametrize("wide", [16, 8, 4, 1])
def test_rows_are_the_reference_at_every_length(wide: int) -> None:
    if wide not in kernels.widths():
        pytest.skip(f"no vectors of {wide} floats here")
    kernel = kernel_of(scan_graph(PANEL), wide)
    for length in LENGTHS:
        codes = random_codes(length, 5, length)
        found = kernel.rows(codes, central=False)
        np.testing.assert_allclose(found, expected(PANEL, codes), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("wide", [16, 8, 4, 1])
def test_snvs_are_the_reference(wide: int) -> None:
    """Unknown bases anywhere, in the variant's column too, and beyond the ends of a contig."""
    if wide not in kernels.widths():
        pytest.skip(f"no vectors of {wide} floats here")
    kernel = kernel_of(variant_graph(PANEL), wide)
    width = variant_width(PANEL)
    windows = random_codes(1, 30, width)
    windows[1, : width // 2], windows[2, width // 2 + 1 :], windows[3, width // 2] = 4, 4, 4
    of = np.repeat(np.arange(30), 3)[1:]  # the first has two ALTs, others three
    of = of[of != 7]  # one has none
    alt = (windows[of, width // 2] % 4 + np.arange(len(of)) % 3 + 1).astype(np.uint8) % 4
    changed = windows[of]
    changed[:, width // 2] = alt
    ref, after = kernel.snvs(windows, of, alt)
    np.testing.assert_allclose(ref, central(PANEL, windows), rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(after, central(PANEL, changed), rtol=0, atol=TOLERANCE)
    assert (after != ref[of]).mean() > 0.5


def test_each_width_of_vectors_and_each_number_of_threads_gives_the_same_bits() -> None:
    codes = random_codes(3, 40, variant_width(PANEL))
    of, alt = np.arange(40), np.zeros(40, np.uint8)
    made = [kernel_of(variant_graph(PANEL), wide) for wide in kernels.widths()]
    made.append(kernel_of(variant_graph(PANEL), threads=3))
    rows = [kernel.rows(codes, central=True) for kernel in made]
    snvs = [kernel.snvs(codes, of, alt) for kernel in made]
    for other, (ref, after) in zip(rows[1:], snvs[1:], strict=True):
        np.testing.assert_array_equal(other, rows[0])
        np.testing.assert_array_equal(ref, snvs[0][0])
        np.testing.assert_array_equal(after, snvs[0][1])
    made[-1].close()


def test_an_snv_has_the_same_bits_in_whatever_company() -> None:
    kernel = kernel_of(variant_graph(PANEL))
    codes = random_codes(4, 9, variant_width(PANEL))
    of, alt = np.repeat(np.arange(9), 2), np.tile(np.array([1, 2], np.uint8), 9)
    ref, after = kernel.snvs(codes, of, alt)
    for at in (0, 5, 17):
        window = codes[[of[at]]]
        alone = kernel.snvs(window, np.array([0]), alt[[at]])
        np.testing.assert_array_equal(alone[0][0], ref[of[at]])
        np.testing.assert_array_equal(alone[1][0], after[at])


def test_no_sequences_have_no_scores() -> None:
    kernel = kernel_of(variant_graph(PANEL))
    none = np.empty((0, variant_width(PANEL)), np.uint8)
    assert kernel.rows(none, central=True).shape == (0, len(PANEL))
    ref, alt = kernel.snvs(none, np.empty(0, np.int64), np.empty(0, np.uint8))
    assert ref.shape == alt.shape == (0, len(PANEL))


def test_networks_with_equal_arrays_keep_their_own() -> None:
    """The builder stores equal arrays once, wherever they are read."""
    one, two = random_network(1, 5), random_network(2, 3)
    same = Network(**{**vars(two), "biases1": one.biases1, "thresholds": one.thresholds})
    codes = random_codes(5, 4, 30)
    found = kernel_of(scan_graph([one, same])).rows(codes, central=False)
    np.testing.assert_allclose(found, expected([one, same], codes), rtol=0, atol=TOLERANCE)


def test_other_graphs_have_no_stacks(toy_repo: Path) -> None:
    assert stacks_of(onnx.load(toy_repo / "gc" / "1" / "model.onnx")) is None
    assert stacks_of(scan_graph(PANEL, whole=True)) is None  # sequences are read whole


@pytest.mark.parametrize("changed", ["dense/MatMul_1", "inside/Gather_2", "inside/MaxPool_1"])
def test_a_graph_whose_parts_do_not_agree_has_no_stacks(changed: str) -> None:
    model = scan_graph([random_network(1, 5), random_network(2, 5)])
    assert stacks_of(model) is not None
    node = next(node for node in model.graph.node if node.name.endswith(changed))
    if changed.startswith("inside/MaxPool"):
        node.name += "0"
    else:
        read = [array for array in model.graph.initializer if array.name in node.input]
        read[0].CopyFrom(onnx.numpy_helper.from_array(np.zeros((2, 1, 9), "f"), read[0].name))
    assert stacks_of(model) is None


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panels")
    both = [network for network in PANEL if network.reverse_complement]
    export_panel(folder, panel_card("toy", len(both)), both, Measuring(3))
    many = [random_network(1, 4, filters=17)]
    export_panel(folder, panel_card("many", 1), many, Measuring(3))
    return folder


def test_a_panel_opens_by_itself_and_answers_as_its_graph(repo: Path) -> None:
    for name, lengths in (("toy", [23]), ("toy_scan", LENGTHS)):
        with (
            closing(open_backend(plugin_manager(), str(repo), name, OPTIONS)) as ours,
            closing(Embedded(repo / name, threads=1)) as plain,
        ):
            assert isinstance(ours, Panel)
            for length in lengths:
                codes = random_codes(length, 70, length)
                np.testing.assert_allclose(
                    ours.predict(codes), plain.predict(codes), rtol=0, atol=TOLERANCE
                )


def test_spreads_are_measured_by_the_kernel_and_golden_scores_are_the_graph_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    rows = Kernel.rows
    monkeypatch.setattr(
        Kernel,
        "rows",
        lambda self, codes, central: asked.append(len(codes)) or rows(self, codes, central=central),
    )
    network = random_network(1, 5)
    card, _ = export_panel(tmp_path / "ours", panel_card("toy", 1), [network], Measuring(30))
    assert sum(asked) >= 40  # ten places, REF and three ALTs each; golden sequences before
    monkeypatch.setattr(panels, "library", lambda: None)
    plain, _ = export_panel(tmp_path / "plain", panel_card("toy", 1), [network], Measuring(30))
    assert card.targets[0].spread == pytest.approx(plain.targets[0].spread, rel=1e-4)
    golden = [(tmp_path / repo / "toy" / "golden.json").read_text() for repo in ("ours", "plain")]
    assert golden[0] == golden[1]


def test_alleles_of_all_kinds_are_those_of_the_graph(repo: Path) -> None:
    """SNVs go together; MNVs, insertions, deletions and the ends of a contig as they come."""
    genome = np.random.default_rng(0).integers(0, 4, 60).astype(np.uint8)
    genome[30:33] = 4
    letters = "".join("ACGTN"[code] for code in genome)
    variants = [
        Variant("chr1", at + 1, letters[at : at + ref], alt)
        for at in (0, 1, 5, 20, 29, 34, 58, 59)
        for ref, alt in ((1, "A"), (1, "C"), (1, "G"), (1, "TTG"), (2, "CA"), (3, letters[at]))
        if at + ref <= 60 and letters[at] != alt and "N" not in letters[at : at + ref]
    ]
    with (
        closing(open_backend(plugin_manager(), str(repo), "toy", OPTIONS)) as ours,
        closing(Embedded(repo / "toy", threads=1)) as plain,
    ):
        examined = [Examined(variant, Status.OK) for variant in variants]
        alleles = encode_alleles(examined, OneContig(genome), window=ours.card.window)
        found = pair_predictions(alleles, ours)
        for side, codes in zip(found, (alleles.ref, alleles.alt), strict=True):
            np.testing.assert_allclose(side, plain.predict(codes), rtol=0, atol=TOLERANCE)
    assert len(variants) > 30


def test_what_the_kernel_cannot_take_is_left_to_onnxruntime(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(name: str) -> object:
        with closing(open_backend(plugin_manager(), str(repo), name, OPTIONS)) as found:
            return type(found)

    assert opened("toy") is Panel
    assert opened("many") is Embedded  # 17 filters
    with monkeypatch.context() as patch:
        patch.setattr(panels, "library", lambda: None)
        assert opened("toy") is Embedded
    with monkeypatch.context() as patch:
        patch.setattr(panels.Panel, "gives", lambda self, golden: False)
        assert opened("toy") is Embedded
    options = BackendOptions(device="cuda")
    assert panels.open_panel(str(repo), "toy", options) is None
    assert panels.open_panel(str(repo), "none", OPTIONS) is None


def test_other_golden_scores_are_noticed(repo: Path, tmp_path: Path) -> None:
    golden = (repo / "toy" / "golden.json").read_text()
    with closing(panels.open_panel(str(repo), "toy", OPTIONS)) as panel:
        wanted = panels._golden(repo / "toy")
        assert panel.gives(wanted)
        wanted.scores[-1][-1] += 1e-3
        assert not panel.gives(wanted)
    assert golden.count("[") > 2
    assert not panels._golden(tmp_path).sequences


def test_a_kernel_of_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "fingerprint", lambda folder: "another")
    assert kernels.library.__wrapped__() is None
    monkeypatch.setattr(kernels, "LIBRARY", Path("missing.so"))
    assert kernels.library.__wrapped__() is None


@pytest.fixture(scope="module")
def published(data: Path) -> dict[str, Network]:
    folder = data / "deepbind_v011" / "params"
    return {path.stem: read_network(path) for path in sorted(folder.glob("*.txt"))[::9]}


@pytest.mark.data
def test_published_networks_are_the_reference(published: dict[str, Network]) -> None:
    networks = list(published.values())
    kernel, width = kernel_of(variant_graph(networks), threads=2), variant_width(networks)
    windows = random_codes(0, 4, width)
    alt = (windows[:, width // 2] + 1) % 4
    changed = windows.copy()
    changed[:, width // 2] = alt
    ref, after = kernel.snvs(windows, np.arange(4), alt.astype(np.uint8))
    np.testing.assert_allclose(ref, central(networks, windows), rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(after, central(networks, changed), rtol=0, atol=TOLERANCE)
    for length in (7, 12, 29, 53):
        codes = random_codes(length, 2, length)
        found = kernel.rows(codes, central=False)
        np.testing.assert_allclose(found, expected(networks, codes), rtol=0, atol=TOLERANCE)
    kernel.close()
