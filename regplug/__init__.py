"""regplug: does a non-coding variant change where a protein binds, or if the chromatin opens?

    import regplug

    table = regplug.score(["chr5:1295113:G:A"], fasta="hg38.fa", models=["deepbind_encode"])

What the command line does, these functions do; each imports its libraries when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regplug.api.annotate import Annotated, annotate
    from regplug.api.attribute.attribute import Attributed, attribute
    from regplug.api.calibrate import calibrate
    from regplug.api.compare import compare
    from regplug.api.explain import Maps, explain
    from regplug.api.marginalize import marginalize
    from regplug.api.models import OpenModel, list_models, open_model
    from regplug.api.patterns import patterns
    from regplug.api.precompute import precompute
    from regplug.api.predict import predict
    from regplug.api.score import score
    from regplug.api.top.top import Top, top
    from regplug.api.track.asked import Tracks
    from regplug.api.track.track import track
    from regplug.api.track.views import views_of
    from regplug.api.verify import Verified, verify
    from regplug.errors import RegplugError
    from regplug.genome.fasta import Genome
    from regplug.genome.variant import Interval, Status, Variant
    from regplug.hooks.hookspecs import hookimpl
    from regplug.hooks.manager import open_backend, plugin_manager
    from regplug.interpret.compare.report import Comparison
    from regplug.interpret.marginal.tables import Marginals
    from regplug.models.cache import Cache
    from regplug.scoring.adapter import Adapter, FieldOptions, InfoField, VariantEffect
    from regplug.scoring.alleles import Alleles
    from regplug.scoring.backend import Backend, BackendOptions
    from regplug.scoring.card import ModelCard, Target
    from regplug.scoring.effects import Scores
    from regplug.vcf.selection import Selection

    __version__: str

_HOMES = {
    "Adapter": "scoring.adapter",
    "Alleles": "scoring.alleles",
    "Annotated": "api.annotate",
    "Attributed": "api.attribute.attribute",
    "Backend": "scoring.backend",
    "BackendOptions": "scoring.backend",
    "Cache": "models.cache",
    "Comparison": "interpret.compare.report",
    "FieldOptions": "scoring.adapter",
    "Genome": "genome.fasta",
    "InfoField": "scoring.adapter",
    "Interval": "genome.variant",
    "Maps": "api.explain",
    "Marginals": "interpret.marginal.tables",
    "ModelCard": "scoring.card",
    "OpenModel": "api.models",
    "RegplugError": "errors",
    "Scores": "scoring.effects",
    "Selection": "vcf.selection",
    "Status": "genome.variant",
    "Target": "scoring.card",
    "Top": "api.top.top",
    "Tracks": "api.track.asked",
    "Variant": "genome.variant",
    "VariantEffect": "scoring.adapter",
    "Verified": "api.verify",
    "annotate": "api.annotate",
    "attribute": "api.attribute.attribute",
    "calibrate": "api.calibrate",
    "compare": "api.compare",
    "explain": "api.explain",
    "hookimpl": "hooks.hookspecs",
    "list_models": "api.models",
    "marginalize": "api.marginalize",
    "open_backend": "hooks.manager",
    "open_model": "api.models",
    "patterns": "api.patterns",
    "plugin_manager": "hooks.manager",
    "precompute": "api.precompute",
    "predict": "api.predict",
    "score": "api.score",
    "top": "api.top.top",
    "track": "api.track.track",
    "verify": "api.verify",
    "views_of": "api.track.views",
}

__all__ = [
    "Adapter",
    "Alleles",
    "Annotated",
    "Attributed",
    "Backend",
    "BackendOptions",
    "Cache",
    "Comparison",
    "FieldOptions",
    "Genome",
    "InfoField",
    "Interval",
    "Maps",
    "Marginals",
    "ModelCard",
    "OpenModel",
    "RegplugError",
    "Scores",
    "Selection",
    "Status",
    "Target",
    "Top",
    "Tracks",
    "Variant",
    "VariantEffect",
    "Verified",
    "__version__",
    "annotate",
    "attribute",
    "calibrate",
    "compare",
    "explain",
    "hookimpl",
    "list_models",
    "marginalize",
    "open_backend",
    "open_model",
    "patterns",
    "plugin_manager",
    "precompute",
    "predict",
    "score",
    "top",
    "track",
    "verify",
    "views_of",
]


def __getattr__(name: str) -> Any:
    """Return a public name, imported from its room when it is first asked for."""
    if name == "__version__":
        value: Any = import_module("regplug.files.version").VERSION
    elif name in _HOMES:
        value = getattr(import_module(f"regplug.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'regplug' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
