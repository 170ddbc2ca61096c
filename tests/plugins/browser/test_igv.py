"""The sessions name what is there; test_real_browsers.py loads them."""

import json
from xml.etree import ElementTree

import pysam

from regplug.hooks.track_writer import TrackSet
from regplug_browser import bases
from regplug_browser.igv import Igv
from tests.plugins.browser.conftest import IDS, IMAGE, SCRIPT, VARIANTS


def test_session_of_igv_desktop(toy: TrackSet):
    root = ElementTree.parse(Igv().write(toy)).getroot()
    assert root.attrib["genome"] == str(toy.genome.path)  # no name that IGV knows
    assert root.attrib["locus"] == "chr1:1950-2050"
    resources = [resource.attrib["path"] for resource in root.iter("Resource")]
    assert resources == ["variants.vcf", *(track.path.name for track in toy.tracks)]
    assert all((toy.folder / name).is_file() for name in resources)
    ids = [track.attrib["id"] for track in root.iter("Track")]
    assert set(resources) <= set(ids)
    merged = [track for track in root.iter("Track") if len(track.findall("Track")) == 2]
    assert [track.attrib["name"] for track in merged] == [f"{SCRIPT} REF/ALT", f"{IMAGE} REF/ALT"]
    summaries = [track.get("windowFunction") for track in root.iter("Track") if len(track) == 1]
    assert summaries == ["max", "max", "mean"] * 2
    limits = [one.attrib for one in root.iter("DataRange")]
    assert [(float(one["minimum"]), float(one["maximum"])) for one in limits] == [
        (0, 2), (0, 2), (-1, 0), (0, 2), (0, 2), (-1, 0),
    ]  # fmt: skip


def test_session_of_igv_js(toy: TrackSet):
    Igv().write(toy)
    session = json.loads((toy.folder / "igv_session.json").read_text())
    assert session["reference"]["fastaURL"] == "reference.fa"
    assert (toy.folder / "reference.fa").read_text().startswith(">chr1:401-2600 @len=3000\n")
    wigs = [wig for track in session["tracks"] for wig in track.get("tracks", [track])]
    assert [wig["url"] for wig in wigs if wig["type"] == "wig"] == [t.path.name for t in toy.tracks]


def test_much_sequence_stays_where_it_is(toy: TrackSet, monkeypatch):
    monkeypatch.setattr(bases, "LARGEST", 2000)
    Igv().write(toy)
    session = json.loads((toy.folder / "igv_session.json").read_text())
    assert session["reference"]["fastaURL"] == "../toy.fa"
    assert (toy.folder / session["reference"]["indexURL"]).is_file()
    assert not (toy.folder / "reference.fa").exists()


def test_a_known_assembly_goes_by_name(toy: TrackSet):
    path = Igv().write(toy._replace(assembly="mm10"))
    assert ElementTree.parse(path).getroot().attrib["genome"] == "mm10"
    session = json.loads((toy.folder / "igv_session.json").read_text())
    assert session["genome"] == "mm10"
    assert "reference" not in session
    assert not (toy.folder / "reference.fa").exists()


def test_htslib_reads_the_variants(toy: TrackSet):
    Igv().write(toy._replace(variants=VARIANTS[::-1], ids=IDS[::-1]))
    with pysam.VariantFile(str(toy.folder / "variants.vcf")) as file:
        rows = [(record.chrom, record.pos, record.id, record.ref, *record.alts) for record in file]
    ids = [name or None for name in IDS]
    assert rows == [
        ("chr1", v.pos, name, v.ref, v.alt) for v, name in zip(VARIANTS, ids, strict=True)
    ]


def test_tracks_without_variants(toy: TrackSet):
    score = toy.tracks[0]._replace(kind="score")
    path = Igv().write(toy._replace(tracks=(score,), variants=()))
    root = ElementTree.parse(path).getroot()
    assert root.attrib["locus"] == "chr1:901-1100"  # the first region
    assert not (toy.folder / "variants.vcf").exists()
