"""What makes contributions of sequences: Settings ─ready→ a function of `Seen`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import onnx

from regplug.api.attribute.sequences import Seen
from regplug.api.models import OpenModel
from regplug.errors import ConfigError
from regplug.files.extras import needs
from regplug.genome.codes import Codes
from regplug.genome.fasta import Genome
from regplug.genome.haplotype import Haplotype
from regplug.interpret.attribute.contributions import Contributions
from regplug.interpret.attribute.mutagenesis import centred, within
from regplug.models.locate import model_folder
from regplug.models.repository import read_card, read_onnx
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard

Method = Literal["ism", "deeplift", "gradient"]
Mutate = Literal["", "centred", "within"]
Score = Literal["", "diff", "logit", "log2fc"]
Make = Callable[[Sequence[Seen]], Contributions]


class Settings(msgspec.Struct, frozen=True):
    """What all contributions of a run have in common.

    Attributes:
        model: name.
        wanted: its version and sha256 (see `version_of`).
        targets: indices of those that are asked for.
        method: ism, deeplift or gradient.
        mutate: of ism, where changes are scored: centred or within; else "".
        score: how scores are compared: diff, logit or log2fc.
        references: of deeplift, shuffles of a sequence; 0: unknown bases.
        fai: sha256 of the index of the reference, or "".
        source: size and time of the reference; none without one.
        regplug: version.
        fasta: reference, or "".
        repo: folder of models, or a server's URL; "": as installed.
        options: how to run the model.
    """

    model: str
    wanted: tuple[str, str]
    targets: tuple[int, ...]
    method: str
    mutate: str
    score: str
    references: int
    fai: str
    source: tuple[int, ...]
    regplug: str
    fasta: str
    repo: str
    options: BackendOptions

    @property
    def identity(self) -> bytes:
        """Return what values depend on: all but where things lie and how the model is run."""
        told = msgspec.to_builtins(self)
        for name in ("fasta", "repo", "options"):
            del told[name]
        return msgspec.json.encode(told, order="deterministic")


def scale(card: ModelCard, asked: str) -> str:
    """Return how scores are compared where nothing is asked for: probabilities by their logits.

    Raises:
        ConfigError: the card's scale has no such comparison.
    """
    if (asked, card.output_scale) in (
        ("logit", "positive"),
        ("logit", "score"),
        ("log2fc", "score"),
    ):
        raise ConfigError(
            f"{card.name} predicts a {card.output_scale}, which has no {asked}: leave --score out"
        )
    return asked or ("logit" if card.output_scale == "probability" else "diff")


def ready(settings: Settings, run: OpenModel, genome: Genome | None) -> Make:
    """Return what makes the contributions that the settings ask for.

    Raises:
        ModelError: the model is on a server, or has operators that have no gradients here.
        MissingLibraryError: torch is asked for, and is not installed.
    """
    targets, score = settings.targets, settings.score
    if settings.method != "ism":
        return _through_torch(settings)
    if settings.mutate == "within":
        return lambda seen: within(_codes(seen), run.for_sequences, targets, score)
    assert genome is not None
    model = run.for_variants()

    def make(seen: Sequence[Seen]) -> Contributions:
        found = []
        for _, _, place, variant in seen:
            assert place is not None
            source = Haplotype(genome, variant) if variant else genome
            found.append(centred(place, model, source, targets, score))
        return Contributions(*map(np.concatenate, zip(*found, strict=True)))

    return make


def _codes(seen: Sequence[Seen]) -> Codes:
    return np.stack([each.codes for each in seen])


def _through_torch(settings: Settings) -> Make:
    with needs("torch"):
        import torch

        from regplug.interpret.attribute.gradients import deeplift, gradient, references_of
        from regplug.interpret.attribute.network import Network
    folder = model_folder(Path(settings.model), settings.repo or None)
    card = read_card(folder)
    if settings.options.threads:
        torch.set_num_threads(settings.options.threads)
    network = Network(
        onnx.load_from_string(read_onnx(folder, card)),
        card.name,
        card.main.name,
        settings.options.device,
    )
    targets, score = settings.targets, settings.score
    if settings.method == "gradient":
        return lambda seen: gradient(_codes(seen), network, targets, score)
    return lambda seen: deeplift(
        _codes(seen),
        network,
        targets,
        score,
        lambda codes: references_of(codes, settings.references),
    )
