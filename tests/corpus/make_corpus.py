"""Make the corpus anew: python -m tests.corpus.make_corpus

What is expected comes from tests/oracle.py, which knows nothing of regplug's scoring.
"""

import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.oracle import Answer, Oracle, answer, contig_of, fault, normalised, plain
from tests.structural_oracle import is_structural, turned
from tests.toy_genomes import random_letters, vcf_text, write_fasta

FOLDER = Path(__file__).parent
VERSION = 1
WIDTHS = {"even": 20, "odd": 21, "rna": 20}
GENES = [("chr1", 41, 160, "+"), ("chr1", 121, 200, "-"), ("chr2", 1, 60, "-"), ("3", 5, 50, "+")]
UNSCORED = ["*", "<CNV>", "<*>", "<NON_REF>", "<DEL>", "<INS>", ".A", "A."]
INFO = {"END": "Integer", "SVLEN": "Integer", "CIPOS": "Integer", "SVINSSEQ": "String"}
COLUMNS = ("id", "chrom", "pos", "ref", "alt", "info", "normalised", "model", "status", "strand")
NUMBERS = ("ref_windows", "alt_windows", "ref_score", "alt_score", "diff")


class Record(NamedTuple):
    """A line of the VCF; `pos` is 1-based."""

    chrom: str
    pos: int
    ref: str
    alts: list[str]
    kind: str
    info: str = "."

    @property
    def tags(self) -> dict[str, str]:
        """Return INFO, tag → text."""
        pairs = (pair.partition("=") for pair in self.info.split(";") if pair != ".")
        return {tag: text for tag, _, text in pairs}


def genome() -> dict[str, str]:
    """Return the contigs: repeats, soft-masked letters, unknown bases, short ones."""
    one = (
        random_letters(60, seed=1) + "A" * 9 + random_letters(20, seed=2) + "CA" * 7
        + random_letters(30, seed=3) + "GAT" * 5 + random_letters(40, seed=4).lower()
        + random_letters(60, seed=5) + "ACGTTGCA" * 3 + random_letters(50, seed=6)
    )  # fmt: skip
    two = (
        random_letters(30, seed=7) + "N" + random_letters(12, seed=8) + "NN"
        + random_letters(25, seed=9) + "NNN" + random_letters(30, seed=10) + "R"
        + random_letters(25, seed=11) + "N" * 30 + random_letters(30, seed=12)
    )  # fmt: skip
    return {
        "chr1": one,
        "chr2": two,
        "3": random_letters(60, seed=13),
        "chr4": random_letters(15, seed=14),
    }


def records(contigs: dict[str, str]) -> list[Record]:
    """Return the records of all kinds, sorted by contig and POS."""
    made = [
        *_snvs(contigs),
        *_lengths(contigs),
        *_repeats(contigs),
        *_replacements(contigs),
        *_spellings(contigs),
        *_long(contigs),
        *_structural(contigs),
        *_no_scores(contigs),
    ]
    order = [*contigs, "1", "chr3", "chr99"]
    return sorted(made, key=lambda record: (order.index(record.chrom), record.pos))


def _at(contigs: dict[str, str], chrom: str, pos: int, length: int = 1) -> str:
    """Return the letters that a VCF has there: upper case, N for all but A, C, G and T."""
    return plain(contig_of(contigs, chrom) or "")[pos - 1 : pos - 1 + length]


