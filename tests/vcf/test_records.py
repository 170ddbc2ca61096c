import os
import signal
import threading

import pysam
import pytest

from regplug.errors import VariantFileError
from regplug.files.stream import Stream
from regplug.genome.variant import Variant
from regplug.scoring.adapter import InfoField
from regplug.vcf.info import set_info
from regplug.vcf.provenance import annotated_header, tags_of
from regplug.vcf.records import VariantReader, variants_of
from tests.toy_genomes import vcf_text

NAN = float("nan")
HEADER = [
    "##reference=file:///a.fa",
    "##contig=<ID=c,length=100,assembly=toy>",
    '##INFO=<ID=OLD,Number=A,Type=Float,Description="of, \\"regplug\\"",Source="regplug:m">',
    '##INFO=<ID=AF,Number=A,Type=Float,Description="x">',
]


@pytest.fixture
def read(tmp_path):
    """Return a function that writes and reads records."""

    def run(*records):
        path = tmp_path / "in.vcf"
        path.write_text(vcf_text(records, header=HEADER))
        return VariantReader(str(path))

    return run


def test_the_header_is_read(read):
    reader = read()
    assert reader.contigs == {"c": 100}
    assert reader.header_values["reference"] == "file:///a.fa"
    assert reader.assembly == "toy"


def test_variants_of_a_record(read):
    one, two = read("c 5 . A C,<DEL>,* . . .", "c 6 . G . . . .")
    assert variants_of(one) == [Variant("c", 5, "A", alt) for alt in ("C", "<DEL>", "*")]
    assert variants_of(two) == [Variant("c", 6, "G", ".")]


@pytest.mark.parametrize(
    ("record", "columns", "info"),
    [
        ("A C . . .", {"X": [0.5]}, "X=0.5"),
        ("A C . . AF=0.1;OLD=1", {"X": [0.5]}, "AF=0.1;X=0.5"),
        ("A C . . .", {"X": [NAN], "Y": [None]}, "."),
        ("A C,G . . .", {"X": [NAN, -1.0], "Y": ["a", None]}, "X=.,-1;Y=a,."),
        ("A . . . .", {"X": [0.5]}, "."),
        ("A . . . AF=.", {"X": [NAN]}, "AF=."),
        (
            "A C . . .",
            {"X": [1 / 3], "Y": [1e-9], "Z": [123456789.0]},
            "X=0.333333;Y=1e-09;Z=1.23457e+08",
        ),
        ("A C . . .", {"X": ["a;b,c=d e%"]}, "X=a%3Bb%2Cc%3Dd%20e%25"),
    ],
)
def test_set_info(read, record, columns, info):
    (one,) = read(f"c 5 id {record}")
    line = set_info([one], [0], variants_of(one), columns, dropped={"OLD"})
    assert line.decode() == "c\t5\tid\t" + "\t".join([*record.split()[:4], info]) + "\n"


def test_set_info_takes_its_own_rows(read):
    records = [*read("c 5 . A C,G . . .", "c 6 . A C,G . . .", "c 7 . A C . . .")]
    variants = [variant for record in records for variant in variants_of(record)]
    lines = set_info(records, [0, 2, 4], variants, {"X": [0.0, 1.0, 2.0, 3.0, 4.0]})
    infos = [line.rpartition(b"\t")[2] for line in lines.splitlines()]
    assert infos == [b"X=0,1", b"X=2,3", b"X=4"]


def test_set_info_of_records_of_all_sorts(read):
    infos = ("AF=0.1", ".", "AF=0.2,0.3", "AF=0.4;OLD=1", ".")
    alts = ("C", ".", "C,<DEL>", "G", "T")
    records = [*read(*(f"c 5 . A {a} . . {i}" for a, i in zip(alts, infos, strict=True)))]
    variants = [variant for record in records for variant in variants_of(record)]
    columns = {
        "X": [1.5, NAN, NAN, -0.0, NAN, 1e-7],
        "Y": ["a", None, "b", "b", None, "c d"],
        "Z": [3, None, None, None, 0, 2.5],
    }
    samples = [b"GT\t0/1", b"", b"", b"GT\t1/1", b""]
    lines = set_info(records, [0, 1, 2, 4, 5], variants, columns, dropped={"OLD"}, samples=samples)
    assert [line.split(b"\t", 7)[7].decode() for line in lines.splitlines()] == [
        "AF=0.1;X=1.5;Y=a;Z=3\tGT\t0/1",
        ".",
        "AF=0.2,0.3;X=.,-0;Y=b,b",
        "AF=0.4;Z=0\tGT\t1/1",
        "X=1e-07;Y=c%20d;Z=2.5",
    ]


def field(tag):
    return InfoField(tag, 'a "quoted" \\ text', "Float", lambda scores: [])


def test_the_header_gets_tags_and_lines(read):
    text = read().header_text
    assert tags_of(text, ["regplug:m"]) == {"OLD"}
    assert tags_of(text, ["regplug:n"]) == set()
    lines = ["##regplug_model=<ID=m,version=1>", "##regplug_command=first"]
    once = annotated_header(text, {"regplug:m": [field("NEW")]}, lines)
    assert "ID=OLD" not in once
    assert once.splitlines()[-1].startswith("#CHROM")
    new = pysam_header(once).info["NEW"]
    assert (new.number, new.type) == ("A", "Float")
    lines = ["##regplug_model=<ID=m,version=2>", "##regplug_command=second"]
    twice = annotated_header(once, {"regplug:m": [field("NEW")]}, lines)
    ours = [line for line in twice.splitlines() if "regplug_" in line]
    assert ours == ["##regplug_command=first", *lines]
    assert twice.count("ID=NEW") == 1
    assert "ID=AF" in twice


def pysam_header(text):
    header = pysam.VariantHeader()
    for line in text.splitlines()[1:-1]:
        header.add_line(line)
    return header


def test_a_tag_of_another_program(read):
    with pytest.raises(VariantFileError, match="AF that regplug did not write"):
        annotated_header(read().header_text, {"regplug:m": [field("AF")]}, [])
    with pytest.raises(VariantFileError, match="OLD that regplug did not write"):
        annotated_header(read().header_text, {"regplug:n": [field("OLD")]}, [])


# -- standard input ----------------------------------------------------------------------


def drain(path):
    with open(path, "rb") as pipe:  # noqa: PTH123
        return pipe.read()


def test_a_stream_copies(tmp_path):
    source, sending = os.pipe()
    stream = Stream(source)
    data = os.urandom(300_000)
    threading.Thread(target=lambda: (os.write(sending, data), os.close(sending))).start()
    assert drain(stream.path) == data
    stream.close()
    os.close(source)


@pytest.mark.parametrize("cut", [0, 28])
def test_a_stream_knows_of_a_missing_end(tmp_path, cut):
    pysam.BGZFile(str(tmp_path / "a.gz"), "w").close()
    packed = tmp_path / "a.gz"
    with pysam.BGZFile(str(packed), "w") as file:
        file.write(b"text\n" * 100)
    packed.write_bytes(packed.read_bytes()[: -cut or None])
    with packed.open("rb") as source:
        stream = Stream(source.fileno())
        assert drain(stream.path) == packed.read_bytes()
        assert stream.truncated is bool(cut)
        stream.close()


def test_a_signal_ends_a_stream(monkeypatch):
    source, sending = os.pipe()
    stream = Stream(source)
    os.write(sending, b"half")
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    assert drain(stream.path) == b"half"
    signal.signal(signal.SIGTERM, before)
    stream.close()
    os.close(source)
    os.close(sending)
