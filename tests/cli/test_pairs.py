"""An adapter that sees REF and ALT together and asks for two outputs: the example of the docs.

Its distances are those of scipy on a literal network, in the VCF, the matrix, Python, and on a
server; `verify` replays them, and a background is measured as of any model.
"""

import re
from types import SimpleNamespace

import cyvcf2
import msgspec
import numpy as np
import pluggy
import pytest

import regplug as front_door
from regplug.genome.codes import encode
from regplug.models.repository import read_card, rewrite_card
from regplug.models.server import local_server, serving
from regplug.scoring.alleles import column
from tests.hooks.test_manager import DOCS
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_profiles import WINDOW, ProfileToy

distances = pytest.importorskip("scipy.spatial.distance")

TOY = ProfileToy(5)
LETTERS = random_letters(12_000, seed=4)
# 1-based positions; the alleles stand at the left already
SNV = 300
DELETION = next(pos for pos in range(400, 450) if LETTERS[pos - 1] != LETTERS[pos + 2])
INSERTION = next(pos for pos in range(500, 550) if LETTERS[pos - 1] != "T")
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
CHANGED = {  # position → REF, ALT
    SNV: (LETTERS[SNV - 1], OTHER[LETTERS[SNV - 1]]),
    DELETION: (LETTERS[DELETION - 1 : DELETION + 3], LETTERS[DELETION - 1]),
    INSERTION: (LETTERS[INSERTION - 1], LETTERS[INSERTION - 1] + "ACGTT"),
}


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """Return a repository of the toy, whose adapter is the second example of the docs."""
    section = DOCS.split("\n## regplug_adapters(")[1].split("\n## ")[0]
    code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[1]
    names = {}
    exec(code, names)
    load = pluggy.PluginManager.load_setuptools_entrypoints

    def with_example(self, group):
        self.register(SimpleNamespace(**names), "example")
        return load(self, group)

    monkeypatch.setattr(pluggy.PluginManager, "load_setuptools_entrypoints", with_example)
    TOY.imported(tmp_path / "repo", flat=True)
    folder = tmp_path / "repo" / "toy"
    rewrite_card(folder, msgspec.structs.replace(read_card(folder), family="profile_shift"))
    return tmp_path / "repo"


@pytest.fixture
def fasta(tmp_path):
    return write_fasta(tmp_path / "g.fa", {"c": LETTERS})


@pytest.fixture
def vcf(tmp_path):
    rows = [f"c {pos} . {ref} {alt} . . ." for pos, (ref, alt) in CHANGED.items()]
    (tmp_path / "in.vcf").write_text(vcf_text([*rows, "c 600 . N <DEL> . . ."], {"c": LETTERS}))
    return tmp_path / "in.vcf"


@pytest.fixture
def annotate(regplug, repo, fasta, vcf, tmp_path):
    def run(*arguments, place=repo, out="out.vcf"):
        return regplug(
            *("annotate", vcf, "--fasta", fasta, "--model", "toy", "--model-repo", place),
            *("--all-targets", "-o", tmp_path / out, *arguments),
        )

    return run


def wanted(pos):
    """Return ALT - REF of ln(reads), and the distance: means over an ALT's two windows."""
    ref, alt = CHANGED[pos]
    start, end = pos - 1, pos - 1 + len(ref)
    changed = LETTERS[:start] + alt + LETTERS[end:]
    columns = [(start, start)]
    if len(ref) != len(alt):
        columns.append((end - 1, start + len(alt) - 1))
    changes, apart = [], []
    for in_ref, in_alt in columns:
        sides = []
        for letters, base in ((LETTERS, in_ref), (changed, in_alt)):
            first = base - column(WINDOW)
            sides.append(TOY.answers(encode(letters[first : first + WINDOW])))
        shares = [np.exp(logits[0]) / np.exp(logits[0]).sum() for _, logits in sides]
        changes.append(sides[1][0] - sides[0][0])
        apart.append(distances.jensenshannon(*shares, base=2))
    return np.mean(changes), np.mean(apart)


def numbers(path, *tags):
    return [[record.INFO.get(tag, np.nan) for tag in tags] for record in cyvcf2.VCF(str(path))]


