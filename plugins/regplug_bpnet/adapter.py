"""What BPNet's numbers mean: the natural logarithm of a region's reads, and where they lie."""

from regplug.scoring.adapter import VariantEffect


class BPNet(VariantEffect):
    """Writes the change of the log counts; times 1.4427 it is the log2 fold change."""

    name = "bpnet"
    effect = "ln of the fold change of reads, ALT / REF"
