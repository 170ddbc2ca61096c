"""Names of further files in a run's folder; see `regplug.files.runs` and `.weights`."""

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
TENSORBOARD = "tensorboard"  # a folder
TRIALS = "trials"  # a folder
