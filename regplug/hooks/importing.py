"""The options of an importer that takes any network: what a card says and weights do not.

@import_options on a click command; about_from takes in again what it was given
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import click
import msgspec

from regplug.errors import ModelError
from regplug.hooks.about import (
    About,
    Strand,
    check_license,
    check_name,
    read_notes,
)
from regplug.hooks.labels import read_labels
from regplug.scoring.card import NOT_STATED, ModelCard, Target
from regplug.scoring.outputs import Kind, Scale

PATH = click.Path(path_type=Path)


def import_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what all importers of networks ask; `about_from` takes it in again."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def head_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --head to an importer of networks that may have several outputs; see `about_from`."""
    return click.option(
        "--head",
        "heads",
        multiple=True,
        metavar="NAME[=KIND]",
        help="The output that is wanted, where there are several. With =KIND, one of several: "
        f"{', '.join(get_args(Kind))}.",
    )(function)


def license_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --license and --accept-license to an importer that asks nothing else; `check_license`."""
    accept = "Take weights that are not free for all."
    function = click.option("--accept-license", is_flag=True, help=accept)(function)
    return click.option("--license", default=NOT_STATED, show_default=True, help="Of the weights.")(
        function
    )


_OPTIONS = (
    click.option("--name", help="Of the model."),
    click.option("--card", "notes", type=PATH, help="Notes for the card: regplug models new."),
    click.option("--targets", "names", type=PATH, help="File of their names, one a line."),
    click.option(
        "--scale", "--output-scale", type=click.Choice(get_args(Scale)),
        help="Of the answers.  [default: probability after a sigmoid or softmax, else score]",
    ),
    click.option("--sigmoid", is_flag=True, default=None, help="Make probabilities of logits."),
    click.option(
        "--strand", type=click.Choice(get_args(Strand)),
        help="Both strands' mean or max; forward: the transcribed one, of RNA; none: the sequence "
        "as it stands.  [default: mean]",
    ),
    click.option("--letters", help="Order of the four channels.  [default: ACGT]"),
    click.option(
        "--unknown", type=float, help="Each channel at N, such as 0; of codes, N's.  "
        "[default: 0.25; code 4]",
    ),
    click.option("--window", type=click.IntRange(1), help="Bases read, where the file tells none."),
    click.option("--layout", help="Axes, where sizes do not tell: ncl, nlc, nc1l, nl (codes) ..."),
    click.option(
        "--golden", type=PATH,
        help="TSV: sequence, and what the network answers to it as it stands; checked.",
    ),
    click.option("--license", help=f"Of the weights.  [default: {NOT_STATED}]"),
    click.option("--accept-license", is_flag=True, help="Take weights that are not free for all."),
    click.option("--cite-as", help="The publication."),
    click.option("--assembly", help="Of the training data, such as hg19."),
    click.option("--doc", help="What the answers are."),
    click.option("--output", "-o", required=True, type=PATH, help="Model repository."),
)  # fmt: skip


def about_from(
    notes: Path | None,
    names: Path | None,
    accept_license: bool,
    heads: Sequence[str] = (),
    **said: Any,
) -> About:
    """Return what is known: the notes, and what options said in their place.

    Raises:
        ModelError: there is no name, the notes cannot be read, something said does not fit, or the
            licence is not free for all and was not accepted.
    """
    about = read_notes(notes) if notes else About()
    fields = {key: value for key, value in said.items() if value is not None} | _asked(heads)
    if names:
        fields["targets"] = tuple(map(Target, read_labels(names)))
    try:
        about = msgspec.structs.replace(about, **fields)
        about.__post_init__()
    except ValueError as error:
        raise ModelError(str(error)) from error
    check_name(about.name)
    check_license(about.license, accepted=accept_license)
    return about


def _asked(heads: Sequence[str]) -> dict[str, Any]:
    """Return what --head says: one name, or several with their kinds.

    Raises:
        ModelError: of several, one has no kind, or one that is none.
    """
    if len(heads) < 2 and "=" not in "".join(heads):
        return {"head": heads[0], "outputs": {}} if heads else {}
    pairs = [head.rpartition("=") for head in heads]
    for name, _, kind in pairs:
        if not name or kind not in get_args(Kind):
            raise ModelError(
                f"--head {name or kind}: of several outputs say what each is, as in "
                f"{name or kind}=KIND; kinds are {', '.join(get_args(Kind))}"
            )
    return {"outputs": {name: kind for name, _, kind in pairs}}


def say(card: ModelCard, repo: Path, warnings: Sequence[str] = ()) -> None:
    """Print where a finished model is; its licence, and what the user should look at, on stderr."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"licence of the weights: {card.license or NOT_STATED}", err=True)
    click.echo(f"{repo / card.name}\t{len(card.targets)} targets")
