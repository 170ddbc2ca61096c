"""What DeepBind's numbers mean: binding scores, higher for a better site, on no common scale."""

from regplug.scoring.adapter import VariantEffect


class DeepBind(VariantEffect):
    """Writes ALT − REF of the binding scores."""

    name = "deepbind"
    effect = "change of the DeepBind score, ALT - REF; above 0 the ALT is bound better"
