"""Files of other people's networks, and what is said of them; runs' weights."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from tests.fuzz import readers, structures
from tests.fuzz.kind import Kind, function, text
from tests.fuzz.mutate import BYTES
from tests.fuzz.world import World

WINDOW = 21


def _keras_zip(world: World) -> list[bytes]:
    from tests.plugins.keras import test_real

    with zipfile.ZipFile(Path(test_real.__file__).with_name("real.zip")) as real:
        return [real.read("sequential.keras")]


def _read_keras(case: Path) -> object:
    from regplug.models.keras.reading import read_keras

    return read_keras(None, case / "net.keras")


def _chrombpnet(world: World) -> list[bytes]:
    from tests.plugins.bpnet.toys import write_chrombpnet

    path = world.folder / "net.h5"
    return [write_chrombpnet(path, filters=2, dilated=1).read_bytes()]


def _torch(world: World) -> list[bytes]:
    """Return a state dict of a small BPNet of bpnet-lite's shape."""
    import torch

    rng = np.random.default_rng(1)
    shapes = {
        "iconv": (3, 4, 21), "rconvs.0": (3, 3, 3), "fconv": (1, 3, 75), "linear": (1, 3),
    }  # fmt: skip
    state = {}
    for name, shape in shapes.items():
        state[f"{name}.weight"] = torch.from_numpy(rng.normal(size=shape).astype(np.float32))
        state[f"{name}.bias"] = torch.zeros(shape[0])
    raw = io.BytesIO()
    torch.save(state, raw)
    return [raw.getvalue()]


def _cherimoya(world: World) -> list[bytes]:
    from tests.plugins.bpnet import make_cherimoya

    with zipfile.ZipFile(Path(make_cherimoya.__file__).with_name("cherimoya.zip")) as zipped:
        return [zipped.read("plain.torch")]


def _read_bpnet(name: str):  # type: ignore[no-untyped-def]
    def read(case: Path) -> object:
        from regplug_bpnet.importer import read_net

        return read_net(case / name, window=None if name.endswith(".h5") else 300)

    return function(read)


def _state_dict(world: World) -> list[bytes]:
    import torch

    from tests.plugins.basset.toys import random_state

    raw = io.BytesIO()
    torch.save({name: torch.from_numpy(array) for name, array in random_state().items()}, raw)
    return [raw.getvalue()]


def _onnx(world: World) -> list[bytes]:
    from tests.plugins.onnx.toys import Toy

    return [Toy().graph().SerializeToString(), Toy().graph("nlc").SerializeToString()]


def _read_onnx(case: Path) -> object:
    from regplug.models.foreign import net_of
    from regplug.models.graphs import read_graph

    return net_of(read_graph(case / "net.onnx"), "net.onnx")


def _read_golden(case: Path) -> object:
    from regplug.models.foreign import net_of
    from regplug.models.golden import check_golden
    from tests.plugins.onnx.toys import Toy

    net = net_of(Toy(targets=1).graph(), "net.onnx")
    return check_golden(
        case / "golden.tsv", lambda codes: np.ones((len(codes), 1), np.float32), net, "ACGT"
    )


def _read_labels(case: Path) -> object:
    from regplug.hooks.labels import labels_of

    return labels_of(case / "labels.txt", 2, Path("net.onnx"))


def _tar(world: World) -> list[bytes]:
    seeds = []
    for mode in ("w", "w:gz"):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode=mode) as tar:
            tar.add(world.folder / "models" / "place", "place")
        seeds.append(raw.getvalue())
    return seeds


def _read_tar(case: Path) -> object:
    from regplug.models.pulled import _checked, _unpacked

    (case / "hidden").mkdir()
    return _checked(_unpacked(case / "model.tar", "https://x/model.tar", case / "hidden"), case)


def _run_weights(world: World) -> list[bytes]:
    from safetensors.numpy import save

    rng = np.random.default_rng(1)
    shapes = {"detectors": (2, 5, 4), "thresholds": (2,), "weights1": (2, 1), "biases1": (1,)}
    arrays = {f"CTCF/{n}": rng.normal(size=s).astype(np.float32) for n, s in shapes.items()}
    arrays["CTCF/bias2"] = np.zeros(1, np.float32)
    flags = '{"reverse_complement": true, "average_pooling": false}'
    return [save(arrays, {"CTCF": flags})]


def _read_run(case: Path) -> object:
    from regplug_deepbind.stored import stored_at

    (case / "metrics.json").write_text('{"form": "deepbind run 1"}')
    found = stored_at(case)
    return found and [(stored.network, stored.arrays) for stored in found.networks]


KINDS: dict[str, Kind] = {
    "keras": Kind(_keras_zip, function(_read_keras), "net.keras", mutators=BYTES),
    "bpnet_h5": Kind(
        _chrombpnet, _read_bpnet("net.h5"), "net.h5", mutators=[*BYTES, *[structures.hdf5] * 8]
    ),
    "bpnet_torch": Kind(
        _torch, _read_bpnet("net.torch"), "net.torch",
        mutators=[*BYTES, *[structures.state_dict] * 8],
    ),
    "cherimoya": Kind(
        _cherimoya, _read_bpnet("net.torch"), "net.torch",
        mutators=[*BYTES, *[structures.state_dict] * 8],
    ),
    "basset_torch": Kind(
        _state_dict, function(readers.basset), "net.pt",
        mutators=[*BYTES, *[structures.state_dict] * 8],
    ),
    "onnx_import": Kind(
        _onnx, function(_read_onnx), "net.onnx", mutators=[*[structures.graph] * 8, *BYTES]
    ),
    "golden_table": Kind(
        text("sequence\ty\n" + "ACG" * 7 + "\t1\n" + "GGT" * 7 + "\t1.0\n"),
        function(_read_golden),
        "golden.tsv",
    ),
    "labels": Kind(text("K562 x\tmore\nliver\n"), function(_read_labels), "labels.txt"),
    "pulled_tar": Kind(_tar, function(_read_tar), "model.tar", mutators=BYTES),
    "run_weights": Kind(
        _run_weights, function(_read_run), "weights.safetensors", mutators=BYTES
    ),
}  # fmt: skip
