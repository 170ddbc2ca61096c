"""`regplug motifs --model`: a Basset of planted words."""

import csv
import re

import numpy as np
import pytest

from regplug.genome.codes import decode, encode
from tests.toy_filters import basset_words, export_words, turned_words
from tests.toy_networks import random_panel

pytest.importorskip("matplotlib")

WIDTH, WORDS = 30, ("GATTACA", "TTTCCCG", "GGGGGGG")
MEME = "MEME version 4\nMOTIF M1 GATA\nletter-probability matrix: w= 7\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a folder with models/words, a.fa, known.meme and the codes of a.fa."""
    folder = tmp_path_factory.mktemp("words")
    last = np.zeros((2, 3, 1))
    last[0, 0], last[1, 1] = 2, -1  # T0 likes GATTACA, T1 dislikes TTTCCCG; nobody reads GGGGGGG
    model = basset_words(WORDS, last, width=WIDTH, pool=24)
    export_words(folder / "models", model, window=WIDTH, targets=2)
    random = np.random.default_rng(0)
    codes = random.integers(0, 4, (40, WIDTH), dtype=np.uint8)
    codes[:20, 3:10], codes[10:30, 15:22] = encode(WORDS[0]), encode(WORDS[1])
    (folder / "a.fa").write_text("".join(f">{i}\n{decode(one)}\n" for i, one in enumerate(codes)))
    rows = "".join(" ".join(map(str, row)) + "\n" for row in np.eye(4)[encode(WORDS[0])])
    (folder / "known.meme").write_text(MEME + rows)
    return folder, codes


def rows_of(path):
    with path.open() as table:
        return list(csv.DictReader(table, delimiter="\t"))


def command(world, out):
    folder, _ = world
    known = ("--against", folder / "known.meme", "--model-repo", folder / "models")
    return ("motifs", "--model", "words", "--sequences", folder / "a.fa", "-o", out, *known)


