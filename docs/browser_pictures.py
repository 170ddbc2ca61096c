"""Draw docs/page.png and docs/igv.png: the example's tracks in our page, and in IGV.

python -m docs.browser_pictures       # needs Chromium, IGV and xvfb
"""

import tempfile
from pathlib import Path

from regplug_browser.igv import Igv
from regplug_browser.page import Page
from tests.plugins.browser.chromium import Chromium
from tests.plugins.browser.example_tracks import example_tracks
from tests.plugins.browser.igv_desktop import photograph

DOCS = Path(__file__).parent
ROW = "[...document.querySelectorAll('#variants tbody tr')][1]"  # TERT C250T


def main() -> None:
    """Write both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with example_tracks(folder) as made:
            page, session = Page().write(made), Igv().write(made)
            (folder / "desktop").mkdir()
            picture = photograph(session, made.genome.path, folder / "desktop")
            (DOCS / "igv.png").write_bytes(picture.read_bytes())
        with Chromium(folder / "profile", height=1160) as chromium:
            chromium.open(page.as_uri())
            chromium.until("document.body?.dataset.ready")
            chromium.ask(f"{ROW}.click()")
            chromium.ask("new Promise((done) => setTimeout(done, 2000))")
            chromium.photograph(DOCS / "page.png")


if __name__ == "__main__":
    main()
