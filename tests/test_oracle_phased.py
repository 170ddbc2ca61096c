"""`regplug annotate --phased` against haplotypes that are written out from end to end."""

import math
from collections import Counter, defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import Oracle
from tests.oracle_phased import Site, on_haplotypes
from tests.test_oracle import FILES, TABLE, WEIGHTS, rounds
from tests.toy_genomes import VCF_COLUMNS, vcf_text, write_fasta
from tests.toy_models import table_model

WIDE = np.cos(np.arange(44)) + 1.5
FORMATS = [
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">',
]


def predicted(weights):
    """Return the scores of a table model with these weights of its columns."""

    def scores(letters: str) -> list[float]:
        rows = [TABLE["ACGTN".index(x)] * w for x, w in zip(letters, weights, strict=True)]
        return [float(total) for total in sum(rows)]

    return scores


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    """Return a repository of models of 21 and 44 bases, and one of 20 of the transcribed strand."""
    folder = tmp_path_factory.mktemp("phased")
    table_model(folder, "place", TABLE, window=21, weights=WEIGHTS)
    table_model(folder, "wide", TABLE, window=44, weights=WIDE)
    table_model(folder, "rna", TABLE, window=20, weights=WEIGHTS[:20], strand="forward")
    return folder


def draw_sites(random: Random) -> tuple[dict[str, str], list[Site]]:
    """Return two contigs and sorted records of them, close together, with genotypes."""
    contigs, sites = {}, []
    for chrom in ("chr1", "chr2"):
        unit = "".join(random.choices("ACGT", k=random.randint(1, 3)))
        parts = ["".join(random.choices("ACGT", k=random.randint(20, 120))), unit * 6]
        parts.append("".join(random.choices("ACGTN", [9, 9, 9, 9, 1], k=60)))
        contigs[chrom] = letters = "".join(random.sample(parts, 3))
        ps = 1
        for start in sorted(random.choices(range(len(letters)), k=random.randint(1, 25))):
            ref = letters[start : start + random.choice([1, 1, 1, 1, 2, 3, 7])]
            alts = list({_alt(random, ref) for _ in range(random.choice([1, 1, 1, 2]))} - {ref})
            if not alts:
                continue
            if random.random() < 0.04:
                ref = "".join(random.choices("ACGT", k=len(ref)))
                alts = [alt for alt in alts if alt != ref] or ["*"]
            ps += random.random() < 0.2
            set_of = random.choice([".", str(ps), str(ps)])
            sites.append(Site(chrom, start + 1, ref, sorted(alts), _gt(random, len(alts)), set_of))
    return contigs, sites


def _alt(random: Random, ref: str) -> str:
    some = "".join(random.choices("ACGT", k=random.choice([1, 1, 2, 5, 12])))
    kinds = [some + ref[1:]] * 4 + [ref + some, ref[0], ref[0] + some, some, "*", "<DEL>"]
    return random.choice(kinds)


def _gt(random: Random, alts: int) -> str:
    allele = [*map(str, range(alts + 1)), "1", "1"]
    kind = random.choice(["|"] * 12 + ["/", "/", "same", "same", "haploid", "missing", "half"])
    one, two = random.choices(allele, k=2)
    of_kind = {"same": "1|1", "haploid": one, "missing": "./.", "half": f".|{one}"}
    return of_kind.get(kind, f"{one}{kind}{two}")


