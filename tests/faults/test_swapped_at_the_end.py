"""A server gets another model after the last answer: each command ends with an error, and nothing.

All scores are of one version then, and nothing but what the server says of itself at the end tells.
"""

import threading
from pathlib import Path

import click
import msgspec
import numpy as np
import pytest

import regplug as front_door
from regplug.cli import cli
from regplug.errors import BackendError
from regplug.models.repository import Golden, read_card, write_model
from regplug.models.triton_client import Client
from regplug.models.triton_served import describe
from regplug.motifs.meme import write_meme
from regplug.motifs.motif import Motif
from tests.faults.conftest import CONTIGS
from tests.faults.fakes import PROTOCOLS, Served
from tests.toy_backgrounds import drawn_scores, with_background

pytest.importorskip("tritonclient")

FAULT = pytest.mark.fault("versions", "a model that is replaced after the last answer of a run")
# Commands that take a server and ask for no scores, or are tried elsewhere (test_test_on_sites).
OTHERS = {"models list", "models search", "models show", "models verify", "test"}
MESSAGE = "now has another gc"
CODES = np.random.default_rng(1).integers(0, 4, (60, 21)).astype(np.uint8)


class Swapped(Served):
    """A server that, after so many answers, says it has another version; by its config, or not."""

    answers = 1 << 30

    def __init__(self, card, *, told_by_config=True):
        super().__init__(card)
        later = msgspec.structs.replace(card, version="2", sha256="2" * 64)
        self._later = Served(later if told_by_config else card, version="2")

    @property
    def config(self):
        return self._later.config if self.requests >= self.answers else super().config

    @property
    def metadata(self):
        return self._later.metadata if self.requests >= self.answers else super().metadata


@pytest.fixture
def world(place_of):
    """A place with 60 ALTs, the model with a background, and inputs of all commands."""
    place = place_of(60)
    rng = np.random.default_rng(3)
    card = read_card(place.model)
    card = with_background(card, [("random", "snv", drawn_scores(rng, 300, targets=2), "list")])
    card = msgspec.structs.replace(card, max_batch_size=6)  # so that there are many answers
    onnx = (place.model / "1" / "model.onnx").read_bytes()
    write_model(place.folder / "models", card, onnx=onnx, golden=Golden([], []))
    letters = CONTIGS["chr1"]
    (place / "in.fa").write_text("".join(f">{at}\n{letters[at : at + 21]}\n" for at in range(80)))
    (place / "few.fa").write_text(f">a\n{letters[:21]}\n>b\n{letters[21:42]}\n")
    write_meme(place / "in.meme", [Motif("m", np.eye(4)[[2, 2, 1, 1]], 20)])
    for name, at in (("one", 1000), ("other", 2000)):
        lines = [f"chr1\t{at + far}\t{at + far + 50}\t.\t0\t+\n" for far in (0, 200)]
        (place / f"{name}.bed").write_text("".join(lines))
    return place


def lines_of(place):
    """Return each command's line, but for the model and where it is."""
    fasta, out = ("--fasta", place / "genome.fa"), ("-o", place / "out")
    vcf = place / "in.vcf"
    return {
        "annotate": ["annotate", vcf, *fasta, "-o", place / "out.vcf"],
        "annotate, more outputs": [
            *("annotate", vcf, *fasta, "-o", place / "out.bcf"),
            *("--matrix", place / "out.tsv", "--summary", place / "out.json"),
        ],
        "annotate, in parts": [
            *("annotate", vcf, *fasta, "-o", place / "out.vcf", "--executor", "sequential"),
        ],
        "annotate, to standard output": ["annotate", vcf, *fasta],
        "attribute": ["attribute", "gc", place / "few.fa", *out],
        "attribute, in parts": [
            *("attribute", "gc", place / "few.fa", *out, "--executor", "sequential"),
        ],
        "compare": [
            *("compare", "gc", "gc", "--second-repo", place / "models", "--pair", "T0=T0"),
            *("--at", "chr1:1000-1040", *fasta, *out),
        ],
        "explain": ["explain", "chr1:1000-1040", *fasta, *out],
        "marginalize": [
            *("marginalize", "GGNCC", "--backgrounds", "4", "--against", place / "in.meme", *out),
        ],
        "precompute": ["precompute", "chr1:1001-1060", *fasta, "-o", place / "out.vcf.gz"],
        "predict": ["predict", place / "in.fa", "-o", place / "out.tsv"],
        "profile": [
            *("profile", place / "one.bed", place / "other.bed", *fasta, *out),
            *("--flank", 40, "--exon", 20, "--window", 20, "--targets", "T0"),
        ],
        "top": ["top", place / "was.vcf", *fasta, "--page", place / "out.html"],
        "track": ["track", "--regions", "chr1:1000-1300", *fasta, *out],
        "track, in parts": [
            *("track", "--regions", "chr1:1000-1300", *fasta, *out, "--executor", "sequential"),
        ],
        "track, around variants": ["track", "--vcf", vcf, "--targets", "T0", *fasta, *out],
        "verify": ["verify", place / "was.vcf", *fasta],
    }


