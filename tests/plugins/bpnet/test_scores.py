"""Scores of alleles, from a file to INFO: logFC, JSD, quantiles among peaks, and products.

What variant-scorer computes is written here anew, from its helpers.py, one variant at a time.
"""

import csv

import cyvcf2
import numpy as np
import pytest

from regplug.genome.codes import encode, reverse_complement
from regplug.genome.variant import Status, Variant
from regplug.models.joined import Reading, joined
from regplug.models.library import open_session
from regplug.models.repository import check_model
from regplug.scoring.alleles import Alleles, column
from regplug.scoring.coverage import Coverage
from regplug.scoring.outputs import Output
from tests.toy_genomes import random_letters, vcf_text, write_fasta

pytest.importorskip("h5py")
jensenshannon = pytest.importorskip("scipy.spatial.distance").jensenshannon

from regplug_bpnet.keras_files import read_keras_file  # noqa: E402
from regplug_bpnet.profiles import Place, alike, distances  # noqa: E402
from tests.plugins.bpnet.toys import write_chrombpnet  # noqa: E402

WINDOW, BASES, AT = 170, 48, column(170)
AAQ = "active_allele_quantile"
LETTERS = random_letters(4000, seed=8)
SUMMITS = (30, 300, 800, 801, 1500, 2100, 2500, 2600, 2700, 3990)  # two leave the contig
CHANGES = {  # 1-based position → REF, ALT, normalised
    400: (LETTERS[399], "ACGT"["ACGT".index(LETTERS[399]) - 1]),
    900: (LETTERS[899:902], "".join("ACGT"["ACGT".index(x) - 2] for x in LETTERS[899:902])),
}
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
for start, length in ((1000, 3), (1400, 20), (1800, 40)):  # deletions
    pos = next(p for p in range(start, start + 60) if LETTERS[p - 1] != LETTERS[p + length - 1])
    CHANGES[pos] = LETTERS[pos - 1 : pos + length], LETTERS[pos - 1]
for start, put in ((2000, "ACGTT"), (2400, "T"), (2800, "ACGTTGCA" * 9)):  # insertions
    pos = next(p for p in range(start, start + 60) if LETTERS[p - 1] != put[-1])
    CHANGES[pos] = LETTERS[pos - 1], LETTERS[pos - 1] + put
CHANGES[3200] = LETTERS[3199:3203], OTHER[LETTERS[3199]] + OTHER[LETTERS[3202]]


def predict(session, letters):
    """Return counts and logits as variant-scorer averages those of both strands."""
    codes = encode(letters)[np.newaxis]
    sides = [session.run(None, {"codes": side}) for side in (codes, reverse_complement(codes))]
    counts = np.mean([np.exp(side[0][0, 0]) for side in sides])
    return counts, (sides[0][1][0] + sides[1][1][0, ::-1]) / 2


def softmax(logits):
    powers = np.exp(logits - logits.mean())
    return powers / powers.sum()


def adjusted(ref, alt, lengths, flank):
    """Return the distance of profiles of which one has an insertion behind `flank` bases."""
    left = ref[:flank], alt[:flank]
    longer, shorter = max(lengths), min(lengths)
    if flank + longer > BASES:  # variant-scorer stops: of the right flank nothing is in both
        whole = [side[: flank + shorter] for side in (ref, alt)]
        return jensenshannon(*(side / side.sum() for side in whole), base=2.0)
    cut = [
        np.concatenate([side[flank : flank + shorter], side[flank + longer :]])
        if length == longer
        else side[flank : shorter - longer]
        for side, length in zip((ref, alt), lengths, strict=True)
    ]
    whole = [np.concatenate(pair) for pair in zip(left, cut, strict=True)]
    return jensenshannon(*(side / side.sum() for side in whole), base=2.0)


def adjusted_right(ref, alt, lengths, end):
    """Return the distance where the alleles end together, before base `end`; each begins alike.

    variant-scorer has no such windows. As in its own, bases of one allele alone are left out, and
    at the far end of the other as many as it shows fewer of.
    """
    differ = abs(lengths[0] - lengths[1])
    if differ > end:
        whole = [side[end:] for side in (ref, alt)]
    else:
        whole = [
            np.concatenate([side[: end - differ], side[end:]])
            if length == max(lengths)
            else side[differ:]
            for side, length in zip((ref, alt), lengths, strict=True)
        ]
    return jensenshannon(*(side / side.sum() for side in whole), base=2.0)


