"""`plip models`."""

from __future__ import annotations

import typer

from plip.cli import options

__all__ = ["models"]


def models(ctx: typer.Context, debug: options.Debug = False) -> None:
    """List the bundled models and those of the paper."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from plip.models.known import known_models

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", overflow="fold")
    table.add_column("layers", justify="right")
    table.add_column("default", justify="right")
    table.add_column("note", overflow="fold")
    for known in known_models():
        layer = 2 * known.layers // 3 if known.default_layer is None else known.default_layer
        table.add_row(known.name, str(known.layers), str(layer), known.note)
    Console(highlight=False).print(table)
    typer.echo(
        "Any other causal transformer that the transformers library runs can be steered too."
    )
