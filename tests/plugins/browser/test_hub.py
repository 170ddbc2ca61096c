"""hub.txt keeps UCSC's rules; the parser here is written from them, and strict."""

import re
from urllib.parse import unquote

import pytest

from regplug.errors import OutputError
from regplug.hooks.track_writer import TrackSet
from regplug_browser.hub import Hub
from tests.plugins.browser.conftest import IMAGE, SCRIPT

HEAD = {"hub", "shortLabel", "longLabel", "useOneFile", "email"}  # trackHub.c requires them
TRACK = {"track", "type", "shortLabel", "longLabel"}


def read_hub(path):
    """Return the stanzas of a hub, each a dictionary; raise where UCSC would not read it."""
    text = path.read_text(encoding="utf-8")
    stanzas = []
    for block in re.split(r"\n\n+", text.strip()):
        pairs = [line.split(" ", 1) for line in block.splitlines() if not line.startswith("#")]
        assert all(len(pair) == 2 and pair[1].strip() == pair[1] != "" for pair in pairs), block
        assert len(dict(pairs)) == len(pairs), f"a setting twice: {block}"
        stanzas.append(dict(pairs))
    head, genome, *tracks = stanzas
    assert set(head) == HEAD
    assert head["useOneFile"] == "on"
    assert "@" in head["email"]
    assert set(genome) == {"genome"}
    names = [track["track"] for track in tracks]
    assert len(set(names)) == len(names)
    for track in tracks:
        assert set(track) >= TRACK
        assert re.fullmatch(r"[A-Za-z]\w*", track["track"], re.ASCII)
        assert 0 < len(track["shortLabel"]) <= 17
        assert 0 < len(track["longLabel"]) <= 80
        low, high = map(float, re.fullmatch(r"bigWig (\S+) (\S+)", track["type"]).groups())
        assert low <= high
        if "container" in track:
            assert track["container"] == "multiWig"
            assert track["aggregate"] == "transparentOverlay"
            assert [t["parent"] for t in tracks if t.get("parent")].count(f"{track['track']} on")
        else:
            assert (path.parent / unquote(track["bigDataUrl"])).is_file()  # relative, and there
            for color in ("color", "altColor"):
                assert all(0 <= int(part) <= 255 for part in track[color].split(","))
        if "parent" in track:
            assert track["parent"].split() == [names[names.index(track["parent"][:-3])], "on"]
        else:
            low, high = map(float, track["viewLimits"].split(":"))
            assert low <= 0 <= high
            assert low < high
            assert track["alwaysZero"] == track["yLineOnOff"] == "on"
    return head, genome, tracks


def test_keeps_the_rules(toy: TrackSet, monkeypatch):
    monkeypatch.setenv("EMAIL", "me@here.org")
    path = Hub().write(toy._replace(assembly="GRCm38"))
    head, genome, tracks = read_hub(path)
    assert head["email"] == "me@here.org"
    assert genome == {"genome": "mm10"}
    assert [track["shortLabel"].split()[-1] for track in tracks] == [
        "REF/ALT", "REF", "ALT", "ALT-REF", "REF/ALT", "REF", "ALT", "ALT-REF",
    ]  # fmt: skip
    both, ref, alt, difference = tracks[:4]
    assert both["viewLimits"] == "0:2"  # of REF and ALT together, 0 in it
    assert ref["parent"] == alt["parent"] == f"{both['track']} on"
    assert "parent" not in difference
    assert difference["viewLimits"] == "-1:0"
    assert difference["altColor"] != difference["color"]
    assert (ref["windowingFunction"], difference["windowingFunction"]) == ("maximum", "mean")
    assert "position=chr1:1950-2050&" in path.read_text()  # the largest |difference|


def test_names_are_made_unique_and_short(toy: TrackSet):
    first = toy.tracks[0]
    names = ["T 1", "T_1", "T-1", "a name of over\nseventeen letters " * 5, "ÅÄ"]
    tracks = tuple(first._replace(target=name, kind="score") for name in names)
    _, _, made = read_hub(Hub().write(toy._replace(tracks=tracks, assembly="mm10")))
    assert [track["track"] for track in made][:3] == [
        f"rp_toy_T_1_score{suffix}" for suffix in ("", "_2", "_3")
    ]


@pytest.mark.parametrize(
    ("assembly", "message"),
    [(None, "name it with --assembly"), ("hg38", "name it with --assembly")],
)
def test_an_unknown_assembly_is_an_error(toy: TrackSet, assembly, message):
    with pytest.raises(OutputError, match=message):  # toy.fa's chr1 is not hg38's
        Hub().write(toy._replace(assembly=assembly))
    assert not (toy.folder / "hub.txt").exists()


def test_contigs_that_ucsc_calls_otherwise_are_an_error(toy: TrackSet, genome_of):
    made = toy._replace(genome=genome_of(**{"x1": "ACGT"}), assembly="hg19")
    made = made._replace(regions=(made.regions[0].__class__("x1", 0, 4),))
    with pytest.raises(OutputError, match="x1 in hg19: its names begin with chr"):
        Hub().write(made)


def test_markup_is_kept_out_of_track_names(toy: TrackSet):
    text = Hub().write(toy._replace(assembly="mm10")).read_text()
    lines = [line for line in text.splitlines() if SCRIPT[:12] in line or IMAGE[:9] in line]
    assert {line.split()[0] for line in lines} <= {"shortLabel", "longLabel"}
