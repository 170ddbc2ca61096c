"""TrackSet ─assembly_of→ the name by which genome browsers know its coordinates."""

from regplug.genome.fasta import Genome
from regplug.hooks.track_writer import TrackSet

SAME = {"grch37": "hg19", "b37": "hg19", "hs37d5": "hg19", "grch38": "hg38"}
SAME |= {"grcm38": "mm10", "grcm39": "mm39", "grcz10": "danRer10", "grcz11": "danRer11"}
SAME |= {"rnor_6.0": "rn6", "mratbn7.2": "rn7", "bdgp6": "dm6", "wbcel235": "ce11"}
SAME |= {"r64-1-1": "sacCer3", "r64": "sacCer3"}
IGV_HAS = {"hg18", "hg19", "hg38", "mm9", "mm10", "mm39", "rn6", "rn7", "danRer10", "danRer11"}
IGV_HAS |= {"dm3", "dm6", "ce10", "ce11", "sacCer3"}
SAME |= {name.lower(): name for name in IGV_HAS}

HUMAN = [*(f"chr{number}" for number in range(1, 23)), "chrX", "chrY"]
YEAST = [
    "chrI", "chrII", "chrIII", "chrIV", "chrV", "chrVI", "chrVII", "chrVIII",
    "chrIX", "chrX", "chrXI", "chrXII", "chrXIII", "chrXIV", "chrXV", "chrXVI",
]  # fmt: skip
# Lengths of those in bases, by which an assembly is recognised.
LENGTHS = {
    "hg19": [
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
        141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
        81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566,
    ],
    "hg38": [
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
        138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
        83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415,
    ],
    "sacCer3": [
        230218, 813184, 316620, 1531933, 576874, 270161, 1090940, 562643,
        439888, 745751, 666816, 1078177, 924431, 784333, 1091291, 948066,
    ],
}  # fmt: skip
CHROMOSOMES = {"hg19": HUMAN, "hg38": HUMAN, "sacCer3": YEAST}


def assembly_of(made: TrackSet) -> str | None:
    """Return the assembly as UCSC and IGV call it, or None if it is not known.

    The name that the user or the VCF gives counts, unless the FASTA's lengths contradict it.
    """
    given = SAME.get((made.assembly or "").lower(), made.assembly or None)
    if given in LENGTHS and _has_lengths_of(made.genome, given) is False:
        given = None
    return given or next((name for name in LENGTHS if _has_lengths_of(made.genome, name)), None)


def _has_lengths_of(genome: Genome, name: str) -> bool | None:
    """Tell whether the FASTA's chromosomes have the lengths in assembly `name`.

    None if it has none of the chromosomes.
    """
    same = [
        genome.lengths[contig] == length
        for chrom, length in zip(CHROMOSOMES[name], LENGTHS[name], strict=True)
        if (contig := genome.contig(chrom)) is not None
    ]
    return all(same) if same else None
