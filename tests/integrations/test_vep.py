"""VEP's plugin, in Perl with base classes of its own, gives each allele what the VCF has."""

import json
from pathlib import Path

import pysam
import pytest

from tests.integrations.records import values

PERL = Path(__file__).parent / "perl"


def as_vep_has_it(pos, ref, alt):
    """Return start, end, REF and ALT without the base that an indel begins with, `-` for none."""
    if len(ref) != len(alt) and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, pos + len(ref) - 1, ref or "-", alt or "-"


@pytest.fixture
def plugin(run, integrations):
    """Return a function that runs the plugin on alleles, with parameters."""

    def call(alleles, *parameters):
        words = ("-I", PERL, "-I", integrations / "vep", PERL / "harness.pl", *parameters)
        return json.loads(run("perl", *words, stdin="".join(f"{line}\n" for line in alleles)))

    return call


def test_it_compiles(run, integrations):
    run("perl", "-I", PERL, "-c", integrations / "vep" / "Regplug.pm")


@pytest.mark.parametrize("strand", [1, -1])
def test_values_of_each_allele(plugin, annotated, strand):
    wanted = {tag: values(annotated, tag) for tag in ("RP_Q", "RP_TOP", "RP_STATUS")}
    keys = [key for key in wanted["RP_STATUS"] if key[3].isalpha()]
    turn = str.maketrans("ACGT", "TGCA")
    lines = []
    for chrom, pos, ref, alt in keys:
        start, end, ref, alt = as_vep_has_it(pos, ref, alt)
        if strand < 0:
            ref, alt = (allele.translate(turn)[::-1] for allele in (ref, alt))
        lines.append(f"{chrom}\t{start}\t{end}\t{strand}\t{ref}\t{alt}")
    found = plugin(lines, f"file={annotated}")
    assert len(found["results"]) == len(keys) > 10
    for key, result in zip(keys, found["results"], strict=True):
        ours = {tag: of[key] for tag, of in wanted.items() if of[key] is not None}
        assert result.keys() == ours.keys(), key
        for tag, value in ours.items():
            same = float(result[tag]) if tag == "RP_Q" else result[tag]
            assert same == pytest.approx(value, rel=1e-5) if tag == "RP_Q" else same == value
    with pysam.VariantFile(str(annotated)) as file:
        assert found["header"] == {tag: file.header.info[tag].description for tag in wanted}


def test_other_alleles_have_nothing(plugin, annotated):
    (chrom, pos, ref, alt), *_ = values(annotated, "RP_Q")
    other = next(base for base in "ACGT" if base not in (ref, alt))
    lines = [f"{chrom}\t{pos}\t{pos}\t1\t{ref}\t{other}", f"{chrom}\t{pos + 9}\t{pos + 9}\t1\tA\tC"]
    tags = "tags=RP_Q%RP_DEEPBIND_ENCODE__Z"
    found = plugin([*lines, f"{chrom}\t{pos}\t{pos}\t1\t{ref}\t{alt}"], f"file={annotated}", tags)
    assert found["results"][:2] == [{}, {}]
    assert found["results"][2].keys() == {"RP_Q", "RP_DEEPBIND_ENCODE__Z"}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [((), "give file=annotated.vcf.gz"), (("tags=NO",), "has no tag NO")],
)
def test_what_is_asked_for_wrongly(plugin, annotated, parameters, said):
    given = [f"file={annotated}", *parameters] if parameters else []
    with pytest.raises(AssertionError, match=said):
        plugin([], *given)
