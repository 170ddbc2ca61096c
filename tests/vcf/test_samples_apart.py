"""FORMAT and samples come back byte by byte, and what is wrong with a line is told as before."""

import os
import threading
from contextlib import closing

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regplug.errors import VariantFileError
from regplug.vcf.records import VariantReader
from regplug.vcf.samples_apart import Apart, SampleColumns
from tests.toy_genomes import vcf_text

GT = ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
      '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Fraction">']  # fmt: skip


def text_of(records, samples=2):
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
    names = "".join(f"\ts{number}" for number in range(samples))
    return vcf_text(records, {"chr1": "A" * 500}, [*GT, columns + names])


def passed(data, sizes):
    """Return what a pipe has of `data` that come in pieces, and the columns that stay behind."""
    source, sending = os.pipe()
    columns = SampleColumns()
    stream = Apart(columns, source)

    def send():
        at = 0
        for size in [*sizes, len(data)]:
            os.write(sending, data[at : at + size])
            at += size
        os.close(sending)

    threading.Thread(target=send, daemon=True).start()
    with open(stream.path, "rb") as pipe:  # noqa: PTH123
        text = pipe.read()
    stream.close()
    os.close(source)
    return text, [rest for _, rest in columns._waiting], stream.damaged


LINES = st.lists(
    st.sampled_from(
        [
            "chr1\t5\t.\tA\tC\t.\t.\tDP=1\tGT\t0|1\t1|1",
            "chr1\t6\tid\tA\tC,G\t1\tPASS\t.\tGT:AF\t0/1:0.10\t./.",
            "chr1\t7\t.\tA\tC\t.\t.\t.\tGT\t0|1",  # a sample is missing
            "chr1\t8\t.\tA\tC\t.\t.\t.\tGT\t0|1\t1|1\t0",
            "chr1\t9\t.\tA\tC\t.\t.\t.",
            "chr1\t10\t.\tA",
            "",
            "chr1\t11\t.\tA\tC\t.\t.\t.\tGT\t0|1\t1|1\r",
            "chr1\t12\t.\tA\tC\t.\t.\t.\tGT\t0|1\té",
            "#a comment",
        ]
    ),
    max_size=30,
)


@given(LINES, st.lists(st.integers(1, 300), max_size=20), st.booleans(), st.booleans())
def test_lines_and_their_samples(lines, sizes, ends, packs):
    """What the pipe has and what stays behind is the file, however its pieces come."""
    header = text_of([])
    body = ("\n".join(lines) + "\n" * ends).encode()
    data = header.encode() + body
    text, apart, damaged = passed(packed(data) if packs else data, sizes)
    assert not damaged
    assert text.startswith(header.encode())
    whole, got = body.split(b"\n"), text.removeprefix(header.encode()).split(b"\n")
    assert got.pop() == b""
    whole = whole if whole[-1] else whole[:-1]
    for line, short, rest in zip(whole, got, apart, strict=True):
        assert (short + b"\t" + rest if rest else short) == line
        cells = line.split(b"\t")
        assert bool(rest) == (len(cells) == 11 and not line.endswith(b"\r"))
        assert not rest or len(short.split(b"\t")) == 8


def packed(data):
    """Return bgzipped data, in blocks of 100 bytes."""
    folder = os.memfd_create("packed")
    with pysam.BGZFile(f"/dev/fd/{folder}", "w") as file:
        for at in range(0, len(data), 100):
            file.write(data[at : at + 100])
            file.flush()
    return os.pread(folder, 1 << 24, 0)


