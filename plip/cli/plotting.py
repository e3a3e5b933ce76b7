"""Where commands draw their figures to."""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["check_plot"]

_FORMATS = (".png", ".svg", ".pdf")


def check_plot(path: Path | None) -> None:
    """Check that a figure can be written, before anything is computed for it.

    Raises:
        OutputError: it cannot.
        typer.BadParameter: its file name says no format.
    """
    if path is None:
        return
    if path.suffix.lower() not in _FORMATS:
        raise typer.BadParameter(f"--plot {path} ends in none of {', '.join(_FORMATS)}")
    from plip.records import check_writable

    check_writable(path)
