"""A slow, literal scorer of a sample's haplotypes: each is one string, written out from end to end.

It knows the rules of docs/haplotypes.md and nothing of regplug's code; single ALTs are those of
`oracle`.
"""

import re
from typing import NamedTuple

from tests.oracle import Oracle, _in_a_gene, answer, contig_of, normalised, plain


class Site(NamedTuple):
    """A record of one contig, `pos` 1-based, and what the sample has: GT, and PS or "."."""

    chrom: str
    pos: int
    ref: str
    alts: list[str]
    gt: str
    ps: str


class Sitting(NamedTuple):
    """An ALT of a sample.

    Attributes:
        order: of its record, and of its place among the ALTs there.
        word: phased, or why it sits nowhere.
        on: haplotypes that have it, 0 or 1.
        of: the phase set, or "any".
        start: 0-based, of what it changes: `ref` becomes `alt`.
        span: 0-based start and end of the record.
        fits: whether the contig has its REF.
    """

    order: tuple[int, int]
    word: str
    on: tuple[int, ...]
    of: str
    ps: str
    start: int
    ref: str
    alt: str
    span: tuple[int, int]
    fits: bool

    @property
    def end(self) -> int:
        return self.start + len(self.ref)

    @property
    def longer(self) -> int:
        return len(self.alt) - len(self.ref)


class OnHaplotype(NamedTuple):
    """What must be written of an ALT: its word, ALT - REF per target, and of its clusters.

    `joint` has, for each haplotype, the changes and how many ALTs they are of, or None.
    """

    word: str
    change: list[float] | None
    joint: list[tuple[list[float] | None, int] | None]


def sittings(contigs, sites: list[Site]) -> list[Sitting]:
    """Return what the sample has of the sites of a contig, in order."""
    found: list[Sitting] = []
    for number, site in enumerate(sites):
        alleles = re.split("[/|]", site.gt)
        contig = plain(contig_of(contigs, site.chrom) or "")
        for at, alt in enumerate(site.alts):
            mine = str(at + 1)
            word, on, of = "phased", tuple(i for i, a in enumerate(alleles) if a == mine), site.ps
            if not on:
                word, on = ("no_call" if "." in alleles else "absent"), ()
            elif set(alleles) == {mine}:
                of = "any"
            elif "/" in site.gt:
                word, on = "unphased", ()
            start, ref, new = site.pos - 1, site.ref.upper(), alt.upper()
            span = (start, start + len(ref))
            fits = contig[start : start + len(ref)] == plain(ref)
            letters = re.fullmatch("[ACGTUNRYSWKMBDHV]+", new)
            if letters:
                while ref and new and ref[-1] == new[-1]:
                    ref, new = ref[:-1], new[:-1]
                while ref and new and ref[0] == new[0]:
                    start, ref, new = start + 1, ref[1:], new[1:]
            one = Sitting((number, at), word, on, of, site.ps, start, ref, new, span, fits)
            if on and not letters:
                one = one._replace(on=(), word="no_sequence")
            free = tuple(h for h in one.on if not any(_clash(one, o, h) for o in found))
            if letters and len(free) < len(on):
                one = one._replace(word="partial" if free else "conflict")
            if alt != "*" or word in ("absent", "no_call"):
                found.append(one._replace(on=free))
            else:
                found.append(one._replace(word="absent", on=()))
    return found


def _clash(one: Sitting, other: Sitting, haplotype: int) -> bool:
    """Tell whether an earlier ALT of the haplotype leaves no room for this one."""
    known = "any" in (one.of, other.of) or one.of == other.of
    if haplotype not in other.on or not known:
        return False
    if one.start == one.end and other.start == other.end:
        return one.start == other.start
    if one.start == one.end:
        return other.start < one.start < other.end
    if other.start == other.end:
        return one.start < other.start < one.end
    return bool(set(range(one.start, one.end)) & set(range(other.start, other.end)))


def written(contig: str, sitting: list[Sitting]) -> str:
    """Return the contig with all these ALTs."""
    for one in sorted(sitting, key=lambda s: (s.start, s.end), reverse=True):
        contig = contig[: one.start] + one.alt + contig[one.end :]
    return contig


