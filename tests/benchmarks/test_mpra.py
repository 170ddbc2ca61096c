"""The benchmark on saturation mutagenesis: its alleles, and its figures worked out by hand."""

import gzip

import numpy as np
import pytest
from scipy import stats

from benchmarks.mpra import main, mean_over_elements, pearson, same_sign, spearman
from benchmarks.mpra_variants import AROUND, CELLS, Locus, padded, read_experiments, read_loci
from regplug.genome.codes import decode
from regplug.genome.variant import Status, Variant
from regplug.scoring.alleles import encode_alleles
from regplug.scoring.examined import examine
from tests.toy_genomes import random_letters
from tests.toy_models import centre_model

LOCUS = Locus("EL", "chr9", 101, "ACGTTTGA")  # bases 101 to 108
COLUMNS = ["Chrom", "Pos", "Ref", "Alt", "Barcodes", "DNA", "RNA", "Coefficient", "pValue"]
COLUMNS += ["Element", "Release"]


def row(pos, ref, alt, effect=0.0, *, barcodes=10, p=0.5, element="EL", release="GRCh38"):
    values = ["9", pos, ref, alt, barcodes, 1, 1, effect, p, element, release]
    return dict(zip(COLUMNS, map(str, values), strict=True))


def write(folder, rows, loci=(LOCUS,)):
    """Write the table and the loci; return their paths."""
    table, fasta = folder / "table.tsv.gz", folder / "loci.fa"
    lines = [COLUMNS, *([one[name] for name in COLUMNS] for one in rows)]
    with gzip.open(table, "wt") as file:
        file.writelines("\t".join(line) + "\n" for line in lines)
    with fasta.open("w") as file:
        for one in loci:
            end = one.start + len(one.letters) - 1
            file.write(f">{one.chrom}:{one.start}-{end} {one.name}\n{one.letters}\n")
    return table, fasta


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "variant"),
    [
        (101, "A", "T", Variant("EL", AROUND + 1, "A", "T")),
        (103, "G", "C", Variant("EL", AROUND + 3, "G", "C")),
        (103, "G", "-", Variant("EL", AROUND + 2, "CG", "C")),
        (101, "A", "-", Variant("EL", AROUND, "NA", "N")),
    ],
)
def test_a_row_as_a_variant_of_its_locus(pos, ref, alt, variant):
    assert LOCUS.variant(row(pos, ref, alt)) == variant


def test_alleles_in_their_windows(genome_of):
    """Any T of TTT that is lost leaves the same bases; a wrong REF is not scored."""
    genome = genome_of(EL=padded(LOCUS.letters))
    rows = [row(106, "T", "-"), row(104, "T", "-"), row(107, "G", "A"), row(107, "C", "A")]
    examined = [examine(LOCUS.variant(one), genome) for one in rows]
    alleles = encode_alleles(examined, genome, window=3)
    assert alleles.status == [Status.JUNCTIONS, Status.JUNCTIONS, Status.OK, Status.REF_MISMATCH]
    assert [decode(codes[4]) for codes in (alleles.ref, alleles.alt)] == ["TGA", "TAA"]
    alleles = encode_alleles(examined[:2], genome, window=6)
    assert list(map(decode, alleles.ref)) == ["ACGTTT", "CGTTTG"] * 2
    assert list(map(decode, alleles.alt)) == ["ACGTTG"] * 4


def test_rows_that_are_read(tmp_path):
    rows = [
        row(101, "A", "T", -0.5, p=9e-6),
        row(102, "C", "T", 0.25, p=1e-5),
        row(102, "C", "G", barcodes=9),
        row(102, "C", "A", release="GRCh37"),
        row(103, "G", "T", 1.5, element="EL.2"),
    ]
    table, fasta = write(tmp_path, rows)
    loci = read_loci(fasta)
    assert loci == [LOCUS]
    first, second = read_experiments(table, loci)
    assert (first.name, second.name, second.locus) == ("EL", "EL.2", LOCUS)
    assert first.variants == [LOCUS.variant(one) for one in rows[:2]]
    np.testing.assert_array_equal(first.effects, [-0.5, 0.25])
    np.testing.assert_array_equal(first.significant, [True, False])


