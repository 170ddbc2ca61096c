"""What a fuzzed file is read beside: a genome, models, and sound files of every kind."""

import gzip
import io
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyBigWig
import pysam
import pysam.bcftools

from tests.toy_genomes import random_letters, vcf_text, write_fasta
from tests.toy_models import centre_model, position_model

CONTIGS = {"chr1": random_letters(400, seed=1) + "NNN", "chr2": random_letters(150, seed=2).lower()}
HEADER = [
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency, of ALT">',
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">',
    '##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="Length">',
    '##INFO=<ID=CIPOS,Number=2,Type=Integer,Description="Unsure">',
    '##INFO=<ID=LEFT_SVINSSEQ,Number=.,Type=String,Description="Letters">',
    '##INFO=<ID=RIGHT_SVINSSEQ,Number=.,Type=String,Description="Letters">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FILTER=<ID=q10,Description="low">',
    '##ALT=<ID=DEL,Description="Deletion">',
    "##reference=file:///nowhere.fa",
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1",
]
GTF = (
    '#!genome\nchr1\tx\tgene\t10\t200\t.\t+\t.\tgene_id "A";\n'
    'chr1\tx\ttranscript\t10\t180\t.\t+\t.\tgene_id "A";\nchr2\tx\tgene\t5\t99\t.\t-\t.\tid\n'
)
GFF3 = (
    "##gff-version 3\nchr1\tx\tgene\t10\t200\t.\t+\t.\tID=g1;Name=A%3BB;biotype=x\n"
    "chr1\tx\tmRNA\t10\t180\t.\t+\t.\tID=t1;Parent=g1\nchr2\tx\tgene\t5\t99\t.\t-\t.\tID=g2\n###\n"
)
BED12 = (
    "chr1\t9\t200\tA\t0\t+\t20\t180\t0\t2\t50,60,\t0,131,\n"
    "chr2\t4\t99\tB\t0\t-\t4\t99\t0\t1\t95\t0\n"
)
REGIONS = "chr1\t10\t60\nchr2\t1\t30\n"
BED = "track name=x\nchr1\t10\t60\tone\t0\t+\n#\nchr2\t0\t30\ttwo\t7\t-\n"
MEME = """MEME version 5

ALPHABET= ACGT

strands: + -

MOTIF M1 CTCF
letter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0
 0.25 0.25 0.25 0.25
 0.7 0.1 0.1 0.1
 0 0 1 0
"""
PARAMETERS = """# deepbind 0.1
reverse_complement = 1
num_detectors = 2
detector_len = 1
has_avg_pooling = 0
num_hidden = 0
detectors = 1,2,3,4,5,6,7,8
thresholds = -1,-2
weights1 = 10,20
biases1 = 0.5
weights2 =
biases2 =
"""
INDEX = (
    "# DeepBind\nID\tProtein\tType\tSpecies\tFamily\tClass\tExperiment\tExperiment Details\t"
    "Model\tCite\tLabels\tPath\tComment\nD00001.001\tCTCF\tTF\tHomo sapiens\tC2H2\tZnf\tChIP\t"
    "x\t\t\t\t\t\n"
)


class World(NamedTuple):
    """The folder of all that is sound."""

    folder: Path

    def path(self, name: str) -> str:
        """Return the path of a file."""
        return str(self.folder / name)

    def read(self, name: str) -> bytes:
        """Return its bytes."""
        return (self.folder / name).read_bytes()


def make_world(folder: Path) -> World:
    """Write it all into `folder`, which exists and is empty."""
    world = World(folder)
    _genome(world)
    _variants(world)
    models = folder / "models"
    position_model(models)
    centre_model(models, "rna", strand="forward")
    (folder / "genes.gtf").write_text(GTF)
    (folder / "regions.bed").write_text(BED)
    with pyBigWig.open(world.path("signal.bw"), "w") as file:
        file.addHeader([(name, len(letters)) for name, letters in CONTIGS.items()])
        file.addEntries("chr1", list(range(0, 300, 3)), values=[0.5] * 100, span=2)
    return world


def bgzipped(data: bytes, folder: Path) -> bytes:
    """Return `data` as bgzip packs it."""
    path = folder / "packed.gz"
    with pysam.BGZFile(str(path), "wb") as file:
        file.write(data)
    packed = path.read_bytes()
    path.unlink()
    return packed


def npy(array: np.ndarray) -> bytes:
    """Return an array as a .npy file."""
    raw = io.BytesIO()
    np.save(raw, array, allow_pickle=False)
    return raw.getvalue()


def unpacked(data: bytes) -> bytes:
    """Return what a gzip or BGZF file holds."""
    return gzip.decompress(data)


def _genome(world: World) -> None:
    write_fasta(world.folder / "genome.fa", CONTIGS)
    pysam.faidx(world.path("genome.fa"))
    packed = world.folder / "genome.fa.gz"
    packed.write_bytes(bgzipped(world.read("genome.fa"), world.folder))
    pysam.faidx(str(packed))


def _variants(world: World) -> None:
    rows = []
    for number, pos in enumerate(range(5, 380, 25)):
        ref = CONTIGS["chr1"][pos - 1 : pos + 1]
        alts = ["A,C", ref + "G", "<DEL>", "*", "<INS>", ".", ref[0] + "N", ref[0] + "]chr2:9]"]
        alt = [*alts, f"{ref[0]}]chr1:150]", "<INV>"][number % 10]
        info = "AF=" + ",".join(["0.5"] * len(alt.split(",")))
        info += f";END={pos + 40};SVLEN=40;CIPOS=0,0" if alt in ("<DEL>", "<INV>") else ""
        info += ";LEFT_SVINSSEQ=ACGT;RIGHT_SVINSSEQ=GATTACA" if alt == "<INS>" else ""
        rows.append(f"chr1 {pos} rs{number} {ref} {alt} 30 PASS {info} GT 0/1")
    text = vcf_text(rows, CONTIGS, HEADER)
    (world.folder / "in.vcf").write_text(text)
    pysam.tabix_compress(world.path("in.vcf"), world.path("in.vcf.gz"))
    pysam.tabix_index(world.path("in.vcf.gz"), preset="vcf")
    pysam.bcftools.view("-Ob", "-o", world.path("in.bcf"), world.path("in.vcf"), catch_stdout=False)
    pysam.bcftools.index(world.path("in.bcf"))
    shutil.copy(world.path("in.vcf.gz"), world.path("csi.vcf.gz"))
    pysam.tabix_index(world.path("csi.vcf.gz"), preset="vcf", csi=True)
