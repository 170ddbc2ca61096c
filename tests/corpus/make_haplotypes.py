"""Make phased.vcf and haplotypes.tsv anew: python -m tests.corpus.make_haplotypes

What is expected comes from tests/oracle_phased.py, which writes each haplotype out as one string.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.make_corpus import FOLDER, GENES, VERSION, WIDTHS, genome, score, tables
from tests.oracle import Oracle
from tests.oracle_phased import Site, on_haplotypes
from tests.toy_genomes import VCF_COLUMNS, vcf_text

RECORDS = {"chr1": 70, "chr2": 30}
GENOTYPES = [*["0|1", "1|0"] * 5, *["1|1", "0/1"] * 2, "1/1", "./.", "0|0", "1|2", "2|1"]
FORMATS = [
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">',
]
COLUMNS = ("id", "chrom", "pos", "ref", "alt", "gt", "ps", "model", "phase", "hap")
JOINTS = ("joint1", "joint1_n", "joint2", "joint2_n")


def sites(contigs: dict[str, str]) -> Iterator[Site]:
    """Yield the records, sorted: SNVs, insertions and deletions, many near each other."""
    draw = random.Random(17)
    for chrom, records in RECORDS.items():
        letters, ps = contigs[chrom], 1
        for pos in sorted(draw.sample(range(1, len(letters) - 8), records)):
            ref = letters[pos - 1 : pos - 1 + draw.choice([1, 1, 1, 1, 2, 4, 6])]
            others = [base for base in "ACGT" if base != ref[0].upper()]
            alts = [draw.choice([draw.choice(others) + ref[1:], ref[0], ref + "GA", others[0]])]
            gt = draw.choice(GENOTYPES)
            alts += [ref + "TTC"] if "2" in gt else []
            ps += draw.random() < 0.1
            if alts[0] != ref:
                yield Site(chrom, pos, ref, alts, gt, "." if "/" in gt else str(ps))


def expected(contigs: dict[str, str], made: list[Site]) -> Iterator[list[str]]:
    """Yield a row of the table for each ALT and model."""
    weights = tables()
    models = {
        name: Oracle(width, lambda of, name=name: [score(weights[name], of)], genes)
        for name, width in WIDTHS.items()
        for genes in [GENES if name == "rna" else None]
    }
    answers = {
        (chrom, name): on_haplotypes(model, contigs, [site for site in made if site.chrom == chrom])
        for chrom in RECORDS
        for name, model in models.items()
    }
    of_contig = {chrom: [site for site in made if site.chrom == chrom] for chrom in RECORDS}
    for number, site in enumerate(made, start=1):
        for at, alt in enumerate(site.alts):
            where = [f"phased_{number}", site.chrom, str(site.pos), site.ref, alt, site.gt, site.ps]
            for name in models:
                told = answers[site.chrom, name][of_contig[site.chrom].index(site), at]
                cells = [name, told.word, _text(told.change)]
                for joint in told.joint:
                    changes, size = joint or (None, ".")
                    cells += [_text(changes), str(size)]
                yield [*where, *cells]


def _text(changes: list[float] | None) -> str:
    return "." if changes is None else f"{changes[0]:.9g}"


def write(folder: Path) -> None:
    """Write the two files into `folder`."""
    contigs = genome()
    made = list(sites(contigs))
    lines = [
        f"{s.chrom} {s.pos} phased_{number} {s.ref} {','.join(s.alts)} . . . GT:PS {s.gt}:{s.ps}"
        for number, s in enumerate(made, start=1)
    ]
    header = [f"##corpus={VERSION}", *FORMATS, f"{VCF_COLUMNS}\tFORMAT\tsample"]
    (folder / "phased.vcf").write_text(vcf_text(lines, contigs, header))
    rows = [[*COLUMNS, *JOINTS], *expected(contigs, made)]
    text = "".join("\t".join(row) + "\n" for row in rows)
    (folder / "haplotypes.tsv").write_text(f"#corpus {VERSION}\n{text}")


if __name__ == "__main__":
    write(FOLDER)
