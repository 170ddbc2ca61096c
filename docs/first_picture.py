"""Draw what two variants do, base by base: docs/first_picture.png and docs/sort1.png.

python -m docs.first_picture
"""

import io
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pyBigWig
from PIL import Image

from regplug.files.colours import GREY, LOWERS, RAISES
from regplug.files.figures import DPI, drawing
from regplug.genome.fasta import Genome
from regplug.genome.variant import Variant
from regplug.hooks.manager import adapter_for, open_backend, plugin_manager
from regplug.interpret.explain.maps import explain_place
from regplug.interpret.explain.picture import Explained, draw_maps
from regplug.motifs.hits import best, find_hits
from regplug.motifs.matches import jaspar
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import BackendOptions
from regplug.scoring.model import Model

ROOT = Path(__file__).parent.parent
FASTA = ROOT / "examples/example.hg38.fa.gz"
MODEL, TARGET = "deepbind_encode", "GABPA"
VARIANT, NAME = Variant("chr5", 1_295_113, "G", "A"), "TERT C228T"
SORT1 = ("basset_dhs4", "HepG2", Variant("chr1", 109_274_968, "G", "T"), "SORT1 rs12740374")


def main(folder: Path) -> None:
    """Write the pictures to `folder`."""
    first_picture(folder / "first_picture.png")
    draw_map(folder / "sort1.png", *SORT1)
    with Image.open(folder / "sort1.png") as drawn:
        drawn.convert("RGB").quantize(256).save(folder / "sort1.png", optimize=True)


def first_picture(path: Path) -> None:
    """Draw TERT C228T, its map above its tracks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_map(folder / "map.png", MODEL, TARGET, VARIANT, NAME)
        make_tracks(folder)
        with Image.open(folder / "map.png") as above:
            above.load()
        with Image.open(draw_tracks(folder / "tracks", above.width)) as below:
            below.load()
    both = Image.new("RGB", (above.width, above.height + below.height), "white")
    both.paste(above, (0, 0))
    both.paste(below, (0, above.height))
    both.quantize(256).save(path, optimize=True)


def draw_map(path: Path, name: str, target: str, variant: Variant, title: str) -> None:
    """Draw the mutation map of a variant by the model `name`."""
    manager = plugin_manager()
    repository = str(ROOT / "model_repo")
    with (
        closing(open_backend(manager, repository, name, BackendOptions())) as backend,
        Genome(FASTA) as genome,
    ):
        model = Model(backend, adapter_for(manager, backend.card), FieldOptions())
        column = backend.card.labels.index(target)
        (found,) = explain_place(variant, model, genome, targets=[column], flank=30)
        hit = best(find_hits(genome, variant, jaspar().motifs), [target])
        draw_maps([Explained(backend.card, found, hit, title)], [path])


def make_tracks(folder: Path) -> None:
    """Write the variant's tracks to `folder`/tracks."""
    vcf = folder / "variant.vcf"
    vcf.write_text(
        f"##fileformat=VCFv4.3\n##contig=<ID={VARIANT.chrom}>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"{VARIANT.chrom}\t{VARIANT.pos}\t.\t{VARIANT.ref}\t{VARIANT.alt}\t.\t.\t.\n"
    )
    command = [sys.executable, "-m", "regplug", "track", "--model", MODEL, "--targets", TARGET]
    command += ["--vcf", str(vcf), "--fasta", str(FASTA), "-o", str(folder / "tracks")]
    subprocess.run([*command, "--model-repo", str(ROOT / "model_repo")], check=True)


def draw_tracks(folder: Path, pixels: int) -> io.BytesIO:
    """Return a PNG of the tracks in `folder`, so many pixels wide."""
    drawn = io.BytesIO()
    with drawing(pixels / DPI, 4.0) as figure:
        top, low = figure.subplots(2, 1, sharex=True)
        for kind, colour in (("ref", GREY), ("alt", LOWERS)):
            top.step(*read(folder, kind), where="mid", color=colour, label=kind.upper())
        at, values = read(folder, "difference")
        low.fill_between(at, values.clip(0), step="mid", color=RAISES, linewidth=0)
        low.fill_between(at, values.clip(None, 0), step="mid", color=LOWERS, linewidth=0)
        top.legend(ncols=2, loc="upper right")
        top.set_title(f"Tracks for IGV and UCSC: {TARGET}, the 101 bases around each")
        top.set_ylabel("score")
        low.set_ylabel("ALT − REF")
        low.ticklabel_format(useOffset=False, style="plain")
        low.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        low.set_xlabel(f"{VARIANT.chrom}, forward strand")
        for axis in (top, low):
            axis.axvline(VARIANT.pos, color="black", linewidth=0.8)
            axis.axhline(0, color="grey", linewidth=0.5)
        figure.savefig(drawn, format="png", dpi=DPI)
    return drawn


def read(folder: Path, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return positions, 1-based, and values of a track."""
    (path,) = folder.glob(f"*{kind}*.bw")
    with closing(pyBigWig.open(str(path))) as file:
        entries = file.intervals(VARIANT.chrom)
    return np.array([start + 1 for start, _, _ in entries]), np.array([e[2] for e in entries])


if __name__ == "__main__":
    main(ROOT / "docs")
