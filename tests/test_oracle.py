"""`regplug annotate` against a slow, literal scorer: every status and score of random alleles."""

import math
import os
from collections import Counter
from functools import lru_cache
from itertools import chain
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regplug.hooks.measuring import Measuring
from regplug.models.export import export_model
from regplug_deepbind.importer import export_panel
from tests.oracle import JUNCTIONS, Oracle, answer, fault
from tests.plugins.deepbind.reference import score as deepbind_score
from tests.structural_oracle import turned
from tests.toy_alleles import draw_toy
from tests.toy_filters import basset_filters, card_of
from tests.toy_genomes import write_fasta
from tests.toy_models import table_model
from tests.toy_networks import panel_card, random_network

FILES = int(os.environ.get("REGPLUG_CASES", "3000")) * 2 // 3  # of a night: 100,000 ALTs
RECORDS = 40  # in a file: 60 to 70 ALTs
TABLE = np.array([[1.0, -1], [2, 3], [4, 1], [8, 2], [0, 0]])
WEIGHTS = 1.1 ** np.arange(21) / 50


def column_sums(letters: str) -> list[float]:
    """Return the scores of a model that weighs each column of 21 by its place."""
    rows = [TABLE["ACGTN".index(letter)] * w for letter, w in zip(letters, WEIGHTS, strict=False)]
    return [float(total) for total in sum(rows)]


def as_probability(filters, biases, last, letters: str) -> list[float]:
    """Return the probabilities of a small Basset: the mean of both strands'."""
    strands = []
    for strand in (letters, turned(letters)):
        bases = np.array([_one_hot(letter) for letter in strand])
        places = [bases[at : at + 5].T for at in range(len(strand) - 4)]
        hits = [np.maximum((filters * place).sum((1, 2)) + biases, 0) for place in places]
        bins = [np.max(hits[at : at + 4], axis=0) for at in range(0, len(hits) - 3, 4)]
        logits = (last * np.array(bins).T).sum((1, 2))
        strands.append(1 / (1 + np.exp(-logits)))
    return [float(probability) for probability in np.mean(strands, axis=0)]


def _one_hot(letter: str) -> list[float]:
    return [0.25] * 4 if letter == "N" else [float(letter == base) for base in "ACGT"]


def scans(networks, letters: str) -> list[float]:
    """Return DeepBind's scores: each network reads the bases whose sub-windows cover the middle."""
    scores = []
    for network in networks:
        middle, reach = len(letters) // 2, network.scan - 1
        read = letters[middle - reach : middle + reach + 1]
        codes = np.array([["ACGTN".index(letter) for letter in read]], np.uint8)
        scores.append(float(deepbind_score(network, codes)[0]))
    return scores


class Models:
    """Four models of different kinds, in a repository and as the oracle runs them."""

    def __init__(self, repo):
        self.repo = repo
        rng = np.random.default_rng(1)
        table_model(repo, "place", TABLE, window=21, weights=WEIGHTS)
        table_model(repo, "rna", TABLE, window=20, weights=WEIGHTS[:20], strand="forward")
        filters, biases, last = (rng.normal(size=size) for size in ((3, 4, 5), (3,), (2, 3, 4)))
        small = basset_filters(filters, biases, last, width=20, pool=4)
        kind = {"name": "small", "family": "basset", "window": 20, "targets": 2}
        card = card_of(small, **kind)
        export_model(repo, card, small.SerializeToString(), measuring=Measuring(3))
        networks = [random_network(1, 5, hidden=4), random_network(2, 8, mean=True)]
        export_panel(repo, panel_card("panel", 2), networks, measuring=Measuring(3))
        self.predict = {
            "place": (21, column_sums),
            "small": (20, lambda letters: as_probability(filters, biases, last, letters)),
            "panel": (23, lambda letters: scans(networks, letters)),
            "rna": (20, column_sums),
        }
        self.predict = {name: (w, lru_cache(100_000)(f)) for name, (w, f) in self.predict.items()}

    def oracles(self, genes):
        return {
            name: Oracle(width, predict, genes if name == "rna" else None)
            for name, (width, predict) in self.predict.items()
        }


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return Models(tmp_path_factory.mktemp("oracle"))


