"""`regplug models show`: a card on standard output, as lines and tables."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from regplug.cli.shared.options import backend_from, backend_options

if TYPE_CHECKING:
    from regplug.scoring.card import ModelCard

APART = (  # what is no line KEY: VALUE
    "targets", "notice", "outputs", "along", "variants", "background", "peaks",
)  # fmt: skip
MISSING = "."


@click.command(short_help="Show a model's card.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the card as it is stored.")
@backend_options
def show(name: str, as_json: bool, **options: Any) -> None:
    """Show a model: its card, targets, figures and background."""
    import msgspec

    from regplug.hooks.manager import open_backend, plugin_manager
    from regplug.scoring.card import card_to_json

    location, backend_options = backend_from(options)
    backend = open_backend(plugin_manager(), location, name, backend_options)
    card = backend.card
    backend.close()
    if as_json:
        click.echo(card_to_json(card), nl=False)
        return
    for key, value in msgspec.structs.asdict(card).items():
        if key not in APART and value not in ("", None, {}):
            click.echo(f"{key}: {value}")
    for row in (
        *_targets(card),
        *_outputs(card),
        *_along(card),
        *_variants(card),
        *_background(card),
        *_peaks(card),
    ):
        click.echo("\t".join(row))


def _targets(card: "ModelCard") -> Iterator[list[str]]:
    """Yield a row per target, below a header."""
    about = list(dict.fromkeys(key for target in card.targets for key in target.about))
    yield ["target", "spread", *about]
    for target in card.targets:
        spread = MISSING if target.spread is None else f"{target.spread:.4g}"
        yield [target.label, spread, *(target.about.get(key, MISSING) for key in about)]


def _outputs(card: "ModelCard") -> Iterator[list[str]]:
    """Yield a row per output, below an empty line and a header, where the card lists them."""
    if card.outputs:
        yield from ([], ["output", "shape", "kind"])
    for output in card.outputs:
        yield [output.name, " x ".join(map(str, output.shape)), output.kind]


def _along(card: "ModelCard") -> Iterator[list[str]]:
    """Yield a row per figure along a genome, below an empty line and a header."""
    if card.along:
        yield from ([], ["along", "score", "AUROC", "AUPRC", "open", "tiles", "where"])
    for it in card.along:
        areas = (
            _interval(it.auroc, it.auroc_low, it.auroc_high),
            _interval(it.auprc, it.auprc_low, it.auprc_high),
        )
        where = f"{', '.join(it.contigs)}: {it.sample} of {it.set} ({it.part})"
        yield [it.target, it.score, *areas, str(it.open), str(it.tiles), where]


def _variants(card: "ModelCard") -> Iterator[list[str]]:
    """Yield a row per figure on variants, below an empty line and a header."""
    if card.variants:
        header = ["variants", "cell", "score", "output", "effect", "figure", "value", "scored"]
        yield from ([], [*header, "of"])
    for it in card.variants:
        value = _interval(it.value, it.low, it.high)
        what = [it.set, it.cell or MISSING, it.score, it.output, it.effect, it.figure]
        yield [*what, value, str(it.variants), str(it.of)]


def _background(card: "ModelCard") -> Iterator[list[str]]:
    """Yield a row per set of background variants, below an empty line and a header."""
    if card.background is None:
        return
    yield from ([], ["background", "kind", "variants", "scored"])
    for it in card.background.sets:
        yield [it.stratum, it.kind, str(it.variants), str(it.scored)]


def _peaks(card: "ModelCard") -> Iterator[list[str]]:
    """Yield a row of what the model was measured at, below an empty line and a header."""
    if card.peaks is None:
        return
    yield from ([], ["peaks", "scored", "kept", "genome", "of"])
    of = "this graph" if card.peaks.model == card.sha256 else "another graph: measure them again"
    counts = (str(card.peaks.peaks), str(card.peaks.kept))
    yield [card.peaks.file, *counts, card.peaks.genome, of]


def _interval(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
