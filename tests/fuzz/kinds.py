"""Every kind of file that is read: where a damaged one is put, and what reads it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz import readers, structures
from tests.fuzz.mutate import BYTES, TEXT, Mutator, flipped
from tests.fuzz.world import (
    BED,
    BED12,
    GFF3,
    GTF,
    INDEX,
    MEME,
    PARAMETERS,
    REGIONS,
    World,
    bgzipped,
    unpacked,
)

Reads = list[str] | Callable[[Path], object]  # arguments of the command line, or a function of it


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        seeds: sound files, which mutations begin with.
        reads: returns, for the world and the case's folder, what reads the file there.
        name: of the file in that folder.
        beside: puts what else it needs there; called before the file is written.
        after: called after it, such as to renew a check sum.
        mutators: what is done to the bytes.
        packed: True if the bytes are what a BGZF file holds; half of the files are damaged inside.
    """

    seeds: Callable[[World], Sequence[bytes]]
    reads: Callable[[World, Path], Reads]
    name: str
    beside: Callable[[World, Path], object] = lambda world, case: None
    after: Callable[[Path], object] = lambda case: None
    mutators: Sequence[Mutator] = field(default_factory=lambda: TEXT)
    packed: bool = False

    def place(self, world: World, case: Path, data: bytes) -> None:
        """Write the case."""
        (case / "out").mkdir(parents=True)
        self.beside(world, case)
        (case / self.name).write_bytes(data)
        self.after(case)

    def damaged(self, world: World, data: bytes, random: Random, mutate: Callable) -> bytes:
        """Return the file damaged; a packed one inside or outside."""
        if self.packed and random.random() < 0.7:
            try:
                return bgzipped(mutate(unpacked(data)), world.folder)
            except (OSError, EOFError):
                pass  # of two that were spliced
        return mutate(data)


def annotate(vcf: str, *more: str, fasta: str = "{world}/genome.fa", repo: str = "{world}/models"):
    """Return the arguments of an annotation by a toy model."""
    return _line(
        *("annotate", vcf, "--fasta", fasta, "--model-repo", repo, "--threads", "1"),
        *("-o", "{case}/out/out.vcf", "--model", "place", *more),
    )


def _line(*arguments: str) -> Callable[[World, Path], Reads]:
    return lambda world, case: [a.format(world=world.folder, case=case) for a in arguments]


def _function(read: Callable[[Path], object]) -> Callable[[World, Path], Reads]:
    return lambda world, case: read


def _copy(*names: str) -> Callable[[World, Path], object]:
    def copy(world: World, case: Path) -> None:
        for name in names:
            source = world.folder / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, case / name)

    return copy


def _files(*names: str) -> Callable[[World], list[bytes]]:
    return lambda world: [world.read(name) for name in names]


def _text(text: str) -> Callable[[World], list[bytes]]:
    return lambda world: [text.encode()]


