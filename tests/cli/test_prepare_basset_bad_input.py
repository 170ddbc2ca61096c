"""Peaks that make no set: one clear line, a status above 0, nothing half-written."""

import gzip
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from regplug.data.sites.sites import Sites
from regplug.errors import DataError
from tests.data.sites.toy_samples import write_samples

GOOD = "".join(f"chr1\t{at}\t{at + 9}\n" for at in range(50, 4900, 80))
ARGUMENTS = ["--length", "20", "--merge", "5"]


@pytest.fixture
def refused(tmp_path, regplug):
    """Return a function that prepares a good sample and a bad one, and gives the message."""

    def run(bad, *options, table=None):
        path = write_samples(tmp_path, {"good": GOOD})
        if bad is not None:
            (tmp_path / "bad.bed").write_bytes(bad if isinstance(bad, bytes) else bad.encode())
        path.write_text(table or "good\t0.bed\nbad\tbad.bed\n")
        there = {path for path in tmp_path.iterdir() if path.suffix != ".fai"}
        arguments = ["--fasta", tmp_path / "genome.fa", "-o", tmp_path / "set.h5", *ARGUMENTS]
        done = regplug("prepare", "basset", path, *arguments, *options)
        assert done.status in (1, 2), done
        assert "Traceback" not in done.err
        if done.status == 1:
            assert done.err.startswith("regplug: ")
            assert done.err.count("\n") == 1
        assert {path for path in tmp_path.iterdir() if path.suffix != ".fai"} == there
        return done.err

    return run


# -- BEDs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("chr1\t9\t9", "line 2: a peak from 9 to 9 has no bases"),
        ("chr1\t9\t8", "line 2: a peak from 9 to 8 has no bases"),
        ("chr1\t-5\t8", "line 2 is not BED (contig, start, end): 'chr1 -5 8'"),
        ("chr1\t5", "line 2 is not BED"),
        ("chr1\tx\t8", "line 2 is not BED"),
        ("chr1\t5\t8.5", "line 2 is not BED"),
        ("chr1", "line 2 is not BED"),
    ],
)
def test_lines_that_are_no_peaks(refused, line, why):
    assert f"bad.bed, {why}" in refused(f"chr1\t5\t9\n{line}\nchr1\t50\t90\n")


@pytest.mark.parametrize("summit", ["10", "11", "-2", "x", ""])
def test_summits_outside_their_peak(refused, summit):
    line = f"chr1\t100\t110\t.\t0\t.\t1\t1\t1\t{summit}\n"
    assert "the summit" in refused(line, "--summits")
    assert "bad.bed, line 1" in refused(line, "--summits")


def test_files_without_peaks(refused):
    assert "bad.bed is empty" in refused("")
    assert "bad.bed gives no peak: the file has none; take the sample out" in refused("#x\n\n")
    assert "bad.bed gives no peak: 1 peaks left out: on excluded contigs" in refused(
        "chrY\t5\t9\n", "--exclude-chroms", "chrY"
    )
    short = refused("tiny\t5\t9\n", "--length", "201")
    assert "on contigs shorter than a site" in short


def test_another_assembly(refused):
    inside = "chr1\t5\t9\n"
    assert "is mostly outside" in refused(inside + "chr2\t2999\t3001\n" * 2)
    message = refused(inside + "chr9\t5\t9\n" * 2)
    assert "2 peaks left out: on contigs that the FASTA lacks" in message
    assert "genome.fa" in message
    assert message.endswith("; take the right FASTA\n")
    assert " 0 peaks" not in refused(inside + "chr9\t5\t9\n" * 2, "--summits")