def _snvs(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield SNVs in the middle, at both ends of contigs, in short ones, beside unknown bases."""
    for pos in range(100, 220, 12):
        base = _at(contigs, "chr1", pos)
        yield Record("chr1", pos, base, [b for b in "ACGT" if b != base], "snv")
    for chrom, letters in contigs.items():
        ends = [*range(1, 13), *range(len(letters) - 11, len(letters) + 1)]
        for pos in sorted({pos for pos in ends if pos > 0}):
            yield _changed(contigs, chrom, pos, "end")
    for pos in range(20, 145, 2):
        if _at(contigs, "chr2", pos) != "N":
            yield _changed(contigs, "chr2", pos, "beside_n")


def _changed(contigs: dict[str, str], chrom: str, pos: int, kind: str) -> Record:
    base = _at(contigs, chrom, pos)
    return Record(chrom, pos, base, ["ACGT"[("ACGT".index(base) + 1) % 4]], kind)


def _lengths(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield insertions and deletions of all lengths up to half a window, in places and at ends."""
    for length in range(1, 10):
        pos = 60 + 11 * length
        base = _at(contigs, "chr1", pos)
        yield Record("chr1", pos, base, [base + random_letters(length, seed=length)], "insertion")
        yield Record("chr1", pos, _at(contigs, "chr1", pos, length + 1), [base], "deletion")
    last = len(contigs["3"])
    for length in (1, 4, 9):
        yield Record("3", 1, _at(contigs, "3", 1, length + 1), [_at(contigs, "3", 1)], "end_del")
        rest = _at(contigs, "3", last - length, length + 1)
        yield Record("3", last - length, rest, [rest[0]], "end_del")
        base = _at(contigs, "3", last)
        yield Record("3", last, base, [base + random_letters(length, seed=length)], "end_ins")
        first = _at(contigs, "3", 1)
        yield Record("3", 1, first, [random_letters(length, seed=length + 9) + first], "end_ins")


def _repeats(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield a unit more and a unit less of a repeat, written at each of its units."""
    one = plain(contigs["chr1"])
    for unit, times in (("A", 9), ("CA", 7), ("GAT", 5), ("ACGTTGCA", 3)):
        start = one.index(unit * times)  # 0-based
        for number in range(times):
            pos = start + number * len(unit)  # 1-based, of the base before a unit
            before = one[pos - 1]
            yield Record("chr1", pos, before, [before + unit], f"more_{unit}")
            yield Record("chr1", pos, before + unit, [before], f"less_{unit}")


def _replacements(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield several bases for as many, and for more or fewer; some ALTs share a record."""
    draw = random.Random(15)
    for length in range(2, 11):
        pos = 40 + 13 * length
        ref = _at(contigs, "chr1", pos, length)
        yield Record("chr1", pos, ref, [ref[::-1], "".join(draw.choices("ACGT", k=length))], "mnv")
    for taken, put in ((2, 5), (5, 2), (3, 1), (1, 3), (9, 10), (10, 9), (4, 8), (6, 3)):
        pos = 50 + 17 * taken
        ref = _at(contigs, "chr1", pos, taken)
        yield Record("chr1", pos, ref, ["".join(draw.choices("ACGT", k=put))], "delins")
    for pos in (70, 130, 190, 230):
        ref = _at(contigs, "chr1", pos, 4)
        alts = [ref[0], f"{ref}GG", f"{ref[:3]}{'C' if ref[3] != 'C' else 'G'}", "TTTT", "*"]
        yield Record("chr1", pos, ref, [alt for alt in alts if alt != ref], "multiallelic")


def _spellings(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield one allele in several spellings: padded, in lower case, with another contig's name."""
    for pos in (101, 177):
        ref = _at(contigs, "chr1", pos - 3, 7)
        alt = ref[:3] + ("A" if ref[3] != "A" else "C") + ref[4:]
        for left, right in ((3, 6), (0, 6), (3, 3), (0, 3)):
            yield Record(
                "chr1", pos - 3 + left, ref[left : right + 1], [alt[left : right + 1]], "padded"
            )
        yield Record("chr1", pos - 3, ref.lower(), [alt.lower()], "lower_case")
        yield Record("1", pos, ref[3], [alt[3]], "other_name")
        yield Record("chr1", pos, ref[3], [ref[3]], "no_change")
        gone = ref[0]
        yield Record("chr1", pos - 3, ref[:4], [gone], "padded_del")
        yield Record("chr1", pos - 3, ref, [gone + ref[4:]], "padded_del")
    yield Record("chr3", 30, _at(contigs, "3", 30), ["A"], "other_name")


def _long(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield alleles at the limit, which is half a window, and beyond it."""
    for length in (9, 10, 11, 12, 20, 21, 40):
        base = _at(contigs, "chr1", 150)
        put = random_letters(length, seed=20 + length)
        yield Record("chr1", 150, base, [base + put], "long_ins")
        yield Record("chr1", 150, _at(contigs, "chr1", 150, length + 1), [base], "long_del")
        ref = _at(contigs, "chr1", 170, length)
        yield Record("chr1", 170, ref, [turned(ref), put], "long_mnv")
        ref = _at(contigs, "chr1", 180, length)
        yield Record("chr1", 180, ref, [put[:3]], "long_delins")


def _structural(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield symbols and breakends of one contig, also at its ends, beside N, and contradictory."""

    def record(chrom: str, pos: int, alt: str, kind: str, *info: str) -> Record:
        return Record(chrom, pos, _at(contigs, chrom, pos), [alt], kind, ";".join(info) or ".")

    for symbol in ("<DEL>", "<DUP>", "<INV>", "<DUP:TANDEM>", "<DEL:ME>"):
        for pos, length in ((120, 1), (120, 9), (120, 10), (120, 40), (60, 4), (1, 30)):
            yield record("chr1", pos, symbol, "sv", f"END={pos + length}")
        yield record("chr1", 130, symbol, "sv", "SVLEN=25")
        yield record("chr1", 130, symbol, "sv", "END=155", "SVLEN=-25")
        yield record("chr2", 20, symbol, "sv_beside_n", "END=60")
        yield record("3", 20, symbol, "sv_end", "END=60")
        yield record("chr1", 130, symbol, "sv_wrong", "END=155", "SVLEN=26")
        yield record("chr1", 130, symbol, "sv_wrong", "END=999")
        yield record("chr1", 130, symbol, "sv_imprecise", "END=155", "CIPOS=-50,50")
        yield record("chr1", 130, symbol, "sv_imprecise", "END=155", "IMPRECISE")
    for length in (1, 9, 10, 30):
        put = random_letters(length, seed=30 + length)
        yield record("chr1", 140, "<INS>", "sv_ins", f"SVINSSEQ={put}")
        yield record("chr1", 140, "<DEL>", "sv_delins", "END=150", f"SVINSSEQ={put}")
    yield record("chr1", 140, "<INS>", "sv_ins", "SVINSSEQ=ACNGT")
    base = _at(contigs, "chr1", 120)
    for alt in (f"{base}[chr1:160[", f"]chr1:90]{base}", f"{base}]chr1:160]", f"[chr1:160[{base}"):
        yield record("chr1", 120, alt, "breakend")
    yield record("chr1", 120, f"{base}ACG[chr1:160[", "breakend")
    yield record("chr1", 120, f"{base}[chr2:9[", "breakend")
    yield record("chr1", 120, f"{base}[chr1:9999[", "breakend")


def _no_scores(contigs: dict[str, str]) -> Iterator[Record]:
    """Yield what is not scored, beside what is in spite of its looks."""
    for alt, pos in zip(UNSCORED, count(61), strict=False):
        yield Record("chr1", pos, _at(contigs, "chr1", pos), [alt], "symbolic")
    yield Record("chr1", 80, _at(contigs, "chr1", 80), ["."], "missing")
    for pos in (90, 150):
        base = _at(contigs, "chr1", pos)
        other = "G" if base != "G" else "C"
        yield Record("chr1", pos, other, [base], "wrong_ref")
        yield Record("chr1", pos, other, ["A" if other != "A" else "T", base + "T"], "wrong_ref")
        for alt in ("N", "R", "n", base + "N", base + "AY"):
            yield Record("chr1", pos, base, [alt], "unknown_alt")
    yield Record("chr1", 0, "N", ["A"], "outside")
    last = len(contigs["chr1"])
    yield Record("chr1", last, _at(contigs, "chr1", last) + "A", ["T"], "outside")
    yield Record("chr1", last + 5, "A", ["T"], "outside")
    yield Record("chr99", 5, "A", ["T"], "unknown_contig")
    unknown = plain(contigs["chr2"]).index("N") + 1
    yield Record("chr2", unknown, "N", ["A"], "n_as_ref")
    yield Record("chr2", unknown, "N" + _at(contigs, "chr2", unknown + 1, 2), ["N"], "n_anchor")
    yield Record("chr2", unknown, "N", ["NAC"], "n_anchor")
    odd = contigs["chr2"].index("R") + 1
    yield Record("chr2", odd, "N", ["G"], "iupac_ref")


def tables() -> dict[str, list[list[int]]]:
    """Return the weights of each model: a row of A, C, G, T for each column of its window."""
    draw = random.Random(16)
    return {
        name: [draw.choices(range(-9, 10), k=4) for _ in range(w)] for name, w in WIDTHS.items()
    }


def score(table: list[list[int]], letters: str) -> float:
    """Return the sum of each column's weight of its letter; of N, the mean of the four."""
    return sum(
        sum(row) / 4 if letter == "N" else row["ACGT".index(letter)]
        for row, letter in zip(table, letters, strict=True)
    )


def expected(contigs: dict[str, str], made: list[Record]) -> Iterator[list[str]]:
    """Yield a row of the table for each ALT and model."""
    weights = tables()
    for number, record in enumerate(made, start=1):
        for alt in record.alts:
            where = [record.chrom, str(record.pos), record.ref, alt, record.info]
            form = _normalised(contigs, record, alt)
            for name, width in WIDTHS.items():
                found, strand, seen = _answer(contigs, record, alt, name, width, weights[name])
                row = [_name(number, record), *where, form, name, found.status, strand]
                numbers = [",".join(seen[::2]), ",".join(seen[1::2])]
                for one in (found.ref, found.alt):
                    numbers += [f"{value:g}" for value in one]
                numbers += [f"{found.alt[0] - found.ref[0]:g}"] if found.alt else []
                yield [*row, *(numbers if found.ref else ["."] * len(NUMBERS))]


def _name(number: int, record: Record) -> str:
    return f"{record.kind}_{number}"


def _normalised(contigs: dict[str, str], record: Record, alt: str) -> str:
    where = (record.chrom, record.pos, record.ref, alt)
    if is_structural(alt) or fault(contigs, *where) != "ok":
        return "."
    contig = contig_of(contigs, record.chrom) or ""
    start, ref, alt = normalised(contig, record.pos - 1, record.ref, alt)
    return f"{start + 1}:{ref}:{alt}"


def _answer(
    contigs: dict[str, str], record: Record, alt: str, name: str, width: int, table: list[list[int]]
) -> tuple[Answer, str, list[str]]:
    """Return the answer, the strand that was read, and the windows of REF and then of ALT."""
    variant = (record.chrom, record.pos, record.ref, alt, record.tags)
    seen: list[str] = []

    def predict(letters: str) -> list[float]:
        seen.append(letters)
        return [score(table, letters)]

    found = answer(Oracle(width, predict, GENES if name == "rna" else None), contigs, *variant)
    if name != "rna" or not found.ref:
        return found, "+" if found.ref else ".", seen
    for strand in "+-":
        seen.clear()
        genes = [gene for gene in GENES if gene[3] == strand]
        if answer(Oracle(width, predict, genes), contigs, *variant) == found:
            return found, strand, list(seen)
    raise AssertionError(variant)


def write(folder: Path) -> None:
    """Write all files of the corpus into `folder`."""
    contigs = genome()
    made = records(contigs)
    write_fasta(folder / "genome.fa", contigs)
    lines = [
        f"{r.chrom} {r.pos} {_name(number, r)} {r.ref} {','.join(r.alts)} . . {r.info}"
        for number, r in enumerate(made, start=1)
    ]
    names = dict.fromkeys([*contigs, *(record.chrom for record in made)])
    header = [f"##corpus={VERSION}", *(f"##contig=<ID={name}>" for name in names)]
    header += [
        f'##INFO=<ID={tag},Number={2 if tag == "CIPOS" else 1},Type={of},Description="As in VCF">'
        for tag, of in INFO.items()
    ]
    header.append('##INFO=<ID=IMPRECISE,Number=0,Type=Flag,Description="As in VCF">')
    (folder / "variants.vcf").write_text(vcf_text(lines, header=header))
    rows = [
        [name, str(column), *map(str, weights)]
        for name, table in tables().items()
        for column, weights in enumerate(table)
    ]
    _write_table(folder / "models.tsv", ["model", "column", *"ACGT"], rows)
    genes = [
        f'{chrom}\ttoy\tgene\t{first}\t{last}\t.\t{strand}\t.\tgene_id "g{number}"\n'
        for number, (chrom, first, last, strand) in enumerate(GENES)
    ]
    (folder / "genes.gtf").write_text("".join(genes))
    _write_table(folder / "expected.tsv", [*COLUMNS, *NUMBERS], expected(contigs, made))


def _write_table(path: Path, names: list[str], rows) -> None:
    lines = [f"#corpus {VERSION}", "\t".join(names), *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write(FOLDER)
