"""`regplug annotate` of a Parquet file is that of the list with the same rows."""

import pytest

from tests.cli.test_annotate import records

pyarrow = pytest.importorskip("pyarrow", exc_type=ImportError)
parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)


@pytest.fixture
def rows(world):
    places = [("chr2", 50), ("chr1", 30), ("chr1", 90)]
    return [(chrom, pos, world.base(chrom, pos), world.other(chrom, pos)) for chrom, pos in places]


def write(path, **columns):
    parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


@pytest.mark.parametrize("of_pos", [pyarrow.int32(), pyarrow.int64(), pyarrow.string()])
def test_it_is_annotated_as_the_list(world, annotate, rows, of_pos):
    chroms, positions, refs, alts = map(list, zip(*rows, strict=True))
    file = write(
        world.folder / "v.parquet",
        ALT=alts,
        score=[0.5, None, 1.0],
        pos=pyarrow.array([*map(str, positions)]).cast(of_pos),
        **{"#CHROM": pyarrow.array(chroms).dictionary_encode()},
        ref=refs,
        id=["a", None, "c"],
    )
    listed = world.folder / "v.tsv"
    lines = ["\t".join(map(str, [*row, name])) for row, name in zip(rows, "a.c", strict=True)]
    listed.write_text("\n".join(["CHROM\tPOS\tREF\tALT\tID", *lines]) + "\n")
    for name in (file, listed):
        done = annotate(name, "-o", f"{name}.vcf")
        assert (done.status, done.err) == (0, "")
    assert records(f"{file}.vcf") == records(f"{listed}.vcf")
    assert [row[2] for row in records(f"{file}.vcf")] == ["a", ".", "c"]


def test_our_own_matrix_comes_in_again(world, annotate, rows):
    vcf = world.vcf("in.vcf", [world.snv(chrom, pos) for chrom, pos, *_ in sorted(rows)])
    matrix = world.folder / "m.parquet"
    assert annotate(vcf, "-o", world.folder / "o.vcf", "--matrix", matrix).status == 0
    assert annotate(matrix, "-o", world.folder / "again.vcf").status == 0
    assert records(world.folder / "again.vcf") == records(world.folder / "o.vcf")


def test_rsids(world, annotate):
    dbsnp = world.vcf("d.vcf.gz", [world.snv("chr1", 30).replace(" . ", " rs1 ", 1)])
    for name in ("rsid", "ID"):
        file = write(world.folder / f"{name}.parquet", **{name: ["rs1"]})
        assert annotate(file, "--dbsnp", dbsnp, "-o", world.folder / "o.vcf").status == 0
        assert [row[:3] for row in records(world.folder / "o.vcf")] == [["chr1", "30", "rs1"]]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"chrom": ["chr1"], "pos": [5], "REF": ["A"]}, "has no column alt, but chrom, pos, REF"),
        ({"a": [1], "b": [2]}, "no column alt and no chrom and no pos and no ref, but a, b"),
        ({"chrom": ["c"], "pos": [1.5], "ref": ["A"], "alt": ["C"]}, "row 1 is no variant"),
        ({"chrom": ["c", "c"], "pos": [1, 2], "ref": ["A", None], "alt": ["C", "C"]}, "row 2 is"),
        ({"chrom": ["#c"], "pos": [1], "ref": ["A\tC"], "alt": ["C"]}, "row 1 is no variant"),
    ],
)
def test_what_is_no_list(world, annotate, columns, said):
    done = annotate(write(world.folder / "v.parquet", **columns), "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert said in done.err
    assert not (world.folder / "o.vcf").exists()


def test_damaged(world, annotate, rows, tried):
    chroms, positions, refs, alts = zip(*rows, strict=True)
    whole = write(world.folder / "v.parquet", chrom=chroms, pos=positions, ref=refs, alt=alts)
    data = whole.read_bytes()
    cuts = range(0, len(data), 41)
    for cut in cuts:
        whole.write_bytes(data[:cut])
        done = annotate(whole, "-o", world.folder / "o.vcf")
        assert done.status == 1
        assert f"cannot read the variants in {whole}" in done.err
        assert done.err.count("\n") == 1
    tried(len(cuts))
