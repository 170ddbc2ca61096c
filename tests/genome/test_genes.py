"""GTF, GFF3 and BED12 of the same genes are read alike; the nearest start is a plain search's."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regplug.errors import GenomeError
from regplug.genome.genes import read_genes
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Interval

# chrom, start, end (0-based, half-open), strand, gene; a gene's transcripts span it.
TRANSCRIPTS = [
    ("chr1", 100, 200, "+", "A"),
    ("chr1", 120, 200, "+", "A"),
    ("chr1", 400, 700, "-", "B 2"),
    ("chr1", 400, 600, "-", "B 2"),
    ("chr2", 50, 60, "+", "C"),
    ("chrM", 5, 9, "-", "D"),
]


def whole(gene):
    """Return chrom, start, end, strand of a gene."""
    rows = [row for row in TRANSCRIPTS if row[4] == gene]
    return rows[0][0], min(row[1] for row in rows), max(row[2] for row in rows), rows[0][3]


GENES = list(dict.fromkeys(row[4] for row in TRANSCRIPTS))


def gtf(*, genes=True, name="gene_name"):
    lines = ["#!genome-build toy"]
    for gene in GENES:
        chrom, start, end, strand = whole(gene)
        ids = f'gene_id "id{gene}"; {name} "{gene}";'
        kinds = ["gene"] if genes else []
        rows = [(kind, start, end) for kind in kinds]
        for row in TRANSCRIPTS:
            if row[4] == gene:
                rows += [("transcript", row[1], row[2]), ("exon", row[1], row[1] + 3)]
        lines += [f"{chrom}\tx\t{k}\t{a + 1}\t{b}\t.\t{strand}\t.\t{ids}" for k, a, b in rows]
    return "\n".join(lines) + "\n"


def gff3(*, kind="gene", prefix="gene:", name="Name"):
    lines = ["##gff-version 3"]
    for gene in GENES:
        chrom, start, end, strand = whole(gene)
        lines += [
            f"{chrom}\tx\tchromosome\t1\t900\t.\t.\t.\tID={chrom}",
            f"{chrom}\tx\t{kind}\t{start + 1}\t{end}\t.\t{strand}\t."
            f"\tID={prefix}{gene};{name}={gene.replace(' ', '%20')}",
        ]
        for number, row in enumerate(TRANSCRIPTS):
            if row[4] == gene:
                where = f"{row[1] + 1}\t{row[2]}\t.\t{strand}\t."
                lines += [
                    f"{chrom}\tx\tmRNA\t{where}\tID=t{number};Parent={prefix}{gene};odd;n=" + '"q"',
                    f"{chrom}\tx\tfive_prime_UTR\t{where}\tParent={prefix}{gene}",
                    f"{chrom}\tx\texon\t{where}\tParent=t{number}",
                ]
        lines.append("###")
    return "\n".join(lines) + "\n"


def bed12():
    lines = ["track name=genes", "browser position chr1"]
    for chrom, start, end, strand, gene in TRANSCRIPTS:
        rest = f"{start}\t{start}\t0\t1\t{end - start},\t0,"
        lines.append(f"{chrom}\t{start}\t{end}\t{gene}\t0\t{strand}\t{rest}")
    return "\n".join(lines) + "\n"


FORMS = {
    "gencode.gtf": gtf(),
    "ncbi.gtf": gtf(name="gene"),
    "transcripts.gtf": gtf(genes=False),
    "ensembl.gff3": gff3(),
    "ncbi.gff3": gff3(kind="pseudogene", prefix="gene-", name="gene"),
    "genes.bed": bed12(),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_all_forms_are_read_alike(tmp_path, name, packed):
    content = FORMS[name].encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content) if packed else content)
    found = sorted(
        (t.interval.chrom, t.interval.start, t.interval.end, t.strand, t.gene)
        for t in read_genes(str(path)).transcripts
    )
    assert found == sorted(TRANSCRIPTS)
    genes = Transcripts(str(path))
    for chrom in ("chr1", "2", "MT", "chr9"):
        for at in range(0, 800, 7):
            place = Interval(chrom, at, at + 1)
            bare = {"2": "chr2", "MT": "chrM"}.get(chrom, chrom)
            rows = [row for row in TRANSCRIPTS if row[0] == bare]
            for strand in "+-":
                inside = any(row[1] <= at < row[2] and row[3] == strand for row in rows)
                assert genes.covers(place, strand) is inside
            assert genes.nearest(place) == nearest(rows, at, at + 1)


def nearest(rows, start, end):
    """Return the nearest start by looking at all bases of the interval, and all transcripts."""
    found = []
    for _, first, last, strand, gene in rows:
        site = first if strand == "+" else last - 1
        steps = min(((at - site) for at in range(start, end)), key=abs)
        found.append((abs(steps), gene, steps if strand == "+" else -steps))
    return (min(found)[1], min(found)[2]) if found else None


@pytest.mark.parametrize(
    ("start", "end", "gene", "distance"),
    [
        (90, 91, "A", -10),  # upstream of a gene on the forward strand
        (110, 111, "A", 10),  # or between its starts, behind the first
        (100, 101, "A", 0),
        (90, 130, "A", 0),
        (710, 711, "B 2", -11),  # upstream of a gene on the other strand, whose first base is 699
        (650, 660, "B 2", 40),
    ],
)
def test_distances_by_hand(tmp_path, start, end, gene, distance):
    (tmp_path / "a.gtf").write_text(gtf())
    genes = Transcripts(str(tmp_path / "a.gtf"))
    assert genes.nearest(Interval("chr1", start, end)) == (gene, distance)


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 90), st.integers(1, 9), st.sampled_from("+-"), st.sampled_from("ABC")
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 100),
    st.integers(1, 12),
)
def test_the_nearest_is_that_of_a_plain_search(tmp_path, drawn, start, size):
    rows = [("c", at, at + length, strand, gene) for at, length, strand, gene in drawn]
    text = "".join(f"{c}\t{s}\t{e}\t{g}\t0\t{strand}\n" for c, s, e, strand, g in rows)
    (tmp_path / "a.bed").write_text(text)
    found = Transcripts(str(tmp_path / "a.bed")).nearest(Interval("c", start, start + size))
    wanted = nearest(rows, start, start + size)
    assert (found[0], abs(found[1])) == (wanted[0], abs(wanted[1]))


def test_genes_without_transcripts_begin_where_they_lie(tmp_path):
    path = tmp_path / "a.gtf"
    path.write_text(gtf() + 'chr3\tx\tgene\t11\t20\t.\t-\t.\tgene_id "E";\n')
    assert Transcripts(str(path)).nearest(Interval("chr3", 25, 26)) == ("E", -6)


def test_long_attributes_take_no_time(tmp_path):
    """A million letters without an end: a search that begins anew at each would take an hour."""
    for letters in ("a" * 1_000_000, 'a "' * 300_000, "a=" * 400_000, ";" * 1_000_000):
        path = tmp_path / "a.gtf"
        path.write_text(f"c\tx\tgene\t1\t9\t.\t+\t.\t{letters}\n")
        assert len(read_genes(str(path)).genes) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t5\t9\n", "line 1 has 3 columns, and no strand"),
        ("chr1\tx\tgene\t9\t5\t.\t+\t.\tid\n", "line 1: 9 to 5 is no span"),
        ("chr1\t9\t5\tA\t0\t+\n", "line 1: 9 to 5 is no span"),
        ("chr1\tx\tgene\t0\t5\t.\t+\t.\tid\n", "line 1: 0 to 5 is no span"),
        ("chr1\tx\tgene\t1\t5\t.\t.\t.\tid\n", "no genes with a strand"),
        ("##gff-version 3\n", "no genes with a strand"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, message):
    (tmp_path / "odd").write_text(text)
    with pytest.raises(GenomeError, match=message):
        read_genes(str(tmp_path / "odd"))
