"""Names of the files in a run's folder; weights are `regplug_deepbind.weights.WEIGHTS`."""

import shlex

METRICS = "metrics.json"  # written last: a run that has it is finished
CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
TENSORBOARD = "tensorboard"  # a folder
TRIALS = "trials"  # a folder


def without_folders(command: str) -> str:
    """Return the command with paths shortened to their last names; a card travels."""
    return shlex.join(word.rstrip("/").rpartition("/")[2] for word in shlex.split(command))
