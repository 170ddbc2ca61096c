"""The benchmark on variant truth: its figures, windows and choices, worked out by hand."""

import gzip

import numpy as np
import pytest
from scipy import stats

from benchmarks.variant_truth import main
from benchmarks.variant_truth_baselines import baselines
from benchmarks.variant_truth_figures import (
    correlation,
    direction,
    direction_of_strongest,
    estimate,
    rank_correlation,
    right,
    stretches,
    strongest,
)
from benchmarks.variant_truth_outputs import matching, views
from benchmarks.variant_truth_sets import in_window, read_pairs, read_reporters
from benchmarks.variant_truth_shifts import shifted
from benchmarks.variant_truth_tables import Row, markdown
from regplug.data.measure.recorded import variant_figures
from regplug.genome.codes import decode, encode
from regplug.genome.variant import Variant
from regplug.scoring.alleles import column
from tests.benchmarks.test_mpra import COLUMNS, Locus, row
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import centre_model, table_model


def test_directions_by_hand():
    """Of 0.3, -0.2, 0 and 1 two are right, one wrong, one half right."""
    assert right(np.array([0.3, -0.2, 0.0, 1.0])) == 2.5 / 4
    assert np.isnan(right(np.zeros(0)))


def test_moved_windows_by_hand():
    codes = np.array([[0, 1, 2, 3]], np.uint8)
    assert [shifted(codes, by).tolist()[0] for by in (-1, 0, 2)] == [
        *([1, 2, 3, 4], [0, 1, 2, 3], [4, 4, 0, 1])
    ]


def test_the_strongest_tenth_by_hand():
    changes = np.array([0.1] * 17 + [-5.0, 4.0, 4.0])
    np.testing.assert_array_equal(strongest(changes), [17, 18])
    assert direction_of_strongest(changes, seed=0)[::3] == (0.5, 2)
    assert direction(changes, seed=0)[::3] == (19 / 20, 20)
    np.testing.assert_array_equal(strongest(np.array([1.0, -2.0])), [1])


def test_rank_correlations_are_those_of_scipy():
    rng = np.random.default_rng(2)
    measured = rng.integers(0, 6, 50).astype(float)  # with ties
    predicted = np.round(measured + rng.normal(size=50), 1)
    expected = stats.spearmanr(predicted, measured).statistic
    assert rank_correlation(predicted, measured) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))
    assert np.isnan(rank_correlation(np.arange(2.0), np.arange(2.0)))


def test_an_interval_of_independent_sites_is_the_binomial_one():
    """300 right of 400: the standard error is √(0.75 · 0.25 / 400)."""
    found = direction(np.repeat([1.0, -1.0], [300, 100]), seed=1)
    error = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert found.value == 0.75
    np.testing.assert_allclose([found.low, found.high], [0.75 - error, 0.75 + error], atol=0.006)


def test_an_interval_of_groups_is_wider():
    """100 groups of four equal changes tell as much as 100 sites: twice the width."""
    changes = np.repeat(np.repeat([1.0, -1.0], [75, 25]), 4)
    found = estimate(lambda drawn: right(changes[drawn]), np.repeat(np.arange(100), 4), seed=1)
    error = 1.96 * np.sqrt(0.75 * 0.25 / 100)
    np.testing.assert_allclose([found.low, found.high], [0.75 - error, 0.75 + error], atol=0.012)
    assert found.variants == 400


def test_an_interval_is_the_same_again():
    values = np.random.default_rng(3).normal(size=(2, 40))
    groups = np.arange(40) // 2
    first, again = (correlation(*values, groups, seed=4) for _ in range(2))
    assert first == again
    assert first.low < first.value < first.high


def test_nothing_to_draw_from():
    found = correlation(np.zeros(0), np.zeros(0), np.zeros(0, np.intp), seed=0)
    assert np.isnan(found[:3]).all()
    assert found.variants == 0


def test_stretches_by_hand():
    """Gaps of 1,000 join, also in a chain; another contig does not, nor does the order matter."""
    chroms = ["chr1", "chr2", "chr1", "chr1", "chr1"]
    found = stretches(chroms, [5000, 100, 100, 1100, 2100], within=1000)
    same = [[bool(a == b) for b in found] for a in found]
    expected = [0, 1, 2, 2, 2]
    assert same == [[a == b for b in expected] for a in expected]


@pytest.mark.parametrize("window", [1, 2, 5, 8, 9, 20, 21])
def test_a_site_in_a_window(window):
    """The SNV, T, stands in the model's column; what is not given is unknown."""
    letters = "AACCTGGA"
    found = decode(in_window(np.stack([encode(letters)]), 4, window)[0])
    assert found[column(window)] == "T"
    start = 50 + 4 - column(window)
    assert found == ("N" * 50 + letters + "N" * 50)[start : start + window]


