"""What Basset's numbers mean: probabilities that chromatin is accessible, one per cell type."""

from regplug.scoring.adapter import VariantEffect


class Basset(VariantEffect):
    """Writes SAD, the SNP accessibility difference: ALT − REF of the probabilities."""

    name = "basset"
    effect = "SAD, change of the probability of accessible chromatin, ALT - REF"
