"""The published networks know the motifs of their proteins, as JASPAR has them."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.data, pytest.mark.slow]

FAMILIES = {  # protein, published ID: JASPAR's names of it and its family
    ("CTCFL", "D00753.001"): r"CTCFL?",
    ("REST", "D00799.001"): r"REST",
    ("USF1", "D00700.006"): r"USF[12]|MITF|TF(E3|EB|EC)|BHLHE4[01]",
    ("GABPA", "D00409.004"): r"GABPA|E(LK|TV)[1-7]|ELF[1-5]|ETS[12]|ERG|ERF|FLI1|FEV|SP(I1|IB|IC)",
    ("FOXA1", "D00761.001"): r"FOX[A-S]\d",
    ("SP1", "D00650.007"): r"SP[1-9]|KLF\d+",
}


@pytest.mark.parametrize("families", [1, pytest.param(len(FAMILIES), marks=pytest.mark.nightly)])
def test_known_motifs_are_found(
    regplug: Callable, data: Path, tmp_path: Path, families: int
) -> None:
    pytest.importorskip("memelite")
    asked = dict([*FAMILIES.items()][:families])
    targets = [part for _, model in asked for part in ("--targets", model)]
    command = ("motifs", data / "deepbind_v011", "--sequences", data / "encode_chip", *targets)
    done = regplug(*command, "-o", tmp_path / "out")
    assert done.status == 0, done.err
    with (tmp_path / "out" / "motifs.tsv").open() as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert len(rows) == families * 16
    assert all(re.fullmatch(r"JASPAR20\d\d CORE vertebrates|\.", r["known_motifs"]) for r in rows)
    for (protein, model), family in asked.items():
        found = [
            row
            for row in rows
            if row["target"] == f"{protein}_{model}"
            and re.fullmatch(family, row["match_name"], re.IGNORECASE)
            and float(row["q"]) < 0.01
            and float(row["p"]) < float(row["shuffled_p"])
        ]
        assert found, f"no filter of {protein} is best matched by its family"


def test_rbfox_reads_ugcaug(regplug: Callable, data: Path, tmp_path: Path) -> None:
    """The loudest windows in random RNA show a filter's word."""
    pytest.importorskip("matplotlib")
    random = np.random.default_rng(0)
    letters = ("".join(random.choice(list("ACGU"), 41)) for _ in range(2000))
    (tmp_path / "random.fa").write_text("".join(f">{i}\n{s}\n" for i, s in enumerate(letters)))
    command = ("motifs", data / "deepbind_v011", "--sequences", tmp_path / "random.fa", "--rna")
    done = regplug(*command, "--target", "D00210.001", "-o", tmp_path / "out")
    assert done.status == 0, done.err
    assert "GCAUG" in (tmp_path / "out" / "motifs.tsv").read_text()


@pytest.mark.nightly
def test_the_filters_of_our_own_model(regplug: Callable, data: Path, tmp_path: Path) -> None:
    """A factor's motif is among the filters, and raises that factor most of all."""
    pytest.importorskip("memelite")
    peaks = tmp_path / "peaks"
    peaks.mkdir()
    for folder in ("encode_chip_more", "encode_chip"):  # of USF1 the second has the model's
        for path in (data / folder).glob("*_AC.seq.gz"):
            for other in peaks.glob(f"{path.name.partition('_')[0]}_*"):
                other.unlink()
            (peaks / path.name).symlink_to(path)
    command = ("motifs", "--model", "deepbind_encode", "--sequences", peaks)
    done = regplug(*command, "--most", 300, "-o", tmp_path / "out")
    assert done.status == 0, done.err
    tables = {}
    for name in ("motifs", "influence"):
        with (tmp_path / "out" / f"{name}.tsv").open() as table:
            tables[name] = {row["filter"]: row for row in csv.DictReader(table, delimiter="\t")}
    assert len(tables["motifs"]) == 3 * 64
    for target, family in (
        ("REST", "REST"),
        ("CTCFL", "CTCFL?"),
        ("ELK1", r"E(LK|TV|LF)\d|GABPA|ETS[12]|ERG|ERF|FLI1|FEV"),
        ("SRF", "SRF"),
        ("USF2", r"USF\d|TFE|MITF|MLX|BHLHE\d+"),
        ("ZNF143", "ZNF143"),
    ):
        found = [
            tables["influence"][row["filter"]]
            for row in tables["motifs"].values()
            if re.match(family, row["match_name"], re.IGNORECASE)
            and float(row["q"]) < 0.01
            and float(row["p"]) < float(row["shuffled_p"])
        ]
        targets = [key for key in next(iter(found)) if key not in ("filter", "match")]
        most = [max(targets, key=lambda one, row=row: float(row[one])) for row in found]
        same = {"USF1", "USF2"} if target == "USF2" else {target}  # which bind as one
        assert same & set(most), f"no filter like {target}'s motif raises it more than the others"
