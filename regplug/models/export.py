"""A graph and its card → a model directory, with the targets' spreads and golden scores."""

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from regplug.genome.codes import Codes, decode
from regplug.hooks.measuring import Measuring
from regplug.models.embedded import Embedded
from regplug.models.repository import Golden, write_model
from regplug.scoring.alleles import column
from regplug.scoring.backend import Backend
from regplug.scoring.card import ModelCard
from regplug.scoring.sequences import predict_output, predict_sequences

PLAIN = Measuring()
GC = 0.41  # of the human genome
Opening = Callable[[Path, int], Backend | None]  # a model's folder, on so many threads
_GOLDEN_LENGTHS = (7, 20, 60, 101)  # for graphs that read any length


def export_model(
    repo: Path,
    card: ModelCard,
    onnx: bytes,
    measuring: Measuring = PLAIN,
    faster: Opening = lambda folder, threads: None,
) -> ModelCard:
    """Write `repo`/<card.name>/ and return the finished card.

    The card gets the graph's sha256 and, where it has a window, each target's spread: the standard
    deviation of its difference over random SNVs in random sequence of 41 % GC (seed 0).

    Args:
        repo: the repository; a model of that name is replaced.
        card: without sha256 and spreads.
        onnx: the graph, serialised.
        measuring: how many SNVs, on how many threads.
        faster: opens what measures the spreads, if there is such; golden scores are the graph's.

    Raises:
        ModelError: onnxruntime cannot run the graph.
        BackendError: the scores have another shape than the card says, or are NaN or inf.
        OutputError: the directory cannot be written.
    """
    card = msgspec.structs.replace(card, sha256=hashlib.sha256(onnx).hexdigest())
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_model(Path(scratch), card, onnx=onnx, golden=Golden([], []))
        with closing(Embedded(folder, threads=measuring.threads)) as backend:
            sequences = _golden_sequences(card)
            golden = Golden(
                sequences,
                predict_sequences(sequences, backend).tolist(),
                {
                    output.name: predict_output(sequences, backend, output.name).tolist()
                    for output in card.answers
                    if output != card.main
                },
            )
            if card.window is not None:
                write_model(Path(scratch), card, onnx=onnx, golden=golden)  # to be compared with
                fast = faster(folder, measuring.threads)
                with closing(fast) if fast else nullcontext(backend) as chosen:
                    progress = partial(measuring.progress, card.name)
                    spread = measure_spread(chosen, card.window, measuring.snvs, progress)
                card = _with_spread(card, spread)
    write_model(repo, card, onnx=onnx, golden=golden)
    return card


def measure_spread(
    backend: Backend,
    window: int,
    snvs: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float64]:
    """Return the standard deviation of each target's ALT − REF over random SNVs, shape (targets,).

    They are all three SNVs in the variant's column of random sequences of `window` bases, at least
    `snvs` of them. `progress` is called with how many are done, and of how many.

    Raises:
        BackendError: as `Backend.predict`.
    """
    rng = np.random.default_rng(0)
    places, at_once = -(-snvs // 3), 256
    count, total, squares = 0, 0.0, np.zeros(len(backend.card.targets))
    for start in range(0, places, at_once):
        ref = random_codes(rng, min(at_once, places - start), window)
        before = backend.predict(ref)
        for step in (1, 2, 3):
            alt = ref.copy()
            alt[:, column(window)] = (alt[:, column(window)] + step) % 4
            differences = (backend.predict(alt) - before).astype(np.float64)
            count += len(differences)
            total = total + differences.sum(0)
            squares += np.square(differences).sum(0)
        progress(count, 3 * places)
    return np.asarray(np.sqrt(np.maximum(squares / count - np.square(total / count), 0)))


def random_codes(rng: np.random.Generator, rows: int, width: int) -> Codes:
    """Return random bases without N, 41 % G and C, shape (rows, width)."""
    p = [(1 - GC) / 2, GC / 2, GC / 2, (1 - GC) / 2]
    return rng.choice(4, (rows, width), p=p).astype(np.uint8)


def _with_spread(card: ModelCard, spread: NDArray[np.float64]) -> ModelCard:
    targets = tuple(
        msgspec.structs.replace(target, spread=float(f"{value:.6g}"))
        for target, value in zip(card.targets, spread, strict=True)
    )
    return msgspec.structs.replace(card, targets=targets)


def _golden_sequences(card: ModelCard) -> list[str]:
    """Return random sequences of lengths that the model reads, the last with unknown bases."""
    rng = np.random.default_rng(1)
    lengths = (card.window,) * 3 if card.window is not None else _GOLDEN_LENGTHS
    codes = [random_codes(rng, 1, length)[0] for length in lengths]
    codes[-1][len(codes[-1]) // 3 : len(codes[-1]) // 3 + 3] = 4
    return [decode(sequence) for sequence in codes]
