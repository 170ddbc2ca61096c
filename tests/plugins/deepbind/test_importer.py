import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from regplug.genome.codes import encode
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.hooks.measuring import Measuring
from regplug.models.repository import check_model, read_card
from regplug_deepbind.parameters import read_network
from tests.plugins.deepbind.reference import score

pytestmark = pytest.mark.data

GOLDEN_IDS = ("D00210.001", "D00120.001", "D00410.003", "D00328.003")


@pytest.fixture(scope="module")
def published(data: Path) -> Path:
    return data / "deepbind_v011"


@pytest.fixture(scope="module")
def golden_repo(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of the four models of golden.tsv: two of DNA, two of RNA."""
    from regplug_deepbind.importer import choose, import_deepbind, read_index

    repo = tmp_path_factory.mktemp("golden")
    rows = choose(read_index(published), ids=GOLDEN_IDS)
    import_deepbind(published, rows, repo, name="gold", measuring=Measuring(30))
    return repo


def test_golden_scores_come_out_of_predict(
    regplug: Callable, published: Path, golden_repo: Path, tmp_path: Path
) -> None:
    lines = [x for x in (published / "golden.tsv").read_text().splitlines() if x[0] != "#"]
    golden = list(csv.DictReader(lines, delimiter="\t"))
    fasta = tmp_path / "golden.fa"
    fasta.write_text("".join(f">{row['sequence']}\n{row['sequence']}\n" for row in golden))
    seen = 0
    for model in ("gold", "gold_rna"):
        done = regplug("predict", fasta, "--model", model, "--model-repo", golden_repo)
        table = list(csv.DictReader(done.out.splitlines(), delimiter="\t"))
        for row, wanted in zip(table, golden, strict=True):
            assert row.pop("name") == wanted["sequence"]
            for label, value in row.items():
                assert float(value) == pytest.approx(float(wanted[label[-10:]]), abs=1e-5)
                seen += 1
    assert seen == 16


def test_cards_tell_where_the_weights_come_from(golden_repo: Path) -> None:
    card = check_model(golden_repo / "gold")
    assert card.labels == ["CTCF_D00328.003", "GATA3_D00410.003"]
    assert card.targets[0].about["species"] == "Homo sapiens"
    assert card.targets[0].about["experiment"] == "SELEX"
    assert (card.strand, card.window, card.scan) == ("max", 59, 30)
    assert "Andrew Delong" in card.notice
    assert "Redistributions in binary form" in card.notice
    rna = check_model(golden_repo / "gold_rna")
    assert (rna.strand, rna.window) == ("forward", 47)
    assert rna.targets[0].about["type"] == "RBP"


def test_spread_is_that_of_random_snvs(golden_repo: Path, published: Path) -> None:
    """The 30 SNVs are redrawn here and scored by the independent scorer."""
    from regplug.models.export import random_codes

    ref = random_codes(np.random.default_rng(0), 10, 59)
    network = read_network(published / "params" / "D00328.003.txt")
    differences = []
    for step in (1, 2, 3):
        alt = ref.copy()
        alt[:, 29] = (alt[:, 29] + step) % 4
        differences.append(score(network, alt) - score(network, ref))
    spread = read_card(golden_repo / "gold").targets[0].spread
    assert spread == pytest.approx(float(np.std(np.concatenate(differences))), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ids", "D99999.999"], "ID D99999.999"),
        (["--protein", "NOPE"], "Protein NOPE"),
        (["--species", "Homo erectus"], "Species Homo erectus"),
        (["--species", "Mus musculus", "--type", "RBP", "--protein", "CTCF"], "fits all"),
    ],
)
def test_unknown_choices_are_refused(
    regplug: Callable, published: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    done = regplug("models", "import", "deepbind", published, *options, "-o", tmp_path / "repo")
    assert done.status == 1
    assert message in done.err
    assert not (tmp_path / "repo").exists()


def test_a_damaged_file_is_refused_by_name(
    regplug: Callable, published: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "published"
    (copy / "params").mkdir(parents=True)
    for name in ("db.tsv", "LICENSE.TXT"):
        shutil.copy(published / name, copy / name)
    text = (published / "params" / "D00328.003.txt").read_text()
    (copy / "params" / "D00328.003.txt").write_text(text[: len(text) // 2])
    done = regplug("models", "import", "deepbind", copy, "-o", tmp_path / "repo", "--snvs", 3)
    assert done.status == 1
    assert "D00328.003.txt" in done.err
    assert not (tmp_path / "repo").exists()
    (copy / "LICENSE.TXT").unlink()
    assert "LICENSE.TXT" in regplug("models", "import", "deepbind", copy, "-o", tmp_path / "r").err
    done = regplug("models", "import", "deepbind", tmp_path, "-o", tmp_path / "repo")
    assert done.status == 1
    assert "db.tsv" in done.err


def test_ten_variants_by_an_independent_scorer(
    regplug: Callable, data: Path, published: Path, golden_repo: Path, tmp_path: Path
) -> None:
    """SNVs and indels of the Genome in a Bottle slice: alleles put into the genome by hand."""
    folder = data / "ref_chr20"
    fasta = folder / "hg19.chr20.slice.fa.gz"
    vcf = next(folder.glob("*.vcf.gz"))
    out = tmp_path / "out.tsv"
    arguments = ("--fasta", fasta, "--model-repo", golden_repo, "--model", "gold")
    assert (
        regplug("annotate", vcf, *arguments, "--matrix", out, "-o", tmp_path / "o.vcf").status == 0
    )
    rows = list(csv.DictReader(out.read_text().splitlines(), delimiter="\t"))
    snvs = [row for row in rows if len(row["ref"]) == len(row["alt"]) == 1][::30][:6]
    indels = [row for row in rows if len(row["ref"]) != len(row["alt"])][:4]
    networks = {
        "gold.CTCF_D00328.003": read_network(published / "params/D00328.003.txt"),
        "gold.GATA3_D00410.003": read_network(published / "params/D00410.003.txt"),
    }
    assert len(snvs + indels) == 10
    with Genome(fasta) as genome:
        for row in snvs + indels:
            for column, network in networks.items():
                assert float(row[column]) == pytest.approx(_by_hand(row, genome, network), abs=2e-5)


def _by_hand(row: dict[str, str], genome: Genome, network: object) -> float:
    """Return ALT - REF from w - 1 bases around; a length change's two placements are averaged."""
    pos, ref, alt, flank = int(row["pos"]), row["ref"], row["alt"], 29
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    while len(ref) != len(alt) and ref[0] == alt[0]:  # the inserted or deleted bases, shifted left
        longer = max(ref, alt, key=len)[1:]
        if longer[-1] != ref[0]:
            break
        before = genome.letters(Interval("chr20", pos - 2, pos - 1))
        ref, alt = (before + one[0] + one[1:-1] if len(one) > 1 else before for one in (ref, alt))
        pos -= 1
    start = pos - 1
    left = genome.letters(Interval("chr20", start - 100, start))
    right = genome.letters(Interval("chr20", start + len(ref), start + len(ref) + 100))
    differences = []
    for first in (True, False) if len(ref) != len(alt) else (True,):
        values = []
        for allele in (ref, alt):
            centre = 100 if first else 100 + len(allele) - 1
            window = (left + allele + right)[centre - flank : centre + flank + 1]
            values.append(score(network, encode(window)[None])[0])  # type: ignore[arg-type]
        differences.append(values[1] - values[0])
    return float(np.mean(differences))


def test_long_sequences_are_scored_as_a_whole(golden_repo: Path, published: Path) -> None:
    from regplug.genome.codes import decode
    from regplug.models.embedded import Embedded
    from regplug.models.export import random_codes
    from regplug.scoring.sequences import predict_sequences

    codes = random_codes(np.random.default_rng(5), 3, 5001)
    codes[1, 2000:2100] = 4
    backend = Embedded(golden_repo / "gold_scan")
    scores = predict_sequences([decode(one) for one in codes], backend)
    backend.close()
    for column, name in enumerate(("D00328.003", "D00410.003")):
        wanted = score(read_network(published / "params" / f"{name}.txt"), codes)
        np.testing.assert_allclose(scores[:, column], wanted, atol=1e-5)
