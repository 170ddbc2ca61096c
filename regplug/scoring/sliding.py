"""Windows at a step along stretches of codes ─window_predictions→ their predictions.

The graph that scores SNVs (`stretches`) computes once what windows share; here it is asked for
windows side by side.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from regplug.genome.codes import Codes
from regplug.scoring.backend import Array, Backend, Several
from regplug.scoring.stretches import NUMBERS, Answers, Request, Sizes, together

WINDOWS = 128  # in a request; with fewer, more of its bases are read by few windows


def window_predictions(
    stretches: Sequence[Codes], backend: Backend, *, width: int, step: int
) -> list[Array]:
    """Return the predictions for each `step`-th window of `width` bases in each stretch.

    A stretch, shape (bases,), has (bases - width) // step + 1 windows; predictions have shape
    (windows, targets). They are the same in whatever stretch a window lies.

    Raises:
        BackendError: as `Backend.predict`.
    """
    fast = together(backend, width)
    if fast is None or fast.sizes is None or 2 * step > width:
        windows, ends = _windows(stretches, width, step)
        return np.split(backend.predict(windows), ends)
    asked = [[*_requests(codes, width, step, fast.sizes)] for codes in stretches]
    answers = iter(fast.predict_variants([request for of in asked for request in of]))
    return [np.concatenate([next(answers)[0] for _ in of_stretch]) for of_stretch in asked]


def window_answers(
    stretches: Sequence[Codes], backend: Backend, outputs: Several, *, width: int, step: int
) -> list[Answers]:
    """Return what `window_predictions` does, of several outputs: (windows, *shape) by name.

    Raises:
        BackendError, ModelError: as `Backend.predict`.
    """
    fast = together(backend, width)
    if fast is None or fast.sizes is None or 2 * step > width:
        windows, ends = _windows(stretches, width, step)
        found = backend.predict(windows, outputs)
        parts = {name: np.split(answers, ends) for name, answers in found.items()}
        return [{name: parts[name][at] for name in outputs} for at in range(len(stretches))]
    asked = [[*_requests(codes, width, step, fast.sizes)] for codes in stretches]
    answers = iter(fast.predict_variants([request for of in asked for request in of], outputs))
    made = []
    for of_stretch in asked:
        pieces = [next(answers)[0] for _ in of_stretch]
        made.append({name: np.concatenate([p[name] for p in pieces]) for name in outputs})
    return made


def _windows(stretches: Sequence[Codes], width: int, step: int) -> tuple[Codes, NDArray[np.intp]]:
    """Return the windows of all stretches (n, width), and where those of the next ones begin."""
    windows = [sliding_window_view(codes, width)[::step] for codes in stretches]
    ends = np.cumsum([len(of_stretch) for of_stretch in windows])
    return np.concatenate(windows), ends[:-1]


def _requests(codes: Codes, width: int, step: int, sizes: Sizes) -> Iterator[Request]:
    """Yield a stretch's windows as requests, in order."""
    most = WINDOWS
    while most > 1 and sizes.numbers(width + (most - 1) * step, most, 1) > NUMBERS:
        most //= 2
    for start in range(0, len(codes) - width + 1, most * step):
        block = codes[start : start + width + (most - 1) * step]
        starts = np.arange(0, len(block) - width + 1, step, dtype=np.int64)
        one = np.zeros(1, np.int64)  # an ALT that is REF: a server reads no empty tensors
        yield Request(block, starts, one, block[[sizes.column]], one)
