"""Results to the standard output, everything else to the standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["STDOUT", "progress_bar", "publish", "say"]

#: The file name that stands for the standard output.
STDOUT = Path("-")


def say(text: str) -> None:
    """Write a note to the standard error."""
    typer.echo(text, err=True)


def publish(result: RenderableType, document: str, json: Path | None) -> None:
    """Show a result, and write its document where it is asked for.

    With `--json -` the document has the standard output to itself and the table goes to the
    standard error.

    Raises:
        OutputError: the document cannot be written.
    """
    from rich.console import Console

    from plip.records import write_file

    Console(stderr=json == STDOUT, highlight=False).print(result)
    if json == STDOUT:
        typer.echo(document, nl=False)
    elif json is not None:
        write_file(json, document)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, and nothing elsewhere.

    Yields:
        What to tell how many are done, and of how many.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
