"""TrackSet ─write_views→ a hub, an IGV session, a page; of a finished folder too."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from regplug.api.annotate import File
from regplug.api.models import PLAIN
from regplug.api.track.asked import Format, Tracks
from regplug.api.track.makers import makers_of
from regplug.errors import ConfigError, OutputError, RegplugError
from regplug.genome.fasta import Genome
from regplug.genome.reference import find_fasta
from regplug.hooks.manager import plugin_manager, track_writers
from regplug.hooks.track_writer import TrackSet, TrackWriter
from regplug.scoring.backend import BackendOptions
from regplug.tracks.kept import read_kept, track_set


def views_of(
    folder: File,
    views: Sequence[str],
    *,
    fasta: File | None = None,
    assembly: str | None = None,
    repo: str | None = None,
    options: BackendOptions = PLAIN,
) -> Tracks:
    """Write views of tracks that `track` has finished.

    Args:
        folder: of the tracks.
        views: names of views (hub, igv, page, or a plugin's).
        fasta: the reference that they were made with; looked for as by `annotate` if not given.
        assembly: what browsers call the reference; by default what it was called before.
        repo: folder of models, or a server's URL; the mutation maps of a page need the model.
        options: threads, and what it takes to reach a server.

    Raises:
        ConfigError: no view, or an unknown one.
        OutputError: the folder holds no finished bigWigs, or a view cannot be written.
        GenomeError: there is no reference, or the tracks are of another one.
        ModelError: there is no such model, or the tracks are of another version of it.
    """
    if not views:
        raise ConfigError("name a view: --hub, --igv or --page")
    writers = view_writers(views, "bigwig")
    place = Path(os.fspath(folder)).resolve()
    kept = read_kept(place)
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(find_fasta(fasta)))
        made = track_set(place, kept, genome)
        made = made._replace(assembly=assembly or made.assembly)
        if kept.variants:
            maps, profiles = makers_of(kept, genome, stack, repo, options)
            made = made._replace(maps=maps, profiles=profiles)
        check_views(writers, made)
        return Tracks(place, made.tracks, write_views(writers, made))


def view_writers(names: Sequence[str], file_format: Format) -> list[TrackWriter]:
    """Return the writers of the views; ConfigError if one is unknown, or files are bedGraphs."""
    known = track_writers(plugin_manager()) if names else {}
    for name in names:
        if name not in known:
            raise ConfigError(f"no view {name}: there are {', '.join(known)}")
        if file_format != "bigwig":
            raise ConfigError(f"--{name} needs --format bigwig")
    return [known[name] for name in names]


def check_views(writers: Sequence[TrackWriter], planned: TrackSet) -> None:
    """Let the writers refuse what they can tell before the tracks are made.

    Raises:
        OutputError: a view cannot be of these regions, variants or genome.
    """
    for writer in writers:
        if check := getattr(writer, "check", None):  # a plugin may have none
            check(planned)


def write_views(writers: Sequence[TrackWriter], made: TrackSet) -> dict[str, Path]:
    """Return the file to open of each view, by its name; tracks and other views stay if one fails.

    Raises:
        OutputError: a view cannot be written; the message names what is there.
    """
    shown: dict[str, Path] = {}
    failed: dict[str, RegplugError] = {}
    for writer in writers:
        try:
            shown[writer.name] = writer.write(made)
        except RegplugError as error:
            failed[writer.name] = error
    if failed:
        name, first = next(iter(failed.items()))
        raise OutputError(
            f"--{name}: {first}. The tracks are finished, and stay in "
            f"{made.folder}{''.join(f', with {path.name}' for path in shown.values())}; other "
            f"views of them: regplug track --views-of {made.folder} --igv"
        ) from first
    return shown
