"""Draw docs/page.png, docs/igv.png and docs/top.png: the example in our pages, and in IGV.

python -m docs.browser_pictures       # needs Chromium, IGV and xvfb
"""

import tempfile
from pathlib import Path

import regplug
from regplug_browser.igv import Igv
from regplug_browser.page import Page
from tests.plugins.browser.chromium import Chromium
from tests.plugins.browser.example_tracks import FASTA, example_tracks
from tests.plugins.browser.igv_desktop import photograph

DOCS = Path(__file__).parent
EXAMPLES = DOCS.parent / "examples"
ROW = "[...document.querySelectorAll('#variants tbody tr')][1]"  # TERT C250T


def main() -> None:
    """Write the pictures."""
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
        with Chromium(folder / "another", height=1160) as chromium:
            chromium.open(leading(folder).as_uri())
            chromium.until("document.body?.dataset.ready")
            chromium.ask("new Promise((done) => setTimeout(done, 2000))")
            chromium.photograph(DOCS / "top.png")


def leading(folder: Path) -> Path:
    """Return the page of the example's leading variants."""
    vcf, page = folder / "annotated.vcf.gz", folder / "top.html"
    models = ["basset_dhs4", "deepbind_encode"]
    regplug.annotate(EXAMPLES / "variants.vcf", output=vcf, fasta=FASTA, models=models)
    regplug.top([vcf], page=page, fasta=FASTA)
    return page


if __name__ == "__main__":
    main()
