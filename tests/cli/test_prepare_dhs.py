"""`regplug prepare dhs` on four windows whose closed tiles can be counted by hand."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from regplug.cli import cli
from regplug.data.sites.sites import Sites
from regplug.genome.codes import encode
from regplug.genome.variant import Interval

LENGTH = 40  # of a site
WIDTH, MARGIN, BIN = 480, 40, 20  # a window; its ends were not measured; bases of a bin
NAMES = {
    "chr3:1000-1480|train|target=1040-1440": "train",
    "chr8:1000-1480|train|target=1040-1440": "train",
    "chr4:1000-1480|test|target=chr4:1040-1440": "test",
    "chr2:1000-1480|train|target=1040-1440": "train",  # of the test's contig: never used
}
HEADER = "chr\tstart\tend\tsequence\tA_1\tB_2\n"


def letters(seed: int, n: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), n))


class Folder:
    """The files of a run in a folder."""

    def __init__(self, path: Path) -> None:
        self.table, self.out = path / "sites.tsv", path / "set.h5"
        self.fasta, self.split = path / "windows.fa", path / "split.tsv"
        self.signal = path / "signal.npz"
        rows = [
            ("chr3", 100, 140, letters(1, LENGTH), 1, 0),
            ("chr3", 1230, 1250, letters(2, LENGTH).lower(), 0, 1),  # its window, tile 4
            ("chr8", 100, 140, letters(3, LENGTH), 1, 1),
            ("chr2", 100, 140, letters(4, LENGTH), 0, 1),
            ("chr4", 1470, 1490, letters(5, LENGTH), 1, 0),  # in a window of the test
            ("chr1", 100, 140, letters(6, LENGTH), 1, 0),  # excluded
        ]
        self.write(rows)
        self.bases = {name: letters(10 + i, WIDTH) for i, name in enumerate(NAMES)}
        self.split.write_text(
            "window\tsplit\n" + "".join(f"{name}\t{part}\n" for name, part in NAMES.items())
        )
        self.values = np.zeros((4, (WIDTH - 2 * MARGIN) // BIN, 2), np.float16)
        self.values[0, 3, 1] = 0.3  # not below the cut: tile 1 of the first window
        self.save()

    def write(self, rows: list[tuple[object, ...]]) -> None:
        self.table.write_text(HEADER + "".join("\t".join(map(str, row)) + "\n" for row in rows))

    def save(self) -> None:
        self.fasta.write_text("".join(f">{name}\n{b}\n" for name, b in self.bases.items()))
        np.savez(self.signal, windows=np.array(list(self.bases)), signal=self.values)

    def run(self, *more: str) -> str:
        """Run the command; return what it says, and its error if it fails."""
        result = CliRunner().invoke(
            cli,
            [
                *("prepare", "dhs", str(self.table), "--cells", "A,B", "--apart", "10"),
                *("--step", str(LENGTH)),
                *("--windows", str(self.fasta), "--signal", str(self.signal)),
                *("--windows-split", str(self.split), "-o", str(self.out)),
                *("--valid-chroms", "chr8", "--test-chroms", "chr2", "--exclude-chroms", "chr1"),
                *more,
            ],
        )
        return result.stderr if result.exit_code == 0 else f"failed: {result.exception}"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def place_of(sites: Sites, row: int) -> Interval:
    start = int(sites.starts[row])
    return Interval(sites.names[sites.contigs[row]], start, start + LENGTH)


def sites_of(folder: Folder, part: str) -> dict[tuple[Interval, str], tuple[int, ...]]:
    """Return place and bases of each site of a part, with its targets."""
    with Sites(folder.out) as sites:
        found = {}
        for row in np.flatnonzero(sites.parts == ("train", "valid", "test").index(part)).tolist():
            batch = sites.read(row, row + 1)
            codes = batch.codes[0].tobytes().hex()
            found[place_of(sites, row), codes] = tuple(batch.targets[0].tolist())
        return found


def test_sites_and_tiles_by_hand(folder: Folder) -> None:
    assert "failed" not in folder.run()
    name = next(iter(NAMES))
    # Of ten tiles of chr3, 1 has a signal, and 4 and 5 lie within 10 bases of 1230-1250.
    tiles = [1040 + LENGTH * i for i in (0, 2, 3, 6, 7, 8, 9)]
    expected = {
        (
            Interval("chr3", at, at + LENGTH),
            encode(folder.bases[name][at - 1000 : at - 1000 + LENGTH]).tobytes().hex(),
        ): (0, 0)
        for at in tiles
    }
    expected[Interval("chr3", 100, 140), encode(letters(1, LENGTH)).tobytes().hex()] = (1, 0)
    expected[Interval("chr3", 1230, 1270), encode(letters(2, LENGTH)).tobytes().hex()] = (0, 1)
    assert sites_of(folder, "train") == expected


def test_tiles_to_train_on_overlap(folder: Folder) -> None:
    folder.run("--step", "20")
    starts = {
        place.start
        for (place, _), open_in in sites_of(folder, "train").items()
        if open_in == (0, 0)
    }
    # The signal stands in 1100-1120; 1230-1250 and ten bases around are too near.
    free = [at for at in range(1040, 1401, 20) if at + LENGTH <= 1100 or at >= 1120]
    assert starts == {at for at in free if at + LENGTH <= 1220 or at >= 1260}
    assert len(sites_of(folder, "valid")) == 11


def test_parts(folder: Folder) -> None:
    told = folder.run()
    with Sites(folder.out) as sites:
        assert sites.samples == ["A", "B"]
        assert sites.peaks.tolist() == [2, 3]
        of_part = {
            part: sorted({place_of(sites, row).chrom for row in np.flatnonzero(sites.parts == at)})
            for at, part in enumerate(("train", "valid", "test"))
        }
    assert of_part == {"train": ["chr3"], "valid": ["chr8"], "test": ["chr2", "chr4"]}
    assert sorted(sites_of(folder, "valid").values()) == [(0, 0)] * 10 + [(1, 1)]
    assert sorted(sites_of(folder, "test").values()) == [(0, 0)] * 10 + [(0, 1)]
    assert "1 sites left out: on excluded contigs" in told
    assert "1 sites left out: in windows of the test" in told
    assert "10 closed tiles left out" in told


def test_tiles_with_unknown_bases_are_left_out(folder: Folder) -> None:
    name = list(NAMES)[1]
    folder.bases[name] = folder.bases[name][:100] + "N" + folder.bases[name][101:]
    folder.save()
    folder.run()
    assert len(sites_of(folder, "valid")) == 10  # nine tiles and a site


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (("chr3", "x", 140, "A" * LENGTH, 1, 0), "line 2: invalid literal"),
        (("chr3", 100, 140, "A" * LENGTH, 2, 0), "neither 0 nor 1"),
        (("chr3", 100, 140, "A" * LENGTH), "line 2"),
    ],
)
def test_bad_rows(folder: Folder, row: tuple[object, ...], complaint: str) -> None:
    folder.write([row])
    assert complaint in folder.run()
    assert not folder.out.exists()


def test_sequences_of_two_lengths(folder: Folder) -> None:
    folder.write([("chr3", 1, 2, "ACGT", 1, 0), ("chr3", 1, 2, "ACG", 1, 0)])
    assert "equally long" in folder.run()


def test_unknown_cell(folder: Folder) -> None:
    assert "0 columns for C" in folder.run("--cells", "A,C")


def test_signal_of_other_windows(folder: Folder) -> None:
    np.savez(folder.signal, windows=np.array(["x"]), signal=folder.values[:1])
    assert "chr4:1000" in folder.run() or "chr3:1000" in folder.run()
    folder.signal.write_bytes(b"no numbers")
    assert "holds no signal" in folder.run()


def test_a_window_of_another_length(folder: Folder) -> None:
    name = next(iter(NAMES))
    folder.bases[name] = folder.bases[name][:-1]
    folder.save()
    assert "479 bases" in folder.run()


def test_an_output_that_is_read(folder: Folder) -> None:
    before = folder.table.read_bytes()
    assert "would be replaced, and is read" in folder.run("-o", str(folder.table))
    assert folder.table.read_bytes() == before
