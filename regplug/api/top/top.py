"""Annotated VCFs ─top→ Top: the ALTs that most probably break regulation, as a table or a page.

VariantReader ─lead→ Leading ─Transcripts→ Rows ─write→ TSV; ─page.write_page→ a page
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from regplug.api.annotate import File
from regplug.api.models import PLAIN
from regplug.api.progress import Bar, silent
from regplug.api.top.page import Drawing, write_page
from regplug.errors import VariantFileError
from regplug.files.output import STDOUT, check_paths, destination
from regplug.genome.transcripts import Transcripts
from regplug.models.cache import Cache
from regplug.scoring.backend import BackendOptions
from regplug.vcf.leading import Leading, cells, columns, lead
from regplug.vcf.leading_row import Row
from regplug.vcf.recorded import recorded
from regplug.vcf.records import VariantReader

MOST = 20  # rows, unless more are asked for


@dataclass(frozen=True)
class Top:
    """The leading ALTs of annotated VCFs.

    Attributes:
        rows: by RP_Q, then by |Z|.
        counts: status → ALTs; `ranked` those that could have a row.
        sample: whose ALTs these are, or "" for all.
    """

    rows: Sequence[Row]
    counts: Mapping[str, int]
    sample: str = ""

    @property
    def lines(self) -> Iterator[list[str]]:
        """Yield the cells of the table, the names of its columns first."""
        yield list(columns(self.sample))
        for place, row in enumerate(self.rows, start=1):
            yield list(cells(place, row, self.sample))

    def write(self, output: File) -> None:
        """Write the table, tab-separated; `-` is standard output.

        Raises:
            OutputError: it cannot be written.
        """
        with destination(os.fspath(output)) as path:
            text = "".join("\t".join(line) + "\n" for line in self.lines).encode()
            with open(1, "wb", closefd=False) if path == STDOUT else path.open("wb") as file:
                file.write(text)


def top(
    vcfs: Sequence[File],
    *,
    sample: str = "",
    most: int = MOST,
    genes: File = "",
    page: File = "",
    fasta: File | None = None,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    cache: Cache | None = None,
    progress: Callable[[int], None] = lambda records: None,
    bar: Bar = silent,
) -> Top:
    """Return the ALTs that are rarest for the models that annotated them.

    Args:
        vcfs: annotated VCFs or BCFs; an ALT that several have counts once, at its best.
        sample: only ALTs that this sample carries.
        most: how many rows.
        genes: GTF, GFF3 or BED12, for VCFs that were annotated without --genes.
        page: an HTML file, with mutation maps and tracks of the rows; it needs the models and the
            FASTA.
        fasta: reference, for the page; looked for as by `annotate` if it is not given.
        repo: folder of models or a server's URL, for the page.
        options: threads, and what it takes to reach a server.
        cache: of predictions, for the page's mutation maps.
        progress: called with 1 for each record read.
        bar: shows the variants that are drawn.

    Raises:
        VariantFileError: a VCF is not annotated, cannot be read, or has no such sample; or no ALT
            has a place.
        RegplugError: the page cannot be drawn: the FASTA, a model or the file does not do.
    """
    names = [os.fspath(vcf) for vcf in vcfs]
    if page:
        check_paths([Path(page)], [Path(name) for name in names if name != "-"])
    leading = Leading(most)
    headers = []
    weights: dict[str, set[str]] = defaultdict(set)
    for name in names:
        with closing(VariantReader(name)) as reader:
            said = recorded(reader.header_text)
            if sample and sample not in reader.header.samples:
                known = ", ".join(list(reader.header.samples)[:10]) or "none"
                raise VariantFileError(f"{reader.path} has no sample {sample}; it has {known}")
            headers.append((reader.header_values, reader.assembly))
            for model in said.models:
                weights[model.name].add(model.sha256)
            lead(reader, said, leading, name=name, sample=sample, progress=progress)
    transcripts = Transcripts(os.fspath(genes)) if genes else None
    rows = [_with_gene(row, transcripts) for row in leading.rows]
    made = Top(rows, dict(leading.counts), sample)
    if page:
        drawing = Drawing(rows, made.counts, sample, weights, *headers[0], transcripts)
        write_page(
            drawing, Path(page), fasta=fasta, repo=repo, options=options, cache=cache, bar=bar
        )
    return made


def _with_gene(row: Row, genes: Transcripts | None) -> Row:
    """Return a row with the nearest gene, if it has none yet."""
    found = genes.nearest(row.variant.interval) if genes and not row.gene else None
    return row._replace(gene=found[0], distance=found[1]) if found else row
