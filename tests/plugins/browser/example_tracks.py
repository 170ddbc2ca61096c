"""Tracks of deepbind_encode around four known variants, made without `regplug track`.

The FASTA is the example's, cut behind each locus: true coordinates, but no assembly's lengths, so
that a browser must read the FASTA and needs no network.
"""

from contextlib import closing
from pathlib import Path

import numpy as np
import pyBigWig

from regplug.backend import Backend, BackendOptions
from regplug.codes import decode, encode
from regplug.genome import Genome
from regplug.mutation_map import MutationMap
from regplug.plugins import open_backend, plugin_manager
from regplug.track_writer import TrackFile, TrackSet
from regplug.variant import Interval, Variant

ROOT = Path(__file__).parents[3]
FASTA = ROOT / "examples" / "example.hg38.fa.gz"
MODEL = "deepbind_encode"
TARGETS = ("ELK1", "GABPA", "SP1")
VARIANTS = (
    Variant("chr5", 1295113, "G", "A"),  # TERT C228T
    Variant("chr5", 1295135, "G", "A"),  # TERT C250T
    Variant("chr19", 11089411, "T", "C"),  # LDLR
    Variant("chr19", 11089413, "C", "T"),
)
ENDS = {"chr5": 1_295_300, "chr19": 11_089_600}
AROUND, MAPPED, HALF = 70, 30, 50  # HALF of the model's window of 101


def make(folder: Path) -> TrackSet:
    """Return three tracks per target, in `folder`, and their variants."""
    folder.mkdir(parents=True, exist_ok=True)
    genome = _cut_genome(folder.parent / "cut.fa")
    backend = open_backend(plugin_manager(), None, MODEL, BackendOptions(threads=1))
    with closing(backend):
        values = {variant: _profiles(backend, genome, variant) for variant in VARIANTS}
        chosen = [backend.card.labels.index(target) for target in TARGETS]
        maps = {
            (variant, target): _maps(backend, genome, variant, index)
            for variant in VARIANTS
            for target, index in zip(TARGETS, chosen, strict=True)
        }
    tracks = []
    for target, index in zip(TARGETS, chosen, strict=True):
        for kind in ("ref", "alt", "difference"):
            bases = {v: values[v][kind][:, index] for v in VARIANTS}
            tracks.append(write_track(folder, target, kind, genome, _by_base(bases)))
    at = np.stack([values[variant]["difference"][AROUND, chosen] for variant in VARIANTS])
    regions = tuple(Interval(v.chrom, v.start - AROUND, v.pos + AROUND) for v in VARIANTS)
    return TrackSet(
        folder, tuple(tracks), "hg38", genome, regions, VARIANTS, at,
        lambda variant, model, target: maps[variant, target],
    )  # fmt: skip


def write_track(folder, target, kind, genome, values, *, model=MODEL, name=None) -> TrackFile:
    """Write a bigWig of `values`, {(chrom, start): value}, one base each."""
    path = folder / (name or f"{model}.{target}.{kind}.bw")
    order = list(genome.lengths)
    places = sorted(values, key=lambda place: (order.index(place[0]), place[1]))
    numbers = [float(values[place]) for place in places]
    with closing(pyBigWig.open(str(path), "w")) as file:
        file.addHeader(list(genome.lengths.items()), maxZooms=4)
        file.addEntries(
            [chrom for chrom, _ in places],
            [start for _, start in places],
            ends=[start + 1 for _, start in places],
            values=numbers,
        )
    return TrackFile(path, model, target, kind, min(numbers), max(numbers))


def _cut_genome(path: Path) -> Genome:
    with Genome(FASTA) as whole:
        text = "".join(
            f">{chrom}\n{whole.letters(Interval(chrom, 0, end))}\n" for chrom, end in ENDS.items()
        )
    path.write_text(text)
    return Genome(path)


def _by_base(values) -> dict:
    """Return the value of each base, that of the nearest variant where two are near."""
    nearest: dict = {}
    for variant, row in values.items():
        for at, value in zip(range(-AROUND, AROUND + 1), row, strict=True):
            place = (variant.chrom, variant.start + at)
            if place not in nearest or abs(at) < nearest[place][0]:
                nearest[place] = abs(at), value
    return {place: value for place, (_, value) in nearest.items()}


def _haplotypes(genome: Genome, variant: Variant, around: int):
    """Return REF's and ALT's codes, `around` + HALF bases on both sides."""
    flank = around + HALF
    ref = genome.codes(Interval(variant.chrom, variant.start - flank, variant.pos + flank)).copy()
    alt = ref.copy()
    alt[flank] = encode(variant.alt)[0]
    assert decode(ref[flank : flank + 1]) == variant.ref
    return ref, alt


def _profiles(backend: Backend, genome: Genome, variant: Variant) -> dict:
    width = 2 * HALF + 1
    ref, alt = (
        backend.predict(np.lib.stride_tricks.sliding_window_view(codes, width).copy())
        for codes in _haplotypes(genome, variant, AROUND)
    )
    return {"ref": ref, "alt": alt, "difference": alt - ref}


def _maps(backend: Backend, genome: Genome, variant: Variant, index: int):
    """Return the mutation maps: each base changed in the window centred on it."""
    made = []
    for codes in _haplotypes(genome, variant, MAPPED):
        windows = np.lib.stride_tricks.sliding_window_view(codes, 2 * HALF + 1).copy()
        own = backend.predict(windows)[:, index]
        changes = np.empty((len(windows), 4), np.float32)
        for base in range(4):
            changed = windows.copy()
            changed[:, HALF] = base
            changes[:, base] = backend.predict(changed)[:, index] - own
        interval = Interval(variant.chrom, variant.start - MAPPED, variant.pos + MAPPED)
        made.append(MutationMap(interval, codes[HALF:-HALF], float(own[MAPPED]), changes))
    return tuple(made)
