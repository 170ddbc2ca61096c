"""What each base of many sequences adds to a model's scores ─attribute→ a file per target."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regplug.api.annotate import File
from regplug.api.attribute.sequences import Seen, is_fasta, read_seen
from regplug.api.attribute.ways import Method, Mutate, Score, Settings, ready, scale
from regplug.api.models import PLAIN, OpenModel, opened, trained_on
from regplug.api.parts.contributions import SEQUENCES, in_parts
from regplug.api.parts.run import Parting, parted
from regplug.api.parts.same import file_state, version_of, whole_path
from regplug.api.progress import Bar, silent
from regplug.errors import ConfigError
from regplug.files.extras import needs
from regplug.files.output import check_folder, complete
from regplug.files.version import VERSION
from regplug.genome.assembly import check_organism
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.hooks.manager import plugin_manager
from regplug.interpret.attribute.along import write_bigwigs
from regplug.interpret.attribute.contributions import Contributions, Named
from regplug.scoring.adapter import chosen_targets
from regplug.scoring.backend import BackendOptions, precision_of
from regplug.tracks.folder import file_names


@dataclass(frozen=True)
class Attributed:
    """The contributions of a run.

    Attributes:
        folder: that was written.
        files: target → its HDF5 file.
        tracks: target → its bigWig; empty if none were asked for.
        sequences: how many have contributions.
        left_out: how many have none, by reason.
    """

    folder: Path
    files: dict[str, Path]
    tracks: dict[str, Path]
    sequences: int
    left_out: dict[str, int]


def attribute(
    model: str | OpenModel,
    sequences: File,
    *,
    output: File,
    fasta: File | None = None,
    targets: Sequence[str] = (),
    method: Method = "ism",
    mutate: Mutate = "",
    score: Score = "",
    references: int = 20,
    bigwig: bool = False,
    force: bool = False,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
    executor: str = "",
    resume: bool = False,
    part_size: int = SEQUENCES,
    bar: Bar = silent,
) -> Attributed:
    """Write what each base of each sequence adds to a model's scores, an HDF5 file per target.

    Args:
        model: a name, or an open model.
        sequences: a FASTA or FASTQ (by its name, or `-`), each as long as the model's window; a VCF
            or BCF: REF's and ALT's window of each variant; any other file is BED or narrowPeak
            (0-based, half-open): the window around each summit, or middle.
        output: a new folder.
        fasta: the genome of a BED or VCF; looked for as by `annotate` if it is not given.
        targets: of the model; by default all, of up to 16.
        method: `ism`, in-silico mutagenesis, of any model; `deeplift` (DeepLIFT/SHAP, the rescale
            rule) or `gradient`, of a graph of layers that are known, through torch.
        mutate: of ism: score each change `centred` in a window of its own, as `explain` does, or
            `within` the sequence as it stands; by default centred, and within for a FASTA.
        score: how scores are compared: `diff`, `logit`, `log2fc`; by default logits of
            probabilities, else differences.
        references: of deeplift: dinucleotide shuffles of each sequence; 0: one of unknown bases.
        bigwig: write contributions along the genome too.
        force: go on though REFs or the model's organism do not fit the FASTA.
        repo: folder of models, or a server's URL.
        options: threads, device, and what it takes to reach a server.
        executor: where parts are made, as `track` has it.
        resume: keep finished parts in OUTPUT.parts until the folder is complete, and take those of
            an earlier call that are there.
        part_size: sequences of a part.
        bar: shows sequences.

    Raises:
        ConfigError: options that do not go together.
        RegplugError: the sequences, the genome, the model or the folder does not do.
    """
    path, folder = os.fspath(sequences), Path(output).resolve()
    of_fasta = is_fasta(path)
    mutate = _mutate(method, mutate, of_fasta=of_fasta)
    if method != "ism" and options.precision:
        raise ConfigError(f"{method} is of float32: leave :{options.precision} out of --engine")
    if bigwig and of_fasta:
        raise ConfigError("a FASTA's sequences have no place in a genome: no --bigwig of those")
    check_folder(folder, ())
    with needs("attribute"):
        import h5py  # noqa: F401  # asked for here, so that its lack is an error before the work
    with ExitStack() as stack:
        (run,) = stack.enter_context(opened([model], repo, options))
        genome = None
        if not of_fasta:
            genome = stack.enter_context(Genome(find_fasta(fasta)))
            if not force:
                check_organism(genome, trained_on([run]))
        card = run.card
        chosen = chosen_targets(card, tuple(targets))
        if not chosen:
            raise ConfigError(f"{card.name} has {len(card.targets)} targets: name some (--targets)")
        settings = Settings(
            model=card.name,
            wanted=version_of(run.backend),
            targets=tuple(chosen),
            method=method,
            mutate=mutate,
            score=scale(card, score),
            references=references if method == "deeplift" else 0,
            fai=genome.index_sha256 if genome else "",
            source=file_state(str(genome.path)) if genome else (),
            regplug=VERSION,
            fasta=whole_path(str(genome.path)) if genome else "",
            repo=whole_path(repo or ""),
            options=options,
        )
        found = read_seen(path, run.for_sequences.card if of_fasta else card, genome, force=force)
        parting = stack.enter_context(
            parted(plugin_manager(), executor, str(folder), resume=resume, size=part_size)
        )
        with bar("sequences", len(found.sequences)) as progress:
            made = _made(found.sequences, settings, run, genome, parting)
            labels = [card.labels[target] for target in chosen]
            names = file_names(labels)
            with complete(folder) as partial:
                partial.mkdir()
                files = [partial / f"{name}.h5" for name in names]
                _write(files, labels, settings, run, found.sequences, made, progress)
                if bigwig and genome:
                    paths = [file.with_suffix(".bw") for file in files]
                    write_bigwigs(paths, files, _named(found.sequences), genome.lengths)
        if parting:
            parting.folder.remove()
    return Attributed(
        folder,
        {label: folder / f"{name}.h5" for label, name in zip(labels, names, strict=True)},
        {label: folder / f"{name}.bw" for label, name in zip(labels, names, strict=True) if bigwig},
        len(found.sequences),
        found.left_out,
    )


def _mutate(method: Method, mutate: Mutate, *, of_fasta: bool) -> Mutate:
    """Return where changes are scored; ConfigError where that cannot be."""
    if method != "ism":
        if mutate:
            raise ConfigError(f"--mutate is of ism: leave it out with {method}")
        return ""
    if of_fasta and mutate == "centred":
        raise ConfigError(
            "a FASTA's sequences have no flanks to centre on: --mutate within, or regions (BED)"
        )
    return mutate or ("within" if of_fasta else "centred")


def _made(
    sequences: Sequence[Seen],
    settings: Settings,
    run: OpenModel,
    genome: Genome | None,
    parting: Parting | None,
) -> Iterator[tuple[Sequence[Seen], Contributions]]:
    """Yield sequences and their contributions, some at a time."""
    if parting:
        yield from in_parts(sequences, settings, parting)
        return
    make = ready(settings, run, genome)
    for seen in sequences:
        yield [seen], make([seen])


def _write(
    files: Sequence[Path],
    labels: Sequence[str],
    settings: Settings,
    run: OpenModel,
    sequences: Sequence[Seen],
    made: Iterator[tuple[Sequence[Seen], Contributions]],
    progress: Callable[[int], None],
) -> None:
    """Write a file for each target."""
    with needs("attribute"):
        from regplug.interpret.attribute.file import FORM, About
        from regplug.interpret.attribute.writer import ContributionFiles
    card = run.card
    about = {
        file: About(
            *(FORM, card.name, card.version, card.sha256, label),
            *(settings.method, settings.mutate, settings.score, settings.references, VERSION),
            precision_of(run.backend),
        )
        for file, label in zip(files, labels, strict=True)
    }
    with ContributionFiles(about, _named(sequences), len(sequences[0].codes)) as written:
        for some, contributions in made:
            written.add(np.stack([seen.codes for seen in some]), contributions)
            progress(len(some))


def _named(sequences: Sequence[Seen]) -> list[Named]:
    """Return names and places, of an ALT none: its bases are not the genome's."""
    return [Named(seen.name, None if seen.variant else seen.place) for seen in sequences]
