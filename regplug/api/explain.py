"""Which bases of a region or around a variant change a model's scores ─explain→ Maps.

text ─parse→ Variant or Interval ─explain_place→ mutation maps ─find_hits→ the known motif there
"""

import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from regplug.api.annotate import File
from regplug.api.models import PLAIN, OpenModel, opened, trained_on
from regplug.api.progress import Bar, silent
from regplug.errors import MotifError, RegionError
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.genome.regions import parse_regions, parse_variant
from regplug.genome.transcripts import transcripts_of
from regplug.genome.variant import Interval, Variant
from regplug.interpret.explain.aspects import Aspect, of_profile, without_percentiles
from regplug.interpret.explain.maps import Explanation, explain_place
from regplug.interpret.explain.picture import Explained, draw_maps
from regplug.interpret.explain.report import check_map_folder, write_maps
from regplug.interpret.explain.rows import Style
from regplug.motifs.hits import Hit, best, find_hits, is_named
from regplug.motifs.matches import Collection, TaxGroup, jaspar
from regplug.motifs.meme import RNA, read_meme
from regplug.motifs.motif import Motif
from regplug.scoring.adapter import FieldOptions
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import Target

_FORMS = "give chr5:1295113:G:A, or chr5:1295000-1295200"


@dataclass(frozen=True, repr=False)
class Maps:
    """The mutation maps of a place, a map per target; a notebook shows them as their picture.

    Attributes:
        shown: per target its card, maps and, at a variant, the best known motif; of a model with a
            profile, its counts and its profile.
        hits: known motifs at the variant, best first.
        contigs: of the genome, name → length.
        style: of the picture.
    """

    shown: Sequence[Explained]
    hits: Sequence[Hit]
    contigs: dict[str, int]
    style: Style = "basset"

    def write(self, folder: File) -> Path:
        """Write map.png, .svg, .tsv, loss.bw, gain.bw, and at a variant motifs.tsv.

        Returns:
            The folder.

        Raises:
            OutputError: the folder holds other things, or cannot be written.
        """
        path = Path(folder)
        write_maps(path, self.shown, self.hits, contigs=self.contigs, style=self.style)
        return path

    def __repr__(self) -> str:
        """Return a line per target: where, what, and the scores before and after."""
        return "\n".join(explained.title for explained in self.shown)

    def _repr_png_(self) -> bytes:
        """Return the picture, which is how a notebook shows the maps."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "map.png"
            draw_maps(self.shown, [path], style=self.style)
            return path.read_bytes()


def explain(
    place: str | Variant | Interval,
    *,
    model: str | OpenModel,
    fasta: File | None = None,
    targets: Sequence[str] = (),
    output: File | None = None,
    flank: int = 40,
    name: str = "",
    style: Style = "basset",
    proteins: Sequence[str] = (),
    against: File | None = None,
    tax_group: TaxGroup = "vertebrates",
    genes: File = "",
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    bar: Bar = silent,
) -> Maps:
    """Return what every single-base change does at a variant or in a region.

    A model with counts and a profile has a map of each: of ln(reads), and of how unevenly the reads
    lie (`Coverage.form`).

    Args:
        place: a Variant (1-based) or Interval (0-based, half-open), or text: chr5:1295113:G:A,
            chr5-1295113-G-A, chr5:1295113G>A; chr5:1295000-1295200 (1-based, inclusive), of 5,000
            bases at most.
        model: a name, or an open model.
        fasta: reference; looked for as by `annotate` if it is not given.
        targets: of the model; by default the target that changes most.
        output: a folder to write the picture, tables and bigWigs to.
        flank: bases shown on either side of a variant.
        name: of the variant or region, for the title.
        style: whose colours and letters: basset's plain changes, or deepbind's, times the score.
        proteins: or motifs, to look for at a variant; by default the target's own, then all.
        against: known motifs, MEME format; by default those of JASPAR CORE.
        tax_group: without `against`, whose: vertebrates, fungi, insects, nematodes, plants or
            urochordates.
        genes: GTF, GFF3 or BED12, for models of RNA.
        force: go on though the model was trained on another organism than the FASTA's.
        repo: folder of models, or a server's URL.
        options: threads, and what it takes to reach a server.
        bar: shows the bases changed.

    Raises:
        RegionError: the place is not in the genome, too long, or has no score; REF is another.
        MissingLibraryError: a library that compares motifs, or draws, is not installed.
        MotifError: the known motifs cannot be read, or lack one of `proteins`.
        GenomeError: the model was trained on another organism than the FASTA's (unless `force`).
        RegplugError: as the genome and the model raise.
    """
    if output is not None:
        check_map_folder(Path(output))
    asked = parse_variant(place) if isinstance(place, str) else place
    known = _motifs(against, tax_group, proteins) if isinstance(asked, Variant) else []
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(find_fasta(fasta)))
        where = asked or _region(str(place), genome)
        (run,) = stack.enter_context(opened([model], repo, options))
        if not force:
            check_organism(genome, trained_on([run]))
        transcripts = transcripts_of(os.fspath(genes), genome)
        scorer = run.for_variants(FieldOptions(tuple(targets)), transcripts)
        chosen = [run.card.labels.index(target) for target in dict.fromkeys(targets)]
        with bar("bases changed", None) as progress:
            found = explain_place(
                where, scorer, genome, targets=chosen, flank=flank, progress=progress
            )
            aspects: dict[Aspect, list[Explanation]] = {"": found}
            if profile := of_profile(run.remembered):
                chosen = [maps.target for maps in found]
                forms = explain_place(
                    where, profile, genome, targets=chosen, flank=flank, progress=progress
                )
                aspects = {"counts": found, "profile": [without_percentiles(of) for of in forms]}
        variant, of_rna = found[0].variant, run.card.strand == "forward"
        hits = find_hits(genome, variant, known) if variant and not of_rna else []
        shown = [
            Explained(
                run.card, maps, best(hits, _names(run.card.targets[maps.target])), name, aspect
            )
            for of_target in zip(*aspects.values(), strict=True)
            for aspect, maps in zip(aspects, of_target, strict=True)
        ]
        made = Maps(shown, hits, dict(genome.lengths), style)
        if output is not None:
            made.write(output)
        return made


def _region(text: str, genome: Genome) -> Interval:
    """Return the single region in `text`; RegionError if it is none, or several."""
    if re.fullmatch(r"rs\d+", text):
        raise RegionError(f"{text} is an rsID, and regplug knows no positions of those: {_FORMS}")
    regions = parse_regions(text, genome.lengths)
    if len(regions) != 1 or (":" not in text and not genome.contig(text)):
        raise RegionError(f"{text or 'nothing'} is neither a variant nor one region: {_FORMS}")
    return regions[0]


def _motifs(against: File | None, tax_group: TaxGroup, proteins: Sequence[str]) -> list[Motif]:
    """Return the known motifs to look for at a variant; MotifError if a protein has none."""
    if against is None:
        collection = jaspar(tax_group)
    else:
        letters, motifs = read_meme(Path(against))
        if letters == RNA:
            raise MotifError(f"the motifs in {against} are of RNA: give motifs of DNA")
        collection = Collection(str(against), motifs)
    for protein in proteins:
        if not any(is_named(motif, [protein]) for motif in collection.motifs):
            raise MotifError(f"no motif {protein} in {collection.title}: give --motif another name")
    return [motif for motif in collection.motifs if not proteins or is_named(motif, proteins)]


def _names(target: Target) -> list[str]:
    """Return what the target's own motif may be called."""
    return [target.label, target.about.get("protein", target.label)]
