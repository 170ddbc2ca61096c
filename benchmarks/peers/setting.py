"""What the programs are given: a genome, SNVs at three densities, networks of random weights."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam

from benchmarks.variants_fast import written
from benchmarks.variants_fast_networks import basset
from regplug.genome.codes import decode
from regplug.models.export import random_codes

WINDOW = 600
DENSITIES = {"dense": 4, "1000 Genomes": 40, "sparse": 2000}  # bases per SNV
MARGIN = 3000  # bases before the first SNV and behind the last, more than any window


def write_setting(folder: Path, counts: dict[str, int]) -> None:
    """Write genome, VCFs `DENSITY.vcf` of `counts` SNVs, and the repository `models`."""
    longest = max(counts[name] * every for name, every in DENSITIES.items())
    codes = random_codes(np.random.default_rng(0), 1, longest + 2 * MARGIN)[0]
    (folder / "genome.fa").write_text(f">chr1\n{decode(codes)}\n")
    pysam.faidx(str(folder / "genome.fa"))
    (folder / "genome.fa.sizes").write_text(f"chr1\t{len(codes)}\n")  # gReLU reads it
    for name, every in DENSITIES.items():
        _write_snvs(folder / f"{name}.vcf", codes, counts[name], every)
    written(folder / "models", "basset", basset())


def _write_snvs(path: Path, codes: np.ndarray, count: int, every: int) -> None:
    rng = np.random.default_rng(every)
    places = MARGIN + np.sort(rng.choice(count * every, count, replace=False))
    with path.open("w") as vcf:
        vcf.write(f"##fileformat=VCFv4.3\n##contig=<ID=chr1,length={len(codes)}>\n")
        vcf.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for at, step in zip(places, rng.integers(1, 4, count), strict=True):
            ref, alt = "ACGT"[codes[at]], "ACGT"[(codes[at] + step) % 4]
            vcf.write(f"chr1\t{at + 1}\t.\t{ref}\t{alt}\t.\t.\t.\n")


def write_bpnet(folder: Path) -> None:
    """Write a BPNet of ChromBPNet's size as bpnet-lite has it, and import it into `models`."""
    import torch
    from bpnetlite.bpnet import BPNet

    torch.manual_seed(0)
    network = BPNet(n_filters=512, n_layers=8, n_control_tracks=0)
    torch.save(network.state_dict(), folder / "bpnet.pt")
    command = [sys.executable, "-m", "regplug", "models", "import", "bpnet"]
    command += [str(folder / "bpnet.pt"), "--name", "bpnet", "--license", "none", "--snvs", "2"]
    subprocess.run([*command, "-o", str(folder / "models")], check=True, stdout=subprocess.DEVNULL)