@pytest.fixture
def compared(models, regplug, tmp_path):
    """Return a function that annotates a toy and compares all that was written; it counts ALTs."""

    def compare(toy):
        fasta = write_fasta(tmp_path / "g.fa", toy.contigs, width=toy.width)
        (tmp_path / "g.fa.fai").unlink(missing_ok=True)
        (tmp_path / "in.vcf").write_text(toy.vcf)
        (tmp_path / "genes.gtf").write_text(toy.gtf)
        out, named = tmp_path / "out.vcf", [["--model", name] for name in models.predict]
        done = regplug(
            *("annotate", tmp_path / "in.vcf", "--fasta", fasta, "--model-repo", models.repo),
            *(*chain(*named), "--targets", "T0,T1", "--scores", "ref,alt,diff"),
            *("--genes", tmp_path / "genes.gtf", "--threads", 1, "--force", "-o", out),
        )
        assert done.status == 0, done.err
        rows = [
            line.split("\t") for line in out.read_text().split("\n") if line[:1] not in ("#", "")
        ]
        given = [row for row in toy.vcf.split("\n") if row[:1] not in ("#", "")]
        assert [row[:7] for row in rows] == [row.split("\t")[:7] for row in given]
        counts = Counter()
        for record, row in zip(toy.records, rows, strict=True):
            counts += same(record, row[7], toy, models.oracles(toy.genes))
        return counts

    return compare


def same(record, info, toy, oracles):
    """Compare the tags of a record with the oracle's answers; return how many had which status."""
    chrom, pos, ref, alts, text = record
    given = {tag: value for tag, _, value in (pair.partition("=") for pair in text.split(";"))}
    tags = dict(pair.split("=", 1) for pair in info.split(";") if "=" in pair)
    columns = {tag: text.split(",") for tag, text in tags.items()}
    counts = Counter()
    if alts == ["."]:  # a record without ALT stays as it is
        assert info == "."
        return Counter(missing=1)
    for at, alt in enumerate(alts):
        what = f"{chrom}:{pos} {ref}>{alt} in {toy.contigs} with {toy.genes}: {info}"
        for name, model in oracles.items():
            wanted = answer(model, toy.contigs, chrom, pos, ref, alt, given)
            own = wanted.status in ("ok", JUNCTIONS, "too_long", "mostly_n", "no_transcript")
            found = {
                tag.removeprefix(f"RP_{name.upper()}_"): column[at]
                for tag, column in columns.items()
                if tag.startswith(f"RP_{name.upper()}_")
            }
            assert columns["RP_STATUS"][at] == ("ok" if own else wanted.status), what
            assert found.get("_STATUS", ".") == (wanted.status if own else "."), (name, what)
            for target in (0, 1):
                texts = [found.get(f"T{target}{end}", ".") for end in ("__REF", "__ALT", "")]
                if not wanted.ref:
                    assert texts == ["."] * 3, (name, what)
                    continue
                before, after = wanted.ref[target], wanted.alt[target]
                for text, number in zip(texts, (before, after, after - before), strict=True):
                    close = 1e-5 * max(1, abs(before), abs(after))
                    assert math.isclose(float(text), number, rel_tol=0, abs_tol=close), (name, what)
            counts[wanted.status if wanted.status == JUNCTIONS else ""] += 1
        counts[fault(toy.contigs, chrom, pos, ref, alt, given)] += 1
    return counts


def alts(counts):
    """Return how many ALTs were compared; `same` counts what each model says of them too."""
    return sum(count for status, count in counts.items() if status not in ("", JUNCTIONS))


def rounds(examples):
    """Return hypothesis's settings for as many files."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks)


@pytest.mark.fault("wrong numbers", "random alleles of every form, against a literal scorer")
@rounds(100)  # some 5,700 ALTs
@given(st.randoms(use_true_random=False))
def test_alleles(compared, tried, random):
    tried(alts(compared(draw_toy(random, RECORDS))))


@pytest.mark.nightly
@pytest.mark.fault("wrong numbers", "random alleles of every form, against a literal scorer")
@rounds(FILES)
@given(st.randoms(use_true_random=False))
def test_many_alleles(compared, tried, random):
    tried(alts(compared(draw_toy(random, RECORDS))))


@pytest.mark.fault("wrong numbers", "random alleles of every form, against a literal scorer")
def test_every_status_is_among_them(compared):
    """The draws reach all there is, else the tests above would say little."""
    found = sum((compared(draw_toy(Random(seed), 100)) for seed in range(6)), Counter())
    wanted = "ok missing star symbolic imprecise bad_span unknown_contig ref_mismatch ambiguous"
    assert set(found) == {*wanted.split(), JUNCTIONS, ""}
