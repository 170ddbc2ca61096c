"""In-silico mutagenesis: every single-base change, through whatever runs the model.

`centred` scores each change in the window that is centred on it, as `regplug explain` and
`annotate` do: what windows share is computed once. `within` scores it in the sequence as it stands.
"""

from collections.abc import Callable, Sequence

import numpy as np

from regplug.genome.codes import UNKNOWN, Codes
from regplug.genome.fasta import Reference
from regplug.genome.variant import Interval
from regplug.interpret.attribute.contributions import Contributions, Floats, from_differences
from regplug.interpret.explain.mutation_map import mutation_maps
from regplug.scoring.backend import Backend
from regplug.scoring.effects import EFFECTS
from regplug.scoring.model import Model
from regplug.scoring.sequences import predict_codes


def within(codes: Codes, backend: Backend, targets: Sequence[int], score: str) -> Contributions:
    """Return the contributions in sequences (n, bases), each changed base by base.

    Args:
        codes: of the sequences, as long as the model reads them.
        backend: runs the model.
        targets: indices of its outputs.
        score: how predictions are compared, one of EFFECTS.

    Raises:
        BackendError: as `Backend.predict`.
    """
    found = [_within(row, backend, targets, score) for row in codes]
    hypothetical, predictions = (np.stack(parts) for parts in zip(*found, strict=True))
    return Contributions(hypothetical, predictions, np.full_like(predictions, np.nan))


def _within(
    codes: Codes, backend: Backend, targets: Sequence[int], score: str
) -> tuple[Floats, Floats]:
    """Return a sequence's hypothetical contributions (targets, bases, 4), its predictions."""
    known = np.flatnonzero(codes != UNKNOWN)
    places, bases = (part.ravel() for part in np.meshgrid(known, np.arange(4), indexing="ij"))
    changed = bases != codes[places]
    places, bases = places[changed], bases[changed]
    rows = np.repeat(codes[None], 1 + len(places), axis=0)
    rows[1 + np.arange(len(places)), places] = bases
    scores = predict_codes(rows, backend)[:, list(targets)]
    differences = np.full((len(codes), 4, len(targets)), np.nan, np.float32)
    differences[known] = 0
    differences[places, bases] = EFFECTS[score](scores[:1], scores[1:])
    return from_differences(differences.transpose(2, 0, 1)), scores[0]


def centred(
    place: Interval,
    model: Model,
    genome: Reference,
    targets: Sequence[int],
    score: str,
    progress: Callable[[int], None] = lambda bases: None,
) -> Contributions:
    """Return the contributions in one stretch of a genome, or haplotype: n is 1.

    The prediction is that for the window around the middle base.

    Raises:
        RegplugError: as the genome and the backend raise.
    """
    maps = mutation_maps(model, genome, place, effect=EFFECTS[score], progress=progress)
    hypothetical = np.stack([from_differences(maps[target].differences) for target in targets])
    predictions = np.array([maps[target].score for target in targets], np.float32)
    return Contributions(
        hypothetical[None], predictions[None], np.full((1, len(targets)), np.nan, np.float32)
    )
