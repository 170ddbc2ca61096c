import os
import signal
import threading

import pysam
import pytest

from regplug.errors import VariantFileError
from regplug.files.stream import Stream
from regplug.genome.variant import Variant
from regplug.scoring.adapter import InfoField
from regplug.vcf.provenance import annotated_header, tags_of
from regplug.vcf.records import VariantReader, set_info, variants_of
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
    line = set_info(one, columns, 0, dropped={"OLD"})
    assert line.decode() == "c\t5\tid\t" + "\t".join([*record.split()[:4], info]) + "\n"


def test_set_info_takes_its_own_rows(read):
    (one,) = read("c 5 . A C,G . . .")
    assert b"X=2,3\n" in set_info(one, {"X": [0.0, 1.0, 2.0, 3.0, 4.0]}, 2)


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
