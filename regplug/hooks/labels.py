"""A file of targets' names → the labels of an imported model."""

from pathlib import Path

from regplug.errors import UNREADABLE, ModelError
from regplug.files.lines import lines_in
from regplug.scoring.card import as_label


def read_labels(path: Path) -> list[str]:
    """Return the targets' names, one a line; what follows a tab is left out, as Basset does.

    Characters that INFO cannot hold (space , ; =) become `-`.

    Raises:
        ModelError: the file cannot be read, or a line has no name.
    """
    try:
        lines = list(lines_in(path))
    except UNREADABLE as error:
        raise ModelError(f"the targets' names in {path} cannot be read: {error}") from error
    names = [as_label(line.partition("\t")[0].strip()) for line in lines]
    if "" in names:
        raise ModelError(f"line {names.index('') + 1} of {path} has no name")
    return names


def labels_of(path: Path | None, targets: int, weights: Path) -> list[str]:
    """Return a label per target of the model in `weights`: t0, t1 ... without a file of names.

    Raises:
        ModelError: the names cannot be read, are not as many, or one stands twice.
    """
    if path is None:
        return [f"t{i}" for i in range(targets)]
    names = read_labels(path)
    if len(names) != targets:
        raise ModelError(f"{path} names {len(names)} targets, {weights} has {targets}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ModelError(f"{path} names {twice[0]} twice: targets need names of their own")
    return names
