"""Names of further files in a run's folder; see `regplug.files.runs` and `.weights`."""

import shlex

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
TENSORBOARD = "tensorboard"  # a folder
TRIALS = "trials"  # a folder


def without_folders(command: str) -> str:
    """Return the command with paths shortened to their last names.

    It goes into a model's card, whose readers do not have the folders of whoever trained it.
    """
    return shlex.join(word.rstrip("/").rpartition("/")[2] for word in shlex.split(command))
