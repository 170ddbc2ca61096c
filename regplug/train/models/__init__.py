"""The torch modules, one file per model family."""
