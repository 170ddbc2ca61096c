"""Seconds of CPU that whole commands take, the user's and the system's, the shortest of a few runs.

    python -m benchmarks.commands --rounds 3

Commands run in turns on the example, each in a process of its own; files that an interpreter or a
library keeps for later runs are there from the first round on.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
FASTA = ("--fasta", EXAMPLES / "example.hg38.fa.gz")
VCF, DEEPBIND = EXAMPLES / "variants.vcf", ("--model", "deepbind_encode")
COMMANDS = {
    "--version": ("--version",),
    "annotate, 2 default models": ("annotate", VCF, *FASTA, "-o", "out.vcf"),
    "explain": ("explain", "chr5:1295113:G:A", *DEEPBIND, *FASTA, "-o", "map"),
    "track --page, 2 targets": (
        *("track", *DEEPBIND, "--targets", "GABPA,SP1"),
        *("--vcf", VCF, *FASTA, "-o", "tracks", "--page"),
    ),
}


def main() -> None:
    """Print a line per command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            found[name].append(seconds(command))
    print(f"{'command':28}{'s of CPU':>10}")
    for name, times in found.items():
        print(f"{name:28}{min(times):10.2f}")


def seconds(command: tuple[str | Path, ...]) -> float:
    """Return the CPU time of one run in a folder of its own."""
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "regplug", *map(str, command)],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


if __name__ == "__main__":
    main()
