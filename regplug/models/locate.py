"""A model's name or path ─model_folder→ its directory."""

from pathlib import Path

from regplug.errors import ModelError
from regplug.genome.reference import read_config
from regplug.hooks.manager import locations, plugin_manager
from regplug.models.repository import model_names


def model_folder(path: Path, repo: str | None, others: str = "") -> Path:
    """Return the directory of a model.

    Args:
        path: the directory, or the model's name in a repository.
        repo: where to look for the name; None: in all places that the user and plugins have.
        others: what else `path` could have been, for the message: it follows "... is ".

    Raises:
        ModelError: there is no such model, or it is on a server.
    """
    if repo is None and (path / "card.json").is_file():
        return path.resolve()
    asked = repo or read_config().model_repo
    repos = [Path(location) for location in locations(plugin_manager(), asked)]
    for folder in repos:
        if (folder / path / "card.json").is_file():
            return folder / path
    if any("://" in str(location) for location in (repo, read_config().model_repo)):
        raise ModelError("a model's files are read, not a server: give --model-repo FOLDER")
    known = sorted(name for folder in repos for name in model_names(folder))
    raise ModelError(f"{path} is {others}no model; models are: {', '.join(known) or 'none'}")
