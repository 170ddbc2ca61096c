"""What else annotate takes, and what tests, tools and other programs write for later commands."""

import gzip
import io
import json
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pysam

from tests.fuzz import structures
from tests.fuzz.kind import Kind, annotate, copy_of, function, text
from tests.fuzz.mutate import BYTES, TEXT
from tests.fuzz.readers import CODES, annotated_seeds
from tests.fuzz.world import World, bgzipped

LIST = "CHROM\tPOS\tID\tREF\tALT\nchr1\t30\trs1\t{}\tG\nchr1\t60\t.\tAC\tA,T\n"
CHIP = "FoldID\tEventID\tseq\tBound\nA\tseq_1_peak\tACGTACGTAC\t1\nA\tseq_1_shuf\tGGCATTACGT\t0\n"
PROBES = "id\tseq\tone\ttwo\na\tACGTAC\t1.5\t2\nb\tGGTTAC\t-3\t4\nc\tGGTTAA\t0\t1e3\n"
SPLIT = "window\tsplit\nchr1:0-8\ttrain\nchr1:9-19\ttest\n"
LABELLED = (
    "chr\tstart\tend\tsequence\tliver_1\tK562\nchr1\t0\t8\tACGTACGT\t1\t0.5\n"
    "chr2\t9\t17\tACGTTTGT\t0\t1\nchr3\t9\t17\tGGGTTTGT\t\t0\n"
)
EXONS = "chr1\t40\t90\tone\t0\t+\nchr2\t50\t80\ttwo\t0\t-\n"
PEAKS = "chr1\t40\t90\tone\t0\t.\t1\t2\t3\t20\nchr2\t50\t80\ttwo\t0\t.\t1\t-1\t-1\t-1\n"
ANSWERS = {bytes([number]) * 16: bytes(range(number, number + 40)) for number in range(60)}


def _parquet(world: World) -> list[bytes]:
    import pyarrow
    import pyarrow.parquet

    rows = [line.split("\t") for line in LIST.format("A").split("\n")[:-1]]
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    table = pyarrow.table(columns | {"POS": [30, 60]})
    seeds = []
    for compression in ("none", "snappy"):
        raw = io.BytesIO()
        pyarrow.parquet.write_table(table, raw, compression=compression)
        seeds.append(raw.getvalue())
    return seeds


def _indexed(case: Path) -> None:
    """Index a look-up table, if its damage lets us."""
    with suppress(OSError, ValueError):
        pysam.tabix_index(str(case / "table.vcf.gz"), preset="vcf", force=True)


def _table(world: World) -> list[bytes]:
    return [bgzipped(annotated_seeds(world)[0], world.folder)]


def _ran(world: World, name: str, *arguments: str) -> Path:
    """Return what a command has written into the world, the first time."""
    out = world.folder / name
    if not out.exists():
        repo = ("--model-repo", world.path("models"), "--model", "place")
        command = [sys.executable, "-m", "regplug", *arguments, *repo, "--threads", "1"]
        fasta = ("--fasta", world.path("genome.fa"))
        subprocess.run([*command, *fasta], check=True, capture_output=True)
    return out


def _cache(world: World) -> list[bytes]:
    from regplug.models.cache import Cache

    path = world.folder / "kept.cache"
    if not path.exists():
        with Cache(path) as cache:
            cache.put(ANSWERS)
    return [path.read_bytes()]


def _read_cache(case: Path) -> object:
    from regplug.models.cache import Cache

    with Cache(case / "kept.cache") as cache:
        found = cache.get(list(ANSWERS))
        assert found.items() <= ANSWERS.items()
        cache.put({b"new" * 5: b"value"})
    return found


def _tracks(world: World) -> Path:
    return _ran(world, "tracks", "track", "--regions", "chr1:20-60", "-o", world.path("tracks"))


def _beside_tracks(world: World, case: Path) -> None:
    _tracks(world)
    copy_of("tracks", "genome.fa", "genome.fa.fai")(world, case)


def _read_tracks(case: Path) -> object:
    from regplug.genome.fasta import Genome
    from regplug.tracks.kept import read_kept, track_set
    from regplug_browser.igv import session

    with Genome(case / "genome.fa") as genome:
        return session(track_set(case / "tracks", read_kept(case / "tracks"), genome))