def _renew_sha256(case: Path) -> None:
    """Write the damaged graph's sha256 into its card, so that it is loaded."""
    folder = case / "models" / "place"
    card = json.loads((folder / "card.json").read_bytes())
    card["sha256"] = hashlib.sha256((folder / "1/model.onnx").read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def _model(name: str, mutators: Sequence[Mutator], *, graph: bool = False) -> Kind:
    """Return the kind of a file of a model's folder."""
    verify = _line("models", "verify", "place", "--model-repo", "{case}/models")
    scored = annotate("{world}/in.vcf", repo="{case}/models")
    return Kind(
        _files(f"models/place/{name}"),
        scored if name in ("card.json", "1/model.onnx") else verify,
        f"models/place/{name}",
        beside=_copy("models"),
        after=_renew_sha256 if graph else lambda case: None,
        mutators=mutators,
    )


def _configured(world: World, case: Path) -> Reads:
    os.environ["XDG_CONFIG_HOME"] = str(case)
    model = ["--model", "place", "--model-repo", world.path("models")]
    return ["annotate", world.path("in.vcf"), "-o", str(case / "out" / "out.vcf"), *model]


KINDS: dict[str, Kind] = {
    "vcf": Kind(_files("in.vcf"), annotate("{case}/in.vcf", "--force"), "in.vcf"),
    "vcf.gz": Kind(
        _files("in.vcf.gz"), annotate("{case}/in.vcf.gz"), "in.vcf.gz", mutators=BYTES, packed=True
    ),
    "bcf": Kind(_files("in.bcf"), annotate("{case}/in.bcf"), "in.bcf", mutators=BYTES, packed=True),
    "tbi": Kind(
        _files("in.vcf.gz.tbi"),
        annotate("{case}/in.vcf.gz", "--regions", "chr1:20-200,chr2"),
        "in.vcf.gz.tbi",
        beside=_copy("in.vcf.gz"),
        mutators=BYTES,
        packed=True,
    ),
    "csi": Kind(
        _files("csi.vcf.gz.csi"),
        annotate("{case}/csi.vcf.gz", "--regions", "chr1:20-200,chr2"),
        "csi.vcf.gz.csi",
        beside=_copy("csi.vcf.gz"),
        mutators=BYTES,
        packed=True,
    ),
    "bed": Kind(
        _text(BED), annotate("{world}/in.vcf.gz", "--regions-file", "{case}/in.bed"), "in.bed"
    ),
    "bed_predict": Kind(
        _text(BED),
        _line(
            *("predict", "{case}/in.bed", "--fasta", "{world}/genome.fa", "--model", "place"),
            *("--model-repo", "{world}/models", "-o", "{case}/out/out.tsv"),
        ),
        "in.bed",
    ),
    "gtf": Kind(
        _text(GTF),
        annotate("{world}/in.vcf", "--model", "rna", "--genes", "{case}/genes.gtf"),
        "genes.gtf",
    ),
    "annotated": Kind(
        readers.annotated_seeds,
        _line(
            *("verify", "{case}/in.vcf", "--fasta", "{world}/genome.fa", "--threads", "1"),
            *("--model-repo", "{world}/models"),
        ),
        "in.vcf",
    ),
    "ranked": Kind(
        readers.annotated_seeds, _line("top", "{case}/in.vcf", "-o", "{case}/out/top.tsv"), "in.vcf"
    ),
    "genes": Kind(
        lambda world: [GFF3.encode(), BED12.encode(), GTF.encode()],
        annotate("{world}/in.vcf", "--model", "rna", "--genes", "{case}/genes"),
        "genes",
    ),
    "regions": Kind(
        lambda world: [REGIONS.encode(), world.read("in.vcf"), b"chr1\t10\nchr2\t5\n"],
        annotate("{world}/in.vcf.gz", "--regions-file", "{case}/regions.txt"),
        "regions.txt",
    ),
    "fasta": Kind(
        _files("genome.fa"),
        annotate("{world}/in.vcf", "--force", fasta="{case}/genome.fa"),
        "genome.fa",
    ),
    "fasta.gz": Kind(
        _files("genome.fa.gz"),
        annotate("{world}/in.vcf", "--force", fasta="{case}/genome.fa.gz"),
        "genome.fa.gz",
        mutators=BYTES,
        packed=True,
    ),
    "fai": Kind(
        _files("genome.fa.fai"),
        annotate("{world}/in.vcf", fasta="{case}/genome.fa"),
        "genome.fa.fai",
        beside=_copy("genome.fa"),
    ),
    "gzi": Kind(
        _files("genome.fa.gz.gzi"),
        annotate("{world}/in.vcf", fasta="{case}/genome.fa.gz"),
        "genome.fa.gz.gzi",
        beside=_copy("genome.fa.gz", "genome.fa.gz.fai"),
        mutators=BYTES,
    ),
    "sequences": Kind(
        _text(">one\nACGTACGTACGTACGTACGTA\n>two x\nNNNNNNNNNNacgtacgtacg\n"),
        _line(
            *("predict", "{case}/in.fa", "--model", "place", "--model-repo", "{world}/models"),
            *("-o", "{case}/out/out.tsv"),
        ),
        "in.fa",
    ),
    "card": _model("card.json", TEXT),
    "config": _model("config.pbtxt", TEXT),
    "golden": _model("golden.json", TEXT),
    "targets": _model("targets.txt", TEXT),
    "onnx": _model("1/model.onnx", [*[structures.graph] * 8, flipped], graph=True),
    "settings": Kind(
        lambda world: [f'fasta = "{world.path("genome.fa")}"\nmodel_repo = "x"\n'.encode()],
        _configured,
        "regplug/config.toml",
        beside=lambda world, case: (case / "regplug").mkdir(),
    ),
    "meme": Kind(_text(MEME), _function(readers.meme), "in.meme"),
    "index": Kind(_text(INDEX), _function(readers.index), "db.tsv"),
    "parameters": Kind(_text(PARAMETERS), _function(readers.parameters), "D00001.001.txt"),
    "bigwig": Kind(
        _files("signal.bw"),
        _function(readers.bigwig),
        "signal.bw",
        beside=_copy("genome.fa", "genome.fa.fai"),
        mutators=BYTES,
    ),
    "samples": Kind(
        _text("liver\tpeaks.bed\nHepG2\tother.bed\n"), _function(readers.samples), "samples.tsv"
    ),
    "reads": Kind(
        _text("@a\nACGTN\n+\nIIIII\n@b\nACGTA\n+\nIIIII\n"), _function(readers.records), "reads.fq"
    ),
    **{
        f"recipe_{form}": Kind(
            readers.recipe_seeds(form), _function(readers.recipe(form)), "recipe.toml"
        )
        for form in ("basset", "deepbind", "panel")
    },
    **{
        f"set_{name}": Kind(
            readers.set_seeds(name),
            _function(readers.read_set),
            f"set/{name}",
            beside=readers.write_set,
            mutators=TEXT if name == "set.json" else [*BYTES, *[structures.array] * 4],
        )
        for name in ("set.json", "codes.npy", "targets.npy", "folds.npy")
    },
    "signal": Kind(
        readers.npz_seeds,
        _function(readers.npz),
        "signal.npz",
        mutators=[*BYTES, *[structures.zipped] * 8],
    ),
    "sites": Kind(
        readers.sites_seeds,
        _function(readers.sites),
        "sites.h5",
        mutators=[*BYTES, *[structures.hdf5] * 8],
    ),
    "keras_json": Kind(
        readers.keras_seeds(".json"),
        _function(readers.keras),
        "net.json",
        beside=readers.write_keras,
    ),
    "keras_h5": Kind(
        readers.keras_seeds(".h5"),
        _function(readers.keras),
        "net.h5",
        beside=readers.write_keras,
        mutators=[*BYTES, *[structures.hdf5] * 8],
    ),
    "torch7": Kind(
        readers.basset_seeds(".th"), _function(readers.basset), "net.th", mutators=BYTES
    ),
    "safetensors": Kind(
        readers.basset_seeds(".safetensors"),
        _function(readers.basset),
        "net.safetensors",
        mutators=BYTES,
    ),
}
