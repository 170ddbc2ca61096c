"""Names of the files in a run's folder; weights are `regplug_deepbind.weights.WEIGHTS`."""

METRICS = "metrics.json"  # written last: a run that has it is finished
CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
TENSORBOARD = "tensorboard"  # a folder
TRIALS = "trials"  # a folder