def _read_list(case: Path) -> object:
    from regplug.vcf.lists import as_vcf
    from regplug.vcf.records import VariantReader

    (path,) = case.glob("in.*")
    with as_vcf(str(path)) as vcf, closing(VariantReader(vcf)) as reader:
        return [record.pos for record in reader]


def _read_peaks(case: Path) -> object:
    from regplug.genome.regions import middle, read_bed_lines

    return [middle(peak) for peak in read_bed_lines(str(case / "in.bed"))]


def _contributions(world: World) -> list[bytes]:
    import h5py

    raw = io.BytesIO()
    with h5py.File(raw, "w") as file:
        letters = np.eye(5, dtype=np.int8)[CODES][:, :, :4].transpose(0, 2, 1)
        file["raw/seq"], file["shap/seq"] = letters, letters.astype(np.float16)
        file.attrs["about"] = json.dumps({
            "form": "contributions 1", "model": "place", "version": "1", "sha256": "0" * 64,
            "target": "T0", "method": "ism", "mutate": "centred", "score": "diff",
            "references": 0, "made_by": "a test",
        })  # fmt: skip
        names = np.array([b"one"] * len(CODES))
        file["coords/name"], file["coords/chrom"] = names, np.array([b"chr1"] * len(CODES))
        file["coords/start"], file["coords/end"] = np.arange(6), np.arange(6) + 5
    return [raw.getvalue()]


def _read_contributions(case: Path) -> object:
    from regplug.interpret.attribute.file import read_contributions

    return read_contributions(case / "some.h5")


def _background(world: World) -> list[bytes]:
    from regplug.models.repository import read_card
    from regplug.scoring.card import card_to_json
    from tests.toy_backgrounds import drawn_scores, with_background

    rng = np.random.default_rng(1)
    card = read_card(world.folder / "models" / "place")
    sets = [
        ("random", "snv", drawn_scores(rng, 60, len(card.targets)), "list"),
        ("random", "ins_1", drawn_scores(rng, 30, len(card.targets)), "other"),
    ]
    return [card_to_json(with_background(card, sets)).encode()]


def _read_background(case: Path) -> object:
    from regplug.scoring.background_data import unpacked
    from regplug.scoring.card import card_from_json

    card = card_from_json((case / "card.json").read_bytes(), source="card.json")
    return card.background and unpacked(card.background, len(card.targets), card.name)


def _card(case: Path):  # type: ignore[no-untyped-def]
    from regplug.models.repository import read_card

    return read_card(case / "models" / "place")


def _along(world: World) -> list[bytes]:
    card = _card(world.folder)
    row = {"label": "T0", "target": "liver", "score": "place", "tiles": 9, "open": 3}
    row |= {f"{name}{end}": 0.5 for name in ("auroc", "auprc") for end in ("", "_low", "_high")}
    tiles = {"file": "set.h5", "part": "test", "contigs": ["chr1"]}
    told = {"model": {"name": card.name, "sha256": card.sha256}, "set": tiles, "scores": [row]}
    return [json.dumps(told).encode()]


def _read_along(case: Path) -> object:
    from regplug.data.measure.recorded import along_figures

    return along_figures(case / "metrics.json", _card(case))


def _variants(world: World) -> list[bytes]:
    from regplug.scoring.measured import VariantFigure

    card = _card(world.folder)
    names = [name for name in VariantFigure.__struct_fields__ if name != "score"]
    values = dict.fromkeys(names, "1") | {"how": "matched", "effect": "diff"}
    values |= {"model": card.name, "sha256": card.sha256}
    return ["\n".join(map("\t".join, (values, values.values(), ()))).encode()]


def _read_variants(case: Path) -> object:
    from regplug.data.measure.recorded import variant_figures

    return variant_figures(case / "figures.tsv", _card(case))


def _notes(world: World) -> list[bytes]:
    about = 'label = "T0"\ncell = "K562"\nontology = "EFO:0002067"\n'
    return [f'name = "place"\n\n[[targets]]\n{about}\n[[targets]]\nlabel = "T1"\n'.encode()]


