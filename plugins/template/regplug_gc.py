"""GC content as a regplug model, without ONNX: `regplug annotate --model gc_content`."""

import numpy as np

from regplug import ModelCard, Target, VariantEffect, hookimpl

CARD = ModelCard(
    name="gc_content", version="1", family="gc", window=101, targets=(Target("GC"),), strand="mean",
    output_scale="probability", max_batch_size=4096, sha256="",
)  # fmt: skip


class GcContent(VariantEffect):
    name, effect = "gc", "change of the GC content around the variant"


class GcBackend:
    card = CARD

    def predict(self, codes):  # (n, 101) → (n, 1); A C G T = 0 1 2 3, an unknown base is half
        return np.array([0, 1, 1, 0, 0.5], np.float32)[codes].mean(axis=1, keepdims=True)

    def close(self): ...


@hookimpl
def regplug_adapters():
    return [GcContent()]


@hookimpl
def regplug_open_backend(model):
    return GcBackend() if model == CARD.name else None
