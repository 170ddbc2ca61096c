"""Published models of splicing regulators on human sequence, around exons made up at random.

Nothing is annotated here: what is known of an exon is which sites lie behind it. TIA1 binds runs of
U (Dember et al. 1996), RBFOX1 binds UGCAUG (Jin et al. 2003).
"""

import csv
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regplug.genome.codes import decode, encode, reverse_complement
from regplug.hooks.measuring import Measuring
from regplug.scoring.sequences import read_fasta
from tests.toy_genomes import write_fasta

pytest.importorskip("matplotlib")
pytestmark = [pytest.mark.data, pytest.mark.slow]

FLANK, APART = 200, 400  # bases; from exon to exon, so that no two share what lies behind them
CONTROLS, LEAST = 300, 25  # exons
PUBLISHED = {"TIA1": "D00157.001", "RBFOX1": "D00210.001"}
SITES = {"TIA1": "(?<!T)T{5,8}(?!T)", "RBFOX1": "TGCATG"}  # short runs: not the tails of Alus
SEVERAL = {"TIA1": 4, "RBFOX1": 2}


@pytest.fixture(scope="module")
def world(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with genome.fa, models/pub_rna, <PROTEIN>.bed and control.bed."""
    from regplug_deepbind.importer import choose, import_deepbind, read_index

    folder = tmp_path_factory.mktemp("real_profile")
    contigs = {
        name.split("|")[0].replace(":", "_"): letters.upper()
        for name, letters in read_fasta(str(data / "hg38_windows" / "windows.fa.gz"))
        if "|train|" in name
    }
    write_fasta(folder / "genome.fa", contigs)
    groups: dict[str, list[str]] = {name: [] for name in (*SITES, "control")}
    exons = list(_exons(contigs))
    for line, behind in exons[CONTROLS:]:
        for name, site in SITES.items():
            if len(re.findall(site, behind)) >= SEVERAL[name]:
                groups[name].append(line)
    groups["control"] = [line for line, _ in exons[:CONTROLS]]
    for name, lines in groups.items():
        assert len(lines) >= LEAST, name
        (folder / f"{name}.bed").write_text("".join(lines))
    published = data / "deepbind_v011"
    rows = choose(read_index(published), ids=list(PUBLISHED.values()))
    import_deepbind(published, rows, folder / "models", name="pub", measuring=Measuring(3))
    return folder


def _exons(contigs: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield exons at random, as lines of BED, and the first bases of the intron behind each."""
    dice = random.Random(0)
    places = [
        (name, start, strand)
        for name, letters in contigs.items()
        for start in range(1000, len(letters) - 1000, APART)
        for strand in "+-"
    ]
    for name, start, strand in dice.sample(places, len(places)):
        end = start + dice.randrange(60, 150)
        behind = contigs[name][end : end + FLANK]
        if strand == "-":
            behind = decode(reverse_complement(encode(contigs[name][start - FLANK : start])))
        yield f"{name}\t{start}\t{end}\t.\t0\t{strand}\n", behind


@pytest.mark.parametrize("protein", list(PUBLISHED))
def test_sites_behind_the_exon_are_seen_there(
    regplug: Callable, world: Path, tmp_path: Path, protein: str
) -> None:
    done = regplug(
        *("profile", "--groups", world / f"{protein}.bed", world / "control.bed"),
        *("--model-repo", world / "models", "--model", "pub_rna", "--fasta", world / "genome.fa"),
        *("--target", f"{protein}_{PUBLISHED[protein]}", "--flank", FLANK, "-o", tmp_path / "out"),
    )
    assert done.status == 0, done.err
    with (tmp_path / "out" / "tests.tsv").open() as lines:
        tests = list(csv.DictReader(lines, delimiter="\t"))
    auc = {
        side: [float(row["auc"]) for row in tests if row["side"] == side]
        for side in ("upstream", "downstream")
    }
    assert min(auc["downstream"]) > max(auc["upstream"])
    best = min(tests, key=lambda row: float(row["q"]))
    assert (best["side"], float(best["q"]) < 1e-3) == ("downstream", True)
    with (tmp_path / "out" / "profile.tsv").open() as lines:
        profile = [row for row in csv.DictReader(lines, delimiter="\t") if row["group"] == protein]
    peak = max(profile, key=lambda row: float(row["mean"]))
    assert (peak["side"], 0 <= int(peak["position"]) < FLANK) == ("downstream", True)