def test_damaged_files(refused, tmp_path):
    packed = gzip.compress(GOOD.encode())
    for cut in (5, len(packed) // 2, len(packed) - 3):
        assert "bad.bed is truncated" in refused(packed[:cut])
    assert "bad.bed cannot be read" in refused(b"chr1\t5\t9\n\xff\xfe\n")
    assert "bad.bed cannot be read" in refused(packed[:30] + b"\0" * 50 + packed[80:])


def test_masked_genome(tmp_path, regplug):
    for contigs, beds, why in (
        ({"chr1": "N" * 5000}, {"a": GOOD}, "hardly a known base at the peaks"),
        ({"chr1": "N" * 5000, "chr2": "ACGT" * 900},
         {"a": GOOD, "b": GOOD.replace("chr1", "chr2")}, "a has no site of known bases"),
    ):  # fmt: skip
        table = write_samples(tmp_path, beds, contigs=contigs)
        output = ["-o", tmp_path / "set.h5", *ARGUMENTS]
        done = regplug("prepare", "basset", table, "--fasta", tmp_path / "genome.fa", *output)
        assert done.status == 1
        assert why in done.err
        assert not list(tmp_path.glob("*set*"))


# -- table and options -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("good\t0.bed\ngood\tbad.bed\n", "line 2: good is there twice"),
        ("good\t0.bed\nbad\t0.bed\n", "line 2: 0.bed is there twice"),
        ("good\t0.bed\nbad\tnone.bed\n", "line 2: no file"),
        ("good\t0.bed\nbad\t.\n", "line 2: no file"),
        ("good 0.bed\n", "line 1 is not NAME<TAB>BED: 'good 0.bed'"),
        ("good\t0.bed\tx\n", "line 1 is not NAME<TAB>BED"),
        ("good\t\n", "line 1 is not NAME<TAB>BED"),
        ("a,b\t0.bed\n", "line 1: a name has no commas"),
        ("name\tpath\n", "names no sample"),
        ("good\t0.bed\nname\tpath\n", "line 2: no file"),
    ],
)
def test_tables(refused, table, why):
    assert why in refused(GOOD, table=table)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--valid", "0.9", "--test", "0.1"], "leave none of 61 to train on"),
        (["--valid", "60", "--test", "1"], "leave none of 61 to train on"),
        (["--valid", "100"], "leave none of 61"),
        (["--valid", "0.001"], "0.001 of 61 sites is none: give a larger --valid"),
        (["--test", "1.5"], "is no number of sites, nor a share"),
        (["--valid-chroms", "chr1"], "--valid-chroms does not go with --split random"),
        (["--split", "chrom"], "needs --valid-chroms or --test-chroms"),
        (["--split", "chrom", "--test-chroms", "chr2", "--seed", "1"], "--seed does not go with"),
        (["--split", "chrom", "--test-chroms", "chr7"], "genome.fa has no contig chr7"),
        (["--split", "chrom", "--test-chroms", "chr2"], "no site on chr2"),
        (["--split", "chrom", "--test-chroms", "chr1"], "all contigs with sites are held out"),
        (["--split", "chrom", "--test-chroms", "1", "--valid-chroms", "chr1"],
         "chr1 cannot be for validation and the test"),
        (["--exclude-chroms", "chr7"], "genome.fa has no contig chr7"),
        (["--merge", "20"], "must be below --length"),
    ],
)  # fmt: skip
def test_options(refused, options, why):
    assert why in refused(GOOD, *options)


def test_outputs_that_are_something_else(tmp_path, regplug):
    table = write_samples(tmp_path, {"a": GOOD})
    before = (tmp_path / "0.bed").read_bytes()
    (tmp_path / "folder").mkdir()
    base = ["prepare", "basset", table, "--fasta", tmp_path / "genome.fa", *ARGUMENTS]
    assert "is a folder" in regplug(*base, "-o", tmp_path / "folder").err
    assert "0.bed is a file" in regplug(*base, "-o", tmp_path / "0.bed" / "set.h5").err
    assert "would be replaced, and is read" in regplug(*base, "-o", tmp_path / "0.bed").err
    table = table.rename(tmp_path / "x.summary.tsv")
    base[2] = table
    assert "would be replaced, and is read" in regplug(*base, "-o", tmp_path / "x.h5").err
    assert (tmp_path / "0.bed").read_bytes() == before
    assert "no FASTA" in regplug(*base, "--fasta", tmp_path / "none", "-o", tmp_path / "y.h5").err


# -- output ----------------------------------------------------------------------------------


def command(tmp_path, beds):
    table = write_samples(tmp_path, beds)
    return ["prepare", "basset", table, "--fasta", tmp_path / "genome.fa", *ARGUMENTS,
            "-o", tmp_path / "set.h5"]  # fmt: skip