def _read_notes(case: Path) -> object:
    from regplug.hooks.about import noted, read_notes

    path = case / "notes.toml"
    return noted(_card(case), read_notes(path), source=path)


def _read_sequences(case: Path) -> object:
    from regplug.data.sequences.bound import read_codes
    from regplug.data.sequences.records import read_lines
    from regplug.data.sequences.tables import read_table

    path = case / "some.seq.gz"
    list(read_lines(path))
    return read_codes(path, "CTCF", 10), read_table(path)


def _read_probes(case: Path) -> object:
    from regplug.data.sets.intensities import Columns, prepare_intensities

    return prepare_intensities(case / "in.tsv", Columns("one", ignore=("id",)), folds=2)


def _read_counted(case: Path) -> object:
    from regplug.data.sequences.reads import read_reads

    if "999999999" in (case / "in.txt").read_text("latin-1"):
        return None  # a billion reads are read
    return sum(1 for _ in read_reads(case / "in.txt"))


def _read_split(case: Path) -> object:
    from regplug.data.sites.windows import window_names

    return window_names(case / "split.tsv", "train")


def _read_labelled(case: Path) -> object:
    from regplug.data.sites.labelled import read_labelled_sites
    from regplug.data.sites.parts import ContigSplit

    split = ContigSplit(("chr2",), ("chr3",))
    return read_labelled_sites(case / "in.tsv", ["liver", "K562"], split, ["K562"])


def _read_exons(case: Path) -> object:
    from regplug.genome.fasta import Genome
    from regplug.interpret.profile.exons import keep, read_exons

    with Genome(case / "genome.fa") as genome:
        spans = {"upstream": (-9, 9), "downstream": (-9, 9)}
        return keep(read_exons(str(case / "in.bed")), genome, spans)


KINDS: dict[str, Kind] = {
    "list": Kind(
        lambda world: [LIST.format("A").encode(), b"chr1:30:A:G\n# x\nchr1:60:AC:A\n"],
        function(_read_list),
        "in.tsv",
    ),
    "list_parquet": Kind(_parquet, function(_read_list), "in.parquet", mutators=BYTES),
    "table": Kind(
        _table,
        annotate("{world}/in.vcf", "--from", "{case}/table.vcf.gz"),
        "table.vcf.gz",
        after=_indexed,
        mutators=TEXT,
        packed=True,
    ),
    "cache": Kind(
        _cache,
        function(_read_cache),
        "kept.cache",
        mutators=[*BYTES, *[structures.sqlite] * 4],
    ),
    "tracks": Kind(
        lambda world: [(_tracks(world) / "tracks.json").read_bytes()],
        function(_read_tracks),
        "tracks/tracks.json",
        beside=_beside_tracks,
    ),
    "background": Kind(
        _background,
        function(_read_background),
        "card.json",
        mutators=[*TEXT, *[structures.background] * 8],
    ),
    "along": Kind(_along, function(_read_along), "metrics.json", beside=copy_of("models")),
    "figures": Kind(_variants, function(_read_variants), "figures.tsv", beside=copy_of("models")),
    "notes": Kind(_notes, function(_read_notes), "notes.toml", beside=copy_of("models")),
    "contributions": Kind(
        _contributions,
        function(_read_contributions),
        "some.h5",
        mutators=[*BYTES, *[structures.hdf5] * 8],
    ),
    "chip_table": Kind(
        lambda world: [gzip.compress(CHIP.encode()), CHIP.encode()],
        function(_read_sequences),
        "some.seq.gz",
        packed=True,
    ),
    "probes": Kind(text(PROBES), function(_read_probes), "in.tsv"),
    "counted_reads": Kind(text("ACGTN\t3\nGGTTA\t1\n"), function(_read_counted), "in.txt"),
    "split": Kind(text(SPLIT), function(_read_split), "split.tsv"),
    "labelled": Kind(text(LABELLED), function(_read_labelled), "in.tsv"),
    "exons": Kind(text(EXONS), function(_read_exons), "in.bed", beside=copy_of("genome.fa")),
    "peaks": Kind(
        text(PEAKS),
        function(_read_peaks),
        "in.bed",
    ),
}
