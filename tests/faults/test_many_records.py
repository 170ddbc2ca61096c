"""Five million records through a pipe: each comes out with its score, and memory stays flat.

So it does with the genotypes of 2,504 samples, which come out as they went in.
"""

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from regplug.genome.fasta import Genome
from tests.toy_genomes import VCF_COLUMNS, random_letters, vcf_text, write_fasta

OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
# ALT - REF of the toy model `centre`, which reads A C G T as 1 2 4 8.
CHANGE = {"A": "1", "C": "2", "G": "4", "T": "-7"}
FLAT = 16  # MB by which memory may grow from a fifth of the run to its end


def resident(pid):
    """Return the memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@pytest.mark.fault("many records", "all of them with their scores, and memory that stays flat")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("records", "samples"),
    [
        pytest.param(100_000, 0, marks=pytest.mark.slow),
        pytest.param(40_000, 2504, marks=pytest.mark.slow),
        pytest.param(5_000_000, 0, marks=pytest.mark.nightly),
        pytest.param(400_000, 2504, marks=pytest.mark.nightly),
    ],
)
def test_memory_is_flat(tmp_path, toy_repo, tried, records, samples):
    letters = random_letters(records + 100, seed=1)
    fasta = write_fasta(tmp_path / "genome.fa", {"chr1": letters})
    Genome(fasta).close()
    command = [
        *(sys.executable, "-m", "regplug", "annotate", "-", "--fasta", fasta, "--model", "centre"),
        *("--model-repo", toy_repo, "--threads", "1", "--quiet", "--targets", "T0"),
    ]

    names = "".join(f"\ts{number}" for number in range(samples))
    genotypes = "\tGT" + "\t0|0\t1|0" * (samples // 2) if samples else ""
    columns = [f"{VCF_COLUMNS}\tFORMAT{names}"] if samples else []

    def feed(pipe):
        with suppress(BrokenPipeError), pipe:
            pipe.write(vcf_text([], {"chr1": letters}, columns))
            for pos in range(51, records + 51):
                base = letters[pos - 1]
                pipe.write(f"chr1\t{pos}\t.\t{base}\t{OTHER[base]}\t.\t.\t.{genotypes}\n")

    memory = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1 << 16
    ) as process:
        threading.Thread(target=feed, args=(process.stdin,), daemon=True).start()
        pos = 50
        for line in process.stdout:
            if line.startswith("#"):
                continue
            pos += 1
            base = letters[pos - 1]
            start = f"chr1\t{pos}\t.\t{base}\t{OTHER[base]}\t.\t.\tRP_STATUS=ok;"
            assert line.startswith(start), line
            assert f";RP_CENTRE_T0={CHANGE[base]};" in line, line
            assert line.endswith(f"{genotypes}\n")
            if pos % (records // 20) == 0:
                memory.append(resident(process.pid))
        assert process.wait(timeout=60) == 0
    assert pos == records + 50
    early, late = memory[len(memory) // 5], max(memory[len(memory) // 5 :])
    what = f"{records:,} records of {samples:,} samples"
    sys.stdout.write(f"{what}: {early:.0f} MB after a fifth, {late:.0f} MB at most")
    assert late - early < FLAT
    tried(records)
