"""codes ─Panel.predict→ scores: a panel of DeepBind networks in process, by the kernel.

It opens a model of a repository folder where the kernel is compiled, finds the networks in the
graph, and gets the model's golden scores with them; all else is opened by onnxruntime.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx

from regplug.errors import BackendError, ModelError
from regplug.genome.codes import Codes
from regplug.models.repository import GOLDEN_TOLERANCE, Golden, read_card, read_golden, read_onnx
from regplug.scoring.alleles import column
from regplug.scoring.backend import Answering, Array, BackendOptions, checked
from regplug.scoring.card import ModelCard
from regplug.scoring.outputs import Output
from regplug.scoring.sequences import predict_sequences
from regplug.scoring.stretches import LayerSize, Request, Sizes
from regplug_deepbind.kernel import Kernel, fits, library
from regplug_deepbind.stacked import stacks_of

_SMALL = (LayerSize(numbers=1, window=0, own=1, alt=1),)  # windows are read one by one


def open_panel(location: str, model: str, options: BackendOptions) -> "Panel | None":
    """Open a panel of a repository folder; None where it is not one, or the kernel cannot.

    Raises:
        ModelError: the model is damaged.
    """
    folder = Path(location) / model
    if options.device != "cpu" or not (folder / "card.json").is_file():
        return None
    card = read_card(folder)
    if card.family != "deepbind" or library() is None:
        return None
    stacks = stacks_of(onnx.load_from_string(read_onnx(folder, card)))
    if stacks is None or not all(map(fits, stacks)):
        return None
    if sum(len(stack.targets) for stack in stacks) != len(card.targets):
        return None
    if card.window is not None and card.window < 2 * max(stack.scan for stack in stacks) - 1:
        return None
    panel = Panel(card, Kernel(stacks, threads=options.threads))
    if panel.gives(_golden(folder)):
        return panel
    panel.close()
    return None


class Panel(Answering):
    """A panel that the kernel scores.

    Attributes:
        card: the model's.
        engine: what runs it; its bits are the same on each CPU.
        sizes: what a request of SNVs costs; None where the model reads any length.
    """

    engine = "regplug_deepbind kernel"

    def __init__(self, card: ModelCard, kernel: Kernel) -> None:
        """Take the card, and the networks in the order of its targets."""
        self.card, self._kernel = card, kernel
        self.sizes = None if card.window is None else Sizes(column(card.window), _SMALL)

    def gives(self, golden: Golden) -> bool:
        """Tell whether there are golden scores, and these are they."""
        wanted = np.array(golden.scores)
        if not golden.sequences or wanted.shape != (len(golden.sequences), len(self.card.targets)):
            return False
        scores = predict_sequences(golden.sequences, self)
        return np.allclose(scores, wanted, rtol=GOLDEN_TOLERANCE, atol=GOLDEN_TOLERANCE)

    def predict_variants(self, requests: Sequence[Request]) -> list[tuple[Array, Array]]:
        """Return the predictions for each request's windows and ALTs, as `VariantsBackend`."""
        assert self.sizes, "sizes says whether there is such a way"
        found = []
        for request in requests:
            order = np.argsort(request.of, kind="stable")
            windows, _ = request.windows(self.card.window or 0, self.sizes.column)
            ref, sorted_alt = self._kernel.snvs(windows, request.of[order], request.alt[order])
            alt = np.empty_like(sorted_alt)
            alt[order] = sorted_alt
            for side in (ref, alt):
                checked(side, self.card, self.card.main, len(side))
            found.append((ref, alt))
        return found

    def _answers(self, codes: Codes, outputs: Sequence[Output]) -> list[Array]:
        """Return the scores of codes (n, width), as the only output's answers.

        Raises:
            BackendError: the model does not read so many bases.
        """
        bases = codes.shape[1]
        if bases != (self.card.window or bases) or not bases:
            raise BackendError(f"{self.card.name} cannot read codes of shape {codes.shape}")
        scores = self._kernel.rows(codes, central=self.card.window is not None)
        return [checked(scores, self.card, output, len(codes)) for output in outputs]

    def close(self) -> None:
        """End the threads."""
        self._kernel.close()


def _golden(folder: Path) -> Golden:
    """Return the golden scores of a model, or none where they are missing or damaged."""
    try:
        return read_golden(folder)
    except ModelError:
        return Golden([], [])
