"""page.html holds the numbers it was given, and nothing that ends its data early."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest

from regplug.errors import OutputError
from regplug.hooks import manager as plugins
from regplug.hooks.track_writer import Facts, Profile, TrackSet
from regplug.interpret.explain.mutation_map import MutationMap
from regplug_browser import bases, page
from regplug_browser.page import Page
from tests.plugins.browser.conftest import IMAGE, SCRIPT

IGV = "87b991ae2a720978172e269dd5127c495e56df5af31144dff19c83124e2f5744"  # of npm's igv 3.8.10


class Scripts(HTMLParser):
    """Collects the script elements as a browser sees them."""

    def __init__(self, text):
        super().__init__()
        self.scripts: list[list] = []
        self.policy = self._open = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "script":
            self.scripts.append([dict(attrs), ""])
            self._open = True
        if tag == "meta" and "Content-Security-Policy" in dict(attrs).values():
            self.policy = dict(attrs)["content"]

    def handle_data(self, data):
        if self._open:
            self.scripts[-1][1] += data

    def handle_endtag(self, tag):
        if tag == "script":
            self._open = False


def written(made):
    return Scripts(Page().write(made).read_text(encoding="utf-8"))


def test_igv_js_is_as_published_and_its_licence_goes_along(toy: TrackSet):
    folder = files("regplug_browser")
    assert hashlib.sha256(folder.joinpath("igv.min.js").read_bytes()).hexdigest() == IGV
    assert '"3.8.10"' in folder.joinpath("igv.min.js").read_text()
    text = Page().write(toy).read_text()
    assert "igv.js 3.8.10" in text
    assert "Permission is hereby granted" in text


def test_only_our_two_scripts_may_run(toy: TrackSet):
    made = written(toy)
    data, *ours = made.scripts
    assert data[0] == {"type": "application/json", "id": "data"}
    hashes = [hashlib.sha256(text.encode()).digest() for _, text in ours]
    allowed = re.search(r"script-src ([^;]*)", made.policy)[1]
    assert allowed.split() == [f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes]
    assert "default-src 'none'" in made.policy


def test_data(toy: TrackSet):
    data = json.loads(written(toy).scripts[0][1])
    assert data["columns"] == [SCRIPT, IMAGE]
    assert data["first"] == 2
    assert [row["best"] for row in data["variants"]] == [0, None, 1]
    assert [row["differences"] for row in data["variants"]] == [
        [0.5, -0.1], [None, None], [-0.25, -2.0],
    ]  # fmt: skip
    assert [row["chrom"] for row in data["variants"]] == ["chr1"] * 3  # the VCF says 1
    assert data["variants"][1]["alt"] == SCRIPT
    assert [row["id"] for row in data["variants"]] == ["rs1", IMAGE, ""]
    assert (data["raises"], data["lowers"]) == ([0, 114, 178], [213, 94, 0])  # as regplug explain
    urls = [
        wig["url"]
        for track in data["igv"]["tracks"]
        for wig in track.get("tracks", [track])
        if wig["type"] == "wig"
    ]
    contents = [base64.b64decode(url.split(",")[1]) for url in urls]
    assert contents == [track.path.read_bytes() for track in toy.tracks]


def test_maps_of_the_strongest(toy: TrackSet, monkeypatch):
    asked = []

    def maps(variant, target):
        asked.append((variant.pos, target))
        one = MutationMap(toy.regions[0], np.array([0, 3, 4], np.uint8), 1.5, np.eye(3, 4))
        gone = one._replace(differences=np.full((3, 4), np.nan), score=float("nan"))
        return [one, gone]

    monkeypatch.setattr(page, "MAPPED", 1)
    rows = json.loads(written(toy._replace(maps=maps)).scripts[0][1])["variants"]
    assert asked == [(2000, IMAGE)]
    assert [row["pos"] for row in rows if "maps" in row] == [2000]
    ref, alt = rows[2]["maps"]
    assert ref == {
        "name": "REF", "start": 901, "bases": "ATN", "score": 1.5, "percentile": None,
        "differences": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
    }  # fmt: skip
    assert alt["score"] is None
    assert rows[2]["mark"]["ALT"] - rows[2]["mark"]["REF"] == 2


def test_profiles_of_the_strongest(toy: TrackSet, monkeypatch):
    def profiles(variant, target):
        ref = np.array([variant.pos, np.nan, 0.123456], np.float32)
        return Profile(toy.regions[0], ref, ref / 2) if target == IMAGE else None

    rows = json.loads(written(toy._replace(profiles=profiles)).scripts[0][1])["variants"]
    assert [row.get("profile") for row in rows] == [
        None, None, {"start": 901, "REF": [2000, None, 0.1235], "ALT": [1000, None, 0.06173]},
    ]  # fmt: skip
    assert rows[2]["mark"]["ALT"] - rows[2]["mark"]["REF"] == 2
    monkeypatch.setattr(page, "MAPPED", 0)
    rows = json.loads(written(toy._replace(profiles=profiles)).scripts[0][1])["variants"]
    assert not any("profile" in row for row in rows)


def test_a_ranking_says_its_facts(toy: TrackSet, monkeypatch):
    """In their order, the first in view, and with maps of the first; numbers have three digits."""
    facts = [Facts(f"{n} ({SCRIPT})", {"rank": n, "Q": 0.012345, "gene": None}) for n in (1, 2, 3)]
    one = MutationMap(toy.regions[0], np.array([0, 3, 4], np.uint8), 1.5, np.eye(3, 4))
    asked = []

    def maps(variant, _):
        asked.append(variant.pos)
        return [one, one] if len(asked) > 1 else []

    monkeypatch.setattr(page, "MAPPED", 2)
    made = toy._replace(facts=facts, about=["one line", IMAGE], maps=maps, assembly="mm10")
    data = json.loads(written(made).scripts[0][1])
    assert data["facts"][0] == {
        "target": f"1 ({SCRIPT})", "cells": {"rank": 1, "Q": 0.0123, "gene": None},
    }  # fmt: skip
    assert (data["first"], data["about"]) == (0, ["one line", IMAGE])
    assert asked == [1001, 1010]
    assert ["maps" in row for row in data["variants"]] == [False, True, False]
    assert data["variants"][0]["links"] == {
        "IGV": "http://localhost:60151/goto?locus=chr1:951-1051",
        "UCSC": "https://genome.ucsc.edu/cgi-bin/hgTracks?db=mm10&position=chr1:951-1051",
    }


@pytest.mark.parametrize(
    ("place", "name", "value", "message"),
    [
        (page, "LARGEST", 1_000_000 - 1, None),
        (page, "LARGEST", 99, "a page holds 0: use --igv or --hub"),
        (page, "ROWS", 2, "3 variants, and a page's table holds 2: use --igv or --hub"),
        (bases, "LARGEST", 2000, "2,200 bases.*: use --igv or --hub"),
    ],
)
def test_limits(toy: TrackSet, monkeypatch, place, name, value, message):
    monkeypatch.setattr(place, name, value)
    if message is None:
        assert Page().write(toy).is_file()
        return
    with pytest.raises(OutputError, match=message):
        Page().write(toy)
    assert [path.suffix for path in toy.folder.iterdir()] == [".bw"] * len(toy.tracks)


def test_the_views_are_options(regplug):
    assert set(plugins.track_writers(plugins.plugin_manager())) == {"hub", "igv", "page"}
    out = regplug("track", "--help").out
    assert all(f"--{name} " in out for name in ("hub", "igv", "page"))
