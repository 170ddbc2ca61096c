"""Training sets for DeepBind: codes, targets and folds in a folder, and how they are made."""
