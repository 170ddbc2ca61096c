"""The published models (db.tsv and params/<ID>.txt) → Triton models, without torch.

    db.tsv ─read_index→ rows ─choose→ Network of each ─export_panel→ <name>, <name>_scan

Models of RNA become <name>_rna and <name>_rna_scan.
"""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from regplug.errors import UNREADABLE, ModelError
from regplug.files.lines import lines_in
from regplug.files.version import VERSION
from regplug.hooks.measuring import Measuring
from regplug.models.export import PLAIN, export_model
from regplug.scoring.backend import BackendOptions
from regplug.scoring.card import ModelCard, Target
from regplug_deepbind.backend import open_panel
from regplug_deepbind.graph import scan_graph, variant_graph, variant_width
from regplug_deepbind.network import Network
from regplug_deepbind.parameters import read_network

CITE = (
    "Alipanahi, Delong, Weirauch and Frey 2015, Nature Biotechnology 33:831, doi:10.1038/nbt.3300"
)
STRANDS_PER_CALL = 32 * 1030  # sequences × networks × strands in a call, at most: some 400 MB
_ABOUT = {  # key in a target's `about` → column of db.tsv
    "id": "ID",
    "protein": "Protein",
    "type": "Type",
    "species": "Species",
    "family": "Family",
    "class": "Class",
    "experiment": "Experiment",
    "details": "Experiment Details",
    "labels": "Labels",
    "comment": "Comment",
}


@dataclass(frozen=True)
class Entry:
    """A published model: its line of the index, and its weights."""

    about: dict[str, str]  # see _ABOUT
    network: Network

    @property
    def label(self) -> str:
        """Return `<PROTEIN>_<ID>`."""
        return f"{self.about['protein']}_{self.about['id']}".replace(" ", "-").replace(",", "-")


def read_index(folder: Path) -> list[dict[str, str]]:
    """Return the lines of `folder`/db.tsv whose weights are in `folder`/params, by column.

    Raises:
        ModelError: the index is missing or lacks a column, or one of its lines does.
    """
    path = folder / "db.tsv"
    try:
        lines = (line for line in lines_in(path) if not line.startswith("#"))
        table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = list(table)
    except (*UNREADABLE, csv.Error) as error:
        raise ModelError(
            f"no index of models at {path} ({error}): give the folder with db.tsv and params"
        ) from error
    lacking = set(_ABOUT.values()) - set(table.fieldnames or ())
    if lacking:
        raise ModelError(f"{path} is no DeepBind index: it lacks the column {sorted(lacking)[0]}")
    for row in rows:
        if None in row or None in row.values():
            raise ModelError(f"{path}: the line of {row['ID']} has other columns than the first")
    return [row for row in rows if (folder / "params" / f"{row['ID']}.txt").is_file()]


def choose(
    rows: Sequence[dict[str, str]],
    *,
    species: Collection[str] = (),
    proteins: Collection[str] = (),
    kind: str = "",
    ids: Collection[str] = (),
) -> list[dict[str, str]]:
    """Return the rows that fit every criterion given; case does not matter.

    Args:
        rows: of the index, from `read_index`.
        species: names to choose from; empty: all.
        proteins: names to choose from; empty: all.
        kind: TF or RBP; empty: both.
        ids: of the published models; empty: all.

    Raises:
        ModelError: an ID, protein or species is unknown, or nothing fits all.
    """
    chosen = list(rows)
    for column, wanted in (("Species", species), ("Protein", proteins), ("ID", ids)):
        lower = {name.lower() for name in wanted}
        known = {row[column].lower() for row in rows}
        for name in wanted:
            if name.lower() not in known:
                raise ModelError(f"no published weights with {column} {name}: look into db.tsv")
        chosen = [row for row in chosen if not lower or row[column].lower() in lower]
    chosen = [row for row in chosen if not kind or row["Type"].lower() == kind.lower()]
    if not chosen:
        raise ModelError("no published model fits all of --species, --protein, --type and --ids")
    return chosen


