"""What a stranger wrote into a file does not reach the terminal as a command."""

import pytest

from regplug.cli.shared.printable import printable
from tests.toy_models import gc_model

pytestmark = pytest.mark.fault("strangers' files", "control characters that a message quotes")


def test_by_hand():
    assert printable("a\tb\nc é") == "a\tb\nc é"
    assert printable("\x1b[2J\x07\x7f\r\x9b\x00") == r"\x1b[2J\x07\x7f\x0d\x9b\x00"


def test_an_error_quotes_a_line(world, regplug):
    (world.folder / "in.bed").write_text("chr1\t\x1b[2Jx\t9\n")
    done = regplug("predict", world.folder / "in.bed", "--fasta", world.fasta, "--model", "gc",
                   "--model-repo", world.repo)  # fmt: skip
    assert done.status == 1
    assert r"\x1b[2Jx" in done.err
    assert "\x1b" not in done.err


def test_a_table_quotes_a_key(tmp_path, regplug):
    gc_model(tmp_path)
    (tmp_path / "gc/golden.json").write_text('{"\\u001b[2J": 1}')
    done = regplug("models", "verify", "--model-repo", tmp_path)
    assert done.status == 1
    assert "FAILED" in done.out
    assert "\x1b" not in done.out
