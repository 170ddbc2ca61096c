"""What the commands that train tell on stderr: lines, and on a terminal a bar for each epoch."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

Tell = Callable[[str], None]
Stepped = Callable[[str, int, int], None]


@contextmanager
def training(batch: int | None) -> Iterator[tuple[Tell, Stepped]]:
    """Give a function that prints a line on stderr, and one that moves a bar if it is a terminal.

    The second takes what is trained, such as "epoch 2", its steps, and how many are done. Of
    torchrun's processes only the first prints.

    Args:
        batch: sequences of a step, for the speed; None where steps are something else.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, quiet=os.environ.get("RANK", "0") != "0")
    columns = (
        *(TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()),
        *(TextColumn("{task.fields[speed]}"), TimeRemainingColumn()),
    )
    shown = console.is_terminal and not console.quiet
    with Progress(*columns, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task("reading", total=None, speed="")

        def stepped(what: str, steps: int, step: int) -> None:
            if step == 1:
                bar.reset(task, description=what, total=steps, speed="")
            speed = bar.tasks[task].speed
            rate = "" if speed is None or batch is None else f"{speed * batch:,.0f} sequences/s"
            bar.update(task, completed=step, speed=rate)

        yield partial(console.print, markup=False, highlight=False, soft_wrap=True), stepped
