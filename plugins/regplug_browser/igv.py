"""TrackSet ─Igv.write→ igv_session.xml for IGV desktop, igv_session.json for igv.js.

Source of the XML: org.broad.igv.session.SessionReader of IGV 2.16.
"""

import json
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from regplug.files.output import complete
from regplug.hooks.track_writer import TrackFile, TrackSet
from regplug_browser.assembly import IGV_HAS, assembly_of
from regplug_browser.bases import sparse_fasta, why_not
from regplug_browser.igv_js import HEIGHT, session
from regplug_browser.panels import (
    BELOW_ZERO,
    COLORS,
    MEANS,
    Panel,
    contig,
    first_view,
    kind_name,
    named,
    panels,
    rgb,
)

DATA_TRACK, MERGED = "org.broad.igv.track.DataSourceTrack", "org.broad.igv.track.MergedTracks"
VARIANTS, SEQUENCE = "org.broad.igv.variant.VariantTrack", "org.broad.igv.track.SequenceTrack"
BASES = "Reference sequence"  # IGV's own name of the track


class Igv:
    """Writes the sessions and variants.vcf; reference.fa too, if IGV lacks the genome."""

    name = "igv"
    help = "Write igv_session.xml, for IGV, and igv_session.json, for igv.js."

    def write(self, made: TrackSet) -> Path:
        """Write the files; return the session of IGV desktop.

        Raises:
            OutputError: a file cannot be written.
        """
        texts = {"igv_session.xml": _xml(made), "igv_session.json": json.dumps(session(made))}
        if assembly_of(made) not in IGV_HAS and not why_not(made):
            texts["reference.fa"] = sparse_fasta(made)
        if made.variants:
            texts["variants.vcf"] = _vcf(made)
        for name, text in texts.items():
            with complete(made.folder / name) as partial:
                partial.write_text(text, encoding="utf-8")
        return made.folder / "igv_session.xml"


def _xml(made: TrackSet) -> str:
    name = assembly_of(made)
    genome = name if name in IGV_HAS else str(made.genome.path.absolute())
    root = Element("Session", genome=genome, locus=str(first_view(made)), version="8")
    resources = SubElement(root, "Resources")
    for path in [*(["variants.vcf"] if made.variants else []), *(f.path.name for f in made.tracks)]:
        SubElement(resources, "Resource", path=path)
    data = SubElement(root, "Panel", name="DataPanel")
    SubElement(data, "Track", clazz=SEQUENCE, id=BASES, name=BASES)
    for panel in panels(made):
        if len(panel.files) == 1:
            _track(data, panel.files[0], panel)
            continue
        merged = SubElement(
            data, "Track", _display(panel), clazz=MERGED, id=panel.name, name=panel.name
        )
        for file in panel.files:
            _track(merged, file, panel)
    if made.variants:  # last: IGV 2.16 greys the names below such a track
        SubElement(data, "Track", clazz=VARIANTS, id="variants.vcf", name="variants")
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True)


def _track(parent: Element, file: TrackFile, panel: Panel) -> None:
    track = SubElement(
        parent,
        "Track",
        _display(panel),
        clazz=DATA_TRACK,
        id=file.path.name,
        name=f"{file.target} {kind_name(file)}".strip(),
        color=rgb(COLORS[file.kind]),
        altColor=rgb(BELOW_ZERO[file.kind]),
        windowFunction="mean" if file.kind in MEANS else "max",
    )
    limits = {"minimum": f"{panel.low:.6g}", "maximum": f"{panel.high:.6g}", "baseline": "0.0"}
    SubElement(track, "DataRange", limits, type="LINEAR", drawBaseline="true")


def _display(panel: Panel) -> dict[str, str]:
    """Return the attributes that say how a panel is drawn."""
    renderer = "BAR_CHART" if len(panel.files) == 1 else "LINE_PLOT"  # bars would hide each other
    return {"renderer": renderer, "autoScale": "false", "height": str(HEIGHT)}


def _vcf(made: TrackSet) -> str:
    """Return the variants as a sorted VCF without INFO, their contigs named as in the FASTA."""
    order = list(made.genome.lengths)
    rows = [
        (chrom, variant, named(made, index) or ".")
        for index, variant in enumerate(made.variants)
        if (chrom := contig(made, variant.chrom)) in made.genome.lengths
    ]
    rows.sort(key=lambda row: (order.index(row[0]), row[1].pos))
    used = dict.fromkeys(chrom for chrom, *_ in rows)
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID={chrom},length={made.genome.lengths[chrom]}>" for chrom in used]
    lines += ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    lines += [
        f"{chrom}\t{variant.pos}\t{name}\t{variant.ref}\t{variant.alt}\t.\t.\t."
        for chrom, variant, name in rows
    ]
    return "\n".join(lines) + "\n"
