"""A model of human data on a genome of yeast: refused by every command that reads a genome."""

from pathlib import Path

import pytest

import regplug as front_door
from regplug.errors import GenomeError
from regplug.genome.assembly import organisms_named
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import gc_model

YEAST = 230218  # bases of chrI in sacCer3


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a folder with a FASTA of chrI, things to score on it, and models."""
    folder = tmp_path_factory.mktemp("organism")
    letters = random_letters(YEAST, seed=5)
    write_fasta(folder / "yeast.fa", {"chrI": letters})
    ref = letters[999]
    record = f"chrI 1000 . {ref} {'C' if ref != 'C' else 'G'} . . ."
    (folder / "in.vcf").write_text(vcf_text([record], {"chrI": letters}))
    (folder / "a.bed").write_text("chrI\t2000\t2200\ta\t0\t+\n")
    (folder / "b.bed").write_text("chrI\t4000\t4200\tb\t0\t-\n")
    gc_model(folder / "repo", "human", assembly="hg19, hg38", default=True)
    gc_model(folder / "repo", "fungal", assembly="R64-1-1")
    gc_model(folder / "repo", "anyone")
    return folder


def commands(world, out):
    """Return, by name, a command for each way to a genome, without its model."""
    profile = ("--flank", 50, "--exon", 10, "--targets", "T0")
    return {
        "annotate": ("annotate", world / "in.vcf", "-o", out / "out.vcf"),
        "track": ("track", "--regions", "chrI:1000-1400", "-o", out / "track"),
        "track --vcf": ("track", "--vcf", world / "in.vcf", "-o", out / "around"),
        "explain": ("explain", "chrI:1000-1010", "-o", out / "map"),
        "predict": ("predict", world / "a.bed", "-o", out / "scores.tsv"),
        "profile": ("profile", world / "a.bed", world / "b.bed", *profile, "-o", out / "profile"),
    }


PICTURES = {"explain": "matplotlib", "profile": "matplotlib"}  # drawn by libraries of extras


@pytest.mark.parametrize("name", list(commands(Path(), Path())))
def test_another_organism(regplug, world, tmp_path, name):
    if name in PICTURES:
        pytest.importorskip(PICTURES[name])
    given = ("--fasta", world / "yeast.fa", "--model-repo", world / "repo")
    command = commands(world, tmp_path)[name]
    done = regplug(*command, *given, "--model", "human")
    assert done.status == 1
    assert "human was trained on human (hg19, hg38), and" in done.err
    assert "yeast.fa is of yeast: its chrI is as long as that of sacCer3" in done.err
    assert list(tmp_path.iterdir()) == []
    done = regplug(*command, *given, "--model", "human", "--force")
    assert done.status == 0, done.err
    assert list(tmp_path.iterdir()) != []


@pytest.mark.parametrize("model", ["fungal", "anyone"])
def test_its_own_organism_and_models_that_do_not_say(regplug, world, tmp_path, model):
    given = ("--fasta", world / "yeast.fa", "--model-repo", world / "repo", "--model", model)
    done = regplug(*commands(world, tmp_path)["predict"], *given)
    assert done.status == 0, done.err


def test_the_default_models_are_checked_too(regplug, world, tmp_path):
    given = ("--fasta", world / "yeast.fa", "--model-repo", world / "repo")
    done = regplug(*commands(world, tmp_path)["annotate"], *given)
    assert done.status == 1
    assert "Name a model of yeast with --model (regplug models list), or --force" in done.err


def test_in_python(world):
    given = {"fasta": world / "yeast.fa", "repo": str(world / "repo")}
    with pytest.raises(GenomeError, match="human was trained on human"):
        front_door.score(world / "in.vcf", models=["human"], **given)
    table = front_door.score(world / "in.vcf", models=["human"], force=True, **given)
    assert table.num_rows == 1


def test_models_that_come_with_regplug_say_of_what_organism_they_are():
    known = {card.name: organisms_named(card.assembly) for card in front_door.list_models()}
    assert {name: found for name, found in known.items() if len(found) != 1} == {}