@pytest.mark.parametrize("samples", [1, 2504, 40_000])
@pytest.mark.parametrize("kind", ["vcf", "vcf.gz"])
def test_the_samples_are_those_of_the_file(tmp_path, samples, kind):
    """Also where a line is longer than what is read at a time; numbers keep their digits."""
    genotypes = "\t".join(f"{n % 2}|1:0.{n % 9}0" for n in range(samples))
    rows = [f"chr1\t{pos}\t.\tA\tC\t.\t.\t.\tGT:AF\t{genotypes}" for pos in range(1, 30)]
    path = tmp_path / f"in.{kind}"
    data = text_of(rows, samples).encode()
    if kind == "vcf":
        path.write_bytes(data)
    else:
        with pysam.BGZFile(str(path), "w") as file:
            file.write(data)
    reader = VariantReader(str(path), samples_apart=True)
    assert len(reader.header.samples) == samples
    found = [(record.pos, reader.samples_of(record)) for record in reader]
    assert found == [(pos, f"GT:AF\t{genotypes}".encode()) for pos in range(1, 30)]
    reader.close()


def test_without_samples_nothing_stays_behind(tmp_path):
    path = tmp_path / "in.vcf"
    path.write_text(vcf_text(["chr1 5 . A C . . ."], {"chr1": "A" * 9}))
    reader = VariantReader(str(path), samples_apart=True)
    assert [reader.samples_of(record) for record in reader] == [b""]
    reader.close()


def test_a_record_that_is_asked_for_twice(tmp_path):
    path = tmp_path / "in.vcf"
    path.write_text(text_of([f"chr1\t{pos}\t.\tA\tC\t.\t.\t.\tGT\t0\t1" for pos in (5, 6)]))
    reader = VariantReader(str(path), samples_apart=True)
    first = next(iter(reader))
    assert reader.samples_of(first) == b"GT\t0\t1"
    with pytest.raises(VariantFileError, match="the samples of chr1:5 are not found"):
        reader.samples_of(first)
    reader.close()


def both(path):
    """Return the records and the error of a file, as htslib reads it and with its samples apart."""
    for apart in (False, True):
        found, why = [], ""
        try:
            with closing(VariantReader(str(path), samples_apart=apart)) as reader:
                for record in reader:
                    rest = reader.samples_of(record).decode()
                    found.append("\t".join(filter(None, [str(record).rstrip("\n"), rest])))
        except VariantFileError as error:
            why = str(error)
        yield found, why


@pytest.mark.parametrize(
    "line",
    ["chr1\t6\t.\tA\tC\t.\t.\t.\tGT\t0|1", "chr1\tx\t.\tA\tC\t.\t.\t.\tGT\t0|1\t0", "", "chr1\t6"],
)
def test_what_is_wrong_with_a_line_is_told_alike(tmp_path, line):
    good = "chr1\t5\t.\tA\tC\t.\t.\t.\tGT\t0|1\t1|1"
    path = tmp_path / "in.vcf"
    path.write_text(text_of([good, line, good]))
    (_, before), (_, apart) = both(path)
    assert before == apart
    assert apart.startswith(f"{path}, line 7, behind chr1:5: ")


@pytest.mark.fault("damaged files", "a bgzipped VCF with samples, cut off at each of its bytes")
def test_a_file_that_is_cut_off(tmp_path, tried):
    rows = [f"chr1\t{pos}\t.\tA\tC\t.\t.\t.\tGT\t0|1\t1|1" for pos in range(1, 200)]
    data = packed(text_of(rows).encode())
    path = tmp_path / "in.vcf.gz"
    cuts = range(400, len(data) - 28, 7)
    for cut in cuts:
        path.write_bytes(data[:cut])
        (_, before), (_, apart) = both(path)
        assert before
        assert apart
    tried(len(cuts))


@pytest.mark.fault("damaged files", "a bgzipped VCF with samples, a bit of it turned")
def test_a_turned_bit(tmp_path, tried):
    rows = [f"chr1\t{pos}\t.\tA\tC\t.\t.\t.\tGT\t0|1\t1|1" for pos in range(1, 200)]
    data = packed(text_of(rows).encode())
    path = tmp_path / "in.vcf.gz"
    places = range(600, len(data) - 28, 97)
    for at in places:
        path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
        _, (found, apart) = both(path)
        assert apart or found == rows
    tried(len(places))
