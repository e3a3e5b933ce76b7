"""The models that plip knows, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.table import Table

from plip.report.tables import new_table

if TYPE_CHECKING:
    from plip.models import KnownModel

__all__ = ["render_models"]


def render_models(models: Iterable[tuple[KnownModel, int]]) -> Table:
    """Return a row for each model.

    Args:
        models: each with the layer that experiments take by default.
    """
    table = new_table()
    table.add_column("model", no_wrap=True)
    table.add_column("layers", justify="right")
    table.add_column("default", justify="right")
    table.add_column("note", overflow="fold")
    for known, layer in models:
        table.add_row(known.name, str(known.layers), str(layer), known.note)
    return table
