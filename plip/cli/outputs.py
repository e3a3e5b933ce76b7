"""Several documents of one result: refused early, written whole, none before all are there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from plip.cli.streams import STDOUT, write_stdout

__all__ = ["Output", "check_outputs", "to_stdout", "write_outputs"]


@dataclass(frozen=True, slots=True)
class Output:
    """One document that is asked for.

    Args:
        path: where it goes; `STDOUT` for the standard output.
        render: makes it.
    """

    path: Path
    render: Callable[[], str]


def check_outputs(paths: Mapping[str, Path | None], inputs: Sequence[Path]) -> None:
    """Check that every document can be written, before anything is computed for it.

    Args:
        paths: by option; None for what is not asked for.
        inputs: files that are read, which no document may replace.

    Raises:
        typer.BadParameter: two name one place, or one names an input.
        OutputError: one cannot be written.
    """
    from plip.records import check_writable

    taken: dict[str, str] = {}
    read = {os.path.realpath(path) for path in inputs}
    for option, path in paths.items():
        if path is None:
            continue
        place = "-" if path == STDOUT else os.path.realpath(path)
        if place in taken:
            raise typer.BadParameter(f"{taken[place]} and {option} name the same place, {path}")
        if place in read:
            raise typer.BadParameter(f"{option} {path} would replace a file that is read")
        taken[place] = option
        if path != STDOUT:
            check_writable(path)


def to_stdout(paths: Mapping[str, Path | None]) -> bool:
    """Tell whether a document has the standard output to itself."""
    return STDOUT in paths.values()


def write_outputs(outputs: Sequence[Output]) -> None:
    """Make all documents, then write each whole.

    Raises:
        OutputError: one cannot be written; it is not there, or as it was.
    """
    from plip.records import write_file

    made = [(output.path, output.render()) for output in outputs]
    for path, document in made:
        if path == STDOUT:
            write_stdout(document)
        else:
            write_file(path, document)
