"""What a model's card keeps of its scores on background variants, for `rarity`."""

import hashlib

import msgspec


class BackgroundSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The background variants of one stratum and kind.

    Attributes:
        stratum: where they lie: random, common, elements, promoters.
        kind: of `kinds.KINDS`.
        variants: how many were drawn. They are numbered; models with the same list share numbers.
        scored: how many of them the model could score.
        list: the first 16 digits of the sha256 of the list, a line CHROM:POS:REF:ALT each.
    """

    stratum: str
    kind: str
    variants: int
    scored: int
    list: str


class Background(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sketches of a model's scores on background variants, as text.

    Attributes:
        created_by: version of regplug and the command.
        genome: name of the FASTA.
        model: sha256 of the graph that was measured.
        sets: what was measured, grouped by stratum; the first stratum is the default.
        data: the arrays, as `background_data` has them.
    """

    created_by: str
    genome: str
    model: str
    sets: tuple[BackgroundSet, ...]
    data: str

    @property
    def strata(self) -> list[str]:
        """Return the strata, the default first."""
        return list(dict.fromkeys(of.stratum for of in self.sets))

    @property
    def sha256(self) -> str:
        """Return the sha256 of all that rarities follow from, so of no name and no command."""
        sets = [f"{s.stratum} {s.kind} {s.variants} {s.scored} {s.list}" for s in self.sets]
        return hashlib.sha256("\n".join([self.model, *sets, self.data]).encode()).hexdigest()
