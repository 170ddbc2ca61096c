"""regplug: does a non-coding variant change where a protein binds, or if the chromatin opens?"""

from importlib.metadata import version

from regplug.card import ModelCard, Target
from regplug.errors import RegplugError
from regplug.genome import Genome
from regplug.plugins import open_backend, plugin_manager
from regplug.variant import Interval, Status, Variant

__version__ = version("regplug")

__all__ = [
    "Genome",
    "Interval",
    "ModelCard",
    "RegplugError",
    "Status",
    "Target",
    "Variant",
    "__version__",
    "open_backend",
    "plugin_manager",
]
