"""What windows of BPNet's family share is computed once, and no window twice."""

from contextlib import closing

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import regplug
from regplug.genome.codes import Codes
from regplug.hooks.about import About
from regplug.hooks.measuring import Measuring
from regplug.models import imported
from regplug.models.embedded import Embedded
from regplug.models.remembered import Remembered
from regplug.scoring.alleles import Alleles
from regplug.scoring.pairs import pair_answers
from regplug.scoring.sliding import window_answers
from regplug_bpnet.adapter import BPNet
from regplug_bpnet.importer import import_bpnet
from tests.models.variants.test_bits import chosen
from tests.scoring.test_stretches import alleles_in, snvs
from tests.toy_genomes import random_letters, vcf_text, write_fasta

pytest.importorskip("h5py")

from tests.plugins.bpnet.toys import write_chrombpnet

OUTPUTS = ("profile", "log_counts")
WINDOW, BASES = 170, 48


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    path = write_chrombpnet(folder / "nobias.h5", filters=8, window=WINDOW, bases=BASES)
    import_bpnet([path], folder / "repo", About(name="mine"), measuring=Measuring(3, 1))
    return folder / "repo"


@pytest.fixture
def backend(repo):
    with closing(Embedded(repo / "mine", threads=1)) as opened:
        yield opened


@pytest.fixture
def asked(monkeypatch):
    """Return a list of what is asked of models in process: rows window by window, and requests."""
    seen = []
    plain, fast = Embedded._answers, Embedded._together

    def answers(self, codes, outputs):
        seen.append(codes)
        return plain(self, codes, outputs)

    def together(self, request, outputs):
        seen.append(request)
        return fast(self, request, outputs)

    monkeypatch.setattr(Embedded, "_answers", answers)
    monkeypatch.setattr(Embedded, "_together", together)
    return seen


def window_by_window(asked) -> int:
    return sum(len(of) for of in asked if isinstance(of, np.ndarray))


def requests_of(asked):
    return [of for of in asked if not isinstance(of, np.ndarray)]


def codes_of(bases: int) -> Codes:
    return np.random.default_rng(5).integers(0, 4, bases).astype(np.uint8)


def some_alleles() -> Alleles:
    codes = codes_of(900)
    return alleles_in(snvs(codes, [*range(300, 340, 3), 700]), codes, WINDOW)


def test_snvs_have_the_scores_of_their_windows_and_are_scored_together(backend, asked) -> None:
    alleles = some_alleles()
    found = BPNet().score(alleles, backend)
    assert window_by_window(asked) == 0
    assert sum(len(request.of) for request in asked) == len(alleles.ref)

    class Plain:
        card, predict = backend.card, staticmethod(backend.predict)

    wanted = BPNet().score(alleles, Plain())
    assert np.isfinite(wanted.ref).all()
    for side in ("ref", "alt"):
        np.testing.assert_allclose(getattr(found, side), getattr(wanted, side), atol=1e-5)
    for name in ("logfc", "jsd", "logfc_x_jsd"):
        np.testing.assert_allclose(found.pairs[name], wanted.pairs[name], atol=1e-5)
    assert (found.pairs["jsd"] > 1e-4).all()


def test_an_snv_has_the_same_bits_in_whatever_company(backend) -> None:
    alleles = some_alleles()
    together = pair_answers(alleles, backend, OUTPUTS)
    for rows in (np.array([0]), np.array([40, 3]), np.arange(5, 30, 3)):
        few = pair_answers(chosen(alleles, rows), backend, OUTPUTS)
        for side, whole in zip(few, together, strict=True):
            for name in OUTPUTS:
                assert side[name].tobytes() == whole[name][rows].tobytes()


def test_windows_of_a_track_share_what_they_have_in_common(backend, asked) -> None:
    step = BASES // 2
    codes = codes_of(WINDOW + 19 * step)
    (found,) = window_answers([codes], backend, OUTPUTS, width=WINDOW, step=step)
    (request,) = asked
    assert len(request.block) == len(codes)
    wanted = backend.predict(sliding_window_view(codes, WINDOW)[::step], OUTPUTS)
    for name in OUTPUTS:
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-5)
    for first, many in ((0, 1), (3, 5)):
        part = codes[first * step : (first + many - 1) * step + WINDOW]
        (some,) = window_answers([part], backend, OUTPUTS, width=WINDOW, step=step)
        for name in OUTPUTS:
            assert some[name].tobytes() == found[name][first : first + many].tobytes()


@pytest.fixture
def genome(tmp_path):
    letters = random_letters(1500, seed=1)
    write_fasta(tmp_path / "g.fa", {"chr1": letters})
    return letters


def other(letter: str) -> str:
    return "ACGT"["ACGT".index(letter) - 1]


def test_maps_of_counts_and_profile_ask_for_a_change_once(repo, genome, tmp_path, asked) -> None:
    at, flank = 700, 6
    maps = regplug.explain(
        f"chr1:{at}:{genome[at - 1]}:{other(genome[at - 1])}", model="mine", flank=flank,
        fasta=tmp_path / "g.fa", repo=str(repo),
    )  # fmt: skip
    assert [shown.aspect for shown in maps.shown] == ["counts", "profile"]
    changes = 2 * (2 * flank + 1) * 3  # of REF and ALT
    scored = 1  # the variant itself, for its score
    assert sum(len(request.of) for request in requests_of(asked)) == changes + scored
    assert window_by_window(asked) == 0


def test_tracks_and_a_page_ask_for_a_variant_s_windows_once(repo, genome, tmp_path, asked) -> None:
    records = [f"chr1 {at} . {genome[at - 1]} {other(genome[at - 1])} . . ." for at in (600, 900)]
    (tmp_path / "in.vcf").write_text(vcf_text(records, {"chr1": genome}))
    made = regplug.track(
        "mine", output=tmp_path / "out", vcf=tmp_path / "in.vcf", fasta=tmp_path / "g.fa",
        views=["page"], repo=str(repo),
    )  # fmt: skip
    assert '"profile"' in made.views["page"].read_text()
    assert window_by_window(asked) == 4  # REF and ALT of each, for tracks and page alike


def test_what_was_asked_together_is_kept_in_memory(backend, asked) -> None:
    alleles, kept = some_alleles(), Remembered(backend)
    first = pair_answers(alleles, kept, OUTPUTS)
    many = len(asked)
    again = pair_answers(alleles, kept, OUTPUTS)
    assert len(asked) == many > 0
    for side, before in zip(again, first, strict=True):
        for name in OUTPUTS:
            assert side[name].tobytes() == before[name].tobytes()


def test_an_import_asks_for_no_sequences_twice(tmp_path, monkeypatch) -> None:
    seen: list[bytes] = []

    class Counted:
        def __init__(self, session) -> None:
            self._session = session

        def run(self, names, inputs):
            if len(inputs["codes"]) > 5:  # the few that are compared alone come again
                seen.append(inputs["codes"].tobytes())
            return self._session.run(names, inputs)

    opened = imported.open_session
    monkeypatch.setattr(imported, "open_session", lambda *given: Counted(opened(*given)))
    path = write_chrombpnet(tmp_path / "nobias.h5", filters=8, window=WINDOW, bases=BASES)
    import_bpnet([path], tmp_path / "repo", About(name="mine"), measuring=Measuring(3, 1))
    assert len(seen) == len(set(seen)) > 5
