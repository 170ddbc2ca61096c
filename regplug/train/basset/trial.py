"""A trial of a search: TrialJob ─train_trial→ a run in its folder, and its AUC."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from regplug.errors import UNREADABLE, DataError, TrainingError
from regplug.files.output import complete
from regplug.files.sources import sources_of
from regplug.train.basset.recipe import BassetRecipe, Running
from regplug.train.basset.train import train_basset
from regplug.train.loop.elsewhere import Versions, elsewhere
from regplug.train.loop.loop import DivergedError

Tell = Callable[[str], None]


class TriedNetwork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trial that is done.

    Attributes:
        changes: key of the recipe → its value in this trial.
        recipe: with these values.
        sites: sha256 of the set's file.
        auc: the best mean validation AUC; None if the loss became nan or infinite.
    """

    changes: dict[str, Any]
    recipe: BassetRecipe
    sites: str
    auc: float | None


class TrialJob(NamedTuple):
    """A trial to be trained.

    Attributes:
        number: of the trial, from 1.
        changes: key of the recipe → its value in this trial.
        recipe: with these values.
        path: of the set.
        sites: sha256 of the set's file.
        folder: of the trial's run; beside it lies the record of the trial.
        seeded_from: see `train_basset`.
        versions: of the search.
    """

    number: int
    changes: dict[str, Any]
    recipe: BassetRecipe
    path: Path
    sites: str
    folder: Path
    seeded_from: Path | None
    versions: Versions

    @property
    def words(self) -> str:
        """Return the changes as text."""
        return ", ".join(f"{key} = {value}" for key, value in self.changes.items())

    @property
    def _record(self) -> Path:
        return self.folder.with_suffix(".json")

    @property
    def _untried(self) -> TriedNetwork:
        settled = msgspec.structs.replace(self.recipe, train=Running())
        return TriedNetwork(self.changes, settled, self.sites, None)

    def known(self) -> TriedNetwork | None:
        """Return what its record says, if there is one.

        Raises:
            TrainingError: the record is damaged, or of another search.
        """
        if not self._record.exists():
            return None
        try:
            tried = msgspec.json.decode(self._record.read_bytes(), type=TriedNetwork)
        except UNREADABLE as error:
            raise TrainingError(f"{self._record} is damaged: {error}; remove it") from error
        if msgspec.structs.replace(tried, auc=None) != self._untried:
            raise TrainingError(
                f"{self._record} is of a search with another recipe or other data: name a new "
                "folder"
            )
        return tried

    def keep(self, auc: float | None) -> None:
        """Write the record.

        Raises:
            OutputError: it cannot be written.
        """
        tried = msgspec.structs.replace(self._untried, auc=auc)
        with complete(self._record) as file:
            file.write_bytes(msgspec.json.format(msgspec.json.encode(tried)) + b"\n")


def train_trial(
    job: TrialJob,
    tell: Tell = lambda line: None,
    stepped: Callable[[int, int, int], None] = lambda epoch, steps, step: None,
) -> float | None:
    """Return the validation AUC of a trial's run, None if its loss became nan or infinite.

    A run that was begun before goes on from its checkpoint. `tell` and `stepped` are called as
    those of `train_basset`.

    Raises:
        RegplugError: as `train_basset`.
    """
    try:
        return train_basset(
            *(job.recipe, job.path, job.folder),
            resume=True,
            seeded_from=job.seeded_from,
            tell=tell,
            stepped=stepped,
        ).valid_auc
    except DivergedError as error:
        tell(f"given up: {error}")
        return None


@elsewhere
def basset_trial(job: TrialJob) -> tuple[int, float | None]:
    """Return the number of a trial, and its validation AUC as `train_trial` does.

    Raises:
        DataError: the set is not that of the search.
        RegplugError: as `train_basset`.
    """
    (source,) = sources_of([job.path])
    if source.sha256 != job.sites:
        raise DataError(f"{job.path} on {socket.gethostname()} is not the set of the search")
    return job.number, train_trial(job)
