"""docs/formats.md says what the code writes: names, order and types of all fields and files."""

import importlib
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from regplug.genome.variant import Status
from tests.toy_genomes import VCF_COLUMNS, random_letters, vcf_text, write_fasta

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "formats.md").read_text()
TABLE = r"((?:\|.*\n)+)"
STRUCTS = dict(
    re.findall(rf"\(`(regplug[\w.]+)`\)[^\n]*:\n\n\| key .*\n\|---.*\n{TABLE}", PAGE),
)
ELSEWHERE = {"Estimate", "DeepBindRecipe", "BassetRecipe"}  # said in words, or in the reference


def rows(table):
    """Return the cells of a table's rows, without their backticks."""
    return [
        [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]
        for line in table.splitlines()
    ]


def table_of(heading, first):
    """Return the rows of the table below a heading whose first column is called `first`."""
    section = re.split(rf"^#+ {re.escape(heading)}$", PAGE, flags=re.MULTILINE)[1]
    return rows(re.search(rf"^\| {first} .*\n\|---.*\n{TABLE}", section, re.MULTILINE)[1])


def kind(schema):
    """Return the words for a JSON schema."""
    match schema:
        case {"$ref": name}:
            return name.rpartition("/")[2]
        case {"anyOf": kinds}:
            return " or ".join(sorted(map(kind, kinds), key="null".__eq__))
        case {"enum": values}:
            return " or ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": dict(items)}:
            return f"array of {kind(items)}"
        case {"type": "array", "prefixItems": items}:
            return f"array of {', '.join(map(kind, items))}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {kind(values)}"
    return schema["type"]


@pytest.mark.parametrize("name", STRUCTS)
def test_a_table_is_the_struct(name):
    module, _, struct = name.rpartition(".")
    if module.startswith("regplug.train"):
        pytest.importorskip("torch")
    if module.startswith(("regplug.data.sites", "regplug.interpret.attribute.file")):
        pytest.importorskip("h5py")
    kept = getattr(importlib.import_module(module), struct)
    schema = msgspec.json.schema(kept)["$defs"][struct]
    wanted = {
        key: kind(value) + ("" if key in schema.get("required", ()) else ", optional")
        for key, value in schema["properties"].items()
    }
    told = {key: types.strip("`") for key, types, _ in rows(STRUCTS[name])}
    assert list(told.items()) == [(key, types.strip("`")) for key, types in wanted.items()]


def test_every_struct_that_a_table_names_has_one():
    named = {
        word
        for table in STRUCTS.values()
        for _, types, _ in rows(table)
        for word in re.findall(r"\b[A-Z]\w+", types)
    }
    assert named - ELSEWHERE <= {name.rpartition(".")[2] for name in STRUCTS}
    assert len(STRUCTS) > 15


def test_a_model_directory_holds_the_files():
    folder = ROOT / "model_repo" / "deepbind_encode"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name, _ in table_of("The model directory", "file")} == files


def test_a_training_set_holds_the_arrays():
    from regplug.data.sets.training import ARRAYS, CARD

    told = {name: types.split(" ")[0] for name, types, _ in table_of("A training set", "file")}
    assert told == {f"{n}.npy": np.dtype(kind).name for n, kind in ARRAYS.items()} | {CARD: "JSON"}


def test_a_set_of_sites_holds_the_datasets(tmp_path):
    h5py = pytest.importorskip("h5py")
    from tests.data.sites.toy_sites import write_sites

    path = write_sites(tmp_path / "set.h5", ["ACGT", "GGGG"], {"a": [0, 1]})
    told = {name: types for name, types, _ in table_of("A set of sites", "dataset")}
    with h5py.File(path) as file:
        found = {
            name: ("bytes" if data.dtype.kind == "S" else data.dtype.name, data.ndim)
            for name, data in file.items()
        }
    sizes = {name: re.search(r"\((.*?),?\)", types)[1] for name, types in told.items()}
    words = {name: types.split(" ")[0] for name, types in told.items()}
    assert {name: (words[name], sizes[name].count(",") + 1) for name in told} == found


def test_the_statuses_are_those_of_the_code():
    assert [status for status, _ in table_of("Statuses", "status")] == list(Status)


def test_header_lines_and_tags_are_those_of_a_run(tmp_path, regplug):
    letters = random_letters(600, seed=1)
    fasta = write_fasta(tmp_path / "g.fa", {"c": letters})
    alt = "ACGT"["TGCA".index(letters[299])]
    columns = ['##FORMAT=<ID=GT,Number=1,Type=String,Description="">', f"{VCF_COLUMNS}\tFORMAT\tS"]
    (tmp_path / "in.vcf").write_text(
        vcf_text([f"c 300 . {letters[299]} {alt} . . . GT 0|1"], {"c": letters}, columns)
    )
    genes = tmp_path / "genes.gtf"
    genes.write_text('c\tx\tgene\t1\t95\t.\t-\t.\tgene_id "g";\n')
    header = []
    for options in (("--phased",), ("--by", "assay")):
        done = regplug(
            *("annotate", tmp_path / "in.vcf", "--fasta", fasta, "--reference-md5"),
            *("--genes", genes, "--model", "basset_dhs4", *options),
            *("--scores", "ref,alt,diff,logit,log2fc"),
        )
        assert done.status == 0, done.err
        header += [line for line in done.out.splitlines() if line[0] == "#"]
    section = "Tags and header lines of a VCF"
    lines = {line.partition("=")[0] for line in header if line.startswith("##regplug_")}
    assert {line for line, _ in table_of(section, "header line")} == lines
    told = {}
    for names, kinds, _ in table_of(section, "tag"):
        first, *others = names.replace("`", "").split(", ")
        told |= dict.fromkeys([first, *(first.rpartition("__")[0] + o for o in others)], kinds)
    found = [re.match(r"##INFO=<ID=(RP_\w+),Number=A,Type=(\w+)", line) for line in header]
    tags = {
        tag[1].replace("BASSET_DHS4", "MODEL").replace("DNASE_SEQ", "ASSAY"): tag[2]
        for tag in found
        if tag
    }
    assert told == {
        re.sub(r"(?<=MODEL_)[A-Z]\w+?(?=__|$)", "TARGET", tag): tags[tag] for tag in tags
    }
