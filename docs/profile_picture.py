"""Draw docs/profile.png: TERT C228T on the page of a model with a profile.

python -m docs.profile_picture       # needs Chromium

The network is written by hand, as none is to hand whose weights are free: reads lie on both sides
of sites CCGGAAG and CTTCCGG, which the ETS factors bind.
"""

import tempfile
from pathlib import Path

import numpy as np

import regplug
from tests.plugins.browser.chromium import Chromium
from tests.plugins.browser.example_tracks import FASTA
from tests.toy_genomes import vcf_text
from tests.toy_profiles import SIZE, ProfileToy

DOCS = Path(__file__).parent
SITES = (".CCGGAAG.", ".CTTCCGG.")
RECORD = "chr5 1295113 TERT_C228T G A . . ."


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        network().imported(folder / "repo", "ets", flat=True)
        (folder / "in.vcf").write_text(vcf_text([RECORD], {"chr5": "N" * 181_538_259}))
        regplug.track(
            "ets", output=folder / "out", vcf=folder / "in.vcf", fasta=FASTA, views=["page"],
            repo=str(folder / "repo"),
        )  # fmt: skip
        with Chromium(folder / "profile", height=450) as chromium:
            chromium.open((folder / "out" / "page.html").as_uri())
            chromium.until("document.body?.dataset.ready")
            chromium.ask("document.body.replaceChildren(document.getElementById('profile'))")
            chromium.photograph(DOCS / "profile.png")


def network() -> ProfileToy:
    """Return a network that reads 230 bases and tells of 150."""
    made = ProfileToy(window=230, bases=150)
    filters = [[[{letter: 1, ".": 0}.get(base, -1) for base in site] for letter in "ACGT"]
               for site in SITES]  # fmt: skip
    made.filters = np.zeros_like(made.filters)
    made.filters[: len(SITES)] = np.array(filters) - 5 / SIZE  # six bases of seven are heard
    away = np.arange(made.heads.shape[2]) - made.heads.shape[2] // 2
    made.heads[:] = np.exp(-((away / 18) ** 2)) - np.exp(-((away / 5) ** 2))
    made.weights[:] = 120
    return made


if __name__ == "__main__":
    main()
