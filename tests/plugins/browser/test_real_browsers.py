"""The page in Chromium, the session in igv.js and in IGV desktop: what they really show.

Real tracks are drawn, and the pixels of their colours are as many as the values in the bigWigs say.
"""

import json
import re
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

import numpy as np
import pytest

from regplug.genome.variant import Interval
from regplug.hooks.track_writer import Facts, Profile, TrackSet
from regplug_browser import page
from regplug_browser.igv import Igv
from regplug_browser.page import Page
from tests.plugins.browser.conftest import IMAGE, SCRIPT
from tests.plugins.browser.igv_desktop import photograph
from tests.plugins.browser.pictures import DOWN, UP, bars, count, pixels

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROWS = "[...document.querySelectorAll('#variants tbody tr')]"
VIEW = "browser.referenceFrameList[0]"


def shown(chromium) -> Interval:
    """Return the bases in view."""
    chrom, start, end = chromium.ask(f"[{VIEW}.chr, {VIEW}.start, {VIEW}.end]")
    return Interval(chrom, round(start), round(end))


def settle(chromium, path):
    """Return the picture once it no longer changes."""
    before = None
    for _ in range(60):
        chromium.ask("new Promise((done) => setTimeout(done, 300))")
        now = chromium.photograph(path).read_bytes()
        if now == before:
            return pixels(path)
        before = now
    raise AssertionError("the page never comes to rest")


def check_bars(picture, made, interval, *, width, height):
    above, below = bars(made, interval, width=width, height=height)
    assert count(picture, UP) == pytest.approx(above, rel=0.2, abs=300)
    assert count(picture, DOWN) == pytest.approx(below, rel=0.2, abs=300)
    return above, below


def test_page_from_a_disk(example_page, chromium, tmp_path):
    chromium.open(example_page.as_uri())
    chromium.until("document.body?.dataset.ready")
    first = settle(chromium, tmp_path / "first.png")
    assert shown(chromium).chrom == "chr19"  # LDLR c.-138del moves SP1 most
    assert chromium.ask(f"{ROWS}.map((row) => row.getAttribute('aria-selected'))") == [
        "false", "false", "true", "false",
    ]  # fmt: skip
    assert "SP1 around chr19:11089410 CT>C LDLR_c.-138del: REF" in chromium.ask(
        "document.body.innerText"
    )
    assert count(first, DOWN) > 10 * count(first, UP)

    chromium.click(f"{ROWS}.find((row) => row.innerText.includes('1295135'))")
    second = settle(chromium, tmp_path / "second.png")
    where = shown(chromium)
    assert (where.chrom, where.start <= 1295134 < where.end) == ("chr5", True)
    assert "GABPA around chr5:1295135 G>A" in chromium.ask("document.body.innerText")
    assert count(second, UP) > 10_000
    assert chromium.problems == []
    assert chromium.requests == [example_page.as_uri()]  # and nothing else


def test_bars_are_as_high_as_the_values(example: TrackSet, example_page, chromium, tmp_path):
    chromium.open(example_page.as_uri())
    chromium.until("document.body?.dataset.ready")
    chromium.ask("document.getElementById('map').remove()")  # it has cells of the same colours
    for line in chromium.ask("browser.trackViews.map((one) => one.track.name)"):
        if line and "REF/ALT" in line:  # and these have lines
            chromium.ask(f"browser.removeTrackByName({json.dumps(line)})")
    picture = settle(chromium, tmp_path / "page.png")
    width = chromium.ask("browser.calculateViewportWidth(1)")
    _, below = check_bars(picture, example, shown(chromium), width=width, height=60)
    assert below > 50_000


def test_table_sorts(example: TrackSet, example_page, chromium):
    chromium.open(example_page.as_uri())
    chromium.until("document.body?.dataset.ready")
    cells = f"{ROWS}.map((row) => row.cells[6].innerText)"  # ELK1
    heading = "document.querySelectorAll('#variants th button')[6]"
    rising = [f"{value:#.4g}".replace("-", "−") for value in sorted(example.differences[:, 0])]
    chromium.click(heading)
    assert chromium.ask(cells) == rising
    chromium.click(heading)
    assert chromium.ask(cells) == rising[::-1]
    assert chromium.ask(f"{heading}.parentNode.getAttribute('aria-sort')") == "descending"


