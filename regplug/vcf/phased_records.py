"""Records ─PhasedRecords→ the same: each ALT with those that lie beside it on its haplotype.

Records are read ahead as far as the widest window reaches, and no farther.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pysam

from regplug.errors import VariantFileError
from regplug.genome.haplotype import conflict, longer, trimmed
from regplug.genome.structural import BASES
from regplug.genome.variant import Interval, Variant
from regplug.scoring.carried import HAPLOTYPES, Carried, Phase, PhasedAlt
from regplug.vcf.genotypes import Seat, seats
from regplug.vcf.records import variants_of

_NOT_CARRIED = (Phase.ABSENT, Phase.NO_CALL)


class PhasedRecord(NamedTuple):
    """A record, and where each of its ALTs sits."""

    record: pysam.VariantRecord
    alts: list[PhasedAlt]


@dataclass(eq=False, slots=True)
class _Alt:
    """An ALT as it was read, and where it sits."""

    carried: Carried
    seat: Seat

    @property
    def is_carried(self) -> bool:
        """Tell whether the sample has it; `*` stands for a deletion that is there anyway."""
        return self.seat.phase not in _NOT_CARRIED and self.carried.written.alt != "*"

    @property
    def taken(self) -> int:
        """Return how many bases it takes away."""
        return max(0, -longer(self.carried.change))

    def is_in(self, phase_set: Hashable) -> bool:
        """Tell whether its haplotype is known in a phase set."""
        return self.seat.everywhere or self.seat.phase_set == phase_set


@dataclass(slots=True)
class _Cluster:
    """The last cluster of a window and haplotype; `outside` as in `PhasedAlt`."""

    alts: list[_Alt] = field(default_factory=list)
    outside: bool = False


class PhasedRecords:
    """The records of a sample, each with what lies beside its ALTs."""

    def __init__(
        self,
        records: Iterable[pysam.VariantRecord],
        sample: str,
        windows: Iterable[int],
        inside: Callable[[pysam.VariantRecord], bool] = lambda record: True,
    ) -> None:
        """Take the haplotypes of `sample`.

        Args:
            records: sorted by position.
            sample: one of theirs.
            windows: of the models, in bases.
            inside: whether a record is written; others count as neighbours only.
        """
        self._records, self._sample, self._inside = records, sample, inside
        self._windows = sorted(set(windows))
        self._reach = 2 * self._windows[-1]
        self._begin()

    def _begin(self) -> None:
        """Begin a contig."""
        self._behind: list[_Alt] = []
        self._ahead: deque[tuple[pysam.VariantRecord, list[_Alt]]] = deque()
        self._clusters = {(w, h): _Cluster() for w in self._windows for h in HAPLOTYPES}

    def __iter__(self) -> Iterator[PhasedRecord]:
        """Yield the records that are written, in order.

        Raises:
            VariantFileError: they are not sorted, or a genotype has more than two alleles.
            RegplugError: as the reader raises.
        """
        done: set[str] = set()
        contig, last = "", 0
        for record in self._records:
            if record.contig != contig:
                yield from self._emitted()
                done.add(contig)
                self._begin()
            if record.contig in done or (record.contig == contig and record.pos < last):
                raise VariantFileError(
                    f"{record.contig}:{record.pos} comes after {contig}:{last}: --phased needs a "
                    "sorted file (bcftools sort)"
                )
            contig, last = record.contig, record.pos
            yield from self._emitted(record.start)
            self._ahead.append((record, self._read(record)))
        yield from self._emitted()

    def _emitted(self, start: int | None = None) -> Iterator[PhasedRecord]:
        """Yield the records to which no record at `start` can be a neighbour; by default all."""
        while self._ahead:
            record, alts = self._ahead[0]
            taken = sum(alt.taken for _, each in self._ahead for alt in each)
            if start is not None and start <= record.start + len(record.ref or "") + (
                self._reach + taken
            ):
                return
            self._ahead.popleft()
            found = [self._phased(alt, alts) for alt in alts]
            self._behind += [alt for alt in alts if alt.is_carried]
            least = record.start - self._reach - sum(alt.taken for alt in self._behind)
            self._behind = [alt for alt in self._behind if alt.carried.place.end >= least]
            if not alts[0].carried.outside:
                yield PhasedRecord(record, found)

    def _read(self, record: pysam.VariantRecord) -> list[_Alt]:
        """Return the ALTs of a record, none on a haplotype where an earlier one is in its way."""
        place = Interval(record.contig, record.start, record.stop)
        outside, read = not self._inside(record), []
        for variant, seat in zip(variants_of(record), seats(record, self._sample), strict=True):
            is_bases = bool(BASES.fullmatch(variant.alt))
            change = trimmed(variant) if is_bases else variant
            free = tuple(h for h in seat.haplotypes if is_bases and self._is_free(change, seat, h))
            if len(free) < len(seat.haplotypes):
                without = Phase.CONFLICT if is_bases else Phase.NO_SEQUENCE
                seat = seat._replace(phase=Phase.PARTIAL if free else without, haplotypes=free)
            read.append(_Alt(Carried(variant, change, place, outside), seat))
        return read

    def _is_free(self, change: Variant, seat: Seat, haplotype: int) -> bool:
        """Tell whether nothing that was read before is in the way of a change."""
        return not any(
            haplotype in other.seat.haplotypes
            and (seat.everywhere or other.is_in(seat.phase_set))
            and conflict(change, other.carried.change)
            for other in (*self._behind, *self._next())
        )

    def _next(self) -> Iterator[_Alt]:
        """Yield what was read ahead."""
        for _, alts in self._ahead:
            yield from filter(lambda alt: alt.is_carried, alts)

    def _phased(self, alt: _Alt, of_record: Sequence[_Alt]) -> PhasedAlt:
        """Return an ALT of the first record that was read ahead, with what lies beside it."""
        if not alt.is_carried:
            return PhasedAlt(alt.seat.phase, alt.carried.change)
        same = [other for other in of_record if other is not alt and other.is_carried]
        others = [*self._behind, *same, *self._next()]
        phase_set = alt.seat.phase_set
        if alt.seat.everywhere and phase_set is None:
            phase_set = _nearest_set(alt, others)
        known = [other for other in others if other.seat.haplotypes and other.is_in(phase_set)]
        unknown = [o for o in others if not (o.seat.haplotypes and o.is_in(phase_set))]
        clusters = self._clusters_of(alt)
        return PhasedAlt(
            alt.seat.phase,
            alt.carried.change,
            {
                haplotype: tuple(o.carried for o in known if haplotype in o.seat.haplotypes)
                for haplotype in alt.seat.haplotypes
            },
            tuple(other.carried for other in unknown),
            {key: tuple(o.carried for o in c.alts) for key, c in clusters if c.alts[0] is alt},
            any(cluster.outside for _, cluster in clusters),
        )

    def _clusters_of(self, alt: _Alt) -> list[tuple[tuple[int, int], _Cluster]]:
        """Return the clusters that an ALT is in, (window, haplotype) before each."""
        found = []
        for key, last in self._clusters.items():
            window, haplotype = key
            if haplotype in alt.seat.haplotypes:
                if not any(alt is other for other in last.alts):
                    self._clusters[key] = self._cluster(alt, haplotype, window // 2, last)
                found.append((key, self._clusters[key]))
        return found

    def _cluster(self, first: _Alt, haplotype: int, width: int, last: _Cluster) -> _Cluster:
        """Return the cluster of at most `width` bases that begins with `first`, behind the last."""
        alts = [first]
        for alt in self._next():
            if haplotype in alt.seat.haplotypes:
                if not _are_cluster([*alts, alt], width):
                    break
                alts.append(alt)
        follows = any(
            first.carried.change.start - alt.carried.change.interval.end <= width
            for alt in last.alts
        )
        outside = any(alt.carried.outside for alt in alts)
        return _Cluster(alts, outside or (follows and last.outside))


def _nearest_set(alt: _Alt, others: Iterable[_Alt]) -> Hashable:
    """Return the phase set of the phased ALT that lies nearest, in which an ALT has no own."""
    start = alt.carried.change.start
    sets = [
        (abs(other.carried.change.start - start), at, other.seat.phase_set)
        for at, other in enumerate(others)
        if other.seat.haplotypes and not other.seat.everywhere
    ]
    return min(sets, key=lambda each: each[:2])[2] if sets else None


def _are_cluster(alts: Sequence[_Alt], width: int) -> bool:
    """Tell whether ALTs of a haplotype are near enough, and of one phase set."""
    sets = {alt.seat.phase_set for alt in alts if not alt.seat.everywhere}
    changes = [alt.carried.change for alt in alts]
    start = min(change.start for change in changes)
    bases = max(change.interval.end for change in changes) - start
    return len(sets) <= 1 and bases <= width and bases + sum(map(longer, changes)) <= width
