"""What reads the kinds of files that no quick command does; their seeds; damage to their structure.

Libraries of extras are imported where they are needed, so that the other kinds do without.
"""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import onnx

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from tests.fuzz.mutate import NUMBERS
from tests.fuzz.world import World, npy

FASTQ = "@a\nACGTN\n+\nIIIII\n@b\nACGTA\n+\nIIIII\n"
FOLDS = np.arange(6, dtype=np.uint8) % 3
CODES = (np.arange(30).reshape(6, 5) % 5).astype(np.uint8)
TARGETS = (np.arange(6) < 3).astype(np.float32)
ODD_TYPES = ["f2", "f8", "i8", "u1", "S5", "U3", "?", "c8", ">f4"]


def meme(case: Path) -> object:
    from regplug.motifs.meme import read_meme

    return read_meme(case / "in.meme")


def index(case: Path) -> object:
    from regplug_deepbind.importer import choose, read_index

    (case / "params").mkdir()
    (case / "params" / "D00001.001.txt").touch()
    rows = read_index(case)
    return choose(rows, species=["Homo sapiens"]) if rows else None


def parameters(case: Path) -> object:
    from regplug_deepbind.parameters import read_network

    return read_network(case / "D00001.001.txt")


def bigwig(case: Path) -> object:
    from regplug.tracks.read_bigwig import BigWig

    with Genome(case / "genome.fa") as genome, BigWig(case / "signal.bw", genome) as file:
        return [file.values(Interval(name, 0, n)) for name, n in genome.lengths.items()]


def samples(case: Path) -> object:
    from regplug.data.sites.samples import read_samples

    (case / "peaks.bed").write_text("chr1\t1\t9\n")
    (case / "other.bed").write_text("chr1\t1\t9\n")
    return read_samples(case / "samples.tsv")


def records(case: Path) -> object:
    from regplug.data.sequences.records import check_letters, read_records, to_codes

    found = list(read_records(case / "reads.fq"))
    check_letters(case / "reads.fq", found)
    return to_codes(case / "reads.fq", found, 5)


def recipe(form: str) -> Callable[[Path], object]:
    """Return the reader of a form's recipes."""

    def read(case: Path) -> object:
        import importlib

        from regplug.cli.shared.recipes import read_with

        module = importlib.import_module(f"regplug.train.{form}.recipe")
        name = "read_recipe" if form == "deepbind" else f"read_{form}_recipe"
        return read_with(getattr(module, name), case / "recipe.toml", ())

    return read


def recipe_seeds(form: str) -> Callable[[World], list[bytes]]:
    """Return the maker of seeds: the recipes of that form that come with regplug."""
    names = {
        "basset": ["basset_dhs4", "basset_modern"],
        "deepbind": ["deepbind_published", "deepbind_probes"],
        "panel": ["deepbind_panel"],
    }

    def read(world: World) -> list[bytes]:
        import regplug

        folder = Path(regplug.__file__).parent / "train" / "recipes"
        return [(folder / f"{name}.toml").read_bytes() for name in names[form]]

    return read


def write_set(world: World, case: Path) -> None:
    from regplug.data.sets.training import SetCard, TrainingSet
    from regplug.data.sets.training import write_set as write

    card = SetCard(
        form="bound", kind="classification", strand="forward", length=5, rows=6, positives=3,
        negatives="given", folds=3, seed=1, sources=(), dropped={"twice": 2},
    )  # fmt: skip
    write(case / "set", TrainingSet(CODES, TARGETS, FOLDS, card))


def set_seeds(name: str) -> Callable[[World], list[bytes]]:
    """Return the maker of seeds of a file of a set."""
    if name != "set.json":
        array = {"codes": CODES, "targets": TARGETS, "folds": FOLDS}[name.removesuffix(".npy")]
        return lambda world: [npy(array), npy(array.T), npy(array.astype("f8"))]

    def card(world: World) -> list[bytes]:
        folder = world.folder / "with_set"
        if not folder.exists():
            folder.mkdir()
            write_set(world, folder)
        return [(folder / "set" / "set.json").read_bytes()]

    return card


def read_set(case: Path) -> object:
    from regplug.data.sets.training import read_set as read

    found = read(case / "set")
    return found.codes.sum(), found.targets.sum()


def sites_seeds(world: World) -> list[bytes]:
    from tests.data.sites.toy_sites import write_sites

    path = write_sites(world.folder / "seed.h5", CODES, {"liver": [0, 1] * 3, "K562": [1, 0] * 3})
    return [path.read_bytes()]


def sites(case: Path) -> object:
    from regplug.data.sites.sites import Sites

    found = Sites(case / "sites.h5")
    try:
        return found.read(0, len(found))
    finally:
        found.close()


def write_keras(world: World, case: Path) -> None:
    from tests.plugins.keras.toys import conv, dense, layer, norm, write

    rng = np.random.default_rng(1)
    write(
        case,
        [
            conv(rng, 4, 4, 5, activation="relu", batch_input_shape=[None, 31, 4]),
            norm(rng, 5),
            layer("Dropout", rate=0.5),
            layer("MaxPooling1D", pool_size=[3], strides=[2]),
            layer("Flatten"),
            dense(rng, 65, 2, activation="sigmoid"),
        ],
    )


def keras_seeds(suffix: str) -> Callable[[World], list[bytes]]:
    """Return the maker of seeds of an architecture or of weights."""

    def read(world: World) -> list[bytes]:
        write_keras(world, world.folder)
        return [(world.folder / f"net{suffix}").read_bytes()]

    return read