def test_map_has_the_numbers_of_the_vcf(example: TrackSet, example_page, chromium):
    chromium.open(example_page.as_uri())
    chromium.until("document.body?.dataset.ready")
    chromium.click(f"{ROWS}[1]")  # TERT C250T, which moves GABPA most
    ref, alt = chromium.ask(
        "[...document.querySelectorAll('#map .map')].map((map) =>"
        " [...map.querySelectorAll('rect title')].map((title) => title.textContent))"
    )
    there, back = ref[40 * 4], alt[40 * 4 + 2]  # 40 bases lie before the variant's; A C G T
    expected = example.differences[1, 1]
    assert there == f"G>A: +{expected:.3f}"
    assert back == f"A>G: −{expected:.3f}"
    assert len(ref) == len(alt) == 81 * 4


def test_profiles_lie_over_each_other(toy: TrackSet, chromium, tmp_path):
    """Heights of the drawn lines are the values; a base without one is a gap."""
    ref = np.array([0, 1, 4, 2, np.nan, 1], np.float32)
    alt = np.array([0, 3, 2, 2, np.nan, 0], np.float32)

    def profiles(variant, target):
        start = variant.start - 2
        return Profile(Interval("chr1", start, start + 6), ref, alt) if target == IMAGE else None

    chromium.open(Page().write(toy._replace(profiles=profiles)).as_uri())
    chromium.until("document.body?.dataset.ready")
    section = "document.getElementById('profile')"
    heading = chromium.ask(f"{section}.querySelector('h2').innerText")
    assert heading == f"{IMAGE} at each base around chr1:2000 T>TAC; in all: REF 8, ALT 7"
    for allele, values, high in (("ref", ref, 4), ("alt", alt, 4)):
        path = chromium.ask(f"{section}.querySelector('path.{allele}').getAttribute('d')")
        drawn = re.findall(r"V([\d.]+)H([\d.]+)", path)
        floor = float(drawn[0][0])  # the first base has 0
        top = 4.0
        heights = [(floor - float(y)) / (floor - top) * high for y, _ in drawn]
        assert heights == pytest.approx([value for value in values if value == value], abs=0.01)
        ends = [float(x) for _, x in drawn]
        assert np.diff(ends).round().tolist() == [188, 188, 188, 376]
        assert path.count("M") == 2
    labels = chromium.ask(
        f"[...{section}.querySelectorAll('text')].map((text) => text.textContent)"
    )
    assert labels[:4] == ["4", "0", "+2", "−2"]
    assert "2,000" in labels
    assert len(chromium.photograph(tmp_path / "profile.png").read_bytes()) > 20_000
    chromium.click(f"{ROWS}[0]")  # whose best target has no profile
    assert chromium.ask(f"{section}.hidden")
    assert chromium.problems == []


def test_what_stands_at_a_profile_is_not_cut(toy: TrackSet, chromium):
    """Reads of a base are small numbers, and a label may lie at the last base."""
    ref, alt = np.random.default_rng(0).uniform(1e-5, 9.87654e-4, (2, 1000)).astype(np.float32)

    def profiles(variant, target):
        return Profile(Interval("chr1", 1401, 2401), ref, alt)

    chromium.open(Page().write(toy._replace(profiles=profiles)).as_uri())
    chromium.until("document.body?.dataset.ready")
    boxes = chromium.ask(
        "[...document.querySelectorAll('#profile text')].map((text) => {"
        "const box = text.getBBox(); return [text.textContent, box.x, box.x + box.width]; })"
    )
    assert {"2,400", "1,500"} <= {text for text, *_ in boxes}
    assert boxes[2][0][1:] == boxes[3][0][1:]
    assert float(boxes[0][0]) == pytest.approx(max(ref.max(), alt.max()), rel=0.05)
    assert all(left >= 0 and right <= 1200 for _, left, right in boxes), boxes


def test_names_that_hold_markup_do_nothing(toy: TrackSet, chromium):
    page = Page().write(toy)
    chromium.open(page.as_uri())
    chromium.until("document.body?.dataset.ready")
    for row in range(3):
        chromium.click(f"{ROWS}[{row}]")
    chromium.ask("new Promise((done) => setTimeout(done, 500))")
    assert chromium.ask("window.ran") is None
    text = chromium.ask("document.getElementById('variants').innerText")
    assert SCRIPT in text
    assert IMAGE in text
    assert chromium.ask("document.querySelectorAll('img[src=x]').length") == 0
    assert chromium.problems == []
    assert chromium.requests == [page.as_uri()]


def test_page_without_variants(toy: TrackSet, chromium):
    scores = tuple(track._replace(kind="score") for track in toy.tracks[:1])
    none = np.empty((0, 0), np.float32)
    page = Page().write(toy._replace(tracks=scores, variants=(), differences=none))
    chromium.open(page.as_uri())
    chromium.until("document.body?.dataset.ready")
    where = shown(chromium)  # the first region, less what a scroll bar hides
    assert (where.chrom, where.start, where.end > 1050) == ("chr1", 900, True)
    hidden = "['variants', 'map', 'unmapped'].map((id) => document.getElementById(id).hidden)"
    assert chromium.ask(hidden) == [True] * 3
    assert chromium.problems == []


