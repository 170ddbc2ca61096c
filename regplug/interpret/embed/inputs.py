"""Sequences with names and labels, from files as users have them, for `regplug embed`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from regplug.data.sequences.bound import LONGEST
from regplug.errors import RegionError, SequenceError
from regplug.genome.codes import decode
from regplug.interpret.embed.projection import NO_LABEL


@dataclass(frozen=True)
class LabelledSequence:
    """A sequence; the label says what it is, or where it comes from."""

    name: str
    letters: str
    label: str


def read_sequences(paths: Sequence[Path]) -> list[LabelledSequence]:
    """Return the sequences of FASTA, FASTQ or `.seq.gz` files.

    A file with both classes (class:1 and class:0 in its headers, or Bound in its table) labels them
    bound and unbound; else its name is the label. Of several files, the name stands before both.

    Raises:
        DataError: a file cannot be read, or has a letter that is no nucleotide's.
        SequenceError: a sequence is too long, or two files have one name.
    """
    found = []
    for path, stem in zip(paths, _stems(paths), strict=True):
        rows = _rows(path)
        classes = {bound for _, _, bound in rows}
        prefix = f"{stem} " if len(paths) > 1 else ""
        words = {True: f"{prefix}bound", False: f"{prefix}unbound"}
        for name, letters, bound in rows:
            label = stem if bound is None or classes != {True, False} else words[bound]
            found.append(LabelledSequence(name, letters, label))
    return found


def read_regions(
    paths: Sequence[Path], genome: Path, length: int, label_column: int | None
) -> tuple[list[LabelledSequence], int]:
    """Return `length` bases around the midpoint of each region of BED files, and how many had none.

    Regions outside the genome, or in mostly unknown bases, have none. The name is column 4 or the
    region, the label column `label_column`, counted from 1, or the file's name.

    Raises:
        RegionError: a file is no BED, or lacks that column; or no region is in the genome.
        GenomeError: the genome cannot be read.
    """
    from regplug.data.sequences.windows import cut_windows, mostly_unknown
    from regplug.genome.regions import read_bed_lines

    found, dropped = [], 0
    for path, stem in zip(paths, _stems(paths), strict=True):
        lines = read_bed_lines(str(path))
        codes, inside = cut_windows([line.region for line in lines], genome, length)
        good = inside & ~mostly_unknown(codes)
        if not good.any():
            raise RegionError(f"no region of {path} has bases in {genome}: is it another assembly?")
        dropped += int((~good).sum())
        for codes_of, kept, (number, region, cells) in zip(codes, good, lines, strict=True):
            if label_column and label_column > len(cells):
                raise RegionError(f"{path}, line {number} has no column {label_column}")
            if kept:
                name = cells[3] if len(cells) > 3 and cells[3] != "." else str(region)
                label = cells[label_column - 1] if label_column else stem
                found.append(LabelledSequence(name, decode(codes_of), label))
    return found, dropped


def relabelled(sequences: Sequence[LabelledSequence], table: Path) -> list[LabelledSequence]:
    """Return the sequences with the labels of a table, name<TAB>label; `.` if it lacks the name.

    Raises:
        SequenceError: a line is not of two cells, or names no sequence, or one with two labels.
        DataError: the table cannot be read.
    """
    from regplug.data.sequences.records import read_lines

    names, labels = {sequence.name for sequence in sequences}, dict[str, str]()
    for number, line in read_lines(table):
        name, tab, label = line.partition("\t")
        if not tab or not label.strip() or "\t" in label:
            raise SequenceError(f"{table}, line {number} is not name<TAB>label: {line[:60]!r}")
        if name not in names:
            raise SequenceError(f"{table}, line {number}: no sequence is called {name!r}")
        if labels.setdefault(name, label) != label:
            raise SequenceError(f"{table}, line {number}: {name!r} has the label {labels[name]!r}")
    return [replace(sequence, label=labels.get(sequence.name, NO_LABEL)) for sequence in sequences]


def _rows(path: Path) -> list[tuple[str, str, bool | None]]:
    """Return name, letters and class (None: not known) of each sequence; classes of all or none."""
    from regplug.data.sequences.records import check_letters, read_lines, read_records
    from regplug.data.sequences.tables import read_table
    from regplug.data.sets.bound import class_of

    _, first = next(read_lines(path))
    if first[0] in ">@":
        records = list(read_records(path))
        classes = [class_of(record.header) for record in records]
    else:
        rows = read_table(path)
        records, classes = [row.record for row in rows], [row.bound for row in rows]
    check_letters(path, records)
    for record in records:
        if len(record.letters) > LONGEST:
            raise SequenceError(
                f"{path}, line {record.line}: {len(record.letters):,} bases, more than "
                f"{LONGEST:,}: give the pieces that matter"
            )
    known = None not in classes
    return [
        (_name(record.header, record.line), record.letters, bound if known else None)
        for record, bound in zip(records, classes, strict=True)
    ]


def _name(header: str, line: int) -> str:
    """Return the first word of a header; without one, the line's number."""
    return header.split(maxsplit=1)[0].rstrip(";") if header else str(line)


def _stems(paths: Sequence[Path]) -> list[str]:
    """Return the files' names without their endings."""
    stems = [Path(path.name.removesuffix(".gz")).stem for path in paths]
    twice = [stem for stem in stems if stems.count(stem) > 1]
    if twice:
        raise SequenceError(f"two files are called {twice[0]}, which is their label: rename one")
    return stems
