"""How good a model is where it is used: figures of tests, as a card keeps them."""

from typing import Literal

import msgspec


class AlongFigure(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """How well a score finds what is open along a genome.

    Attributes:
        target: the model's, whose tiles these are.
        score: the model's name, or that of a baseline beside it: GC, or 6-mers.
        set: the file of the tiles.
        sample: of the set, that stands for the target.
        part: of the set.
        contigs: on which its tiles lie.
        tiles: that are known to be open or closed.
        open: those that are open.
        auroc: area under the ROC curve.
        auroc_low: 2.5 percentile of its bootstraps, which draw blocks of neighbouring tiles.
        auroc_high: 97.5 percentile.
        auprc: area under the precision-recall curve.
        auprc_low: 2.5 percentile.
        auprc_high: 97.5 percentile.
    """

    target: str
    score: str
    set: str
    sample: str
    part: str
    contigs: tuple[str, ...]
    tiles: int
    open: int
    auroc: float
    auroc_low: float | None = None
    auroc_high: float | None = None
    auprc: float
    auprc_low: float | None = None
    auprc_high: float | None = None


class VariantFigure(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """How well predicted effects of variants agree with measured ones.

    Attributes:
        set: of the variants.
        cell: or factor, in which they were measured.
        figure: direction (share of variants whose higher allele is predicted higher), the same of
            the strongest tenth, or Spearman's correlation.
        score: the model's name, or that of a baseline beside it.
        output: the target that was judged, or a mean of several.
        how: it was chosen: matched to the cell, the only one, or a mean, as none is of the cell.
        effect: diff, ALT − REF, or logit, the difference of logits.
        value: of the figure.
        low: 2.5 percentile of its bootstraps.
        high: 97.5 percentile.
        variants: that count.
        of: all in the set.
    """

    set: str
    cell: str = ""
    figure: str
    score: str
    output: str
    how: Literal["matched", "only", "mean"]
    effect: Literal["diff", "logit"] = "diff"
    value: float
    low: float | None = None
    high: float | None = None
    variants: int
    of: int
