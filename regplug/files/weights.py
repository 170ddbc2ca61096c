"""The file that holds a run's weights."""

WEIGHTS = "weights.safetensors"