class Ranges(SimpleHTTPRequestHandler):
    """Serves a folder, byte ranges included."""

    ranges: list[str]

    def do_GET(self):
        asked = self.headers.get("Range")
        path = self.translate_path(self.path)
        if asked is None or not path.endswith(".bw"):
            super().do_GET()
            return
        self.ranges.append(asked)
        first, last = asked.removeprefix("bytes=").split("-")
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read()
        part = content[int(first) : int(last) + 1 if last else None]
        self.send_response(206)
        end = int(first) + len(part) - 1
        self.send_header("Content-Range", f"bytes {first}-{end}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """Give the address of a server of `folder`, and the byte ranges that it was asked for."""
    handler = type("Handler", (Ranges,), {"ranges": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler.ranges
        server.shutdown()
        thread.join()


def test_session_in_igv_js(example: TrackSet, chromium, tmp_path):
    Igv().write(example)
    folder = tmp_path / "site"
    shutil.copytree(example.folder, folder)
    (folder / "igv.js").write_bytes(files("regplug_browser").joinpath("igv.min.js").read_bytes())
    (folder / "index.html").write_text(
        "<!DOCTYPE html><body><div id=igv></div><script src=igv.js></script><script>let browser;"
        "igv.createBrowser(document.getElementById('igv'), {sessionURL: 'igv_session.json',"
        "loadDefaultGenomes: false}).then((one) => { browser = one; })</script>"
    )
    with served(folder) as (address, ranges):
        chromium.open(f"{address}/index.html")
        chromium.until("typeof browser === 'object' && browser")
        picture = settle(chromium, tmp_path / "session.png")
        names = chromium.ask("browser.trackViews.map((one) => one.track.name)")
        width = chromium.ask("browser.calculateViewportWidth(1)")
        check_bars(picture, example, shown(chromium), width=width, height=60)
        outside = [url for url in chromium.requests if not url.startswith(address)]
    assert [name for name in names if name][-6:] == [
        f"{target} {kind}" for target in ("ELK1", "GABPA", "SP1") for kind in ("REF/ALT", "ALT-REF")
    ]
    assert len(ranges) >= len(example.tracks)
    assert outside == []


def test_session_in_igv_desktop(example: TrackSet, tmp_path):
    picture = pixels(photograph(Igv().write(example), example.genome.path, tmp_path))
    view = Interval("chr19", 11089359, 11089462)
    _, below = bars(example, view, width=picture.shape[1] - 190, height=60)  # beside the names
    assert 0.6 * below < count(picture, DOWN) < below  # IGV leaves a margin above the bars
    assert 20 < count(picture, UP) < 500
    assert count(picture, "#0000B2") > 100  # the variants


def test_a_ranking_comes_first_and_links_lead_to_its_variants(
    example: TrackSet, chromium, tmp_path, monkeypatch
):
    """The table lies above the tracks; its first row is in view, of however little difference."""
    folder = tmp_path / "ranked"
    shutil.copytree(example.folder, folder)
    monkeypatch.setattr(page, "MAPPED", 1)
    facts = [Facts(f"GABPA {n}", {"rank": n, "Q": n / 8, "gene": None}) for n in (1, 2, 3, 4)]
    made = Page().write(example._replace(folder=folder, facts=facts, about=["leading <b>ALTs</b>"]))
    chromium.open(made.as_uri())
    chromium.until("document.body?.dataset.ready")
    settle(chromium, tmp_path / "page.png")
    assert chromium.ask(f"{ROWS}[0].getAttribute('aria-selected')") == "true"
    assert chromium.ask(f"{ROWS}.map((row) => row.cells[0].innerText)") == ["1", "2", "3", "4"]
    assert shown(chromium).chrom == "chr5"
    text = chromium.ask("document.body.innerText")
    assert "leading <b>ALTs</b>" in text
    assert "GABPA 1 around chr5:1295113 G>A" in text
    place = "document.getElementById('{}').getBoundingClientRect()"
    assert chromium.ask(f"{place.format('variants')}.bottom <= {place.format('igv')}.top")
    links = chromium.ask(f"[...{ROWS}[0].querySelectorAll('a')].map((a) => a.href)")
    assert links[0] == "http://localhost:60151/goto?locus=chr5:1295063-1295163"
    assert chromium.problems == []
