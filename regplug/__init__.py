"""regplug: does a non-coding variant change where a protein binds, or if the chromatin opens?"""

from importlib.metadata import version

from regplug.errors import RegplugError
from regplug.genome.fasta import Genome
from regplug.genome.variant import Interval, Status, Variant
from regplug.hooks.manager import open_backend, plugin_manager
from regplug.scoring.card import ModelCard, Target

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