@pytest.fixture
def compared(repo, regplug, tmp_path):
    """Return a function that annotates records and compares each tag; it counts words."""

    def compare(contigs, sites):
        genes = [("chr1", 1, 70, "+"), ("chr1", 40, 200, "-"), ("chr2", 30, 90, "-")]
        fasta = write_fasta(tmp_path / "g.fa", contigs)
        (tmp_path / "g.fa.fai").unlink(missing_ok=True)
        (tmp_path / "g.gtf").write_text(
            "".join(f"{c}\tx\tgene\t{a}\t{b}\t.\t{s}\t.\tgene_id\n" for c, a, b, s in genes)
        )
        rows = [
            f"{s.chrom} {s.pos} . {s.ref} {','.join(s.alts)} . . . GT:PS {s.gt}:{s.ps}"
            for s in sites
        ]
        header = [
            *(f"##contig=<ID={name}>" for name in contigs),
            *FORMATS,
            f"{VCF_COLUMNS}\tFORMAT\tS",
        ]
        (tmp_path / "in.vcf").write_text(vcf_text(rows, header=header))
        models = [word for name in ("place", "wide", "rna") for word in ("--model", name)]
        done = regplug(
            *("annotate", tmp_path / "in.vcf", "--fasta", fasta, "--model-repo", repo, *models),
            *("--genes", tmp_path / "g.gtf", "--targets", "T0,T1", "--phased", "--force"),
            *("-o", tmp_path / "out.vcf", "--threads", 1),
        )
        assert done.status == 0, done.err
        lines = (tmp_path / "out.vcf").read_text().split("\n")
        infos = [line.split("\t")[7] for line in lines if line[:1] not in ("#", "")]
        oracles = {
            "PLACE": Oracle(21, predicted(WEIGHTS)),
            "WIDE": Oracle(44, predicted(WIDE)),
            "RNA": Oracle(20, predicted(WEIGHTS[:20]), genes),
        }
        counts = Counter()
        for name, model in oracles.items():
            counts += same(name, model, contigs, sites, infos)
        return counts

    return compare


def same(name, model, contigs, sites, infos):
    """Compare the tags of a model; return how often each word of __PHASE was among them."""
    counts = Counter()
    of_contig = defaultdict(list)
    for site, info in zip(sites, infos, strict=True):
        of_contig[site.chrom].append((site, info))
    for pairs in of_contig.values():
        wanted = on_haplotypes(model, contigs, [site for site, _ in pairs])
        for (number, at), what in wanted.items():
            site, info = pairs[number]
            tags = dict(pair.split("=", 1) for pair in info.split(";") if "=" in pair)
            found = {
                tag.removeprefix(f"RP_{name}_"): text.split(",")[at] for tag, text in tags.items()
            }
            where = f"{name} {site} {at} {what} {found}\n{contigs}\n{[s for s, _ in pairs]}"
            assert found.get("_PHASE", ".") == what.word, where
            _close(found, "__HAP", what.change, where)
            for haplotype, joint in enumerate(what.joint, start=1):
                changes, size = joint or (None, ".")
                assert found.get(f"_JOINT{haplotype}_N", ".") == str(size), where
                _close(found, f"__JOINT{haplotype}", changes, where)
            counts[what.word] += 1
            counts["together"] += any(joint and joint[1] > 1 for joint in what.joint)
    return counts


def _answers(counts):
    """Return how many answers of a model to an ALT were compared."""
    return counts.total() - counts["together"]


def _close(found, end, changes, where):
    for target in (0, 1):
        text = found.get(f"T{target}{end}", ".")
        if changes is None:
            assert text == ".", (end, where)
        else:
            assert text != ".", (end, where)
            close = 2e-5 * max(1, abs(changes[target]), 30)
            assert math.isclose(float(text), changes[target], abs_tol=close), (end, where)


@pytest.mark.fault("wrong numbers", "random haplotypes, against sequences written out")
@rounds(40)
@given(st.integers(0, 10**9))
def test_haplotypes(compared, tried, seed):
    tried(_answers(compared(*draw_sites(Random(seed)))))


@pytest.mark.nightly
@pytest.mark.fault("wrong numbers", "random haplotypes, against sequences written out")
@rounds(FILES)
@given(st.integers(0, 10**9))
def test_many_haplotypes(compared, tried, seed):
    tried(_answers(compared(*draw_sites(Random(seed)))))


@pytest.mark.fault("wrong numbers", "random haplotypes, against sequences written out")
def test_every_word_is_among_them(compared):
    """The draws reach all there is, else the test above would say little."""
    found = sum((compared(*draw_sites(Random(seed))) for seed in range(12)), Counter())
    words = {"phased", "partial", "unphased", "conflict", "absent", "no_call", "together", "."}
    assert words <= set(found), found