def write_pairs(path, pairs):
    with gzip.open(path, "wt") as file:
        file.write("id\thigh\tlow\n")
        file.writelines(f"{i}\t{high}\t{low}\n" for i, (high, low) in enumerate(pairs))


def test_sites_that_are_read(tmp_path):
    write_pairs(tmp_path / "p.tsv.gz", [("ACG", "ATG"), ("GGG", "GAG")])
    pairs = read_pairs(tmp_path / "p.tsv.gz")
    assert (decode(pairs.high[1]), decode(pairs.low[0]), pairs.at) == ("GGG", "ATG", 1)
    for bad in ([("ACG", "ATT")], [("ACG", "ACG")], [("ACG", "ATG"), ("ACG", "TCG")]):
        write_pairs(tmp_path / "p.tsv.gz", bad)
        with pytest.raises(SystemExit, match="must differ in one base"):
            read_pairs(tmp_path / "p.tsv.gz")


HEADER = (
    '##INFO=<ID=K562,Number=1,Type=Float,Description="x">',
    '##INFO=<ID=HEPG2,Number=1,Type=Float,Description="x">',
)


def write_reporters(path, records, letters):
    text = vcf_text(records, {"chr1": letters}).splitlines(keepends=True)
    path.write_text(text[0] + "".join(f"{line}\n" for line in HEADER) + "".join(text[1:]))


def test_reporters_that_are_read(tmp_path):
    records = ["chr1 5 . A C . . K562=2", "chr1 7 . G T . . K562=-1;HEPG2=0.5"]
    write_reporters(tmp_path / "r.vcf", records, "A" * 20)
    found = read_reporters(tmp_path / "r.vcf")
    assert found["K562"].variants == [Variant("chr1", 5, "A", "C"), Variant("chr1", 7, "G", "T")]
    np.testing.assert_array_equal(found["K562"].effects, [2, -1])
    np.testing.assert_array_equal(found["HepG2"].effects, [0.5])


def test_outputs_of_a_cell():
    labels = ["K562", "k562_minP", "K5623", "CTCFL", "CTCF_D00328.003"]
    assert matching(labels, "K562", {}) == [0, 1]
    assert matching(labels, "CTCF", {}) == [4]
    assert matching(labels, "CTCF", {"CTCF": "CTCFL"}) == [3]
    assert matching(labels, "", {}) == []


def test_views_by_hand(tmp_path):
    """Spreads are 1 and 2: the mean of (2, 2) is (2 + 1) / 2; the second target is always right."""
    card = table_model(tmp_path, "two", np.ones((5, 2)), window=3)
    targets = [card.targets[0], type(card.targets[0])("T1", 2.0)]
    card = type(card)(
        **{n: getattr(card, n) for n in card.__struct_fields__} | {"targets": tuple(targets)}
    )
    changes = np.array([[2.0, 2.0], [-1.0, 4.0]])
    mean, best = views(card, changes, "K562", {}, right)
    assert (mean.how, mean.output, mean.changes.tolist()) == ("mean", "mean of 2", [1.5, 0.5])
    assert (best.how, best.output) == ("best", "T1, best of 2")
    assert best.changes.tolist() == [2, 4]
    (matched,) = views(card, changes, "T1", {}, right)
    assert (matched.how, matched.output, matched.changes.tolist()) == ("matched", "T1", [1, 2])


def test_baselines_by_hand():
    gc, constant = baselines()
    codes = np.stack([encode("ACGTN"), encode("GGCCC")])
    assert gc.predict(codes).tolist() == [[2], [5]]
    assert constant.predict(codes).tolist() == [[0], [0]]


def test_cells_of_the_tables():
    def one(how, value, variants, of=100, figure="direction"):
        found = (value, value - 0.1, value + 0.1, variants)
        estimate_type = type(direction(np.ones(1), seed=0))
        return Row(
            "m", "", 9, "diff", "dsQTL", "GM12878", figure, how, "T", estimate_type(*found), of
        )

    text = markdown([one("mean", 0.6, 90), one("best", 0.7, 100)]).splitlines()
    assert text[2].startswith("| `m` (9) | 0.600 [0.50, 0.70] ᵐ of 90 |  |")
    assert text[3].startswith("| its best outputs | 0.700 [0.60, 0.80] |  |")


