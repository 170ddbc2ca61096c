"""What an annotated VCF's header promises, beside what is there now: faults, a sentence each."""

import os
from collections.abc import Iterator
from pathlib import Path

from regplug.files.sources import sources_of
from regplug.genome.fasta import Genome
from regplug.scoring.card import ModelCard
from regplug.vcf.recorded import Recorded, RecordedModel


def genome_faults(said: Recorded, genome: Genome) -> Iterator[str]:
    """Yield how the FASTA differs from those in the header."""
    own = genome.index_sha256
    for name, sha256 in said.references.items():
        if sha256 != own:
            yield (
                f"genome: annotated with {name}, of other contigs, lengths or lines than "
                f"{genome.path.name} (sha256 of the .fai: {sha256[:12]}, not {own[:12]})"
            )
    for contig, md5 in said.contigs.items():
        if contig in genome.lengths and genome.md5(contig) != md5:
            yield f"genome: {contig} of {genome.path.name} has other bases (its md5 is not {md5})"


def genes_faults(said: Recorded, genes: str | os.PathLike[str]) -> Iterator[str]:
    """Yield how the file of --genes differs from the one in the header."""
    for source in sources_of([Path(genes)]) if genes else ():
        if source.sha256 not in said.genes.values():
            names = ", ".join(said.genes) or "no file"
            yield f"genes: annotated with {names}, not {source.name}: its sha256 differs"


def model_faults(was: RecordedModel, card: ModelCard, precision: str) -> Iterator[str]:
    """Yield how a model that is there, and run in such numbers, differs from that in the header."""
    if was.precision != precision:
        yield (
            f"model {card.name}: run in {was.precision or 'float32'} for the VCF, in "
            f"{precision or 'float32'} here (--engine)"
        )
    for what, before, now in (
        ("version", was.version, card.version),
        ("weights (sha256)", was.sha256, card.sha256),
        ("background (sha256)", was.background, card.background and card.background.sha256),
    ):
        if (before or "") != (now or ""):
            of = f"{before or 'none'} in the VCF, {now or 'none'} in the repository"
            yield f"model {card.name}: {what} {of}"
