"""DeepLIFT and gradients: codes ─Network→ slopes ─→ Contributions. Needs torch.

Source: Shrikumar, Greenside and Kundaje 2017 (DeepLIFT, rescale rule); Lundberg and Lee 2017 (the
mean over references); Majdandzic et al. 2023 (gradients less the mean of the four bases').
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from regplug.data.sets.shuffle import shuffle_dinucleotides
from regplug.genome.codes import UNKNOWN, Codes
from regplug.interpret.attribute import rules
from regplug.interpret.attribute.contributions import Contributions, Floats
from regplug.interpret.attribute.network import Network
from regplug.interpret.attribute.rules import Pair
from regplug.scoring.effects import TINY

_SCALES: dict[str, Callable[[Tensor], Tensor]] = {
    "logit": lambda x: torch.logit(x, eps=TINY),
    "log2fc": lambda x: x.clamp(min=TINY).log2(),
}


def references_of(codes: Codes, shuffles: int) -> Codes:
    """Return a sequence's references, shape (shuffles, bases): the same whenever it is asked for.

    They have its dinucleotides; without shuffles, one reference of unknown bases.
    """
    if not shuffles:
        return np.full((1, len(codes)), UNKNOWN, np.uint8)
    seed = np.frombuffer(hashlib.sha256(codes.tobytes()).digest(), np.uint32)
    copies = np.repeat(codes[None], shuffles, axis=0)
    return shuffle_dinucleotides(copies, rng=np.random.default_rng(seed))


def deeplift(
    codes: Codes,
    network: Network,
    targets: Sequence[int],
    score: str,
    references: Callable[[Codes], Codes],
) -> Contributions:
    """Return DeepLIFT's contributions in sequences (n, bases), means over references.

    Of known bases they sum to the score's change from the references, on the scale of `score`.

    Args:
        codes: of the sequences.
        network: the model.
        targets: indices of its outputs.
        score: diff, logit or log2fc: the scale on which scores are compared.
        references: a sequence's codes → those of its references, (references, bases).

    Raises:
        ModelError: as `Network`.
    """
    found = [_deeplift(row, network, targets, score, references(row)) for row in codes]
    return Contributions(*(np.stack(parts) for parts in zip(*found, strict=True)))


def _deeplift(
    codes: Codes, network: Network, targets: Sequence[int], score: str, references: Codes
) -> tuple[Floats, Floats, Floats]:
    letters = network.letters(np.repeat(codes[None], len(references), axis=0)).requires_grad_()
    others = network.letters(references)
    answers = network(letters, others)
    assert answers.reference is not None
    scaled = _scaled(answers, score)
    hypothetical = []
    for target in targets:
        slopes = _slopes(scaled, letters, target)
        of_reference = (slopes * others).sum(dim=-1, keepdim=True)
        hypothetical.append((slopes[..., :UNKNOWN] - of_reference).mean(dim=0))
    predictions = answers.value[0, list(targets)], answers.reference[:, list(targets)].mean(dim=0)
    return _array(torch.stack(hypothetical)), _array(predictions[0]), _array(predictions[1])


def gradient(codes: Codes, network: Network, targets: Sequence[int], score: str) -> Contributions:
    """Return gradients in sequences (n, bases), less the mean of the four bases'.

    Raises:
        ModelError: as `Network`.
    """
    found = []
    for row in codes:
        letters = network.letters(row[None]).requires_grad_()
        answers = network(letters)
        scaled = _scaled(answers, score)
        slopes = [_slopes(scaled, letters, target)[0, :, :UNKNOWN] for target in targets]
        centred = torch.stack([of - of.mean(dim=-1, keepdim=True) for of in slopes])
        found.append((_array(centred), _array(answers.value[0, list(targets)])))
    hypothetical, predictions = (np.stack(parts) for parts in zip(*found, strict=True))
    return Contributions(hypothetical, predictions, np.full_like(predictions, np.nan))


def _scaled(answers: Pair, score: str) -> Pair:
    scale = _SCALES.get(score)
    return rules.elementwise(scale, answers) if scale else answers


def _slopes(answers: Pair, letters: Tensor, target: int) -> Tensor:
    total = answers.value[:, target].sum()
    (slopes,) = torch.autograd.grad(total, letters, retain_graph=True)
    return slopes


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().cpu().numpy().astype(np.float32)
    return array
