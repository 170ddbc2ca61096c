"""What reads the kinds of files that no quick command does, and their seeds.

Libraries of extras are imported where they are needed, so that the other kinds do without.
"""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from tests.fuzz.world import World, npy

FASTQ = "@a\nACGTN\n+\nIIIII\n@b\nACGTA\n+\nIIIII\n"
FOLDS = np.arange(6, dtype=np.uint8) % 3
CODES = (np.arange(30).reshape(6, 5) % 5).astype(np.uint8)
TARGETS = (np.arange(6) < 3).astype(np.float32)


def annotated_seeds(world: World) -> list[bytes]:
    """Return the VCF as a run annotated it."""
    out = world.folder / "annotated.vcf"
    if not out.exists():
        command = [sys.executable, "-m", "regplug", "annotate", world.path("in.vcf"), "--model"]
        command += ["place", "--fasta", world.path("genome.fa"), "--model-repo"]
        command += [world.path("models"), "-o", out, "--threads", "1"]
        subprocess.run(command, check=True, capture_output=True)
    return [out.read_bytes()]


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


WINDOW = "chr1:0-8|train|target=2-6"


def npz_seeds(world: World) -> list[bytes]:
    """Return the signal of a window, packed and plain."""
    seeds = []
    for save in (np.savez, np.savez_compressed):
        raw = io.BytesIO()
        save(raw, windows=np.array([WINDOW]), signal=np.ones((1, 2, 3), np.float16))
        seeds.append(raw.getvalue())
    return seeds


def npz(case: Path) -> object:
    from regplug.data.sites.closed import read_measured

    (case / "windows.fa").write_text(f">{WINDOW}\nACGTACGT\n")
    (case / "split.tsv").write_text(f"window\tsplit\n{WINDOW}\ttrain\n")
    return read_measured(case / "windows.fa", case / "split.tsv", case / "signal.npz", part="train")


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
    from regplug.models.keras.reading import read_keras

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