def on_haplotypes(model: Oracle, contigs, sites: list[Site]) -> dict[tuple[int, int], OnHaplotype]:
    """Return what must be written, (site, ALT) → it, for the sites of a contig."""
    found = sittings(contigs, sites)
    return {one.order: _answer(model, contigs, sites, found, one) for one in found}


def _answer(model, contigs, sites, found: list[Sitting], one: Sitting) -> OnHaplotype:
    site = sites[one.order[0]]
    chrom, contig = site.chrom, plain(contig_of(contigs, site.chrom) or "")
    alone = answer(model, contigs, chrom, site.pos, site.ref, site.alts[one.order[1]])
    joint = [_joint(model, contigs, chrom, found, one, h, alone) for h in (0, 1)]
    if not alone.ref:
        return OnHaplotype(".", None, joint)
    if one.word in ("absent", "no_call"):
        return OnHaplotype(one.word, None, joint)
    if not one.on:
        return OnHaplotype(one.word, _change(alone), joint)
    others = [o for o in found if o is not one and o.word not in ("absent", "no_call")]
    of = one.of if one.of != "any" else one.ps if one.ps != "." else _nearest(one, others)
    known = [o for o in others if o.on and o.of in ("any", of) and o.fits]
    word = one.word
    start, ref, alt = normalised(contig, site.pos - 1, site.ref, site.alts[one.order[1]])
    reach = model.width // 2 + 1 + max(len(ref), len(alt))
    for other in others:
        near = other.span[0] < start + len(ref) + reach and other.span[1] > start - reach
        unknown = not other.on or other.of not in ("any", of)
        misfit = not other.fits and set(other.on) & set(one.on)
        if near and (unknown or misfit):
            word = "partial"
    there_too = model._replace(genes=_strands(model, contig, site, one))
    changes = []
    for haplotype in one.on:
        beside = [o for o in known if haplotype in o.on]
        place = one.start + sum(o.longer for o in beside if o.end <= one.start)
        letters = written(contig, beside)
        there = answer(there_too, {chrom: letters}, chrom, place + 1, one.ref, one.alt)
        if not there.ref:
            return OnHaplotype(there.status, None, joint)
        changes.append(_change(there))
    return OnHaplotype(word, [sum(c) / len(c) for c in zip(*changes, strict=True)], joint)


def _strands(model: Oracle, contig: str, site: Site, one: Sitting):
    """Return genes all over the haplotype, on the strands of those where the ALT lies."""
    if model.genes is None:
        return None
    start, ref, _ = normalised(contig, site.pos - 1, site.ref, site.alts[one.order[1]])
    strands = [s for s in "+-" if _in_a_gene(model.genes, site.chrom, start, start + len(ref), s)]
    return [(site.chrom, 1, 10**6, strand) for strand in strands]


def _nearest(one: Sitting, others: list[Sitting]) -> str:
    """Return the phase set of the nearest phased ALT, of an ALT that all haplotypes have."""
    sets = [(abs(o.start - one.start), o.order, o.of) for o in others if o.on and o.of != "any"]
    return min(sets)[2] if sets else "."


def _joint(model, contigs, chrom, found, one, haplotype: int, alone):
    """Return the changes of the cluster that begins with an ALT, and its size, or None."""
    contig = plain(contig_of(contigs, chrom) or "")
    cluster: list[Sitting] = []
    for other in [o for o in found if haplotype in o.on]:
        wide = [*cluster, other]
        span = max(o.end for o in wide) - min(o.start for o in wide)
        most = model.width // 2
        fits = span <= most and span + sum(o.longer for o in wide) <= most
        one_set = len({o.of for o in wide} - {"any"}) <= 1
        if cluster and fits and one_set:
            cluster.append(other)
            continue
        if cluster and cluster[0] is one:
            break
        cluster = [other]
    if not cluster or cluster[0] is not one:
        return None
    members = [o for o in cluster if o.fits]
    if not members:
        return None
    if members == [one]:
        return (_change(alone) if alone.ref else None), 1
    start, end = min(o.start for o in members), max(o.end for o in members)
    new = written(contig, members)[start : end + sum(o.longer for o in members)]
    centred = model._replace(centred=True)
    made = answer(centred, contigs, chrom, start + 1, contig[start:end], new)
    return (_change(made) if made.ref else None), len(members)


def _change(scored) -> list[float]:
    return [after - before for before, after in zip(scored.ref, scored.alt, strict=True)]
