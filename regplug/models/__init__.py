"""Models on disk, and what runs them.

`repository` reads and writes model directories, and `locate` finds one by name; `embedded` runs a
model in this process, `triton` (with `triton_client` and `triton_served`) on a server, and `server`
starts one. `export.export_model` makes a model of a graph and its card, for which `onnx_builder`
has the parts that graphs have in common; `verify` replays a model's golden scores. `torch_graph`
runs graphs in torch, which it alone needs.
"""

import os

# onnxruntime sends telemetry to Microsoft unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
