"""The name of the file that holds a run's weights, in the run's folder."""

WEIGHTS = "weights.safetensors"
