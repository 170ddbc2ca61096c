"""A model as it answers by another of its outputs: a profile's numbers in place of the targets'."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from msgspec.structs import replace

from regplug.genome.codes import Codes
from regplug.scoring.backend import Answering, Array, Backend, output_of
from regplug.scoring.card import ModelCard, Target
from regplug.scoring.outputs import Output, scale_of


class OneOutput(Answering):
    """A backend whose targets are the numbers of one output, in C order: `profile[0,7]` ...

    Attributes:
        card: the model's, with those targets. Sequences of any length are read as a whole.
    """

    def __init__(self, backend: Backend, name: str) -> None:
        """Answer by the output `name` of a backend.

        Raises:
            ModelError: the model has no such output, or it has more numbers than a card's targets.
        """
        self._backend, self._output = backend, output_of(backend.card, name)
        self.card: ModelCard = replace(
            backend.card,
            targets=tuple(map(Target, _labels(backend.card, self._output))),
            output_scale=scale_of(self._output.kind),
            outputs=(),
            scan=None,
        )

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        answers = self._backend.predict(codes, (self._output.name,))
        return [answers.reshape(len(codes), prod(self._output.shape))]

    def close(self) -> None:
        """Close the backend."""
        self._backend.close()


def _labels(card: ModelCard, output: Output) -> Iterator[str]:
    """Yield what the numbers of an output are called: of one per target, by the targets."""
    if output.shape == (len(card.targets),):
        yield from card.labels
        return
    for place in product(*map(range, output.shape)):
        yield f"{output.name}[{','.join(map(str, place))}]"
