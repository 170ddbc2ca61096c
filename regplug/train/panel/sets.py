"""The sets of a panel's factors: a folder, or a path for each ─read_sets, given_sets→ ChipSets."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from regplug.data.sequences.chip import ChipSet, chip_file, read_chip
from regplug.data.sets.chip import prepare_chip
from regplug.data.sets.training import CARD, TrainingSet, read_set
from regplug.errors import ConfigError, DataError
from regplug.train.panel.recipe import PanelRecipe


def read_sets(folder: Path, factors: Sequence[str], part: str) -> dict[str, ChipSet]:
    """Return the set of each factor in `folder`, to train on (`part` "AC") or to test on ("B").

    It is the set <factor>/ that `regplug prepare deepbind` made, or else <factor>_*_<part>.seq.gz.

    Raises:
        DataError: a file is missing or damaged, or the sets' sequences differ in length.
    """
    try:
        sets = {factor: _read(folder, factor, part) for factor in factors}
    except (OSError, EOFError, KeyError, ValueError, zlib.error) as error:
        raise DataError(f"{folder} has no readable sets of all targets: {error}") from error
    return _of_one_length(sets, str(folder))


def given_sets(paths: Sequence[Path], fasta: Path | None = None) -> dict[str, ChipSet]:
    """Return the sets in `paths`, by factor: a path's name up to its first dot.

    Args:
        paths: folders that `regplug prepare deepbind` made, or files that `prepare_chip` reads.
        fasta: the genome of files that are BEDs.

    Raises:
        DataError: a set cannot be used, two are of one factor, or their sequences differ in length.
        RegionError, GenomeError: as `prepare_chip`.
    """
    sets: dict[str, ChipSet] = {}
    for path in paths:
        factor = path.name.split(".")[0]
        if factor in sets:
            raise DataError(f"two sets are of {factor}: call them otherwise, or join their peaks")
        made = read_set(path) if path.is_dir() else prepare_chip(path, fasta=fasta, folds=1)
        sets[factor] = _bound_and_not(path, made)
    return _of_one_length(sets, ", ".join(map(str, paths)))


def with_targets(recipe: PanelRecipe, sets: Mapping[str, ChipSet]) -> PanelRecipe:
    """Return the recipe with the factors of `sets` as its targets, if it names none.

    Raises:
        ConfigError: it names others, or there are fewer than two.
    """
    if not recipe.targets:
        if len(sets) < 2:
            raise ConfigError(
                "a panel is of two factors or more: give a set of each, or with --data name "
                "them in the recipe's targets"
            )
        return msgspec.structs.replace(recipe, targets=tuple(sets))
    if set(recipe.targets) != set(sets):
        raise ConfigError(
            f"the recipe's targets are {', '.join(recipe.targets)}, and the sets are of "
            f"{', '.join(sets)}: "
            "add --set 'targets=[]' to train on those of the sets"
        )
    return recipe


def _read(folder: Path, factor: str, part: str) -> ChipSet:
    made = folder / factor
    if (made / CARD).exists():
        return _bound_and_not(made, read_set(made))
    return read_chip(chip_file(folder, factor, part))


def _bound_and_not(path: Path, made: TrainingSet) -> ChipSet:
    """Return a set's sequences and labels; DataError if it is of intensities or of RNA."""
    if made.card.kind != "classification" or made.card.strand != "both":
        raise DataError(
            f"{path} is of intensities or of RNA, and a panel is trained on bound DNA, both "
            "strands: make the set with regplug prepare deepbind chip"
        )
    return ChipSet(made.codes, made.targets == 1)


def _of_one_length(sets: dict[str, ChipSet], where: str) -> dict[str, ChipSet]:
    widths = {chip_set.codes.shape[1] for chip_set in sets.values()}
    if len(widths) > 1:
        raise DataError(f"{where}: the sets' sequences have {sorted(widths)} bases, not the same")
    return sets
