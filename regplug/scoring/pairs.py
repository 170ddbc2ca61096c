"""Alleles ─pair_predictions→ what a model answers to the rows of REF and of ALT.

SNVs are scored together where the backend can, all else window by window.
"""

import numpy as np
from numpy.typing import NDArray

from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import Array, Backend, Several, output_of
from regplug.scoring.requests import requests
from regplug.scoring.stretches import Answers, Request, Sizes, only_differs_at, together


def pair_predictions(alleles: Alleles, backend: Backend) -> tuple[Array, Array]:
    """Return the predictions for the rows of REF and of ALT, (rows, targets) each.

    Raises:
        BackendError: as `Backend.predict`.
    """
    fast = together(backend, alleles.ref.shape[1])
    if fast is None or fast.sizes is None:
        return backend.predict(alleles.ref), backend.predict(alleles.alt)
    asked, others = _asked(alleles, fast.sizes)
    ref, alt = np.empty((2, len(others), len(backend.card.targets)), np.float32)
    for request, (before, after) in zip(asked, fast.predict_variants(asked), strict=True):
        ref[request.rows], alt[request.rows] = before[request.of], after
    if others.any():
        ref[others] = backend.predict(alleles.ref[others])
        alt[others] = backend.predict(alleles.alt[others])
    return ref, alt


def pair_answers(alleles: Alleles, backend: Backend, outputs: Several) -> tuple[Answers, Answers]:
    """Return several outputs' answers to the rows of REF and of ALT, (rows, *shape) by name.

    Raises:
        BackendError, ModelError: as `Backend.predict`.
    """
    fast = together(backend, alleles.ref.shape[1])
    if fast is None or fast.sizes is None:
        return backend.predict(alleles.ref, outputs), backend.predict(alleles.alt, outputs)
    asked, others = _asked(alleles, fast.sizes)
    shapes = {name: (len(others), *output_of(backend.card, name).shape) for name in outputs}
    ref, alt = ({name: np.empty(shapes[name], np.float32) for name in outputs} for _ in range(2))
    for request, (before, after) in zip(asked, fast.predict_variants(asked, outputs), strict=True):
        for name in outputs:
            ref[name][request.rows] = before[name][request.of]
            alt[name][request.rows] = after[name]
    if others.any():
        for side, codes in ((ref, alleles.ref), (alt, alleles.alt)):
            for name, answers in backend.predict(codes[others], outputs).items():
                side[name][others] = answers
    return ref, alt


def _asked(alleles: Alleles, sizes: Sizes) -> tuple[list[Request], NDArray[np.bool_]]:
    """Return the requests for the SNVs among rows, and which rows are none."""
    snv = only_differs_at(alleles.ref, alleles.alt, sizes.column)
    return [*requests(alleles, np.flatnonzero(snv), sizes)], ~snv
