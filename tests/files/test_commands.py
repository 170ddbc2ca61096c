"""What a card says of the command that made a model."""

import pytest

from regplug.files.commands import for_a_card


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "regplug train basset recipes/a.toml /home/me/my.h5 -o runs/a_1 --set seed=1",
            "regplug train basset a.toml my.h5 --set seed=1",
        ),
        (
            "regplug train deepbind a.toml s/MYC/ s/SP1 --test=/data/test --output runs/b --resume",
            "regplug train deepbind a.toml MYC SP1 --test=test",
        ),
        (
            "regplug train panel a.toml 'of mine/x y.bed' --output=run --set 'targets=[\"A/B\"]'",
            "regplug train panel a.toml 'x y.bed' --set 'targets=[\"A/B\"]'",
        ),
        (
            "regplug train basset a.toml b.h5 -oruns/c --seed-from runs/first_1 --set=x=1/2",
            "regplug train basset a.toml b.h5 --seed-from first_1 --set=x=1/2",
        ),
        (
            "regplug models calibrate A --fasta /data/hg19.fa --regions-file a/x.bed --snvs 50",
            "regplug models calibrate A --fasta hg19.fa --regions-file x.bed --snvs 50",
        ),
        ("", ""),
    ],
)
def test_what_was_asked_not_where(command, said):
    assert for_a_card(command) == said
