"""What runs a model: in process, or on a server. Peers with one method."""

import os

# onnxruntime reports its use to its makers unless told not to before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