@pytest.mark.slow
def test_a_full_disk(tmp_path, tmp_path_factory):
    """One line, also where matplotlib has no list of fonts yet and cannot keep it."""
    new = {**os.environ, "MPLCONFIGDIR": str(tmp_path_factory.mktemp("fonts"))}
    arguments = command(tmp_path, {"a": GOOD})
    there = {path.name for path in tmp_path.iterdir()} | {"genome.fa.fai"}
    for limit, name in ((400, ".h5"), (1_000, ".h5"), (4_000, ".h5"), (20_000, ".summary.png")):
        code = (
            f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            "from regplug.cli import main\nmain()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=new
        )
        assert done.returncode == 1, done
        assert done.stderr == f"regplug: cannot write {tmp_path / 'set'}{name}: File too large\n"
        assert {path.name for path in tmp_path.iterdir()} == there


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_killed_while_it_writes(tmp_path, kind):
    arguments = command(tmp_path, {"a": GOOD})
    code = (
        "import os\nfrom regplug.data.sites import beside as basset\n"
        f"def hit(*_):\n    os.kill(os.getpid(), {int(kind)})\n"
        "basset.picture = hit\nfrom regplug.cli import main\nmain()"
    )
    there = {path.name for path in tmp_path.iterdir()} | {"genome.fa.fai"}
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == (143 if kind == signal.SIGTERM else -9)
    assert "Traceback" not in done.stderr
    left = {path.name for path in tmp_path.iterdir()} - there
    assert all(name.startswith(".") for name in left)
    assert not (left and kind == signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 20, 30])
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_hdf5_writes(tmp_path, kind, at):
    arguments = command(tmp_path, {"a": GOOD})
    code = (
        "import signal\nfrom regplug.files.hdf5 import UnfailingFile\n"
        "write, calls = UnfailingFile.write, []\n"
        "def hit(self, data):\n"
        "    calls.append(0)\n"
        f"    if len(calls) == {at}:\n        signal.raise_signal({int(kind)})\n"
        "    return write(self, data)\n"
        "UnfailingFile.write = hit\nfrom regplug.cli import main\nmain()"
    )
    there = {path.name for path in tmp_path.iterdir()} | {"genome.fa.fai"}
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (130, "regplug: interrupted")
    assert {path.name for path in tmp_path.iterdir()} == there


# -- reading ---------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path, regplug, monkeypatch):
    """Return the path of a good set."""
    monkeypatch.setattr("regplug.data.sites.beside.save_figure", lambda _, path: path.touch())
    assert regplug(*command(tmp_path, {"a": GOOD})).status == 0
    return tmp_path / "set.h5"


def test_no_such_set(tmp_path):
    (tmp_path / "x").write_text("no HDF5")
    for path in (tmp_path / "none", tmp_path, tmp_path / "x"):
        with pytest.raises(DataError, match="cannot be read as a set of sites"):
            Sites(path)
    with pytest.raises(DataError, match=r"none cannot be read as a set of sites: no such file$"):
        Sites(tmp_path / "none")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["codes"] = np.zeros(3)
    with pytest.raises(DataError, match="is no set of sites, or damaged"):
        Sites(tmp_path / "other.h5")


def test_truncated_sets(made):
    whole = made.read_bytes()
    for size in range(0, len(whole), len(whole) // 40):
        made.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"set\.h5"), Sites(made) as sites:
            sites.read(0, len(sites))


def test_a_bit_turned_anywhere_in_the_codes(made):
    with h5py.File(made) as file:
        chunk = file["codes"].id.get_chunk_info(0)
    raw = bytearray(made.read_bytes())
    for at in range(chunk.byte_offset, chunk.byte_offset + chunk.size, 37):
        raw[at] ^= 4
        made.write_bytes(raw)
        with pytest.raises(DataError, match="damaged"), Sites(made) as sites:
            sites.read(0, len(sites))
        raw[at] ^= 4


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("codes", 5, "a code above 4"),
        ("targets", 2, "a target above 1"),
        ("parts", 3, "no part"),
        ("contigs", 9, "no part or contig"),
        ("contigs", -1, "no part or contig"),
    ],
)
def test_values_that_cannot_be(made, name, value, why):
    with h5py.File(made, "r+") as file:
        file[name][3] = value
    with pytest.raises(DataError, match=why), Sites(made) as sites:
        sites.read(0, len(sites))


@pytest.mark.parametrize("name", ["codes", "targets", "parts", "starts", "peaks", "samples"])
def test_arrays_that_contradict(made, name):
    with h5py.File(made, "r+") as file:
        values = file[name][:-1]
        del file[name]
        file[name] = values
    with pytest.raises(DataError, match=r"set\.h5 is no set of sites, or damaged"):
        Sites(made)


def linked(file, name):
    file[name] = h5py.SoftLink("/peaks")


def linked_outside(file, name):
    file[name] = h5py.ExternalLink("other.h5", "/x")


def kept_outside(file, name):
    file.create_dataset(name, (9,), "u1", external=[("/etc/hostname", 0, 9)])


def virtual(file, name):
    layout = h5py.VirtualLayout((9,), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "x", (9,))
    file.create_virtual_dataset(name, layout)


def huge(file, name):
    file.create_dataset(name, (2**40,), "u1", chunks=(1024,))


def doubled(file, name):
    file[name] = np.zeros((2, 3), np.uint8)


@pytest.mark.fault("strangers' files", "a set of sites that leads elsewhere, or says it is huge")
@pytest.mark.parametrize("name", ["codes", "targets", "card", "samples", "parts", "starts"])
@pytest.mark.parametrize("change", [linked, linked_outside, kept_outside, virtual, huge, doubled])
def test_sets_that_are_not_trusted(made, change, name):
    with h5py.File(made, "r+") as file:
        del file[name]
        change(file, name)
    with pytest.raises(DataError, match="is no set of sites, or damaged"):
        Sites(made)
