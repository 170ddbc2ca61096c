"""What the folder of a training run says it is."""

import json
from enum import StrEnum
from pathlib import Path

from regplug.errors import ModelError

METRICS = "metrics.json"  # written last: a run that has it is finished


class Form(StrEnum):
    """What kind of run a folder holds; the number counts changes of its files."""

    DEEPBIND = "deepbind run 1"
    PANEL = "panel run 1"
    BASSET = "basset run 1"


def form_of(run: Path) -> Form | None:
    """Return the form of a finished run, or None where `run` holds none.

    Of regplug 0.1 only Basset's runs say their form; a panel's tells the one shape of its networks.

    Raises:
        ModelError: a form that this version does not know.
    """
    try:
        metrics = json.loads((run / METRICS).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(metrics, dict):
        return None
    said = metrics.get("form", Form.PANEL if "shape" in metrics else Form.DEEPBIND)
    if said not in list(Form):
        raise ModelError(
            f"{run} says it is a {said!r}, which this version of regplug does not know: "
            "update regplug, or train it again"
        )
    return Form(said)
