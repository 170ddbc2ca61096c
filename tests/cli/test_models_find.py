"""`regplug models new` and `search`; licences of what is imported, and in a VCF's header."""

import re
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from regplug.cli.models.new import NOTES
from regplug.hooks.about import About, read_notes
from regplug.models.repository import read_card, rewrite_card


@pytest.fixture
def repo(toy_repo, tmp_path):
    """Toys, of which `gc` says what its targets are."""
    repo = Path(shutil.copytree(toy_repo, tmp_path / "toys"))
    card = read_card(repo / "gc")
    abouts = [
        {"cell": "K562", "assay": "ATAC-seq", "ontology": "EFO:0002067", "accession": "ENC1"},
        {"cell": "HepG2", "tissue": "liver", "assay": "DNase-seq"},
    ]
    targets = [replace(t, about=about) for t, about in zip(card.targets, abouts, strict=True)]
    rewrite_card(repo / "gc", replace(card, targets=tuple(targets), license="CC BY, 4.0"))
    return repo


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        (["k562"], ["T0"]), (["k562", "--assay", "atac"], ["T0"]), (["k562", "--assay", "x"], []),
        (["gc"], ["T0", "T1"]), (["gc", "liver"], ["T1"]), (["--tissue", "LIVER"], ["T1"]),
        (["EFO:0002067"], ["T0"]), (["--cell", "hep"], ["T1"]), (["nothing"], []),
    ],
)  # fmt: skip
def test_search(regplug, repo, words, targets):
    done = regplug("models", "search", *words, "--model-repo", repo)
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[:2] for row in rows[1:]] == [["gc", target] for target in targets]
    assert done.status == (0 if targets else 1)
    if targets == ["T0"]:
        assert rows[0] == ["model", "target", "cell", "tissue", "assay", "ontology", "accession"]
        assert rows[1][2:] == ["K562", ".", "ATAC-seq", "EFO:0002067", "ENC1"]


def test_search_looks_in_several_places(regplug, repo, tmp_path):
    done = regplug("models", "search", "place", "--model-repo", tmp_path / "none", "--also", repo)
    assert "no models at" in done.err
    (tmp_path / "none").mkdir()
    done = regplug("models", "search", "liver", "--model-repo", tmp_path / "none", "--also", repo)
    assert done.out.splitlines()[1].startswith("gc\tT1\tHepG2\tliver")


def test_notes_name_every_key_and_are_read(regplug, tmp_path):
    done = regplug("models", "new", "mine", "-o", tmp_path / "mine.toml")
    assert (done.status, done.out) == (0, f"{tmp_path / 'mine.toml'}\n")
    assert read_notes(tmp_path / "mine.toml") == About(name="mine")
    filled = re.sub(r"^# (?=\w+ = |\[\[)", "", NOTES.format(name="mine"), flags=re.MULTILINE)
    (tmp_path / "filled.toml").write_text(filled)
    about = read_notes(tmp_path / "filled.toml")
    assert (about.window, about.layout, about.targets[0].about["cell"]) == (600, "ncl", "K562")
    named = set(re.findall(r"^(\w+) = ", filled, re.MULTILINE))
    assert set(About.__struct_fields__) - {"targets"} <= named
    again = regplug("models", "new", "mine", "-o", tmp_path / "mine.toml")
    assert (again.status, "is there already" in again.err) == (1, True)
    assert regplug("models", "new", "a b").status == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("licence = 1", "unknown field `licence`"),
        ("= 1", "cannot be read"),
        ("[[targets]]\ncell = 'x'", 'each of [[targets]] needs a label = "..."'),
        ("[[targets]]\nlabel = 'x'\ncell = 1", "Expected `str`, got `int`"),
        ("[[targets]]\nlabel = 'x'\nontology = 'CL:12'", "CL:12 is no ID of CL, UBERON, EFO"),
        ("strand = 'both'", "strand"),
        ("letters = 'AAAA'", "letters are A, C, G and T in some order"),
    ],
)  # fmt: skip
def test_notes_that_cannot_be_read(regplug, tmp_path, text, message):
    (tmp_path / "x.toml").write_text(text)
    done = regplug(
        "models", "import", "keras", "x.h5", "--name", "x", "--card", tmp_path / "x.toml",
        "-o", tmp_path / "repo",
    )  # fmt: skip
    assert done.status == 1
    assert message in done.err
    assert f"the notes in {tmp_path / 'x.toml'} cannot be read" in done.err


def test_the_header_of_a_vcf_names_the_licence(regplug, world, repo):
    done = regplug(
        "annotate", world.vcf("in.vcf", [world.snv("chr1", 30)]), "--fasta", world.fasta,
        "--model-repo", repo, "--model", "gc",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert re.search(r'##regplug_model=<ID=gc,.*,license="CC BY, 4.0",targets="",', done.out)


def test_weights_that_are_not_free_for_all(regplug, tmp_path):
    line = ["models", "import", "basset", tmp_path / "x.th", "-o", tmp_path / "repo", "--license"]
    reserved = (
        "CC-BY-NC-4.0",
        "CC BY-NC4",
        "non-commercial",
        "Non-comercial",
        "for academic use only",
    )
    for license in (*reserved, "not for commercial use", "No commercial use", "research purposes"):
        assert "say --accept-license" in regplug(*line, license).err
        assert "say --accept" not in regplug(*line, license, "--accept-license").err
    for license in ("Apache-2.0", "commercial use is allowed", "NCSA"):
        assert "say --accept" not in regplug(*line, license).err