def test_a_model_that_knows_the_effects(tmp_path, monkeypatch, capsys):
    """It reads A C G T as 1 2 4 8; the truth is those differences, or in H3K27ac the opposite."""
    value, data = dict(zip("ACGT", (1, 2, 4, 8), strict=True)), tmp_path
    for name in ("variant_truth", "genome", "loci", "mpra_satmut"):
        (data / name).mkdir()
    flank = random_letters(4, 1)
    rising = [(flank + high + flank, flank + low + flank) for high, low in ("CA", "GA", "TC", "TG")]
    write_pairs(data / "variant_truth" / "dsQTL.tsv.gz", rising)
    write_pairs(data / "variant_truth" / "H3K27ac.tsv.gz", [pair[::-1] for pair in rising])
    write_pairs(data / "variant_truth" / "CTCF_asb.tsv.gz", rising[:2] + [rising[2][::-1]] * 2)
    letters = random_letters(300, 7)
    write_fasta(data / "genome" / "hg19.partial.fa.gz", {"chr1": letters})
    records = []
    for pos in range(50, 250, 10):
        alt = "ACGT"[("ACGT".index(letters[pos - 1]) + pos // 10 % 3 + 1) % 4]
        effect = value[alt] - value[letters[pos - 1]]
        records.append(f"chr1 {pos} . {letters[pos - 1]} {alt} . . K562={effect};HEPG2={-effect}")
    write_reporters(data / "variant_truth" / "raqtl.hg19.vcf", records, letters)
    locus = Locus("SORT1", "chr9", 1, random_letters(60, 5))
    rows = [
        row(i + 1, ref, alt, value[alt] - value[ref], element="SORT1")
        for i, ref in enumerate(locus.letters)
        for alt in "ACGT".replace(ref, "")
    ]
    with gzip.open(data / "mpra_satmut" / "mpra_satmut_dev.tsv.gz", "wt") as file:
        lines = [COLUMNS, *([one[name] for name in COLUMNS] for one in rows)]
        file.writelines("\t".join(line) + "\n" for line in lines)
    (data / "loci" / "loci.hg38.fa").write_text(f">chr9:1-60 SORT1\n{locus.letters}\n")
    card = centre_model(tmp_path / "repo", "known", window=21)
    arguments = ["--data", data, "--model-repo", tmp_path / "repo", "known", "-o", data / "t.tsv"]
    monkeypatch.setattr("sys.argv", ["variant_truth", *map(str, arguments)])
    main()
    made = [line.split("\t") for line in (data / "t.tsv").read_text().splitlines()[1:]]
    assert {(x[1] == card.sha256, x[3]) for x in made if x[0] == "known"} == {(True, "diff")}
    assert {x[1] for x in made if x[0] != "known"} == {""}
    found = {(x[0], x[4], x[6]): (float(x[9]), *map(int, x[12:])) for x in made}
    assert found["known", "dsQTL", "direction"] == (1, 4, 4)
    assert found["known", "H3K27ac", "direction"] == (0, 4, 4)
    assert found["known", "CTCF_asb", "direction"] == (0.5, 4, 4)
    assert found["known", "raQTL K562", "Spearman"] == (1, 20, 20)
    assert found["known", "raQTL HepG2", "Spearman"] == (-1, 20, 20)
    # a window of 21 may have 2 unknown bases, so 8 places at either end are not scored
    assert found["known", "satmut SORT1", "Spearman"] == (1, 3 * 44, 180)
    # of C-A, G-A, T-C and T-G the first two gain a G or C, the others lose one
    assert found["GC content", "dsQTL", "direction"] == (0.5, 4, 4)
    assert found["constant", "dsQTL", "direction, strongest tenth"] == (0.5, 1, 4)
    kept = {(it.score, it.set, it.figure): it.value for it in variant_figures(data / "t.tsv", card)}
    assert kept["known", "raQTL HepG2", "Spearman"] == -1
    assert kept["GC content", "dsQTL", "direction"] == 0.5
    assert {score for score, _, _ in kept} == {"known", "GC content"}
    assert "| `known` (21) | 1.000 [1.00, 1.00] | 1.000" in capsys.readouterr().out
    wanted = ("--set", "raQTL HepG2", "--set", "dsQTL")
    monkeypatch.setattr("sys.argv", ["variant_truth", *map(str, arguments), *wanted])
    main()
    some = [line.split("\t") for line in (data / "t.tsv").read_text().splitlines()[1:]]
    assert some == [x for x in made if x[4] in wanted]
    monkeypatch.setattr("sys.argv", ["variant_truth", *map(str, arguments), "--set", "K562"])
    with pytest.raises(SystemExit, match=r"no set K562: there are dsQTL, .* raQTL K562, .*SORT1"):
        main()


@pytest.mark.data
def test_the_real_sets(data):
    """As many as their page says; every allele differs in the same base, 50 of 100."""
    sizes = {"dsQTL": 2994, "H3K27ac": 1300, "CTCF_asb": 198}
    for name, size in sizes.items():
        pairs = read_pairs(data / "variant_truth" / f"{name}.tsv.gz")
        assert (pairs.high.shape, pairs.at) == ((size, 100), 49)
    found = read_reporters(data / "variant_truth" / "raqtl.hg19.vcf")
    assert len(set(found["K562"].variants) | set(found["HepG2"].variants)) == 90
