"""The options that select records and samples of a VCF, as bcftools has them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from regplug.vcf.selection import Selection

OPTIONS = {
    "include": ("-i", "--include", "EXPR", "Only records for which this is true, as in bcftools."),
    "exclude": ("-e", "--exclude", "EXPR", "Only records for which this is not true."),
    "apply_filters": (
        "-f",
        "--apply-filters",
        "LIST",
        "Only with one of these FILTERs: PASS,.",
    ),
    "samples": ("-s", "--samples", "[^]LIST", "Only (^: without) these samples."),
    "samples_file": ("-S", "--samples-file", "[^]FILE", "The same, a name on a line."),
    "targets": ("-t", "--target-regions", "[^]REGION", "As --regions by POS, without an index."),
    "targets_file": ("-T", "--target-regions-file", "[^]FILE", "The same, in a file."),
}
OVERLAPS = {"0": "pos", "1": "record", "2": "variant"}  # bcftools takes either
_OF = "selected_"  # --targets of annotate are a model's


def selection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what `selection_from` reads: bcftools' letters, and its words but for -t and -T."""
    what = "Only warn of samples that there are not."
    function = click.option("--force-samples", _OF + "force_samples", is_flag=True, help=what)(
        function
    )
    what = "What must lie in -t or -T, as in --regions-overlap."
    function = overlap_option("--targets-overlap", _OF + "targets_overlap", "pos", what)(function)
    for name, (short, long, metavar, text) in reversed(OPTIONS.items()):
        add = click.option(short, long, _OF + name, default="", metavar=metavar, help=text)
        function = add(function)
    return function


def selection_from(options: dict[str, Any]) -> "Selection":
    """Remove what `selection_options` added from `options`; return it."""
    from regplug.vcf.selection import Selection

    names = (*OPTIONS, "targets_overlap", "force_samples")
    return Selection(**{name: options.pop(_OF + name) for name in names})


def overlap_option(option: str, name: str, default: str, text: str) -> Callable[..., Any]:
    """Return what adds an option that takes pos, record or variant, or bcftools' 0, 1 or 2."""
    return click.option(
        *(option, name),
        type=click.Choice([*OVERLAPS.values(), *OVERLAPS]),
        callback=lambda ctx, parameter, value: OVERLAPS.get(value, value),
        default=default,
        show_default=True,
        help=text,
    )