NO_MODEL = {"attribute", "compare", "top", "verify"}  # that they take as an option
NEEDED = {
    "attribute": ("h5py",),
    "attribute, in parts": ("h5py",),
    "compare": ("jinja2", "logomaker", "matplotlib", "pyjaspar", "scipy"),
    "explain": ("logomaker", "matplotlib", "pyjaspar"),
    "marginalize": ("jinja2", "matplotlib", "scipy"),
    "profile": ("matplotlib", "scipy"),
}
DRAWN = {  # what takes long → what stands in for it
    "compare": ("regplug.interpret.compare.report.save_formats", None),
    "explain": ("regplug.interpret.explain.report.save_formats", None),
    "marginalize": ("regplug.interpret.marginal.report.figures_of", []),
    "profile": ("regplug.interpret.profile.report.draw_profile", None),
}


@FAULT
@pytest.mark.parametrize("name", lines_of(Path()))
def test_each_command(world, regplug, name, monkeypatch):
    for library in NEEDED.get(name, ()):
        pytest.importorskip(library)
    if name in DRAWN:
        drawing, nothing = DRAWN[name]
        monkeypatch.setattr(drawing, lambda *_, **__: nothing)
    served = Swapped(read_card(world.model))
    with PROTOCOLS["http"](served) as url:
        where = [] if name.split(",")[0] in NO_MODEL else ["--model", "gc"]
        line = [*lines_of(world)[name], *where, "--model-repo", url]
        if name in ("top", "verify"):
            was = ("--fasta", world / "genome.fa", "-o", world / "was.vcf", "--model", "gc")
            models = ("--model-repo", world / "models")
            assert regplug("annotate", world / "in.vcf", *was, *models).status == 0
        there = world.files
        done = regplug(*line)
        assert done.status == 0, done
        if new := set(world.files) - set(there):
            remove(world, new)
        served.answers, served.requests = served.requests, 0
        assert served.answers > 8
        done = regplug(*line)
    assert done.status == 1, done
    assert MESSAGE in done.err
    assert served.requests == served.answers  # it is the end at which that was found
    assert set(world.files) <= {*there, "out.parts", "out.vcf.parts"}
    assert not list(world.folder.glob("out*/*"))  # no part is kept either


def remove(place, names):
    for name in names:
        path = place / name
        for file in path.iterdir() if path.is_dir() else ():
            file.unlink()
        (path.rmdir if path.is_dir() else path.unlink)()


def test_no_command_is_forgotten():
    """Whatever command takes a server is in the table above, or named as one that is not."""
    tried = {name.split(",")[0] for name in lines_of(Path())}
    assert set(commands_with_a_server(cli)) == tried | OTHERS


def commands_with_a_server(group, *above):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands_with_a_server(command, *above, name)
        elif {"card", "client_key"} <= {option.name for option in command.params}:
            yield " ".join((*above, name))


@FAULT
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("told_by_config", [True, False])
def test_either_protocol(world, regplug, protocol, told_by_config):
    """The version in the metadata alone tells too, as where the card is given with --card."""
    served = Swapped(read_card(world.model), told_by_config=told_by_config)
    with PROTOCOLS[protocol](served) as url:
        line = [*lines_of(world)["annotate"], "--model", "gc", "--model-repo", url]
        assert regplug(*line).status == 0
        before = (world / "out.vcf").read_bytes()
        served.answers, served.requests = served.requests, 0
        done = regplug(*line)
    assert done.status == 1
    assert MESSAGE in done.err
    assert (world / "out.vcf").read_bytes() == before  # an older output stays


@FAULT
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_each_connection_is_asked(world, protocol):
    """Behind one address, it may be one of several servers that has another model."""
    checks, asked, infer = [], set(), Client.infer

    def check(client, *names):
        checks.append((threading.get_ident(), id(client)))
        return describe(client, *names)

    def noted(client, *names):
        asked.add((threading.get_ident(), id(client)))
        return infer(client, *names)

    served = Served(read_card(world.model))
    with (
        pytest.MonkeyPatch.context() as patch,
        PROTOCOLS[protocol](served) as url,
        front_door.open_model("gc", repo=url) as opened,
    ):
        patch.setattr(Client, "infer", noted)
        opened.predict(CODES)
        patch.setattr("regplug.models.triton.describe", check)
        opened.confirm()
        connections = set(checks)  # also those that, on a busy machine, had no answer yet
        assert len(checks) == len(connections) > 1
        assert asked <= connections
        opened.confirm()
        assert len(checks) == len(connections)  # nothing has been answered since
        opened.predict(CODES[:6])
        opened.confirm()
        assert set(checks[len(connections) :]) >= connections | asked


@FAULT
def test_from_python(world):
    card = read_card(world.model)
    served = Swapped(card)
    with PROTOCOLS["http"](served) as url:
        with front_door.open_model("gc", repo=url) as opened:
            opened.predict(CODES)
        served.answers, served.requests = served.requests, 0
        opened = front_door.open_model("gc", repo=url)
        with pytest.raises(BackendError, match=MESSAGE), opened:
            opened.predict(CODES)
        with pytest.raises(BackendError, match="is closed"):
            opened.predict(CODES)
