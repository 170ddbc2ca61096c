import pytest

from regplug.genome.variant import Variant
from regplug.scoring.kinds import KINDS, kind_of


@pytest.mark.parametrize(
    ("ref", "alt", "kind"),
    [
        ("A", "C", "snv"),
        ("AC", "GT", "mnv"),
        ("A", "AC", "ins_1"),
        ("A", "ACC", "ins_2_5"),
        ("A", "ACCCCC", "ins_2_5"),
        ("A", "ACCCCCC", "ins_6"),
        ("AC", "A", "del_1"),
        ("ACCCCC", "A", "del_2_5"),
        ("ACCCCCC", "A", "del_6"),
        ("ACC", "GT", "del_1"),  # a change of both: by its length
    ],
)
def test_kind_of(ref, alt, kind):
    assert kind_of(Variant("chr1", 5, ref, alt)) == kind
    assert kind in KINDS
