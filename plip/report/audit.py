"""The audit as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plip.claims import AuditReport, ClaimResult, Verdict

__all__ = ["render_audit"]

_STYLES = {
    Verdict.HOLDS: "green",
    Verdict.ROUNDING: "yellow",
    Verdict.NOT_CHECKABLE: "dim",
    Verdict.UNSUPPORTED: "magenta",
    Verdict.CONTRADICTED: "bold red",
}

_ID_WIDTH = 24


def render_audit(report: AuditReport) -> RenderableType:
    """Return the verdict of every claim with its reason, and the counts; readable at 80 columns.

    The verdicts are words, so that nothing is lost where there are no colours.
    """
    table = Table(
        title=Text(f"Audit of “{report.title}”"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        expand=True,
    )
    # Ids and verdicts stay whole, as far as they leave half of 80 columns to the reason.
    longest = max((len(claim.id) for claim in report.claims), default=0)
    table.add_column("claim", width=min(longest, _ID_WIDTH), overflow="fold")
    table.add_column("verdict", width=12)
    table.add_column("reason", ratio=1, overflow="fold")
    section = None
    for claim in report.claims:
        if section not in (None, claim.section):
            table.add_section()
        section = claim.section
        table.add_row(_name(claim), _verdict(claim.verdict), Text(claim.reason))
    return Group(table, _counts(report))


def _name(claim: ClaimResult) -> Text:
    text = Text(claim.id)
    if claim.quoted:
        text.append(f"\n{claim.quoted}", style="bold")
    return text


def _verdict(verdict: Verdict) -> Text:
    return Text(str(verdict), style=_STYLES[verdict])


def _counts(report: AuditReport) -> Text:
    summary = report.summary
    counts = Text(
        f"{summary.figures} figures in the ledger, {summary.inputs} of them inputs of others; "
        f"{summary.claims} claims: "
    )
    found = [
        Text(f"{verdict} {count}", style=_STYLES[verdict])
        for verdict, count in summary.verdicts.items()
        if count
    ]
    return counts.append_text(Text(", ").join(found))