def keras(case: Path) -> object:
    from regplug_keras.importer import read_keras

    return read_keras(case / "net.json", case / "net.h5")


def basset_seeds(suffix: str) -> Callable[[World], list[bytes]]:
    """Return the maker of seeds of a small network's weights."""

    def read(world: World) -> list[bytes]:
        from safetensors.numpy import save

        from tests.plugins.basset.toys import lua_modules, random_state, write_convnet

        state = random_state()
        if suffix == ".safetensors":
            return [save(state)]
        write_convnet(world.folder / "net.th", lua_modules(state))
        return [(world.folder / "net.th").read_bytes()]

    return read


def basset(case: Path) -> object:
    from regplug_basset.importer import read_network

    (path,) = case.glob("net.*")
    return read_network(path, width=600)


def graph(data: bytes, random: Random) -> bytes:
    """Return an ONNX graph with a node, a shape or an array changed in its structure."""
    try:
        return _changed(onnx.load_from_string(data), random)
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data


def _changed(model: onnx.ModelProto, random: Random) -> bytes:
    known = onnx.numpy_helper.to_array(random.choice(model.graph.initializer))
    node = random.choice(model.graph.node or [onnx.NodeProto()])
    array = random.choice(model.graph.initializer or [onnx.TensorProto()])
    changes: list[Callable[[], object]] = [
        lambda: setattr(
            node, "op_type", random.choice(["Loop", "If", "Gather", "Nothing", "Relu"])
        ),
        lambda: setattr(node, "domain", "com.example"),
        lambda: node.input.append(random.choice(["codes", "nowhere", ""])),
        lambda: node.input and node.input.pop(),
        lambda: array.CopyFrom(onnx.numpy_helper.from_array(_odd(known, random), array.name)),
        lambda: array.CopyFrom(onnx.numpy_helper.from_array(known * 1e30, array.name)),
        lambda: node.attribute and node.attribute.pop(),
        lambda: node.attribute.add(name="axis", type=2, i=random.choice(NUMBERS[:-3])),
        lambda: array.dims.append(random.choice(NUMBERS[:-3])),
        lambda: setattr(array, "data_type", random.randrange(25)),
        lambda: setattr(array, "data_location", onnx.TensorProto.EXTERNAL),
        lambda: array.external_data.add(key="location", value="/etc/hostname"),
        lambda: model.opset_import.add(domain="", version=random.choice([1, 99, -1])),
        lambda: setattr(model, "ir_version", random.choice([0, 3, 999])),
        lambda: model.graph.node.append(node),
        lambda: model.graph.input.pop(),
        lambda: model.graph.output.pop(),
    ]
    random.choice(changes)()
    return bytes(model.SerializeToString())


def array(data: bytes, random: Random) -> bytes:
    """Return a .npy file with an array of another type, shape or content; at times pickled."""
    try:
        old = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception:  # noqa: BLE001 - it is damaged already
        return data
    if random.random() < 0.2:
        raw = io.BytesIO()
        np.save(raw, old.astype(object), allow_pickle=True)
        return raw.getvalue()
    return npy(_odd(old, random))


def _odd(old: np.ndarray, random: Random) -> np.ndarray:
    """Return an array with a value, its type or its shape changed."""
    value = random.choice([-1, 0, 1, 4, 5, 255, float("nan"), float("inf")])
    changes: list[Callable[[], np.ndarray]] = [
        lambda: np.where(np.arange(old.size).reshape(old.shape) == 0, value, old),
        lambda: np.where(np.arange(old.size).reshape(old.shape) == 0, value, old).astype(old.dtype),
        lambda: old.astype(random.choice(ODD_TYPES)),
        lambda: old.reshape(-1)[:-1],
        lambda: old[:0],
        lambda: np.stack([old, old]),
        lambda: np.asfortranarray(old),
    ]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return random.choice(changes)()


def hdf5(data: bytes, random: Random) -> bytes:
    """Return an HDF5 file with a dataset gone, or a link, or of another type, shape or content."""
    import h5py

    raw = io.BytesIO(data)
    try:
        with h5py.File(raw, "r+") as file:
            names: list[str] = []
            file.visit(names.append)
            name = random.choice(names)
            old = file[name]
            array = old[...] if isinstance(old, h5py.Dataset) else np.zeros(3, np.uint8)
            attributes = dict(old.attrs)
            del file[name]
            new: list[Callable[[], object]] = [
                lambda: None,
                lambda: file.create_group(name),
                lambda: file.__setitem__(name, h5py.ExternalLink("/etc/hostname", "/x")),
                lambda: file.__setitem__(name, h5py.SoftLink("/")),
                lambda: file.__setitem__(name, array.astype(random.choice(ODD_TYPES))),
                lambda: file.__setitem__(name, array.reshape(-1)[:-1]),
                lambda: file.__setitem__(name, np.stack([array, array])),
                lambda: file.create_dataset(name, (2**40,), "u1", chunks=(1024,)),
                lambda: file.create_dataset(name, data=h5py.Empty("f4")),
            ]
            random.choice(new)()
            if name in file and isinstance(file[name], h5py.Dataset | h5py.Group):
                for key, value in attributes.items():
                    file[name].attrs[key] = random.choice([value, value, 7, b"\xff"])
    except Exception:  # noqa: BLE001 - it is damaged already, or cannot hold that
        return data
    return raw.getvalue()
