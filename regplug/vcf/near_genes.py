"""Examined ALTs, Transcripts ─gene_columns→ the tags of `--genes`: a gene and its distance."""

from collections.abc import Sequence

from regplug.genome.transcripts import Transcripts
from regplug.scoring.adapter import InfoField, Values
from regplug.scoring.examined import Examined

SOURCE = "regplug:--genes"  # no model is called so

GENE_FIELDS = (
    InfoField("RP_GENE", "Gene of --genes whose transcript begins nearest", "String"),
    InfoField(
        "RP_TSS_DISTANCE",
        "Bases from REF to where the transcript of RP_GENE begins; below 0 upstream, in the gene's "
        "direction; 0 within REF",
        "Integer",
    ),
)


def gene_columns(examined: Sequence[Examined], genes: Transcripts) -> dict[str, Values]:
    """Return tag → a value per ALT, at the normalised allele where it could be normalised."""
    found = [genes.nearest(allele.interval) for allele in examined]
    names = [pair[0] if pair else None for pair in found]
    distances = [pair[1] if pair else None for pair in found]
    return dict(zip((field.id for field in GENE_FIELDS), (names, distances), strict=True))
