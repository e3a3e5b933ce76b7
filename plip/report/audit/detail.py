"""One claim in full for the terminal: every check of it, with the rows behind its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue
from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plip.claims import CheckResult, ClaimInput, ClaimResult
from plip.report.audit.look import decision, verdict_text
from plip.report.audit.meanings import kind_name
from plip.report.audit.values import interval, shown

__all__ = ["render_claim"]

# More columns than these do not fit beside each other in 80.
_COLUMNS = 5
_INPUTS = 12


def render_claim(claim: ClaimResult) -> RenderableType:
    """Return a claim with its quote, its statement, each check with its rows, and its inputs."""
    head = Text("\n").append(claim.id, style="bold").append("  ")
    head.append_text(verdict_text(claim.verdict))
    body: list[RenderableType] = []
    if claim.quoted:
        body.append(Text(claim.quoted, style="bold"))
    body.append(Text(claim.statement))
    if (changed := decision(claim)) is not None:
        body.append(Text(f"→ {changed}", style="italic"))
    for check in claim.checks:
        body += _check(check)
    if claim.inputs:
        body.append(Text(f"inputs: {_inputs(claim.inputs)}", style="dim"))
    return Group(head, Padding(Group(*body), (0, 0, 0, 2)))


def _check(check: CheckResult) -> Iterator[RenderableType]:
    head = Text(f"{check.check} ({kind_name(check.kind)}): ")
    head.append_text(verdict_text(check.outcome))
    if check.computed is not None:
        head.append(f", computed {interval(check.computed)}")
    yield head
    yield Padding(Text(check.reason), (0, 0, 0, 2))
    if check.rows:
        yield Padding(_rows(check.rows), (0, 0, 0, 2))


def _rows(rows: Sequence[Mapping[str, JsonValue]]) -> RenderableType:
    """Return a table, or a list a row where there are too many columns."""
    columns = list(rows[0])
    if len(columns) > _COLUMNS:
        return Group(*(Text("; ".join(f"{k}: {shown(v)}" for k, v in row.items())) for row in rows))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        numbers = all(isinstance(row.get(column), int | float) for row in rows)
        table.add_column(Text(column), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(row.get(column))) for column in columns))
    return table


def _inputs(inputs: Sequence[ClaimInput]) -> str:
    named = [f"{i.source} {i.printed}" if i.printed else i.source for i in inputs[:_INPUTS]]
    more = len(inputs) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
