"""Dask: a real scheduler and workers, and what may happen to them in the midst of a run."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import msgspec
import pytest

import regplug
from regplug.api.parts.records import Counts, Job, score_part
from regplug.api.parts.settings import Files, settings_of
from regplug.errors import ConfigError, ExecutorError, GenomeError, ModelError, PluginError
from regplug.genome.fasta import Genome
from regplug.hooks.writer import Plan
from regplug.models.repository import read_card
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import BackendOptions
from regplug.vcf.writers import VcfText
from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import gc_model

pytest.importorskip("distributed")
dask = pytest.importorskip("regplug_dask")

CONTIGS = {"chr1": random_letters(40_000, seed=1)}
PART = 10  # records


@pytest.fixture
def place(tmp_path):
    """Return a folder with genome.fa, in.vcf of 400 records and the model gc."""
    write_fasta(tmp_path / "genome.fa", CONTIGS)
    Genome(tmp_path / "genome.fa").close()  # which makes its index
    gc_model(tmp_path / "models")
    lines = []
    for pos in range(30, 30 + 400 * 7, 7):
        base = CONTIGS["chr1"][pos - 1]
        lines.append(f"chr1 {pos} . {base} {'ACGT'['ACGT'.index(base) - 1]} . . .")
    (tmp_path / "in.vcf").write_text(vcf_text(lines, CONTIGS))
    return tmp_path


@pytest.fixture
def command(place, stack):
    """Return a function that starts `regplug annotate`."""

    def run(*words):
        line = [sys.executable, "-m", "regplug", "annotate", place / "in.vcf", "--model", "gc"]
        line += ["--fasta", place / "genome.fa", "--model-repo", place / "models"]
        line += ["--part-size", PART, "--all-targets", *words]
        process = subprocess.Popen(list(map(str, line)), stderr=subprocess.PIPE, text=True)
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process

    return run


@pytest.fixture
def whole(place, regplug):
    """Return the records as a run in one go writes them."""
    out = place / "whole.vcf"
    done = regplug(
        *("annotate", place / "in.vcf", "--model", "gc", "--fasta", place / "genome.fa"),
        *("--model-repo", place / "models", "--all-targets", "-o", out),
    )
    assert done.status == 0, done
    return records(out)


def records(path):
    return [line for line in path.read_text().split("\n") if not line.startswith("##")]


def until_parts(place, process, count):
    """Wait until so many parts are finished."""
    while len(list(place.glob("out.vcf.parts/*.json"))) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.fault("clusters", "three workers: the records of a run in one go")
def test_three_workers(place, command, cluster, whole):
    for _ in range(3):
        cluster.add_worker()
    run = command("-o", place / "out.vcf", "--executor", cluster.location)
    assert run.communicate()[1] == ""
    assert run.returncode == 0
    assert records(place / "out.vcf") == whole


@pytest.mark.slow
@pytest.mark.fault("clusters", "a worker killed in the midst of a part: the others finish")
def test_a_worker_is_killed(place, command, cluster, whole):
    for _ in range(3):
        cluster.add_worker()
    run = command("-o", place / "out.vcf", "--executor", cluster.location, "--resume")
    until_parts(place, run, 5)
    cluster.workers[1].send_signal(signal.SIGKILL)
    run.communicate()
    assert run.returncode == 0
    assert records(place / "out.vcf") == whole


@pytest.mark.slow
@pytest.mark.fault("clusters", "the scheduler is killed and started again: an error, then --resume")
def test_a_scheduler_is_restarted(place, command, cluster, whole):
    cluster.add_worker()
    words = ("-o", place / "out.vcf", "--executor", cluster.location, "--resume")
    run = command(*words)
    until_parts(place, run, 5)
    cluster.scheduler.kill()
    assert "scheduler has gone" in run.communicate(timeout=120)[1]
    assert run.returncode == 1
    assert not (place / "out.vcf").exists()
    kept = {path.name: path.read_bytes() for path in place.glob("out.vcf.parts/*.json")}
    assert len(kept) >= 5
    cluster.workers[0].kill()
    cluster.scheduler.wait()
    cluster.start_scheduler()
    cluster.add_worker()
    again = command(*words)
    again.communicate()
    assert again.returncode == 0
    assert records(place / "out.vcf") == whole
    assert not (place / "out.vcf.parts").exists()


@pytest.mark.slow
@pytest.mark.fault("clusters", "a full scratch disk of a worker: an error that names both")
def test_a_full_scratch_disk(place, command, cluster):
    scratch = place / "scratch"
    scratch.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", scratch],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a file system here")
    try:
        cluster.add_worker(TMPDIR=str(scratch))
        run = command("-o", place / "out.vcf", "--executor", cluster.location, "--part-size", "400")
        err = run.communicate()[1]
    finally:
        subprocess.run(["umount", "-l", scratch], check=True)
    assert run.returncode == 1
    assert "No space left on device" in err
    assert "on the Dask worker tcp://" in err
    assert err.count("\n") == 1
    assert not (place / "out.vcf").exists()


@pytest.mark.slow
@pytest.mark.fault("clusters", "a worker without the FASTA, with another model, another regplug")
def test_a_worker_that_differs(place, cluster):
    cluster.add_worker()
    card = read_card(place / "models" / "gc")
    asked = {"gc": FieldOptions(("T0",))}
    files = Files(place / "genome.fa", "", str(place / "models"), "")
    with regplug.open_model("gc", repo=str(place / "models")) as model:
        settings = settings_of(
            [model], asked, Plan("", (), [card]), [VcfText], files, BackendOptions(), force=False
        )
    vcf = (place / "in.vcf").read_bytes()
    with closing(dask.regplug_open_executor(cluster.location)) as executor:
        (part,) = executor.run(score_part, [Job(0, vcf, settings)])
        told = msgspec.json.decode(part.told, type=Counts)
        assert (told.records, told.alts) == (400, 400)
        for change, error, words in (
            ({"fasta": str(place / "none.fa")}, GenomeError, "no FASTA at .*none.fa"),
            ({"fai": "0" * 64}, GenomeError, "another FASTA than that of the run"),
            ({"models": {"gc": ("2", card.sha256)}}, ModelError, "version 1 .* is 2"),
            ({"models": {"gc": ("1", "f" * 64)}}, ModelError, "give all workers the same models"),
            ({"regplug": "0.0.1"}, PluginError, "that of the run 0.0.1"),
        ):
            job = Job(0, vcf, msgspec.structs.replace(settings, **change))
            with pytest.raises(error, match=f"{words}.*on the Dask worker tcp://"):
                list(executor.run(score_part, [job]))


@pytest.mark.slow
def test_local_workers_and_a_file(place, command, whole):
    out = place / "out.vcf"
    run = command("-o", out, "--executor", "dask:local:2")
    assert (run.communicate()[1], run.returncode) == ("", 0)
    assert records(out) == whole
    out.unlink()
    (place / "cluster.toml").write_text(
        'cluster = "distributed.LocalCluster"\nworkers = 2\n[options]\nn_workers = 0\n'
        "threads_per_worker = 1\ndashboard_address = ':0'\n"
    )
    run = command("-o", out, "--executor", f"dask:{place / 'cluster.toml'}")
    run.communicate()
    assert run.returncode == 0
    assert records(out) == whole


SUBMIT = """#!/bin/sh
# As a batch system does: take a script, from a file or standard input, and tell the job's number.
script=$(mktemp "$JOBS/job.XXXXXX")
cat "$@" > "$script"
setsid sh "$script" > "$script.log" 2>&1 < /dev/null &
echo "Submitted batch job $!"
"""
CANCEL = """#!/bin/sh
kill -- "-$1"
echo "$1" >> "$JOBS/cancelled"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "submit", "cancel"),
    [
        ("SLURM", "sbatch", "scancel"),
        pytest.param("PBS", "qsub", "qdel", marks=pytest.mark.nightly),
        pytest.param("SGE", "qsub", "qdel", marks=pytest.mark.nightly),
        pytest.param("LSF", "bsub", "bkill", marks=pytest.mark.nightly),
    ],
)
@pytest.mark.fault("clusters", "dask-jobqueue's jobs (sbatch, qsub, bsub stood in for): the same")
def test_a_batch_system(place, command, whole, monkeypatch, system, submit, cancel):
    """dask-jobqueue submits job scripts, whose workers join; at the end it cancels them."""
    pytest.importorskip("dask_jobqueue")
    for folder in ("bin", "jobs"):
        (place / folder).mkdir()
    for name, script in ((submit, SUBMIT), (cancel, CANCEL)):
        (place / "bin" / name).write_text(script)
        (place / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("JOBS", str(place / "jobs"))
    (place / "cluster.toml").write_text(
        f'cluster = "dask_jobqueue.{system}Cluster"\nworkers = 2\n[options]\ncores = 1\n'
        f'memory = "1GB"\nwalltime = "00:10"\nlocal_directory = "{place}"\n'
        'scheduler_options = {dashboard_address = ":0"}\n'
    )
    run = command("-o", place / "out.vcf", "--executor", f"dask:{place / 'cluster.toml'}")
    err = run.communicate()[1]
    assert run.returncode == 0, err
    assert records(place / "out.vcf") == whole
    scripts = [path.read_text() for path in (place / "jobs").glob("job.??????")]
    assert len(scripts) == 2
    assert all(
        "dask_worker tcp://" in script or "dask worker tcp://" in script for script in scripts
    )
    assert len((place / "jobs" / "cancelled").read_text().split()) == 2


@pytest.mark.slow
def test_nobody_answers():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(ExecutorError, match=f"no Dask scheduler answers at tcp://.*:{port}"):
            dask.regplug_open_executor(f"dask://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"cluster = ", "cannot be read"),
        (b"cluster = \xff", "cannot be read"),
        (b"workers = 2", 'cluster is such as "dask_jobqueue.SLURMCluster", not None'),
        (b'cluster = "os.system"', "not 'os.system'"),
        (b'cluster = "distributed.LocalCluster"\nworkers = 0', "workers is a number"),
        (b'cluster = "distributed.LocalCluster"\noptions = 1', "workers is a number"),
        (b'cluster = "distributed.NoCluster"', "cannot be made so"),
        (b'cluster = "dask_kubernetes.KubeCluster"', "pip install dask_kubernetes"),
        (b'cluster = "distributed.LocalCluster"\nqueue = "q"', "what is queue"),
    ],
)
def test_files_that_do_not_do(tmp_path, content, words):
    file = tmp_path / "c.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        dask.regplug_open_executor(f"dask:{file}")


@pytest.mark.parametrize(
    "location", ["dask:", "dask:here", "dask:local:", "dask:local:0", "dask:local:x"]
)
def test_locations_that_do_not_do(location):
    with pytest.raises(ConfigError, match="For Dask write dask:local"):
        dask.regplug_open_executor(location)
    assert dask.regplug_open_executor("sequential") is None
