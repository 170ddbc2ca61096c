"""--regions, --regions-file and --regions-overlap take the records that bcftools takes."""

import gzip
import os
import subprocess
from collections import Counter

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regplug.errors import RegionError, VariantFileError
from regplug.genome.region_file import read_region_file
from regplug.genome.variant import Interval
from regplug.vcf.index import require_index
from regplug.vcf.records import VariantReader
from tests.cli.test_annotate import bcftools, records

MODES = ["pos", "record", "variant"]
END = '##INFO=<ID=END,Number=1,Type=Integer,Description="End">'
AGAIN = {"suppress_health_check": [HealthCheck.function_scoped_fixture], "deadline": None}


def places(rows):
    return [row[:5] for row in rows]


def taken(path, regions, overlap):
    """Return CHROM, POS, ID, REF and ALT of the records that regplug reads."""
    reader = VariantReader(str(path))
    reader.restrict(regions, overlap)
    rows = [str(record).split("\t") for record in reader]
    reader.close()
    return places(rows)


def of_bcftools(path, file, overlap):
    shown = bcftools("view", "-H", "-R", file, "--regions-overlap", overlap, path)
    return places(line.split("\t") for line in shown.splitlines())


# -- what lies in a region ---------------------------------------------------------------


@pytest.fixture
def reaching(world):
    """Return a VCF whose records reach far, of all kinds."""
    rows = []
    for at, pos in enumerate(range(10, 480, 3)):
        ref = world.base("chr1", pos, 1 + at % 9)
        ends = [ref[0], ref[:2], world.other("chr1", pos), ref + "GT", "*", "<DEL>", f"{ref[0]}T"]
        alts = [alt for alt in (ends[at % 7], ends[at // 7 % 7]) if alt != ref]
        alts = ",".join(dict.fromkeys(alts)) or "."
        rows.append(
            f"chr1 {pos} r{at} {ref} {alts} . . {f'END={pos + 12}' if 'DEL' in alts else '.'}"
        )
    return world.vcf("in.vcf.gz", [*rows, world.snv("chr2", 50)], [END])


@pytest.mark.fault("regions", "records that reach over the border of a region")
@pytest.mark.parametrize("overlap", MODES)
@settings(max_examples=15, **AGAIN)
@given(drawn=st.lists(st.tuples(st.integers(1, 490), st.integers(0, 40)), min_size=1, max_size=6))
@example(drawn=[(267, 40)])  # at its last base a record without ALT
def test_records_are_those_of_bcftools(reaching, overlap, drawn):
    table = reaching.with_name("regions.txt")
    table.write_text("".join(f"chr1\t{start}\t{start + size}\n" for start, size in drawn))
    regions = read_region_file(str(table))
    assert taken(reaching, regions, overlap) == of_bcftools(reaching, table, overlap)


@pytest.mark.fault("regions", "a genome cut in regions: each record once")
def test_a_genome_cut_in_regions(reaching, annotate, world):
    """By POS each record is in one piece; by default those that reach over a border come again."""
    found = Counter()
    for piece in ("chr1:1-100", "chr1:101-250", "chr1:251-", "chr2"):
        out = world.folder / "o.vcf"
        done = annotate(reaching, "-o", out, "--regions", piece, "--regions-overlap", "pos")
        assert done.status == 0, done.err
        found.update(row[2] for row in records(out) if row[0] == "chr1")
    assert found == Counter(f"r{at}" for at in range(157))
    whole = sum(
        len(taken(reaching, [Interval("chr1", *piece)], "record"))
        for piece in ((0, 100), (100, 250), (250, 500))
    )
    assert whole > 157


@pytest.mark.parametrize(("number", "name"), list(enumerate(MODES)))
def test_bcftools_numbers_for_overlaps(reaching, annotate, world, number, name):
    """--regions-overlap takes 0, 1 and 2 for the names."""
    rows = []
    for word in (str(number), name):
        out = world.folder / "o.vcf"
        arguments = ["--regions", "chr1:100-103", "--regions-overlap", word]
        assert annotate(reaching, "-o", out, *arguments).status == 0
        rows.append(records(out))
    assert rows[0] == rows[1]


# -- files of regions --------------------------------------------------------------------

VCF = "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
FILES = {
    "r.bed": "chr1\t19\t30\n",
    "r.BED": "chr1\t19\t30\tname\t0\t+\n",
    "r.bed.gz": "chr1\t19\t30\nchr1\t29\t40\n",
    "r.BED.GZ": "chr1\t19\t30\n",
    "r.txt": "chr1\t19\t30\n",
    "r.tsv": "# a comment\nchr1\t20\t30\tmore\nchr1\t40\t41\n",
    "r.txt.gz": "chr1\t20\t30\r\nchr1\t31\t32\r\n",
    "pos.txt": "chr1\t20\nchr1\t31\n",
    "letters.txt": "chr1\t20\tA\nchr1\t31\tC\n",
    "numbers.vcf": f"{VCF}chr1\t20\t77\tAAAAAAAAAAAAAAA\tA\t.\t.\t.\nchr1\t41\t.\tA\tC\t.\t.\t.\n",
    "vcf.txt": f"{VCF}chr1\t20\t.\tA\tC\t.\t.\t.\n",
    "r.vcf.gz": f"{VCF}chr1\t20\t.\tA\tC\t.\t.\t.\n",
    "nothing": "chr1\t21\t29\n",
}


@pytest.mark.fault("regions", "files of regions, 0-based and 1-based, in all forms of bcftools")
@pytest.mark.parametrize("name", FILES)
def test_a_file_of_regions_means_what_it_means_to_bcftools(world, annotate, name):
    near = [*range(15, 46), 77]
    vcf = world.vcf("in.vcf.gz", [world.snv("chr1", pos) for pos in near])
    file, out = world.folder / name, world.folder / "o.vcf"
    content = FILES[name].encode()
    file.write_bytes(gzip.compress(content) if name.lower().endswith("gz") else content)
    done = annotate(vcf, "-o", out, "--regions-file", file)
    assert done.status == 0, done.err
    assert places(records(out)) == of_bcftools(vcf, file, "record")
    assert records(out)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chr1\t0\t5\n", r"line 1, 0-5, is no region: .* ends in \.bed"),
        ("#\n\nchr1\t9\t5\n", "line 3, 9-5, is no region"),
        ("chr1\tx\t5\n", "line 1 has no position"),
        ("chr1\n", "line 1 has no position"),
        ("chr1\t5\nchr1\t5\t9\n", "line 2 has other columns than line 1"),
        ("chr1\t5\t9\nchr1\t5\n", "line 2 has other columns than line 1"),
        ("chr1\t5\t99999999999\nchr1\t5\t9\n", "line 2 has other columns than line 1"),
        ("# nothing\n", "holds no region"),
    ],
)
def test_what_is_no_file_of_regions(tmp_path, text, said):
    """Where bcftools would take another region than was meant, or none, there is an error."""
    (tmp_path / "r.txt").write_text(text)
    with pytest.raises(RegionError, match=said):
        read_region_file(str(tmp_path / "r.txt"))


# -- what cannot be read -----------------------------------------------------------------


def rewritten(world, change):
    """Return a VCF whose second record, in line 5, has been changed as text."""
    vcf = world.vcf("in.vcf", [world.snv("chr1", pos) for pos in (30, 40, 50)])
    lines = vcf.read_text().split("\n")
    lines[5] = change(lines[5])
    vcf.write_text("\n".join(lines))
    return vcf


FAULTS = {
    "without INFO": (lambda line: line.rpartition("\t")[0], "it has no INFO (write ."),
    "without ALT": (lambda line: "\t".join(line.split("\t")[:4]), "it has no ALT and no QUAL"),
    "no POS": (lambda line: line.replace("40", "x"), "POS is 'x', not a number"),
    "blanks": (lambda line: line.replace("\t", " "), "its columns are not separated by tabs"),
    "empty": (lambda line: "", "it is empty"),
    "comment": (lambda line: "#comment", "a header line below the first record"),
}


@pytest.mark.fault("variants", "a line that is no record: the message names it and its fault")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_line_that_is_no_record_is_named(world, annotate, fault, packed):
    change, said = FAULTS[fault]
    vcf = rewritten(world, change)
    if packed:
        subprocess.run(["bgzip", vcf], check=True)
        vcf = vcf.with_name("in.vcf.gz")
    done = annotate(vcf, "-o", world.folder / "o.vcf")
    assert done.status == 1
    assert f"{vcf}, line 6, behind chr1:30: {said}" in done.err
    assert not (world.folder / "o.vcf").exists()


@pytest.mark.fault("variants", "an index that is missing or older than its file")
def test_an_index_that_is_missing_or_old(world, annotate):
    def refused(vcf):
        done = annotate(vcf, "-o", world.folder / "o.vcf", "--regions", "chr1:30")
        assert done.status == 1
        return done.err

    plain = world.vcf("in.vcf", [world.snv("chr1", 30)])
    assert f"not packed by bgzip: bgzip {plain} && bcftools index {plain}.gz" in refused(plain)
    with pytest.raises(VariantFileError, match="not standard input"):
        require_index("-")
    for name, suffix in (("in.vcf.gz", "tbi"), ("in.bcf", "csi")):
        vcf = world.vcf(name, [world.snv("chr1", 30)])
        index = vcf.with_name(f"{name}.{suffix}")
        os.utime(index, (1, 1))
        said = refused(vcf)
        assert f"{index} is older than {vcf}" in said
        assert f"bcftools index -f {vcf}" in said
        index.unlink()
        assert f"no index, which regions need: bcftools index {vcf}" in refused(vcf)
