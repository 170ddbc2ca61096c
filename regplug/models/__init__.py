"""Models and what runs them: repositories, engines in process and on a server, export, checks."""

import os

# onnxruntime reports its use to its makers unless told not to before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