def import_deepbind(
    folder: Path,
    rows: Sequence[dict[str, str]],
    repo: Path,
    *,
    name: str,
    measuring: Measuring = PLAIN,
) -> list[ModelCard]:
    """Write the panels of `rows`: <name> scores both strands, <name>_rna the transcribed strand.

    Each has a companion, <panel>_scan, for sequences of any length. A panel without members is not
    written.

    Args:
        folder: of the published models (db.tsv, params/, LICENSE.TXT).
        rows: of its index, from `choose`.
        repo: the model repository.
        name: of the panel.
        measuring: how the targets' spreads are measured.

    Returns:
        The cards of the panels and their companions.

    Raises:
        ModelError: a parameter file is damaged (it is named), or the licence is missing.
        OutputError: a model cannot be written.
    """
    notice = _notice(folder)
    entries = [_entry(folder, row) for row in rows]
    written: list[ModelCard] = []
    for panel, both in ((name, True), (f"{name}_rna", False)):
        members = [entry for entry in entries if entry.network.reverse_complement == both]
        if members:
            written += export_panel(
                repo,
                _panel_card(members, panel, notice),
                [member.network for member in members],
                measuring,
            )
    return written


def export_panel(
    repo: Path,
    card: ModelCard,
    networks: Sequence[Network],
    measuring: Measuring = PLAIN,
) -> tuple[ModelCard, ModelCard]:
    """Write a panel and its companion for sequences of any length; return their finished cards.

    Args:
        repo: the model repository.
        card: what the caller knows; windows, scan, batch limit and measured values are filled in.
        networks: in the order of the card's targets.
        measuring: how the targets' spreads are measured.
    """
    scan = max(network.scan for network in networks)
    companion = f"{card.name}_scan"
    targets = tuple(
        target if network.scan == scan else replace(target, scan=network.scan)
        for target, network in zip(card.targets, networks, strict=True)
    )
    shared = {"scan": scan, "targets": targets, "max_batch_size": rows_per_call(networks)}
    window_card = export_model(
        repo,
        replace(card, window=variant_width(networks), companion=companion, **shared),
        variant_graph(networks).SerializeToString(),
        measuring,
        faster=lambda folder, threads: open_panel(
            str(folder.parent), folder.name, BackendOptions(threads=threads)
        ),
    )
    scan_card = export_model(
        repo,
        replace(window_card, name=companion, window=None, companion=None, default=False),
        scan_graph(networks).SerializeToString(),
    )
    return window_card, scan_card


def rows_per_call(networks: Sequence[Network]) -> int:
    """Return the batch limit, 512 at most, at which a call of the panel needs some 400 MB."""
    strands = sum(2 if network.reverse_complement else 1 for network in networks)
    limit = 512
    while limit > 1 and limit * strands > STRANDS_PER_CALL:
        limit //= 2
    return limit


def _panel_card(members: Sequence[Entry], name: str, notice: str) -> ModelCard:
    networks = [member.network for member in members]
    both = networks[0].reverse_complement
    scans = sorted({network.scan for network in networks})
    return ModelCard(
        name=name,
        version="0.11",
        family="deepbind",
        window=None,
        targets=tuple(Target(member.label, None, member.about) for member in members),
        strand="max" if both else "forward",
        output_scale="score",
        max_batch_size=1,
        sha256="",
        doc="Published DeepBind models, v0.11 scan: the maximum over sub-windows of "
        f"int(1.5 * motif length) bases ({', '.join(map(str, scans))}) and "
        + ("both strands" if both else "the transcribed strand"),
        trained_on="see experiment and details of each target",
        cite_as=CITE,
        license="BSD-3-Clause",
        notice=notice,
        created_by=f"regplug {VERSION} models import deepbind",
    )


def _entry(folder: Path, row: dict[str, str]) -> Entry:
    about = {key: row[column].strip() for key, column in _ABOUT.items() if row[column].strip()}
    return Entry(about, read_network(folder / "params" / f"{row['ID']}.txt"))


def _notice(folder: Path) -> str:
    path = folder / "LICENSE.TXT"
    if not path.is_file():
        raise ModelError(f"{path} is missing: the licence of the weights must go with them")
    try:
        return path.read_text().strip()
    except UNREADABLE as error:
        raise ModelError(f"the licence {path} cannot be read: {error}") from error
