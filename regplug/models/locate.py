"""A model's name or path ─model_folder→ its directory."""

from pathlib import Path

from regplug.errors import ModelError
from regplug.genome.reference import read_config
from regplug.hooks.manager import locations, plugin_manager
from regplug.models.repository import model_names


def model_folder(path: Path, repo: str | None, others: str = "") -> Path:
    """Return the directory of the model that `path` is, or is the name of.

    `others` says what else it is not, should there be no such model.

    Raises:
        ModelError: there is none, or it is on a server.
    """
    if repo is None and (path / "card.json").is_file():
        return path.resolve()
    places = [Path(one) for one in locations(plugin_manager(), repo or read_config().model_repo)]
    for place in places:
        if (place / path / "card.json").is_file():
            return place / path
    if any("://" in str(one) for one in (repo, read_config().model_repo)):
        raise ModelError("a model's files are read, not a server: give --model-repo FOLDER")
    known = sorted(name for place in places for name in model_names(place))
    raise ModelError(f"{path} is {others}no model; models are: {', '.join(known) or 'none'}")
