"""Results to the standard output, everything else to the standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plip.errors import OutputError

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["STDOUT", "progress_bar", "publish", "say", "show", "write_stdout"]

#: The file name that stands for the standard output.
STDOUT = Path("-")


def say(text: str) -> None:
    """Write a note to the standard error."""
    typer.echo(text, err=True)


def show(result: RenderableType, *, aside: bool = False) -> None:
    """Print a table to the standard output, or aside to the standard error.

    Raises:
        OutputError: the standard output cannot be written.
    """
    from rich.console import Console

    with _standard_output():
        Console(stderr=aside, highlight=False).print(result)


def publish(result: RenderableType, document: str, json: Path | None) -> None:
    """Show a result, and write its document where it is asked for.

    With `--json -` the document has the standard output to itself.

    Raises:
        OutputError: the document or the standard output cannot be written.
    """
    show(result, aside=json == STDOUT)
    if json == STDOUT:
        write_stdout(document)
    elif json is not None:
        from plip.records import write_file

        write_file(json, document)


def write_stdout(document: str) -> None:
    """Write a document to the standard output.

    Raises:
        OutputError: it cannot be written.
    """
    with _standard_output():
        typer.echo(document, nl=False)


@contextmanager
def _standard_output() -> Iterator[None]:
    """Hand over what is printed, so that a full disk shows here and not at the very end."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # the reader has seen enough: typer ends quietly
    except OSError as error:
        raise OutputError(
            "standard output",
            wanted="a place to write to",
            found=error.strerror or str(error),
            advice="send it elsewhere",
        ) from error


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
