"""Options that say which models run, and which tags they write."""

from collections.abc import Callable
from typing import Any

import click


def tags_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --model, --targets, --all-targets, --scores, --background and --by."""
    for option in reversed(
        [
            click.option(
                "--model",
                "names",
                multiple=True,
                metavar="NAME|PATTERN",
                help="Model to run, or all that fit 'deepbind_*', or 'K562/*' (models of K562, by "
                "their cards); quoted, from the shell; repeat for more.  [default: all defaults]",
            ),
            click.option(
                "--targets",
                default="",
                metavar="T,T",
                help="Targets with tags of their own, of which __TOP is one: T,T or "
                "MODEL:T,MODEL:T.",
            ),
            click.option("--all-targets", is_flag=True, help="Tags of its own for every target."),
            click.option(
                "--scores",
                default="diff",
                show_default=True,
                help="Of ref, alt, diff, logit, log2fc, or what the model adds; without --targets, "
                "of all.",
            ),
            click.option(
                "--background",
                default="",
                metavar="STRATUM",
                help="What changes are compared with: random, elements ... (regplug models show "
                "NAME).",
            ),
            click.option(
                "--by",
                type=click.Choice(["model", "assay"]),
                help="Whose tags sum up: each model's, or over all models each assay's.  "
                "[default: assay, of more than 8 models]",
            ),
        ]
    ):
        function = option(function)
    return function