def test_tags(annotate, tmp_path):
    done = annotate("--scores", "diff,jsd")
    assert done.status == 0, done.err
    found = numbers(tmp_path / "out.vcf", "RP_TOY_T0", "RP_TOY_T0__JSD")
    np.testing.assert_allclose(found[:3], [wanted(pos) for pos in CHANGED], rtol=1e-3, atol=1e-6)
    assert all(0 < distance < 1 for _, distance in found[:3])
    assert np.isnan(found[3]).all()
    text = (tmp_path / "out.vcf").read_text()
    meaning = "toy t0: Jensen-Shannon distance of the profiles of REF and ALT, base 2"
    assert f'ID=RP_TOY_T0__JSD,Number=A,Type=Float,Description="{meaning}"' in text


def test_another_name_is_refused(annotate, tmp_path):
    done = annotate("--scores", "sad")
    assert done.status == 1
    assert "toy has no score sad: choose from ref, alt, diff, logit, log2fc, jsd" in done.err
    assert not (tmp_path / "out.vcf").exists()


def test_verify_replays_it(annotate, regplug, repo, fasta, tmp_path):
    assert annotate("--scores", "jsd").status == 0

    def verify():
        place = ("--fasta", fasta, "--model-repo", repo)
        return regplug("verify", tmp_path / "out.vcf", *place)

    assert verify().status == 0, verify().err
    text = (tmp_path / "out.vcf").read_text()
    changed = re.sub(r"(RP_TOY_T0__JSD=0)\.", r"\1.9", text, count=1)
    assert changed != text
    (tmp_path / "out.vcf").write_text(changed)
    done = verify()
    assert done.status != 0
    assert "RP_TOY_T0__JSD" in done.out + done.err


def test_tables(annotate, repo, fasta, vcf, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)
    for name in ("m.tsv", "m.parquet"):
        assert annotate("--scores", "jsd", "--matrix", tmp_path / name).status == 0
    rows = [line.split("\t") for line in (tmp_path / "m.tsv").read_text().splitlines()]
    assert rows[0][6:] == ["toy.status", "toy.t0", "toy.t0.jsd"]
    assert rows[4][6:] == ["symbolic", ".", "."]
    table = parquet.read_table(tmp_path / "m.parquet")
    assert table.column_names == rows[0]
    assert str(table.schema.field("toy.t0.jsd").type) == "float"
    scored = front_door.score(vcf, fasta=fasta, models=["toy"], repo=str(repo))
    chosen = front_door.score(vcf, fasta=fasta, models=["toy"], repo=str(repo), targets=["t0"])
    for of in (table, scored, chosen):
        assert of["toy.t0.jsd"].to_pylist()[3] is None
        for text, value in zip(rows[1:4], of["toy.t0.jsd"].to_pylist()[:3], strict=True):
            assert float(text[8]) == pytest.approx(value, rel=1e-5)
    found = np.array([row[7:] for row in rows[1:4]], float)
    np.testing.assert_allclose(found, [wanted(pos) for pos in CHANGED], rtol=1e-3, atol=1e-6)


def test_a_background(annotate, regplug, repo, fasta, tmp_path):
    """It is of the main output: Q is there, and the distance beside it is what it was."""
    assert annotate("--scores", "jsd").status == 0
    before = numbers(tmp_path / "out.vcf", "RP_TOY_T0__JSD")
    done = regplug(
        *("models", "calibrate", "toy", "--fasta", fasta, "--model-repo", repo, "--snvs", 1000)
    )
    assert done.status == 0, done.err
    assert annotate("--scores", "jsd").status == 0
    assert numbers(tmp_path / "out.vcf", "RP_TOY_T0__JSD")[:3] == before[:3]
    ranked = [q for (q,) in numbers(tmp_path / "out.vcf", "RP_TOY__Q")[:3]]
    assert all(0 < q <= 1 for q in ranked)


@pytest.mark.triton
def test_on_a_server(annotate, repo, tmp_path):
    if local_server() is None:
        pytest.skip("no Triton server: pip install 'regplug[server]'")
    assert annotate("--scores", "diff,jsd").status == 0
    here = numbers(tmp_path / "out.vcf", "RP_TOY_T0", "RP_TOY_T0__JSD")
    with serving(repo) as server:
        for url in (server.grpc, server.http):
            assert annotate("--scores", "diff,jsd", place=url, out="there.vcf").status == 0
            there = numbers(tmp_path / "there.vcf", "RP_TOY_T0", "RP_TOY_T0__JSD")
            np.testing.assert_allclose(there, here, atol=1e-5)