def test_a_table_without_its_locus(tmp_path):
    with pytest.raises(SystemExit, match=r"no locus holds all variants of EL"):
        read_experiments(*(write(tmp_path, [row(109, "A", "T")])[0], [LOCUS]))


def test_correlations_are_those_of_scipy():
    rng = np.random.default_rng(1)
    effects = rng.integers(0, 9, 40).astype(float)  # with ties
    predicted = np.round(effects[:, None] * [1.0, -0.2, 0.0] + rng.normal(size=(40, 3)), 1)
    for ours, theirs in ((pearson, stats.pearsonr), (spearman, stats.spearmanr)):
        expected = [theirs(column, effects).statistic for column in predicted.T]
        np.testing.assert_allclose(ours(predicted, effects), expected, atol=1e-12)


def test_correlations_of_nothing():
    assert np.isnan(pearson(np.ones((1, 2)), np.ones(1))).all()
    assert np.isnan(spearman(np.array([[1.0], [1.0]]), np.array([1.0, 2.0]))).all()


def test_equal_signs_by_hand():
    predicted = np.array([[1.0, -1.0], [0.0, -2.0], [-3.0, 0.1], [0.5, 0.5]])
    np.testing.assert_array_equal(same_sign(predicted, np.array([2.0, -1.0, -1.0, 0.1])), [3, 2])
    np.testing.assert_array_equal(same_sign(predicted[:0], np.zeros(0)), [0, 0])


def test_repeats_of_an_element_count_once():
    values = [np.array([x, -x]) for x in (1.0, 3.0, 8.0)]
    np.testing.assert_array_equal(mean_over_elements(["A", "A", "B"], values), [5.0, -5.0])


def test_a_model_that_knows_the_effects(tmp_path, monkeypatch, capsys):
    """The model reads A C G T as 1 2 4 8; the effects are those differences, or their opposite."""
    loci = [
        Locus(name, "chr9", at, random_letters(120, at)) for name, at in (("SORT1", 1), ("B", 500))
    ]
    value, rows = dict(zip("ACGT", (1, 2, 4, 8), strict=True)), []
    for locus, sign in zip(loci, (1, -1), strict=True):
        rows += [
            row(
                locus.start + at,
                ref,
                alt,
                sign * (value[alt] - value[ref]),
                p=0,
                element=locus.name,
            )
            for at, ref in enumerate(locus.letters)
            for alt in "ACGT".replace(ref, "")
        ]
    table, fasta = write(tmp_path, rows, loci)
    centre_model(tmp_path / "repo", "known", window=21)
    arguments = ["mpra", tmp_path / "repo" / "known", "--variants", table, "--loci", fasta]
    monkeypatch.setattr("sys.argv", list(map(str, arguments)))
    main()
    lines = capsys.readouterr().out.splitlines()
    # a window of 21 may have 2 unknown bases, so 8 places at either end are not scored
    scored = [locus.letters[8:-8] for locus in loci]
    rises = [sum(sum(value[x] > value[y] for x in "ACGT") for y in one) for one in scored]
    lower = [f"{1 - rises[0] / 312:.0%}", f"{rises[1] / 312:.0%}"]
    assert (
        f"| SORT1 | HepG2 | 312 of 360 | 312 | {lower[0]} | T0 | +1.000 | +1.000 | 100% |" in lines
    )
    assert f"| B |  | 312 of 360 | 312 | {lower[1]} | T0 | -1.000 | -1.000 | 0% |" in lines
    assert "| T0 | +0.000 | +0.000 | 50% |" in lines


@pytest.mark.data
def test_the_loci_hold_the_measured_variants(data):
    """Every REF of the table is the locus's base, and every element has a cell."""
    loci = read_loci(data / "loci" / "loci.hg38.fa")
    assert {locus.name for locus in loci} == set(CELLS)
    found = read_experiments(data / "mpra_satmut" / "mpra_satmut_dev.tsv.gz", loci)
    contigs = {locus.name: padded(locus.letters) for locus in loci}
    for one in found:
        for variant in one.variants:
            contig = contigs[variant.chrom]
            assert contig[variant.start : variant.interval.end] == variant.ref
    assert sum(len(one.variants) for one in found) > 25_000
