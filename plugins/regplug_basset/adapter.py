"""What Basset's numbers mean: probabilities that a site is accessible, or bound, one per sample."""

from regplug.scoring.adapter import VariantEffect


class Basset(VariantEffect):
    """Writes SAD, the SNP accessibility difference: ALT − REF of the probabilities."""

    name = "basset"
    effect = "SAD, change of the probability that the site is accessible or bound, ALT - REF"