@pytest.mark.slow
def test_a_model(regplug, world, tmp_path):
    out = tmp_path / "out"
    done = regplug(*command(world, out))
    assert (done.status, done.out) == (0, ""), done.err
    assert f"40 sequences\n{out}: 3 filters, compared with 1 of known.meme\n" in done.err
    first, second, third = rows_of(out / "motifs.tsv")
    found = [first[key] for key in ("target", "filter", "consensus", "match_name")]
    assert found == ["words", "0", WORDS[0], "GATA"]
    assert (int(first["nsites"]), int(second["nsites"])) == (20, 20)
    assert second["consensus"] == WORDS[1]
    assert [third[key] for key in ("influence", "moved", "loss")] == ["0", "0", "."]
    influence = rows_of(out / "influence.tsv")
    values = np.array([[float(row[target]) for target in ("T0", "T1")] for row in influence])
    # The logit of T0 is 2 in a strand with GATTACA, 20 of 80, which is at 20 of 80 * 24 placements.
    logit = np.repeat([1.0, 0.0], 20)
    expected = (logit.mean() - 2 * 20 / 80 / 24) / logit.var(ddof=1)
    assert values[0, 0] == pytest.approx(expected, rel=1e-3)
    assert values[1, 1] < 0  # an influence has a sign
    assert values[0, 1] == values[1, 0] == 0
    assert (values[2] == 0).all()
    assert float(first["influence"]) == pytest.approx(expected**2 / 2, rel=1e-3)
    for name in ("scatter", "heatmap"):
        assert (out / f"influence_{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (out / f"influence_{name}.svg").read_text()
    assert sorted(path.name for path in (out / "logos").glob("*.svg")) == [
        f"words_{i}.svg" for i, row in enumerate((first, second, third)) if row["consensus"] != "."
    ]
    before = (out / "influence_heatmap.svg").read_bytes()
    assert regplug(*command(world, out)).status == 0
    assert (out / "influence_heatmap.svg").read_bytes() == before


def write_sites(path, codes, targets, parts, samples):
    from regplug.data.sites.parts import RandomSplit
    from regplug.data.sites.samples import Settings
    from regplug.data.sites.sites import SitesCard
    from regplug.data.sites.writer import SitesWriter

    settings = Settings(split=RandomSplit(0.1, 0.1, 0), length=codes.shape[1])
    with SitesWriter(path, codes.shape[1], ["chr1"], samples) as sites:
        sites.add(0, np.arange(len(codes)), codes, targets)
        card = SitesCard(settings=settings, sources=(), counts={})
        sites.finish(card, parts, [1] * len(samples))
    return path


@pytest.mark.slow
def test_sites_have_labels(regplug, world, tmp_path):
    """Samples stand in another order than targets; the test part is read."""
    pytest.importorskip("h5py")
    folder, codes = world
    wants = (codes[:, 3:10] == encode(WORDS[0])).all(1)
    targets = np.stack([np.zeros(40), np.arange(40) % 3 == 0], 1).astype(np.uint8)  # T1, T0
    parts = np.where(np.arange(40) < 25, 2, 0).astype(np.uint8)
    sites = write_sites(tmp_path / "sites.h5", codes, targets, parts, ["T1", "T0"])
    command_line = ("motifs", "--model", "words", "--model-repo", folder / "models")
    command_line += ("--against", folder / "known.meme", "-o", tmp_path / "out", "--sequences")
    done = regplug(*command_line, sites)
    assert done.status == 0, done.err
    assert done.err.startswith("25 sites of the part test\n")
    # Forward logit 2 with GATTACA, reverse 0; without the filter 2 * its mean on either strand.
    wants, open_ = wants[:25], targets[:25, 1]
    before = (1 / (1 + np.exp(-2.0 * wants)) + 0.5) / 2
    mean = wants.sum() / 50 / 24
    after = 1 / (1 + np.exp(-2.0 * mean))
    rise = np.where(open_, np.log(before / after), np.log((1 - before) / (1 - after))).mean()
    losses = [float(row["loss"]) for row in rows_of(tmp_path / "out" / "motifs.tsv")]
    assert losses[0] == pytest.approx(rise, rel=1e-3)
    assert losses[1] != 0
    assert losses[2] == 0
    write_sites(sites, codes, targets, parts, ["T1", "other"])
    done = regplug(*command_line, sites)
    assert "no loss: the model's targets are not all among the samples" in done.err
    assert {row["loss"] for row in rows_of(tmp_path / "out" / "motifs.tsv")} == {"."}
    write_sites(sites, codes[:, 1:], targets, parts, ["T1", "T0"])
    done = regplug(*command_line, sites)
    assert (done.status, "the sites have 29: prepare them with --length 30" in done.err) == (
        1,
        True,
    )


@pytest.mark.slow
def test_an_ensemble(regplug, world, tmp_path):
    """Filters are named after their member; one target alone has a heat map too."""
    folder, _ = world
    model = turned_words(WORDS[:2], width=WIDTH, members=2)
    export_words(
        tmp_path / "models", model, window=WIDTH, targets=1, name="two", output_scale="score"
    )
    done = regplug(
        *("motifs", "--model", tmp_path / "models" / "two", "--sequences", folder / "a.fa"),
        *("--against", folder / "known.meme", "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    rows = rows_of(tmp_path / "out" / "motifs.tsv")
    assert [row["filter"] for row in rows] == ["1.0", "1.1", "2.0", "2.1"]
    assert rows[0]["consensus"] == rows[2]["consensus"] == WORDS[0]
    assert (tmp_path / "out" / "logos" / "two_2.1.png").is_file()


def test_mistakes(regplug, world, toy_repo, tmp_path):
    folder, _ = world
    (tmp_path / "short.fa").write_text(">a\nACGT\n")
    (tmp_path / "one.fa").write_text(f">a\n{'A' * WIDTH}\n")
    random_panel(tmp_path / "panels")
    fasta = folder / "a.fa"
    repo = ("--model-repo", folder / "models")
    before = sorted(tmp_path.rglob("*"))
    for arguments, message in [
        (("--model", "nobody", *repo, fasta), "nobody is no model; models are: words"),
        (("--model", "words", "--model-repo", "grpc://there:1", fasta), "not a server"),
        (("--model", "gc", "--model-repo", toy_repo, fasta), "no convolution reads its letters"),
        (("--model", tmp_path / "panels" / "panel", fasta), "give the folder of its networks as R"),
        (("--model", "words", *repo, fasta, "--rna"), "words reads both strands: leave --rna out"),
        (("--model", "words", *repo, tmp_path / "short.fa"), "reads 30 bases, a sequence has 4"),
        (("--model", "words", *repo, tmp_path / "one.fa"), "one.fa has one sequence"),
        (("--model", "words", *repo, tmp_path / "no.h5"), "no.h5 cannot be read as a set of sites"),
        (("--model", "words", *repo, tmp_path / "no.fa"), "no.fa cannot be read as FASTA"),
    ]:
        *model, sequences = [one for one in arguments if one != "--rna"]
        rest = ["--rna"] if "--rna" in arguments else ["--against", folder / "known.meme"]
        done = regplug("motifs", *model, "--sequences", sequences, "-o", tmp_path / "out", *rest)
        assert (done.status, message in done.err) == (1, True), done.err
        assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("run", "--model", "words"),
        ("run", "--model-repo", "models"),
        ("--model", "words", "--targets", "T0"),
    ],
)
def test_a_run_or_a_model(regplug, tmp_path, arguments):
    done = regplug("motifs", *arguments, "--sequences", "a.fa", "-o", tmp_path / "out")
    assert (done.status, done.out) == (2, "")
    assert "give RUN [--targets], or --model [--model-repo]" in re.sub(r"\s+", " ", done.err)
