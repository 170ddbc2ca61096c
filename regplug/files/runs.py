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


def stated_form(run: Path) -> str | None:
    """Return the form that a finished run states, known or not; None where `run` holds none.

    Of regplug 0.1 only Basset's runs state it; a panel's tells the one shape of its networks.
    """
    try:
        metrics = json.loads((run / METRICS).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(metrics, dict):
        return None
    return str(metrics.get("form", Form.PANEL if "shape" in metrics else Form.DEEPBIND))


def form_of(run: Path) -> Form | None:
    """Return the form of a finished run, or None where `run` holds none.

    Raises:
        ModelError: a form that this version does not know.
    """
    stated = stated_form(run)
    if stated is None:
        return None
    if stated not in list(Form):
        raise ModelError(
            f"{run} says it is a {stated!r}, which this version of regplug does not know: "
            "update regplug, or train it again"
        )
    return Form(stated)
