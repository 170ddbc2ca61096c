"""Every kind of file that is read: where a damaged one is put, and what reads it."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz import kinds_of_runs, kinds_of_weights, readers, structures
from tests.fuzz.kind import Kind, Reads, annotate, copy_of, files, function, line, text
from tests.fuzz.mutate import BYTES, TEXT, Mutator, flipped
from tests.fuzz.world import BED, BED12, GFF3, GTF, INDEX, MEME, PARAMETERS, REGIONS, World


def _renew_sha256(case: Path) -> None:
    """Write the damaged graph's sha256 into its card, so that it is loaded."""
    folder = case / "models" / "place"
    card = json.loads((folder / "card.json").read_bytes())
    card["sha256"] = hashlib.sha256((folder / "1/model.onnx").read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def _model(name: str, mutators: Sequence[Mutator], *, graph: bool = False) -> Kind:
    """Return the kind of a file of a model's folder."""
    verify = line("models", "verify", "place", "--model-repo", "{case}/models")
    scored = annotate("{world}/in.vcf", repo="{case}/models")
    return Kind(
        files(f"models/place/{name}"),
        scored if name in ("card.json", "1/model.onnx") else verify,
        f"models/place/{name}",
        beside=copy_of("models"),
        after=_renew_sha256 if graph else lambda case: None,
        mutators=mutators,
    )


def _configured(world: World, case: Path) -> Reads:
    os.environ["XDG_CONFIG_HOME"] = str(case)
    model = ["--model", "place", "--model-repo", world.path("models")]
    return ["annotate", world.path("in.vcf"), "-o", str(case / "out" / "out.vcf"), *model]


KINDS: dict[str, Kind] = {
    "vcf": Kind(files("in.vcf"), annotate("{case}/in.vcf", "--force"), "in.vcf"),
    "vcf.gz": Kind(
        files("in.vcf.gz"), annotate("{case}/in.vcf.gz"), "in.vcf.gz", mutators=BYTES, packed=True
    ),
    "bcf": Kind(files("in.bcf"), annotate("{case}/in.bcf"), "in.bcf", mutators=BYTES, packed=True),
    "tbi": Kind(
        files("in.vcf.gz.tbi"),
        annotate("{case}/in.vcf.gz", "--regions", "chr1:20-200,chr2"),
        "in.vcf.gz.tbi",
        beside=copy_of("in.vcf.gz"),
        mutators=BYTES,
        packed=True,
    ),
    "csi": Kind(
        files("csi.vcf.gz.csi"),
        annotate("{case}/csi.vcf.gz", "--regions", "chr1:20-200,chr2"),
        "csi.vcf.gz.csi",
        beside=copy_of("csi.vcf.gz"),
        mutators=BYTES,
        packed=True,
    ),
    "bed": Kind(
        text(BED), annotate("{world}/in.vcf.gz", "--regions-file", "{case}/in.bed"), "in.bed"
    ),
    "bed_predict": Kind(
        text(BED),
        line(
            *("predict", "{case}/in.bed", "--fasta", "{world}/genome.fa", "--model", "place"),
            *("--model-repo", "{world}/models", "-o", "{case}/out/out.tsv"),
        ),
        "in.bed",
    ),
    "gtf": Kind(
        text(GTF),
        annotate("{world}/in.vcf", "--model", "rna", "--genes", "{case}/genes.gtf"),
        "genes.gtf",
    ),
    "annotated": Kind(
        readers.annotated_seeds,
        line(
            *("verify", "{case}/in.vcf", "--fasta", "{world}/genome.fa", "--threads", "1"),
            *("--model-repo", "{world}/models"),
        ),
        "in.vcf",
    ),
    "ranked": Kind(
        readers.annotated_seeds, line("top", "{case}/in.vcf", "-o", "{case}/out/top.tsv"), "in.vcf"
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
        files("genome.fa"),
        annotate("{world}/in.vcf", "--force", fasta="{case}/genome.fa"),
        "genome.fa",
    ),
    "fasta.gz": Kind(
        files("genome.fa.gz"),
        annotate("{world}/in.vcf", "--force", fasta="{case}/genome.fa.gz"),
        "genome.fa.gz",
        mutators=BYTES,
        packed=True,
    ),
    "fai": Kind(
        files("genome.fa.fai"),
        annotate("{world}/in.vcf", fasta="{case}/genome.fa"),
        "genome.fa.fai",
        beside=copy_of("genome.fa"),
    ),
    "gzi": Kind(
        files("genome.fa.gz.gzi"),
        annotate("{world}/in.vcf", fasta="{case}/genome.fa.gz"),
        "genome.fa.gz.gzi",
        beside=copy_of("genome.fa.gz", "genome.fa.gz.fai"),
        mutators=BYTES,
    ),
    "sequences": Kind(
        text(">one\nACGTACGTACGTACGTACGTA\n>two x\nNNNNNNNNNNacgtacgtacg\n"),
        line(
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
    "meme": Kind(text(MEME), function(readers.meme), "in.meme"),
    "index": Kind(text(INDEX), function(readers.index), "db.tsv"),
    "parameters": Kind(text(PARAMETERS), function(readers.parameters), "D00001.001.txt"),
    "bigwig": Kind(
        files("signal.bw"),
        function(readers.bigwig),
        "signal.bw",
        beside=copy_of("genome.fa", "genome.fa.fai"),
        mutators=BYTES,
    ),
    "samples": Kind(
        text("liver\tpeaks.bed\nHepG2\tother.bed\n"), function(readers.samples), "samples.tsv"
    ),
    "reads": Kind(
        text("@a\nACGTN\n+\nIIIII\n@b\nACGTA\n+\nIIIII\n"), function(readers.records), "reads.fq"
    ),
    **{
        f"recipe_{form}": Kind(
            readers.recipe_seeds(form), function(readers.recipe(form)), "recipe.toml"
        )
        for form in ("basset", "deepbind", "panel")
    },
    **{
        f"set_{name}": Kind(
            readers.set_seeds(name),
            function(readers.read_set),
            f"set/{name}",
            beside=readers.write_set,
            mutators=TEXT if name == "set.json" else [*BYTES, *[structures.array] * 4],
        )
        for name in ("set.json", "codes.npy", "targets.npy", "folds.npy")
    },
    "signal": Kind(
        readers.npz_seeds,
        function(readers.npz),
        "signal.npz",
        mutators=[*BYTES, *[structures.zipped] * 8],
    ),
    "sites": Kind(
        readers.sites_seeds,
        function(readers.sites),
        "sites.h5",
        mutators=[*BYTES, *[structures.hdf5] * 8],
    ),
    "keras_json": Kind(
        readers.keras_seeds(".json"),
        function(readers.keras),
        "net.json",
        beside=readers.write_keras,
    ),
    "keras_h5": Kind(
        readers.keras_seeds(".h5"),
        function(readers.keras),
        "net.h5",
        beside=readers.write_keras,
        mutators=[*BYTES, *[structures.hdf5] * 8],
    ),
    "torch7": Kind(readers.basset_seeds(".th"), function(readers.basset), "net.th", mutators=BYTES),
    "safetensors": Kind(
        readers.basset_seeds(".safetensors"),
        function(readers.basset),
        "net.safetensors",
        mutators=BYTES,
    ),
    **kinds_of_runs.KINDS,
    **kinds_of_weights.KINDS,
}
