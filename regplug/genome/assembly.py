"""A FASTA's contigs ─organism_of→ whose genome it is; check_organism: does it suit the models?

Lengths are those that UCSC lists; of assemblies that only tell an organism, of three contigs or so.
"""

from collections.abc import Mapping
from typing import NamedTuple

from regplug.errors import GenomeError
from regplug.genome.fasta import Genome

SAME = {"ncbi36": "hg18", "grch37": "hg19", "b37": "hg19", "hs37d5": "hg19", "grch38": "hg38"}
SAME |= {"grcm38": "mm10", "grcm39": "mm39", "grcz10": "danRer10", "grcz11": "danRer11"}
SAME |= {"rnor_6.0": "rn6", "mratbn7.2": "rn7", "bdgp6": "dm6", "wbcel235": "ce11"}
SAME |= {"r64-1-1": "sacCer3", "r64": "sacCer3", "t2t-chm13v2.0": "hs1", "chm13v2.0": "hs1"}

ORGANISMS = {
    "human": ("hg18", "hg19", "hg38", "hs1"),
    "mouse": ("mm9", "mm10", "mm39"),
    "rat": ("rn6", "rn7"),
    "zebrafish": ("danRer10", "danRer11"),
    "fruit fly": ("dm3", "dm6"),
    "worm": ("ce10", "ce11"),
    "yeast": ("sacCer3",),
}
SAME |= {name.lower(): name for names in ORGANISMS.values() for name in names}

_HUMAN = [*(f"chr{number}" for number in range(1, 23)), "chrX", "chrY"]
_YEAST = [
    "chrI", "chrII", "chrIII", "chrIV", "chrV", "chrVI", "chrVII", "chrVIII",
    "chrIX", "chrX", "chrXI", "chrXII", "chrXIII", "chrXIV", "chrXV", "chrXVI",
]  # fmt: skip
# All chromosomes of these, without the mitochondrion: by their lengths an assembly is recognised.
LENGTHS = {
    "hg19": dict(zip(_HUMAN, [
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
        141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
        81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566,
    ], strict=True)),
    "hg38": dict(zip(_HUMAN, [
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
        138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
        83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415,
    ], strict=True)),
    "sacCer3": dict(zip(_YEAST, [
        230218, 813184, 316620, 1531933, 576874, 270161, 1090940, 562643,
        439888, 745751, 666816, 1078177, 924431, 784333, 1091291, 948066,
    ], strict=True)),
}  # fmt: skip
_SOME_LENGTHS = LENGTHS | {
    "hg18": {"chr1": 247249719, "chr2": 242951149, "chr20": 62435964, "chrX": 154913754},
    "hs1": {"chr1": 248387328, "chr2": 242696752, "chr3": 201105948, "chrX": 154259566},
    "mm10": {"chr1": 195471971, "chr2": 182113224, "chr3": 160039680},
    "mm39": {"chr1": 195154279, "chr2": 181755017, "chr3": 159745316},
    "rn6": {"chr1": 282763074, "chr2": 266435125, "chr3": 177699992},
    "rn7": {"chr1": 260522016, "chr2": 249053267, "chr3": 169034231},
    "danRer11": {"chr1": 59578282, "chr2": 59640629, "chr3": 62628489},
    "dm3": {"chr2L": 23011544, "chr2R": 21146708, "chr3L": 24543557, "chr3R": 27905053},
    "dm6": {"chr2L": 23513712, "chr2R": 25286936, "chr3L": 28110227, "chr3R": 32079331},
    "ce11": {"chrI": 15072434, "chrII": 15279421, "chrIII": 13783801, "chrX": 17718942},
}


class Recognised(NamedTuple):
    """Whose genome a FASTA is, and the contig that tells."""

    organism: str
    assembly: str
    contig: str  # as the FASTA calls it


def called(assembly: str) -> str:
    """Return an assembly's name as UCSC has it; one that is not known stays as it is."""
    return SAME.get(assembly.strip().lower(), assembly.strip())


def organisms_named(assemblies: str) -> set[str]:
    """Return the organisms of assemblies in a text such as `hg19, hg38`; of unknown ones none."""
    names = set(map(called, assemblies.split(",")))
    return {organism for organism, theirs in ORGANISMS.items() if not names.isdisjoint(theirs)}


def organism_of(lengths: Mapping[str, int]) -> Recognised | None:
    """Return whose genome a FASTA is: that of which it has a contig by name and length.

    None where it has none that is known, or of several organisms (a genome with spike-ins).

    Args:
        lengths: contig, with or without chr → its length in bases.
    """
    found: dict[str, Recognised] = {}
    for organism, assemblies in ORGANISMS.items():
        for assembly in assemblies:
            for chrom, length in _SOME_LENGTHS.get(assembly, {}).items():
                for contig in (chrom, chrom.removeprefix("chr")):
                    if lengths.get(contig) == length:
                        found.setdefault(organism, Recognised(organism, assembly, contig))
    return next(iter(found.values())) if len(found) == 1 else None


def check_organism(genome: Genome, trained_on: Mapping[str, str]) -> None:
    """Check that no model was trained on another organism than the FASTA's.

    Assemblies of one organism are not told apart: a model reads bases, not coordinates. A model
    of no known assembly, and a FASTA of no known organism, are let pass.

    Args:
        genome: that is to be scored.
        trained_on: model → the assembly of its training data, as its card has it.

    Raises:
        GenomeError: a model was; the message names it, both organisms and the contig that tells.
    """
    found = organism_of(genome.lengths)
    for model, assemblies in trained_on.items():
        organisms = organisms_named(assemblies)
        if found and organisms and found.organism not in organisms:
            raise GenomeError(
                f"{model} was trained on {' and '.join(sorted(organisms))} ({assemblies}), and "
                f"{genome.path} is of {found.organism}: its {found.contig} is as long as that of "
                f"{found.assembly}. Name a model of {found.organism} with --model (regplug models "
                "list), or --force to go on"
            )
