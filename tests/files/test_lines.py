"""Text of others is cut at line feeds, whoever reads it."""

import ast
import gzip
from pathlib import Path

import pytest

from regplug.data.sequences.records import read_lines
from regplug.errors import UNREADABLE, DataError
from regplug.files.lines import lines_in, lines_of
from regplug.genome.regions import read_bed_lines
from regplug.genome.transcripts import Transcripts
from regplug.genome.variant import Interval
from regplug.hooks.labels import read_labels

ROOT = Path(__file__).parents[2]
# Where str.splitlines ends a line, and no other program of the field does; a lone \r is one too.
ODD = [*"\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\r"]

pytestmark = pytest.mark.fault("text", "a character inside a line that Python takes for its end")
odd_characters = pytest.mark.parametrize("odd", ODD, ids=ascii)


@odd_characters
def test_lines(odd, tmp_path):
    text = f"a{odd}b\r\n\n{odd}\nlast"
    lines = [f"a{odd}b", "", odd.removesuffix("\r"), "last"]
    assert lines_of(text) == lines
    assert lines_of(text + "\n") == lines
    for name, content in (("plain", text.encode()), ("packed", gzip.compress(text.encode()))):
        (tmp_path / name).write_bytes(content)
        assert list(lines_in(tmp_path / name)) == lines


def test_a_damaged_file(tmp_path):
    whole = gzip.compress(b"line\n" * 1000)
    for content in (b"\xe9\n", whole[:-9], whole[:20] + b"damage" + whole[26:]):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(UNREADABLE):
            list(lines_in(tmp_path / "bad"))


@odd_characters
def test_bed(tmp_path, odd):
    (tmp_path / "r.bed").write_text(f"c\t5\t9\tname{odd}more\t0\t-\r\nc\t6\t8\n", newline="")
    first, second = read_bed_lines(str(tmp_path / "r.bed"))
    assert first.cells[3:] == [f"name{odd}more", "0", "-"]
    assert second == (2, Interval("c", 6, 8), ["c", "6", "8"])


@odd_characters
def test_gtf(tmp_path, odd):
    """What stands behind the character would be a gene of its own."""
    gene = "c\t.\tgene\t{}\t{}\t.\t{}\t.\tnote"
    text = gene.format(11, 20, "+") + odd + gene.format(51, 60, "-") + "\n"
    (tmp_path / "g.gtf").write_text(text, newline="")
    genes = Transcripts(str(tmp_path / "g.gtf"))
    assert genes.covers(Interval("c", 10, 11), "+")
    assert not genes.covers(Interval("c", 50, 60), "-")


@odd_characters
def test_tables_and_names(tmp_path, odd):
    (tmp_path / "table").write_text(f"a\tb{odd}c\n1\t2\n", newline="")
    assert list(read_lines(tmp_path / "table")) == [(1, f"a\tb{odd}c"), (2, "1\t2")]
    (tmp_path / "names").write_text(f"liver\tof{odd}it\nlung\n", newline="")
    assert read_labels(tmp_path / "names") == ["liver", "lung"]


def test_a_truncated_table_says_so(tmp_path):
    (tmp_path / "t.gz").write_bytes(gzip.compress(b"line\n" * 1000)[:-9])
    with pytest.raises(DataError, match="truncated"):
        list(read_lines(tmp_path / "t.gz"))


def test_nobody_cuts_lines_otherwise():
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ("regplug", "plugins")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("splitlines", "readlines")
    ]
    assert calls == []
