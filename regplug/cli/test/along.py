"""`regplug test --along`: how well a model finds what is open along a genome."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from regplug.cli.shared.options import backend_from
from regplug.cli.test.on_sites import counting
from regplug.files.extras import needs

BOOTSTRAPS, BLOCK = 200, 50_000


def test_along(
    path: Path,
    model: str,
    output: Path | None,
    part: str | None,
    bootstrap: int | None,
    block: int | None,
    pairs: tuple[str, ...],
    **rest: Any,
) -> None:
    """Test a model on the tiles in `path`: write the folder, print the table, tell the rest."""
    with needs("train"):
        from regplug.data.measure.along import (
            check_tiles,
            measure_tiles,
            score_tiles,
            shared_targets,
        )
        from regplug.data.measure.along_report import (
            FILES,
            AboutTiles,
            tile_table,
            write_tile_report,
        )
        from regplug.data.measure.kmers import fit_words
        from regplug.data.sites.sites import Sites
    from regplug.api.models import open_model
    from regplug.files.output import check_folder

    part, block = part or "test", block or BLOCK
    bootstraps = BOOTSTRAPS if bootstrap is None else bootstrap
    renamed = _pairs(pairs)
    location, options = backend_from(rest)
    if output is not None:
        check_folder(output, FILES)
    with Sites(path) as sites, open_model(model, repo=location, options=options) as opened:
        backend = opened.for_sequences
        check_tiles(sites, part, backend.card)
        columns, targets = shared_targets(sites, backend.card, renamed)
        with counting("regressions", len(columns)) as advance:
            words = fit_words(sites, columns, progress=advance)
        with counting("tiles", sites.count(part)) as advance:
            scored = score_tiles(
                sites, part, backend, words, columns=columns, targets=targets, progress=advance
            )
        tests = []
        with counting("scores", len(columns) * len(scored.scores)) as advance:
            for tested in measure_tiles(scored, block=block, bootstraps=bootstraps):
                tests.append(tested)
                advance(1)
        labels = {
            sites.samples[sample]: backend.card.labels[target]
            for sample, target in zip(columns, targets, strict=True)
        }
        about = AboutTiles(
            model=backend.card,
            labels=labels,
            file=path.name,
            tiles=sites.card,
            contigs=sites.names,
            part=part,
            block=block,
            bootstraps=bootstraps,
            trained_on=words.rows,
        )
        left = [name for name in sites.samples if name not in scored.names]
    if output is not None:
        write_tile_report(output, about, scored, tests)
    click.echo(tile_table(tests), nl=False)
    if left:
        click.echo(f"{model} has no target for {', '.join(left)}: see --as", err=True)
    for tested in tests:
        if np.isnan(tested.areas.values[0]):
            click.echo(
                f"{tested.target}: no areas of {tested.score}; {_why(tested.opened, tested.tiles)}",
                err=True,
            )
    click.echo(
        f"{model}: {len(scored.names)} targets, {len(scored.starts)} tiles, beside the share of G "
        f"and C and a regression on 6-mers of {words.rows} tiles; intervals of {bootstraps} "
        f"bootstraps over blocks of {block} bases",
        err=True,
    )


def _why(opened: int, tiles: int) -> str:
    if 0 < opened < tiles:
        return "its training tiles are of one class"
    return f"{opened} of its {tiles} known tiles are open"


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return sample → target of --as SAMPLE=TARGET."""
    found = {}
    for pair in pairs:
        sample, equals, target = pair.partition("=")
        if not (sample and equals and target):
            raise click.BadParameter(f"{pair} is not SAMPLE=TARGET", param_hint="--as")
        found[sample] = target
    return found
