"""Where commands write their results to."""

from __future__ import annotations

from pathlib import Path

import typer

from plip.cli.outputs import check_outputs

__all__ = ["check_results"]

_FORMATS = (".png", ".svg", ".pdf")


def check_results(
    plot: Path | None,
    json: Path | None,
    *inputs: Path | None,
    heads_out: Path | None = None,
) -> None:
    """Check that figure and documents can be written, before anything is computed for them.

    Args:
        plot: what `--plot` was given.
        json: what `--json` was given.
        inputs: files that are read.
        heads_out: what `--heads-out` was given.

    Raises:
        OutputError: one cannot be written.
        typer.BadParameter: the figure's name says no format, or a file has two uses.
    """
    if plot is not None and plot.suffix.lower() not in _FORMATS:
        raise typer.BadParameter(f"--plot {plot} ends in none of {', '.join(_FORMATS)}")
    check_outputs(
        {"--plot": plot, "--json": json, "--heads-out": heads_out},
        [path for path in inputs if path is not None],
    )
