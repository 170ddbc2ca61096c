"""Does `annotate --phased` score the haplotypes that `bcftools consensus` writes?

    python -m benchmarks.haplotypes --vcf PHASED.vcf.gz --fasta GENOME.fa.gz --model NAME SAMPLE...

The VCF has phased genotypes on one contig. For each sample every window is cut anew out of
sequences that bcftools made: ALT's out of the haplotype, REF's out of the haplotype without that
record (records far apart are left out together), a cluster's out of the reference with the records
of every fourth cluster. What the model predicts for these must be what is in the VCF. Records that
bcftools did not apply, ALTs longer than half a window, and what lies near either are left out, and
counted. Last, how much haplotypes matter: `__HAP` beside `__Z`.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
import pysam.bcftools
import pysam.samtools

import regplug
from regplug.genome.codes import Codes, encode
from regplug.genome.fasta import Genome
from regplug.scoring.adapter import tag
from regplug.scoring.alleles import column
from regplug.scoring.effects import Array

APART = 4  # windows, at least, between records that are left out together
Key = tuple[int, int]  # a record's index and its haplotype, 1 or 2


class Sat(NamedTuple):
    """An ALT on a haplotype: where its record lies, 0-based, and by how much ALT is longer."""

    line: int
    start: int
    end: int
    longer: int


class Cut(NamedTuple):
    """Rows of REF and ALT of an ALT or a cluster, shape (rows, window)."""

    key: Key
    ref: Codes
    alt: Codes


class Compared(NamedTuple):
    """What was compared.

    Attributes:
        windows: of ALTs on a haplotype.
        alts: of which the differences were compared; those on both haplotypes are one.
        clusters: of which they were.
        together: clusters of several ALTs.
        left_out: ALTs on a haplotype that were not compared.
        largest: the largest distance of two differences, over all targets.
    """

    windows: int
    alts: int
    clusters: int
    together: int
    left_out: int
    largest: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("samples", nargs="+", metavar="SAMPLE")
    parser.add_argument("--vcf", type=Path, required=True)
    parser.add_argument("--fasta", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--model-repo")
    options = parser.parse_args()
    print("sample", *Compared._fields, sep="\t")
    with regplug.open_model(options.model, repo=options.model_repo) as model:
        for sample in options.samples:
            with tempfile.TemporaryDirectory() as folder:
                run = Run(Path(folder), options.vcf, options.fasta, sample, model)
                made = run.compared()
                print(sample, *made[:-1], f"{made.largest:.2g}", sep="\t")
                print("", *run.effects(), sep="\n")


class Run:
    """A sample's records, annotated, and sequences of its haplotypes."""

    def __init__(
        self, folder: Path, vcf: Path, fasta: Path, sample: str, model: "regplug.OpenModel"
    ) -> None:
        """Annotate the records of `vcf` of which `sample` has an ALT."""
        self._folder, self._backend = folder, model.backend
        self._window = model.card.window or 0
        self._stem, self._labels = tag(model.card.name), model.card.labels
        carried = folder / "carried.vcf.gz"
        pysam.bcftools.view(
            *("-Oz", "-c1", "-s", sample, "-o", str(carried), str(vcf)), catch_stdout=False
        )
        with pysam.VariantFile(str(carried)) as file:
            self._header, records = str(file.header), list(file)
        self._lines, chrom = [str(record) for record in records], records[0].contig
        with Genome(fasta) as genome:
            contig = genome.contig(chrom) or ""
            end = min(genome.lengths[contig], records[-1].stop + 10_000)
            around = (max(0, records[0].start - 10_000), end)
            letters = genome.text(contig, *around).upper()
        self._from, self._reference = around[0], letters
        (folder / "region.fa").write_text(f">{chrom}:{around[0] + 1}-{around[1]}\n{letters}\n")
        pysam.samtools.faidx(str(folder / "region.fa"), catch_stdout=False)
        regplug.annotate(
            *(carried,),
            output=folder / "out.vcf",
            fasta=fasta,
            models=[model],
            phased=True,
            all_targets=True,
            force=True,
        )
        with pysam.VariantFile(str(folder / "out.vcf")) as file:
            self._info = [dict(record.info) for record in file]
        self._sat = {
            haplotype: [
                Sat(line, r.start, r.stop, len(r.alleles[at]) - len(r.alleles[0]))
                for line, r in enumerate(records)
                if (at := (*r.samples[0].allele_indices, 0)[haplotype - 1])
            ]
            for haplotype in (1, 2)
        }
        self._alt = {
            (line, haplotype): r.samples[0].allele_indices[haplotype - 1] - 1
            for haplotype, sat in self._sat.items()
            for line, r in ((each.line, records[each.line]) for each in sat)
        }

    def compared(self) -> Compared:
        """Cut all windows out of bcftools' sequences, predict, and compare."""
        alone = [cut for haplotype in (1, 2) for cut in self._of_alts(haplotype)]
        found: dict[tuple[int, int], list[Array]] = defaultdict(list)
        for key, change in self._changes(alone):
            found[key[0], self._alt[key]].append(change)
        far = [
            np.abs(np.mean(changes, axis=0) - self._written(line, alt, "__HAP")).max()
            for (line, alt), changes in found.items()
            if len(changes) == sum(self._alt.get((line, h)) == alt for h in (1, 2))
        ]
        joint = [cut for haplotype in (1, 2) for cut in self._of_clusters(haplotype)]
        for (line, haplotype), change in self._changes(joint):
            written = self._written(line, self._alt[line, haplotype], f"__JOINT{haplotype}")
            far.append(np.abs(change - written).max())
        several = sum(size > 1 for h in (1, 2) for _, size in self._clusters(h))
        left_out = len(self._alt) - len(alone)
        windows = sum(len(cut.ref) + len(cut.alt) for cut in alone + joint)
        return Compared(windows, len(found), len(joint), several, left_out, float(max(far)))

    def effects(self) -> Iterator[str]:
        """Yield what haplotypes do to scores, of this sample."""
        pairs = [
            (self._info[line][f"{self._stem}__Z"][alt], self._info[line][f"{self._stem}__HAP"][alt])
            for line, alt in sorted({(key[0], alt) for key, alt in self._alt.items()})
            if self._info[line].get(f"{self._stem}__HAP", (None,))[alt] is not None
        ]
        alone, there = np.array(pairs).T
        other = alone != there
        yield f"ALTs: {len(pairs)}; others within the window: {other.sum()}"
        if other.any():
            apart = np.abs(there - alone)[other]
            yield (
                f"|HAP - Z| of these: median {np.median(apart):.2g}, 95 % "
                f"{np.quantile(apart, 0.95):.2g}, largest {apart.max():.2g}; "
                f"other sign: {(alone * there < 0).sum()}"
            )

    def _of_alts(self, haplotype: int) -> Iterator[Cut]:
        """Yield the rows of each ALT on a haplotype, out of sequences with and without it."""
        every = range(len(self._lines))
        whole, applied = self._consensus(haplotype, every)
        sat = self._sat[haplotype]
        odd = [one for one in sat if one.line not in applied]
        for group in groups(sat, APART * self._window):
            out = {one.line for one in group}
            before, _ = self._consensus(haplotype, [line for line in every if line not in out])
            for one in group:
                near = (one.start - 2 * self._window, one.end + 2 * self._window)
                if self._word(one.line, haplotype) not in ("phased", "partial") or any(
                    near[0] < other.end and other.start < near[1] for other in odd
                ):
                    continue
                left = [o for o in sat if o.line in applied and o.line < one.line]
                old = one.start - self._from + sum(o.longer for o in left if o.line not in out)
                new = one.start - self._from + sum(o.longer for o in left)
                if cut := self._cut(before, whole, (old, new), (one.end - one.start, one.longer)):
                    yield Cut((one.line, haplotype), *cut)

    def _of_clusters(self, haplotype: int) -> Iterator[Cut]:
        """Yield the rows of each cluster, out of the reference and sequences with few clusters."""
        clusters = self._clusters(haplotype)
        lines = {line: at for at, (members, _) in enumerate(clusters) for line in members}
        for turn in range(APART):
            some = [line for line, at in lines.items() if at % APART == turn]
            after, applied = self._consensus(haplotype, some)
            sat = {one.line: one for one in self._sat[haplotype] if one.line in some}
            for members, _ in clusters[turn::APART]:
                if not applied.issuperset(members):
                    continue
                start = sat[members[0]].start
                bases = max(sat[line].end for line in members) - start
                old = start - self._from
                new = old + sum(one.longer for one in sat.values() if one.line < members[0])
                longer = sum(sat[line].longer for line in members)
                several = len(members) > 1
                size = (bases, longer)
                if cut := self._cut(self._reference, after, (old, new), size, centred=several):
                    yield Cut((members[0], haplotype), *cut)

    def _clusters(self, haplotype: int) -> list[tuple[list[int], int]]:
        """Return the records of each cluster that the VCF has, and how many it says there are."""
        lines = [
            one.line
            for one in self._sat[haplotype]
            if self._word(one.line, haplotype) in ("phased", "partial")
        ]
        found = []
        for at, line in enumerate(lines):
            sizes = self._info[line].get(f"{self._stem}__JOINT{haplotype}_N")
            size = sizes[self._alt[line, haplotype]] if sizes else None
            if size:
                found.append((lines[at : at + size], size))
        return found

    def _word(self, line: int, haplotype: int) -> str | None:
        """Return the word of an ALT; None where it has no score."""
        words: Sequence[str] | None = self._info[line].get(f"{self._stem}__PHASE")
        return words[self._alt[line, haplotype]] if words else None

    def _consensus(self, haplotype: int, lines: Collection[int]) -> tuple[str, set[int]]:
        """Return a haplotype with these records alone, and those that bcftools applied."""
        vcf = self._folder / "some.vcf.gz"
        text = self._header + "".join(self._lines[line] for line in sorted(lines))
        with pysam.BGZFile(str(vcf), "w") as file:
            file.write(text.encode())
        pysam.tabix_index(str(vcf), preset="vcf", force=True)
        region = str(self._folder / "region.fa")
        letters = pysam.bcftools.consensus("-f", region, "-H", str(haplotype), str(vcf))
        skipped = [
            line
            for line in pysam.bcftools.consensus.get_messages().split("\n")
            if "skipping" in line
        ]
        applied = set(lines)
        for message in skipped:
            pos = message.partition("The site ")[2].split(" ")[0].rpartition(":")[2]
            applied -= {line for line in applied if self._lines[line].split("\t")[1] == pos}
        return "".join(letters.split("\n")[1:]).upper(), applied

    def _cut(
        self,
        before: str,
        after: str,
        at: tuple[int, int],
        size: tuple[int, int],
        *,
        centred: bool = False,
    ) -> tuple[Codes, Codes] | None:
        """Return the rows of what differs around `at` of two sequences; None if long or at an end.

        Args:
            before: with REF.
            after: with ALT.
            at: where REF and ALT begin in each.
            size: bases of REF, and by how many ALT has more.
            centred: whether the middle of what differs lies in the column, not its ends.
        """
        around, left = 2 * self._window, column(self._window)
        old = before[at[0] - around : at[0] + size[0] + around]
        new = after[at[1] - around : at[1] + size[0] + size[1] + around]
        short = min(len(old), len(new))
        tail = next((i for i in range(short) if old[-1 - i] != new[-1 - i]), short)
        tail = min(tail, short - 1)
        head = next((i for i in range(short) if old[i] != new[i]), short)
        head = min(head, short - tail - 1)
        ref, alt = len(old) - head - tail, len(new) - head - tail
        if max(ref, alt) > self._window // 2 or min(head, tail) < self._window:
            return None
        middle = (max(ref, alt) - 1) // 2 if centred else 0
        starts = [(head + middle - left,) * 2]
        if ref != alt:
            right = left + middle
            starts.append((head + ref - 1 - right, head + alt - 1 - right))
        rows = [
            np.stack([encode(text[start[i] : start[i] + self._window]) for start in starts])
            for i, text in enumerate((old, new))
        ]
        return rows[0], rows[1]

    def _changes(self, cuts: Sequence[Cut]) -> Iterator[tuple[Key, Array]]:
        """Yield ALT - REF of each, the mean over its rows, shape (targets,)."""
        ref, alt = (
            self._backend.predict(np.concatenate([getattr(cut, side) for cut in cuts]))
            for side in ("ref", "alt")
        )
        first = 0
        for cut in cuts:
            rows = slice(first, first + len(cut.ref))
            first += len(cut.ref)
            yield cut.key, alt[rows].mean(0) - ref[rows].mean(0)

    def _written(self, line: int, alt: int, suffix: str) -> Array:
        """Return the tags of an ALT, shape (targets,)."""
        stems = (tag(self._stem[3:], label) for label in self._labels)
        return np.array([self._info[line][f"{stem}{suffix}"][alt] for stem in stems], np.float32)


def groups(sat: Sequence[Sat], bases: int) -> list[list[Sat]]:
    """Return the ALTs in groups, those of each at least so many bases apart."""
    made: list[list[Sat]] = []
    for one in sat:
        room = (group for group in made if one.start - group[-1].end >= bases)
        group = next(room, None)
        if group is None:
            made.append([one])
        else:
            group.append(one)
    return made


if __name__ == "__main__":
    main()
