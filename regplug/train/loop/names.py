"""Names of further files in a run's folder; see `regplug.files.runs` and `.weights`."""

import shlex

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
TENSORBOARD = "tensorboard"  # a folder
TRIALS = "trials"  # a folder


def without_folders(command: str) -> str:
    """Return the command with paths shortened to their last names; a card travels."""
    return shlex.join(word.rstrip("/").rpartition("/")[2] for word in shlex.split(command))
