"""`regplug prepare join`: sets become one, unknown where one of them is silent."""

import numpy as np
import pytest

from regplug.data.sites import join
from regplug.data.sites.sites import Sites
from tests.data.sites.toy_sites import write_sites


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())


def rows(path):
    """Return letters, part and targets by name of each site."""
    with Sites(path) as sites:
        batch = sites.read(0, len(sites))
        return [
            (
                "".join("ACGT"[code] for code in codes),
                part,
                dict(zip(sites.samples, row, strict=True)),
            )
            for codes, part, row in zip(
                batch.codes.tolist(), sites.parts.tolist(), batch.targets.tolist(), strict=True
            )
        ]


@pytest.mark.parametrize("together", [1, 2, 4096])
def test_rows_by_hand(regplug, tmp_path, monkeypatch, together):
    monkeypatch.setattr(join, "TOGETHER", together)
    first = write_sites(
        tmp_path / "a.h5", ["ACGG", "CCCC", "GATA"], {"x": [1, 0, 0], "y": [0, 1, 0]},
        ["train", "valid", "train"],
    )  # fmt: skip
    second = write_sites(
        tmp_path / "b.h5", ["TTTA", "GGGG", "TATC"], {"z": [1, 1, 0], "x": [0, 1, 0]},
        ["test", "train", "train"],
    )  # fmt: skip
    out = tmp_path / "all.h5"
    done = regplug("prepare", "join", first, second, "-o", out)
    assert done.status == 0, done.err
    # GGGG is CCCC's other strand, which a validates on; that GATA is trained on twice is no fault.
    assert rows(out) == [
        ("ACGG", 0, {"x": 1, "y": 0, "z": 255}),
        ("CCCC", 1, {"x": 0, "y": 1, "z": 255}),
        ("GATA", 0, {"x": 0, "y": 0, "z": 255}),
        ("TTTA", 2, {"x": 0, "y": 255, "z": 1}),
        ("TATC", 0, {"x": 0, "y": 255, "z": 0}),
    ]
    assert "5 sites of 4 bases in 3 samples, 3 to train on, 1 to validate, 1 to test" in done.err
    assert "1 sites left out of training: another set holds the same sequence out" in done.err
    with Sites(out) as sites:
        assert sites.card.unknown
        assert sites.names == ["chr1@a", "chr1@b"]
        assert sites.contigs.tolist() == [0, 0, 0, 1, 1]
        assert sites.starts.tolist() == [0, 1, 2, 0, 2]
        assert dict(zip(sites.samples, sites.peaks.tolist(), strict=True)) == {
            "x": 2, "y": 1, "z": 1,
        }  # fmt: skip
        assert [source.name for source in sites.card.sources] == ["a.h5", "b.h5"]
        assert [len(card.sources) for card in sites.card.joined] == [0, 0]
    table = (tmp_path / "all.summary.tsv").read_text()
    assert "unknown\ty\t.\t2\t1\t0\t1\n" in table
    again = regplug("prepare", "join", out, first, "-o", tmp_path / "more.h5")
    assert again.status == 0, again.err
    assert rows(tmp_path / "more.h5")[:5] == rows(out)


def test_random_sets(regplug, tmp_path, random_codes):
    rng = np.random.default_rng(0)
    paths, expected = [], []
    for at, names in enumerate(("ab", "bc", "d")):
        codes = random_codes(50, 30, seed=at)
        targets = {name: rng.integers(0, 2, 50).tolist() for name in names}
        parts = rng.choice(["train", "valid", "test"], 50).tolist()
        paths.append(write_sites(tmp_path / f"{at}.h5", codes, targets, parts))
        for row in range(50):
            known = {name: of[row] for name, of in targets.items()}
            letters = "".join("ACGT"[code] for code in codes[row])
            part = ("train", "valid", "test").index(parts[row])
            expected.append((letters, part, dict.fromkeys("abcd", 255) | known))
    assert regplug("prepare", "join", *paths, "-o", tmp_path / "all.h5").status == 0
    assert rows(tmp_path / "all.h5") == expected


def test_sets_that_do_not_join(regplug, tmp_path):
    short = write_sites(tmp_path / "s.h5", ["ACGT"], {"x": [1]})
    long = write_sites(tmp_path / "l.h5", ["ACGTA"], {"x": [1]})
    closed = write_sites(tmp_path / "c.h5", ["AAAA"], {"y": [0]})
    unknown = write_sites(tmp_path / "u.h5", ["AAAA"], {"y": [255]})
    there = sorted(tmp_path.iterdir())
    for arguments, status, why in (
        ([short, long], 1, "s.h5 has sites of 4 bases, "),
        ([short, closed], 1, "y is open in no site: take the sample out"),
        ([short, unknown], 1, "all labels of y are unknown: take the sample out"),
        ([short, tmp_path / "no.h5"], 1, "no.h5 cannot be read"),
        ([short], 2, "give two sets or more"),
    ):
        done = regplug("prepare", "join", *arguments, "-o", tmp_path / "all.h5")
        assert done.status == status, done.err
        assert why in done.err
        assert sorted(tmp_path.iterdir()) == there
    done = regplug("prepare", "join", short, closed, "-o", short)
    assert "would be replaced, and is read" in done.err
