"""Headers that hold what Python takes for line ends: bcftools reads what we made of them."""

import subprocess

import pytest

from tests.files.test_lines import odd_characters

pytestmark = pytest.mark.fault("text", "a character inside a line that Python takes for its end")


def view(part, path):
    """Return the lines of a VCF's header or body as bcftools sees them."""
    done = subprocess.run(["bcftools", "view", part, path], capture_output=True, check=True)
    return done.stdout.decode().split("\n")[:-1]


@odd_characters
@pytest.mark.parametrize("suffix", ["vcf", "bcf"])
def test_the_header_of_a_vcf(world, annotate, odd, suffix):
    declared = f'##INFO=<ID=DP,Number=1,Type=Integer,Description="De{odd}pth">'
    odd_lines = [f"##other=one{odd}two", declared]
    vcf = world.vcf("in.vcf", [world.snv("chr1", 30, ". . DP=4"), world.snv("chr2", 40)], odd_lines)
    first, second = world.folder / f"1.{suffix}", world.folder / f"2.{suffix}"
    assert annotate(vcf, "-o", first).status == 0
    assert annotate(first, "-o", second).status == 0
    assert set(odd_lines) <= set(view("-h", second))
    assert [row.count("RP_STATUS=ok") for row in view("-H", second)] == [1, 1]


def test_a_command_of_two_lines_is_a_line_of_the_header(world, annotate):
    out = world.folder / "two\nlines\r.vcf"
    assert annotate(world.vcf("in.vcf", [world.snv("chr1", 30)]), "-o", out).status == 0
    header = view("-h", out)
    assert [line for line in header if not line.startswith("#")] == []
    assert "two\\nlines\\r.vcf" in "\n".join(header)
    assert len(view("-H", out)) == 1
