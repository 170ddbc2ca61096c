"""The model whose filters `regplug motifs` shows, and the sequences that they are shown on."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx

from regplug.data.sequences.bound import read_codes
from regplug.errors import ModelError, SequenceError
from regplug.files.extras import needs
from regplug.genome.codes import Codes
from regplug.interpret.filters.influence import Influence, Labels, measure
from regplug.interpret.filters.layer import FirstLayer
from regplug.interpret.filters.motifs import filter_motifs, names
from regplug.interpret.filters.report import Learned, learned_of
from regplug.models.device import CPU
from regplug.models.locate import model_folder
from regplug.models.repository import read_card, read_onnx
from regplug.scoring.card import ModelCard


class ModelSequences(NamedTuple):
    """Sequences for a model.

    Attributes:
        codes: (n, window).
        labels: 0 or 1, (n, targets); None if they are not known.
        summary: which sequences these are, and why there is no loss; a line for the user.
    """

    codes: Codes
    labels: Labels | None
    summary: str


def open_first_layer(
    name: str, repo: str | None, *, rna: bool, threads: int = 0, device: str = CPU
) -> FirstLayer:
    """Return a model, opened.

    Args:
        name: of the model, or its folder.
        repo: where to look for the name; None: in all places that the user and plugins have.
        rna: True if the model must read one strand, False if both.
        threads: of the CPU; 0 for all cores.
        device: cpu, cuda or cuda:N.

    Raises:
        ModelError: there is no such model, it reads other strands, or its filters cannot be found.
        BackendError: onnxruntime cannot use the device.
    """
    folder = model_folder(Path(name), repo)
    card = read_card(folder)
    if rna != (card.strand == "forward"):
        strands, do = ("both strands", "leave --rna out") if rna else ("one strand", "add --rna")
        raise ModelError(f"{card.name} reads {strands}: {do}")
    model = onnx.load_from_string(read_onnx(folder, card))
    return FirstLayer(model, card, threads=threads, device=device)


def read_model_sequences(path: Path, card: ModelCard, most: int) -> ModelSequences:
    """Return up to `most` sequences of a set of sites, a table or FASTA, or a folder of tables.

    Of a set of sites some of the test part are drawn; if it has none, of the validation part, then
    of training. Of a folder, each target's file gives as many as any other's.

    Raises:
        SequenceError: they cannot be read, or do not fit the model.
        DataError: the set of sites cannot be read.
    """
    if path.suffix in (".h5", ".hdf5"):
        found = _sites(path, card, most)
    elif path.is_dir():
        share = max(1, most // len(card.targets))
        codes = [sequence for label in card.labels for sequence in read_codes(path, label, share)]
        found = ModelSequences(
            _stacked(codes, card), None, f"{len(codes)} sequences, up to {share} of each target"
        )
    else:
        codes = read_codes(path, "", most)
        found = ModelSequences(_stacked(codes, card), None, f"{len(codes)} sequences")
    if len(found.codes) < 2:
        raise SequenceError(f"{path} has one sequence: filters are compared over several")
    return found


def look_at(
    model: FirstLayer,
    windows: ModelSequences,
    gc: float,
    task: Callable[[str], Callable[[int, int], None]],
) -> tuple[list[Learned], Influence]:
    """Return the motifs and the influence of a model's filters.

    Args:
        model: the opened model.
        windows: to run it on.
        gc: share of G and C in the background of the motifs' information.
        task: opens a progress bar for a word, and returns what to call with the work done and all.

    Raises:
        SequenceError: as `measure`.
        BackendError: the model gives NaN or inf.
    """
    motifs = filter_motifs(model, windows.codes, gc=gc, progress=task("motifs"))
    influence = measure(model, windows.codes, windows.labels, progress=task("influence"))
    of_filters = (motif_and_bits for member in motifs for motif_and_bits in member)
    found, bits = zip(*of_filters, strict=True)
    return learned_of(model.card.name, found, bits, names(model.members)), influence


def _stacked(codes: list[Codes], card: ModelCard) -> Codes:
    wrong = [len(sequence) for sequence in codes if len(sequence) != card.window]
    if wrong:
        raise _misfit(card, f"a sequence has {wrong[0]}: cut the sequences to {card.window}")
    return np.stack(codes)


def _sites(path: Path, card: ModelCard, most: int) -> ModelSequences:
    with needs("train"):
        from regplug.data.sites.parts import PARTS
        from regplug.data.sites.sites import UNLABELLED, Sites
    with Sites(path) as sites:
        length = sites.card.settings.length
        if length != card.window:
            raise _misfit(
                card, f"the sites have {length}: prepare them with --length {card.window}"
            )
        part = next(name for name in reversed(PARTS) if sites.count(name))
        batch = next(sites.batches(part, most, rng=np.random.default_rng(0)))
        columns = [sites.samples.index(label) for label in card.labels if label in sites.samples]
    summary, labels = f"{len(batch.codes)} sites of the part {part}", None
    if card.output_scale != "probability":
        summary += "; no loss: the model's scores are no probabilities"
    elif len(columns) < len(card.targets):
        summary += "; no loss: the model's targets are not all among the samples"
    else:
        labels = batch.targets[:, columns]
        if (labels == UNLABELLED).any():
            labels, summary = None, summary + "; no loss: some of the sites' targets are not known"
    return ModelSequences(batch.codes, labels, summary)


def _misfit(card: ModelCard, why: str) -> SequenceError:
    return SequenceError(f"{card.name} reads {card.window} bases, {why}")
