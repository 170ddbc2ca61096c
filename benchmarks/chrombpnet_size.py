"""A random network of ChromBPNet's size, from its .h5 to VCF, bigWig, page and Triton.

    python -m benchmarks.chrombpnet_size --fasta FASTA --vcf VCF --region CHR:FROM-TO -o FOLDER

The commands are those of docs/bpnet.md, each in a process of its own, whose processor time and
largest memory are printed. What they wrote is compared with bpnet-lite's own reading of the file,
window by window (strands joined as the card says), and the server's with this process'. The page
is photographed where Chromium is. FOLDER must be new, and is kept.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from shutil import which

import cyvcf2
import numpy as np
import pyBigWig

from benchmarks.chrombpnet_truth import NAME, SCORES, SIZES, Asked, BpnetLite, Off, tags, truth
from regplug.models.server import local_server, serving
from regplug.vcf.records import VariantReader, variants_of
from tests.plugins.bpnet.toys import write_chrombpnet
from tests.plugins.browser.chromium import Chromium


def main() -> None:
    """Run, and print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--fasta", type=Path, required=True)
    parser.add_argument("--vcf", type=Path, required=True, help="of SNVs and indels")
    parser.add_argument("--region", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--filters", type=int, default=SIZES["filters"])
    parser.add_argument("--snvs", type=int, default=300, help="of the import")
    options = parser.parse_args()
    asked = Asked(options.fasta, options.vcf, options.region)
    made(asked, options.output, filters=options.filters, snvs=options.snvs)


def made(asked: Asked, folder: Path, *, filters: int = SIZES["filters"], snvs: int) -> Off:
    """Make the model and all outputs in a new folder, compare them, and return the differences."""
    folder.mkdir(parents=True)
    file, repo = folder / "chrombpnet_nobias.h5", folder / "my_models"
    write_chrombpnet(file, **(SIZES | {"filters": filters}), seed=0)
    more = ("--snvs", snvs, "--threads", 1)
    run("models", "import", "bpnet", file, "--name", NAME, "-o", repo, *more)
    run("models", "verify", "--model-repo", repo)
    given = ("--fasta", asked.fasta, "--threads", 1)
    here = outputs(folder / "here", asked, given, repo)
    model = ("--model", NAME, "--model-repo", repo)
    run("explain", first_variant(asked.vcf), *model, *given, "-o", folder / "explained")
    photograph(here["around"] / "page.html", folder)
    off = Off()
    if local_server():
        server(folder / "served", asked, repo, here, off, page=False)
        run("models", "variants", NAME, "--model-repo", repo)
        server(folder / "served_together", asked, repo, here, off, page=True)
    truth(BpnetLite(file), here, asked, off)  # last: a process has its parent's largest memory
    return off


def outputs(
    folder: Path,
    asked: Asked,
    given: Sequence[object],
    repo: object,
    *,
    page: bool = True,
) -> Mapping[str, Path]:
    """Annotate, and write tracks of the region and around the variants; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    model = ("--model", NAME, "--model-repo", repo)
    tags = ("--all-targets", "--scores", ",".join(SCORES))
    run("annotate", asked.vcf, *model, *given, *tags, "-o", folder / "out.vcf")
    run("track", "--regions", asked.region, *model, *given, "-o", folder / "region")
    more = ("--page",) if page else ()
    run("track", "--vcf", asked.vcf, *model, *given, "-o", folder / "around", *more)
    return {"vcf": folder / "out.vcf", "region": folder / "region", "around": folder / "around"}


def run(*words: object) -> None:
    """Run regplug, and print processor time, largest memory and the command."""
    command = [sys.executable, "-m", "regplug", *map(str, words)]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr
    with process.stderr as errors:
        said = errors.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command)}: {said}")
    shown = " ".join(Path(word).name if isinstance(word, Path) else str(word) for word in words)
    seconds = used.ru_utime + used.ru_stime
    print(
        f"{seconds:7.1f} s of CPU {time.monotonic() - began:7.1f} s {used.ru_maxrss >> 10:6} MiB  "
        f"{shown}",
        flush=True,
    )


def first_variant(vcf: Path) -> str:
    """Return the first variant of a file, as `regplug explain` takes it."""
    with closing(VariantReader(str(vcf))) as reader:
        one = variants_of(next(iter(reader)))[0]
    return f"{one.chrom}:{one.pos}:{one.ref}:{one.alt}"


def photograph(page: Path, folder: Path) -> None:
    """Photograph a page, where there is a Chromium."""
    if which("chromium") is None:
        return
    with Chromium(folder / "profile", height=1300) as chromium:
        chromium.open(page.as_uri())
        chromium.until("document.body?.dataset.ready")
        chromium.photograph(folder / "page.png")
        assert not chromium.problems, chromium.problems
    print(f"page: {page.stat().st_size / 1e6:.1f} MB")


def server(
    folder: Path, asked: Asked, repo: Path, here: Mapping[str, Path], off: Off, *, page: bool
) -> None:
    """Do the same by the real server, by either protocol, and compare; a page by gRPC alone."""
    with serving(repo) as running:
        for url in (running.grpc, running.http):
            protocol = url.partition(":")[0]
            paged = page and protocol == "grpc"
            there = outputs(folder / protocol, asked, ("--fasta", asked.fasta), url, page=paged)
            print(f"the server, so far: {spent(running.process.pid)}", flush=True)
            what = f"{folder.name}, {protocol}"
            pairs = zip(*(_rows(made["vcf"]) for made in (here, there)), strict=True)
            apart = [
                abs(a - b) for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True)
            ]
            off.note(f"{what}, VCF", max(apart), f"{len(apart)} scores")
            for kind in ("region", "around"):
                for path in sorted(here[kind].glob("*.bw")):
                    difference, bases = _between(path, there[kind] / path.name)
                    off.note(
                        f"{what}, {kind}/{path.name}", difference, f"the largest of {bases} bases"
                    )


def _rows(vcf: Path) -> list[list[float]]:
    rows = [row for record in cyvcf2.VCF(str(vcf)) for row in tags(record)]
    return [[value for value in row.values() if value is not None] for row in rows]


def spent(server_pid: int) -> str:
    """Return the processor time of a server and its processes, and the most memory of one."""
    seconds, most, ids = 0.0, 0, [server_pid]
    for pid in ids:
        place = Path(f"/proc/{pid}")
        for task in place.glob("task/*/children"):
            ids += map(int, task.read_text().split())
        times = (place / "stat").read_text().rpartition(")")[2].split()[11:13]
        seconds += sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        lines = (place / "status").read_text().splitlines()
        most = max([most, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))])
    return f"{seconds:.1f} s of CPU, {most >> 10} MiB"


def _between(ours: Path, theirs: Path) -> tuple[float, int]:
    """Return the largest difference of two bigWigs, of the largest value, and of how many bases."""
    files = [pyBigWig.open(str(path)) for path in (ours, theirs)]
    worst, bases = 0.0, 0
    for contig in files[0].chroms():
        spans = [file.intervals(contig) or () for file in files]
        assert len(spans[0]) == len(spans[1])
        if spans[0]:
            mine, other = (np.array(of) for of in spans)
            assert (mine[:, :2] == other[:, :2]).all()
            bases += int((mine[:, 1] - mine[:, 0]).sum())
            worst = max(worst, abs(mine[:, 2] - other[:, 2]).max() / abs(mine[:, 2]).max())
    for file in files:
        file.close()
    return worst, bases


if __name__ == "__main__":
    main()