def theirs(session, pos, ref, alt, peaks):
    """Return variant-scorer's columns for alleles in the windows that ours are read in."""
    logs, distances, at = [], [], AT - (WINDOW - BASES) // 2
    for side in ("left",) if len(ref) == len(alt) else ("left", "right"):
        windows = []
        for allele in (ref, alt):
            whole = LETTERS[: pos - 1] + allele + LETTERS[pos - 1 + len(ref) :]
            first = pos - 1 if side == "left" else pos - 1 + len(allele) - 1
            windows.append(whole[first - AT : first - AT + WINDOW])
        (before, p), (after, q) = (predict(session, letters) for letters in windows)
        logs.append(np.log([before, after]))
        p, q = softmax(p.astype(float)), softmax(q.astype(float))
        lengths = len(ref), len(alt)
        if len(ref) == len(alt):
            distances.append(jensenshannon(p, q, base=2.0))
        elif side == "left":
            distances.append(adjusted(p, q, lengths, at))
        else:
            distances.append(adjusted_right(p, q, lengths, at + 1))
    before, after = np.exp(np.mean(logs, axis=0))
    logfc, jsd = np.log2(after / before), np.mean(distances)
    share = [max(np.mean(peaks < counts), 1 / len(peaks)) for counts in (before, after)]
    active, change = max(share), share[1] - share[0]
    return {
        "logfc": logfc,
        "abs_logfc": abs(logfc),
        "jsd": jsd,
        "logfc_x_jsd": logfc * jsd,
        "abs_logfc_x_jsd": abs(logfc) * jsd,
        AAQ: active,
        "quantile_change": change,
        "abs_quantile_change": abs(change),
        f"logfc_x_{AAQ}": logfc * active,
        f"abs_logfc_x_{AAQ}": abs(logfc) * active,
        f"jsd_x_{AAQ}": jsd * active,
        f"logfc_x_jsd_x_{AAQ}": logfc * jsd * active,
        f"abs_logfc_x_jsd_x_{AAQ}": abs(logfc) * jsd * active,
    }


@pytest.fixture
def world(regplug, tmp_path):
    """Return a folder with a genome, peaks, variants and an imported model `mine`."""
    write_fasta(tmp_path / "g.fa", {"chr1": LETTERS})
    path = write_chrombpnet(tmp_path / "x.h5", filters=8, dilated=3, window=WINDOW, bases=BASES)
    records = [f"chr1 {pos} . {ref} {alt} . . ." for pos, (ref, alt) in sorted(CHANGES.items())]
    (tmp_path / "in.vcf").write_text(vcf_text(records, {"chr1": LETTERS}))
    (tmp_path / "peaks.bed").write_text(
        "".join(
            f"chr1\t{summit - 20}\t{summit + 5}\tp\t0\t.\t1\t2\t3\t20\n"
            for summit in (*SUMMITS, SUMMITS[1])
        )
    )
    done = regplug(
        "models", "import", "bpnet", path, "--name", "mine", "-o", tmp_path / "repo", "--snvs", 30
    )
    assert done.status == 0, done.err
    return tmp_path


@pytest.fixture
def session(world):
    graph = joined([read_keras_file(world / "x.h5")], Reading("none", unknown=0))
    return open_session(graph.SerializeToString(), "toy", threads=1)


def measure(regplug, world, *words):
    return regplug(
        "models", "peaks", "mine", world / "peaks.bed", "--fasta", world / "g.fa",
        "--model-repo", world / "repo", *words,
    )  # fmt: skip


def annotate(regplug, world, *words):
    return regplug(
        "annotate", world / "in.vcf", "--fasta", world / "g.fa", "--model", "mine",
        "--model-repo", world / "repo", "-o", world / "out.vcf", *words,
    )  # fmt: skip


def test_scores_are_those_of_variant_scorer(regplug, world, session):
    assert (done := measure(regplug, world)).status == 0, done.err
    assert "mine: 8 peaks" in done.err
    shown = regplug("models", "show", "mine", "--model-repo", world / "repo").out
    assert "peaks\tscored\tkept\tgenome\tof\npeaks.bed\t8\t8\tg.fa\tthis graph\n" in shown
    check_model(world / "repo" / "mine")
    windows = [LETTERS[s - AT : s - AT + WINDOW] for s in SUMMITS[1:-1]]
    peaks = np.array([predict(session, letters)[0] for letters in windows])
    wanted = {pos: theirs(session, pos, *CHANGES[pos], peaks) for pos in CHANGES}
    names = list(wanted[400])
    done = annotate(
        regplug, world, "--all-targets", "--scores", ",".join(["diff", *names]),
        "--matrix", world / "out.tsv",
    )  # fmt: skip
    assert done.status == 0, done.err
    with (world / "out.tsv").open() as file:
        rows = {int(row["pos"]): row for row in csv.DictReader(file, delimiter="\t")}
    records = {record.POS: record for record in cyvcf2.VCF(str(world / "out.vcf"))}
    assert rows.keys() == records.keys() == wanted.keys()
    for pos, scores in wanted.items():
        assert rows[pos]["mine.status"] == "ok"
        for name, score in scores.items():
            assert float(rows[pos][f"mine.counts.{name}"]) == pytest.approx(score, abs=1e-5)
            found = records[pos].INFO[f"RP_MINE_COUNTS__{name.upper()}"]
            assert found == pytest.approx(score, rel=2e-5, abs=1e-5)
        change = records[pos].INFO["RP_MINE_COUNTS"]
        assert change == pytest.approx(scores["logfc"] * np.log(2), abs=1e-5)
    spread = np.array([list(scores.values()) for scores in wanted.values()])
    assert np.ptp(spread, axis=0).min() > 1e-4
    done = regplug("verify", world / "out.vcf", "--fasta", world / "g.fa", "--model-repo",
                   world / "repo")  # fmt: skip
    assert done.status == 0, done.err


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("ref", "alt"), [(4, 1), (1, 4), (5, 2), (30, 1), (1, 30)])
def test_bases_that_both_alleles_have(ref, alt, last):
    """Each kept base of REF lies beside the base of ALT that is the same of the genome."""
    bases, at = 21, 10
    start = {length: at + 1 - length if last else at for length in (ref, alt)}

    def name(length, column):
        """Return what a column of a row shows: a flank's base, one of both alleles, or its own."""
        inside = column - start[length]
        if inside < 0:
            return "left", inside
        if inside >= length:
            return "right", inside - length
        return ("both" if inside < min(ref, alt) else f"only of {length}"), inside

    of_ref, of_alt = alike(Place(ref, alt, at, last), bases)
    assert len(of_ref) == len(of_alt)
    shown = [name(ref, place) for place in of_ref], [name(alt, place) for place in of_alt]
    longest = max(ref, alt)
    if longest < bases // 2:
        assert shown[0] == shown[1]
        assert len(of_ref) == bases - abs(ref - alt)


