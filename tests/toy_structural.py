"""Records of symbolic alleles and breakends, most of them sound, drawn at random."""

from random import Random

HEADER = [
    '##INFO=<ID=END,Number=1,Type=Integer,Description="x">',
    '##INFO=<ID=SVLEN,Number=.,Type=Integer,Description="x">',
    '##INFO=<ID=CIPOS,Number=2,Type=Integer,Description="x">',
    '##INFO=<ID=HOMLEN,Number=1,Type=Integer,Description="x">',
    '##INFO=<ID=IMPRECISE,Number=0,Type=Flag,Description="x">',
    *(
        f'##INFO=<ID={tag},Number=1,Type=String,Description="x">'
        for tag in ("SEQ", "SVINSSEQ", "LEFT_SVINSSEQ", "RIGHT_SVINSSEQ", "SVTYPE")
    ),
]
SYMBOLS = ["<DEL>", "<DEL>", "<DEL:ME:ALU>", "<DUP>", "<DUP:TANDEM>", "<INV>", "<INS>", "<INS:ME>"]


def structural_record(random: Random, chrom: str, contig: str) -> tuple[int, str, list[str], str]:
    """Return POS, REF, an ALT and INFO."""
    pos = random.randint(1, len(contig))
    pos = random.choice([1, len(contig)]) if random.random() > 0.8 else pos
    ref = contig[pos - 1 : pos - 1 + random.choice([1, 1, 1, 1, 3])]
    ref = "N" * len(ref) if random.random() < 0.2 else ref
    info = {"SVTYPE": "BND"}
    if random.random() < 0.5:
        alt = _breakend(random, chrom, contig, ref)
    else:
        alt = random.choice(SYMBOLS)
        info |= _span(random, pos, len(contig)) if not alt.startswith("<INS") else _put_in(random)
    if random.random() < 0.1:
        low, high = -random.randint(0, 3), random.randint(0, 3)
        info |= {"CIPOS": f"{low},{high}", "HOMLEN": str(random.randint(0, 2))}
    if random.random() < 0.03:
        info["IMPRECISE"] = ""
    return pos, ref, [alt], ";".join(f"{tag}={text}".rstrip("=") for tag, text in info.items())


def _breakend(random: Random, chrom: str, contig: str, ref: str) -> str:
    mate = random.randint(1, len(contig))
    mate = random.choice([0, len(contig) + 1]) if random.random() > 0.9 else mate
    place = f"{random.choice([chrom] * 9 + ['chr9'])}:{mate}"
    put = "".join(random.choices("ACGT", k=random.choice([0, 0, 0, 1, 4, 25])))
    own = random.choice([ref] * 4 + ["A"])
    bracket = random.choice("[]")
    joined = f"{bracket}{place}{bracket}"
    return own + put + joined if random.random() < 0.5 else joined + put + own


def _span(random: Random, pos: int, length: int) -> dict[str, str]:
    """Return END, SVLEN or both, of which few are wrong."""
    end = random.choice([random.randint(pos, max(pos, length)), min(pos + 4, length)])
    end += random.choice([0] * 18 + [-3, length])
    size = (end - pos) * random.choice([1, -1])
    told = random.choice([("END",), ("SVLEN",), ("END", "SVLEN"), ("END", "SVLEN"), ()])
    info = {tag: str(number) for tag, number in (("END", end), ("SVLEN", size)) if tag in told}
    if len(info) == 2 and random.random() < 0.05:
        info["SVLEN"] = str(size + 1)
    if random.random() < 0.1:
        info["SVINSSEQ"] = "".join(random.choices("ACGTn", k=5))
    return info


def _put_in(random: Random) -> dict[str, str]:
    """Return the letters of an insertion, all of them, or those at its ends, or none."""
    letters = "".join(random.choices("ACGT", k=random.choice([1, 4, 9, 10, 30, 60])))
    letters += random.choice([""] * 9 + ["N"])
    length = random.choice([{}, {"SVLEN": str(len(letters))}, {"SVLEN": str(len(letters) + 3)}])
    return random.choice(
        [
            {"SEQ": letters} | length,
            {"SVINSSEQ": letters},
            {"LEFT_SVINSSEQ": letters, "RIGHT_SVINSSEQ": letters[::-1]},
            {"LEFT_SVINSSEQ": letters, "RIGHT_SVINSSEQ": letters, "SVLEN": str(3 * len(letters))},
            {"LEFT_SVINSSEQ": letters},
            {},
        ]
    )
