"""The main job on real data: a Genome in a Bottle slice, and held-out ChIP-seq peaks."""

import csv
import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cyvcf2
import numpy as np
import pybigtools
import pytest
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval
from regplug.hooks.measuring import Measuring
from regplug.models.repository import read_card

pytestmark = [pytest.mark.data, pytest.mark.slow]

OURS = Path(__file__).parents[1] / "model_repo"


@pytest.fixture(scope="module")
def slice_of_chr20(data: Path) -> tuple[Path, Path]:
    folder = data / "ref_chr20"
    return next(folder.glob("*.vcf.gz")), folder / "hg19.chr20.slice.fa.gz"


@pytest.fixture(scope="module")
def human_tfs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of the 515 published models of human transcription factors."""
    from regplug_deepbind.importer import choose, import_deepbind, read_index

    repo = tmp_path_factory.mktemp("tfs")
    published = data / "deepbind_v011"
    rows = choose(read_index(published), species=["Homo sapiens"], kind="TF")
    import_deepbind(published, rows, repo, name="human_tf", measuring=Measuring(60))
    return repo


def _bcftools(*arguments: object) -> str:
    done = subprocess.run(
        ["bcftools", *map(str, arguments)], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_every_alt_of_the_slice_is_scored(
    regplug: Callable, slice_of_chr20: tuple[Path, Path], human_tfs: Path, tmp_path: Path
) -> None:
    vcf, fasta = slice_of_chr20
    ours, both = tmp_path / "ours.vcf.gz", tmp_path / "both.vcf.gz"
    assert regplug("annotate", vcf, "--fasta", fasta, "--all-targets", "-o", ours).status == 0
    chosen = "CTCF_D00328.003,GATA3_D00410.003"
    done = regplug(
        *("annotate", ours, "--fasta", fasta, "--model-repo", human_tfs, "--model", "human_tf"),
        *("--targets", chosen, "--matrix", tmp_path / "all.tsv.gz", "-o", both),
    )
    assert done.status == 0, done.err
    records = list(cyvcf2.VCF(str(both)))
    alts = sum(len(record.ALT) for record in records)
    assert (len(records), alts) == (221, 222)
    for record in records:
        n = len(record.ALT)
        for tag in ("RP_STATUS", "RP_HUMAN_TF__STATUS", "RP_DEEPBIND_ENCODE__STATUS"):
            assert record.INFO[tag] == ",".join(["ok"] * n)
        assert record.INFO["RP_OPEN_CHROMATIN__STATUS"] == ",".join(["ok"] * n)
        assert record.INFO.get("RP_DEEPBIND_ENCODE_SP1") is not None
        assert record.INFO.get("RP_OPEN_CHROMATIN__Q") is not None
    with gzip.open(tmp_path / "all.tsv.gz", "rt") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))
    assert len(rows) == alts + 1
    assert len(rows[0]) == 6 + 1 + 515
    assert not any(cell == "." for row in rows[1:] for cell in row[6:])


def test_bcftools_reads_filters_and_splits(
    regplug: Callable, slice_of_chr20: tuple[Path, Path], tmp_path: Path
) -> None:
    vcf, fasta = slice_of_chr20
    out = tmp_path / "out.vcf.gz"
    assert regplug("annotate", vcf, "--fasta", fasta, "--all-targets", "-o", out).status == 0
    query = _bcftools("query", "-f", "%RP_DEEPBIND_ENCODE_SP1\n", out)
    lines = [[float(v) for v in line.split(",") if v != "."] for line in query.split()]
    values = [value for line in lines for value in line]
    cut = sorted(map(abs, values))[-20]
    kept = _bcftools("view", "-H", "-i", f"MAX(ABS(RP_DEEPBIND_ENCODE_SP1))>{cut}", out)
    assert len(kept.splitlines()) == sum(any(abs(v) > cut for v in line) for line in lines) > 0
    split = _bcftools("query", "-f", "%RP_DEEPBIND_ENCODE_SP1\n", _norm(out, tmp_path))
    assert [float(value) for value in split.split() if value != "."] == values
    columns = (
        "%CHROM %POS %ID %REF %ALT %QUAL %FILTER %INFO/callsetnames %INFO/platforms[ %GT %DP %GQ]\n"
    )
    assert _bcftools("query", "-f", columns, vcf) == _bcftools("query", "-f", columns, out)
    stripped = _bcftools("annotate", "-x", "^INFO/platforms", "--no-version", out)
    original = _bcftools("annotate", "-x", "^INFO/platforms", "--no-version", vcf)
    assert _records(stripped) == _records(original)


def _norm(vcf: Path, folder: Path) -> Path:
    """Return `vcf` with a record per ALT."""
    _bcftools("norm", "-m-", "-o", folder / "split.vcf", vcf)
    return folder / "split.vcf"


def _records(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_auc_in_the_card_is_what_predict_gives(
    regplug: Callable, data: Path, tmp_path: Path
) -> None:
    """The held-out B files through the command line, where there are any: of ten factors."""
    card = read_card(OURS / "deepbind_encode")
    aucs = []
    for target in card.targets:
        path = next((data / "encode_chip").glob(f"{target.label}_*_B.seq.gz"), None)
        if path is None:
            assert target.about["test_peaks"] == "250"
            continue
        with gzip.open(path, "rt") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        fasta = tmp_path / f"{target.label}.fa"
        fasta.write_text("".join(f">{i}\n{row['seq']}\n" for i, row in enumerate(rows)))
        done = regplug("predict", fasta, "--model", "deepbind_encode")
        table = csv.DictReader(done.out.splitlines(), delimiter="\t")
        scores = [float(row[target.label]) for row in table]
        aucs.append(roc_auc_score([int(row["Bound"]) for row in rows], scores))
        assert aucs[-1] == pytest.approx(float(target.about["auc"]), abs=1e-4)
    assert len(aucs) == 10
    assert sum(aucs) / len(aucs) >= 0.96


def test_areas_of_open_sites_in_the_card(regplug: Callable, data: Path, tmp_path: Path) -> None:
    """The sites of chr2, straight from their table: open in a cell against open elsewhere."""
    card = read_card(OURS / "basset_dhs4")
    with gzip.open(data / "dhs4/dhs4_train_validation.tsv.gz", "rt") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["chr"] == "chr2"]
    fasta = tmp_path / "chr2.fa"
    fasta.write_text("".join(f">{i}\n{row['sequence']}\n" for i, row in enumerate(rows)))
    done = regplug("predict", fasta, "--model", "basset_dhs4")
    scores = list(csv.DictReader(done.out.splitlines(), delimiter="\t"))
    aucs = []
    for target in card.targets:
        (column,) = (name for name in rows[0] if name.startswith(f"{target.label}_"))
        opened = [int(row[column]) for row in rows]
        aucs.append(roc_auc_score(opened, [float(row[target.label]) for row in scores]))
        assert aucs[-1] == pytest.approx(float(target.about["auc_elsewhere"]), abs=1e-4)
    assert sum(aucs) / len(aucs) >= 0.955


def test_the_panel_of_515_stays_under_two_gigabytes(human_tfs: Path) -> None:
    """A call with more rows than its card allows at once, in a process of its own."""
    script = (
        "import re, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from regplug.models.embedded import Embedded\n"
        "backend = Embedded(Path(sys.argv[1]), threads=2)\n"
        "codes = np.zeros((2 * backend.card.max_batch_size + 1, backend.card.window), np.uint8)\n"
        "assert backend.predict(codes).shape == (len(codes), 515)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(human_tfs / "human_tf")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert 100_000 < int(done.stdout) < 2_000_000  # KiB


def test_a_track_of_a_whole_chromosome(
    regplug: Callable, slice_of_chr20: tuple[Path, Path], tmp_path: Path
) -> None:
    """Chr20 at true coordinates, 1.1 Mb of 63 known: written in order, and as `predict` says."""
    _, fasta = slice_of_chr20
    chosen = ("--model", "deepbind_encode", "--threads", 1)
    done = regplug(
        *("track", *chosen, "--fasta", fasta, "--all", "--step", 1000, "--targets", "REST"),
        *("-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    with pybigtools.open(str(tmp_path / "out/REST.bw")) as file:
        [(contig, length)] = file.chroms().items()
        records = list(file.records(contig))
        assert file.zooms()
    assert length == 63_025_520
    assert [low for low, _, _ in records] == list(range(9_995_000, 11_095_000, 1000))
    sequences = tmp_path / "windows.fa"
    with Genome(fasta) as genome, sequences.open("w") as out:
        for low, _, _ in records:
            window = genome.letters(Interval(contig, low + 499 - 50, low + 499 + 51))
            out.write(f">{low}\n{window}\n")
    rows = list(
        csv.DictReader(regplug("predict", sequences, *chosen).out.splitlines(), delimiter="\t")
    )
    for (_, _, value), row in zip(records, rows, strict=True):
        assert value == pytest.approx(float(row["REST"]), abs=1e-5)


def test_real_variants_by_the_defaults(
    regplug: Callable, slice_of_chr20: tuple[Path, Path], tmp_path: Path
) -> None:
    """Their Q is uniform, and the tags take less than 200 bytes of BCF a record."""
    vcf, fasta = slice_of_chr20
    out = tmp_path / "out.bcf"
    assert regplug("annotate", vcf, "--fasta", fasta, "-o", out).status == 0
    single = 'TYPE="snp" && N_ALT=1'
    text = _bcftools("query", "-i", single, "-f", "%RP_Q\n", out)
    q = np.array([float(word) for word in text.split()])
    assert len(q) > 180
    assert kstest(q, "uniform").pvalue > 0.01
    ours = _bcftools("view", "-h", out).split("##INFO=<ID=")
    names = ",".join(f"INFO/{line.split(',')[0]}" for line in ours if line.startswith("RP_"))
    bare = tmp_path / "bare.bcf"
    _bcftools("annotate", "-x", names, "-O", "u", "-o", bare, out)
    full = tmp_path / "full.bcf"
    _bcftools("view", "-O", "u", "-o", full, out)
    assert full.stat().st_size - bare.stat().st_size < 200 * 221 + 6000  # of the header
