"""What tables of results have in common."""

from __future__ import annotations

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

__all__ = ["new_table", "titled"]


def new_table() -> Table:
    """Return an empty table that reads well in 80 columns and in a pipe."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def titled(title: str, table: Table, note: str = "") -> Group:
    """Put a title above a table and a note below it, neither of them cut to its width."""
    below = [Text(note)] if note else []
    return Group(Text(title, style="bold"), table, *below)