def test_peaks_that_are_missing(regplug, world):
    done = annotate(regplug, world, "--all-targets", "--scores", f"jsd,{AAQ}")
    assert done.status == 1
    assert f"mine has no peaks that {AAQ} could compare with: measure them" in done.err
    assert not (world / "out.vcf").exists()
    done = annotate(regplug, world, "--all-targets", "--scores", "log2fc")
    assert "predicts a score, which has no log2fc: use ref, alt, diff, logfc, abs_logfc" in done.err
    assert annotate(regplug, world, "--all-targets", "--scores", "jsd").status == 0


def test_peaks_of_another_genome(regplug, world):
    (world / "peaks.bed").write_text("chr9\t10\t20\nchr1\t1\t2\n")
    done = measure(regplug, world)
    assert (done.status, "no peak of" in done.err) == (1, True)
    assert check_model(world / "repo" / "mine").peaks is None


def test_some_of_many_peaks(regplug, world):
    assert measure(regplug, world, "--max", 5, "--seed", 1).status == 0
    first = check_model(world / "repo" / "mine").peaks
    assert (first.peaks, first.kept, first.file) == (5, 5, "peaks.bed")
    assert measure(regplug, world, "--max", 5, "--seed", 2).status == 0
    assert check_model(world / "repo" / "mine").peaks.data != first.data


def test_a_batch_without_a_score(regplug, world):
    """None of its ALTs has a window of known bases: no row is asked for, each has a status."""
    write_fasta(world / "n.fa", {"chr1": "N" * 600 + LETTERS[600:610] + "N" * 3390})
    records = [
        f"chr1 {pos} . {LETTERS[pos - 1]} {OTHER[LETTERS[pos - 1]]} . . ." for pos in (601, 605)
    ]
    (world / "in.vcf").write_text(vcf_text(records, {"chr1": LETTERS}))
    (world / "g.fa").unlink()
    (world / "n.fa").rename(world / "g.fa")
    (world / "g.fa.fai").unlink(missing_ok=True)
    done = annotate(regplug, world, "--all-targets", "--scores", "diff,jsd")
    assert done.status == 0, done.err
    for record in cyvcf2.VCF(str(world / "out.vcf")):
        assert record.INFO["RP_MINE__STATUS"] == "mostly_n"
        assert record.INFO.get("RP_MINE_COUNTS__JSD") is None


@pytest.mark.parametrize("base_first", [False, True])
def test_strands_are_one_distribution(base_first):
    """Of an indel the same bases are left out of both strands, which share one softmax."""
    bases, window = 21, 41
    shape = (bases, 2) if base_first else (2, bases)
    profile = Output("profile", shape, "profile_logits")
    coverage = Coverage(Output("log_counts", (1,), "log_count"), profile, 1, bases, base_first)
    codes = np.zeros((3, window), np.uint8)
    alleles = Alleles(
        [Variant("chr1", 9, "CAAA", "C"), Variant("chr1", 9, "C", "A")],
        [Status.OK] * 2, codes, codes, np.array([0, 0, 1]), [(4, 1), (1, 1)],
    )  # fmt: skip
    ref, alt = np.random.default_rng(1).normal(size=(2, 3, *shape)).astype(np.float32)
    found = distances(ref, alt, alleles, coverage)
    assert found.shape == (3, 1)
    every = range(bases)
    kept = [  # the column is the middle, base 10 of the profile
        ([*range(11), *range(14, 21)], range(18)),
        ([*range(8), *range(11, 21)], range(3, 21)),
        (every, every),
    ]
    for row, places in enumerate(kept):
        sides = [
            (side[row].T if base_first else side[row])[:, list(some)].ravel().astype(float)
            for side, some in zip((ref, alt), places, strict=True)
        ]
        wanted = jensenshannon(*map(softmax, sides), base=2.0)
        assert found[row, 0] == pytest.approx(wanted, abs=1e-6)
