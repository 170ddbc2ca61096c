"""What BPNet's numbers mean: the natural logarithm of a region's reads, and where they lie.

The scores of a pair of alleles are variant-scorer's, under its names. Source: variant-scorer,
variant_scoring.py and helpers.py; Pampari et al. 2024, doi:10.1101/2024.12.25.630221.
"""

from collections.abc import Mapping

import numpy as np

from regplug.errors import ModelError
from regplug.scoring.adapter import FieldOptions, InfoField, VariantEffect
from regplug.scoring.alleles import Alleles
from regplug.scoring.backend import Array, Backend
from regplug.scoring.card import ModelCard
from regplug.scoring.coverage import coverage_of
from regplug.scoring.effects import Scores
from regplug.scoring.pairs import pair_answers
from regplug.scoring.peaks import quantiles
from regplug_bpnet.profiles import distances

_QUANTILE = "active_allele_quantile"
PAIRS: Mapping[str, str] = {
    "logfc": "log2 of the fold change of reads, ALT / REF",
    "abs_logfc": "|log2 of the fold change of reads|",
    "jsd": "Jensen-Shannon distance of the profiles of REF and ALT, base 2",
    "logfc_x_jsd": "logfc times jsd",
    "abs_logfc_x_jsd": "|logfc| times jsd",
    _QUANTILE: "share of peaks with fewer predicted reads than the allele with more",
    "quantile_change": "share of peaks with fewer predicted reads, ALT - REF",
    "abs_quantile_change": "|quantile_change|",
    f"logfc_x_{_QUANTILE}": f"logfc times {_QUANTILE}",
    f"abs_logfc_x_{_QUANTILE}": f"|logfc| times {_QUANTILE}",
    f"jsd_x_{_QUANTILE}": f"jsd times {_QUANTILE}",
    f"logfc_x_jsd_x_{_QUANTILE}": f"logfc times jsd times {_QUANTILE}",
    f"abs_logfc_x_jsd_x_{_QUANTILE}": f"|logfc| times jsd times {_QUANTILE}",
}


class BPNet(VariantEffect):
    """Writes the change of the log counts, and variant-scorer's scores of the pair."""

    name = "bpnet"
    effect = "ln of the fold change of reads, ALT / REF"
    pairs = PAIRS

    def fields(self, card: ModelCard, options: FieldOptions) -> list[InfoField]:
        """Return a tag per chosen target and score.

        Raises:
            ModelError: an unknown target or score, or one that needs peaks, of which the card has
                none.
        """
        wanted = [score for score in options.scores if "quantile" in score and score in PAIRS]
        if wanted and card.peaks is None:
            raise ModelError(
                f"{card.name} has no peaks that {wanted[0]} could compare with: measure them "
                f"(regplug models peaks {card.name} PEAKS)"
            )
        if wanted and card.peaks and card.peaks.model != card.sha256:
            raise ModelError(
                f"the peaks of {card.name} were measured on another graph: measure them again "
                f"(regplug models peaks {card.name} PEAKS)"
            )
        return super().fields(card, options)

    def score(self, alleles: Alleles, backend: Backend) -> Scores:
        """Return the log counts of REF and ALT, and what PAIRS names.

        Raises:
            BackendError: as `Backend.predict`.
            ModelError: the model has no profile.
        """
        coverage = coverage_of(backend.card)
        if coverage is None:
            raise ModelError(
                f"{backend.card.name} has no profile: it is none of family {self.name}"
            )
        counts, profile = coverage.counts.name, coverage.profile.name
        before, after = pair_answers(alleles, backend, coverage.names)
        ref, alt = alleles.joined(before[counts], after[counts])
        apart = distances(before[profile], after[profile], alleles, coverage)
        jsd = alleles.joined(np.zeros_like(apart), apart)[1]
        return Scores(ref, alt, alleles.status, pairs=pair_scores(ref, alt, jsd, backend.card))


def pair_scores(ref: Array, alt: Array, jsd: Array, card: ModelCard) -> Mapping[str, Array]:
    """Return what PAIRS names, (n, targets) each; NaN where the card has no peaks to compare with.

    Args:
        ref: log counts of REF (n, targets).
        alt: of ALT.
        jsd: distance of the profiles.
        card: of the model.
    """
    logfc = (alt - ref) / np.float32(np.log(2))
    quantile = [quantiles(card.peaks, side, card.name) for side in (ref, alt)]
    active, change = np.maximum(*quantile), quantile[1] - quantile[0]
    size = np.abs(logfc)
    return {
        "logfc": logfc,
        "abs_logfc": size,
        "jsd": jsd,
        "logfc_x_jsd": logfc * jsd,
        "abs_logfc_x_jsd": size * jsd,
        _QUANTILE: active,
        "quantile_change": change,
        "abs_quantile_change": np.abs(change),
        f"logfc_x_{_QUANTILE}": logfc * active,
        f"abs_logfc_x_{_QUANTILE}": size * active,
        f"jsd_x_{_QUANTILE}": jsd * active,
        f"logfc_x_jsd_x_{_QUANTILE}": logfc * jsd * active,
        f"abs_logfc_x_jsd_x_{_QUANTILE}": size * jsd * active,
    }
