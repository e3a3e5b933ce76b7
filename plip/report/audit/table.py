"""The audit as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plip.claims import AuditReport, ClaimResult, Verdict
from plip.report.audit.counts import (
    by_section,
    changed_decisions,
    counted,
    figure_counts,
    section_name,
    verdict_counts,
    worst_first,
)
from plip.report.audit.detail import render_claim
from plip.report.audit.lint import text_lines
from plip.report.audit.look import ID_WIDTH, VERDICT_WIDTH, decision, verdict_text

__all__ = ["render_audit"]


def render_audit(
    report: AuditReport, claims: Sequence[ClaimResult] | None = None, *, verbose: bool = False
) -> RenderableType:
    """Return the counts, then each section's claims with verdict and reason; for 80 columns.

    The verdicts are words, so that nothing is lost where there are no colours. A claim that holds
    has one line with what is printed, any other has the reason too.

    Args:
        report: the audit, of which everything is counted.
        claims: those of it that are shown; all by default.
        verbose: show every check of a claim, whole, with its rows.
    """
    shown = report.claims if claims is None else tuple(claims)
    parts: list[RenderableType] = [Text(f"Audit of “{report.title}”", style="bold"), Text("")]
    parts += _counts(report)
    if report.text is not None:
        parts += text_lines(report.text)
    id_width = min(max((len(claim.id) for claim in shown), default=0), ID_WIDTH)
    for section, found in by_section(shown).items():
        parts.append(_section(section, found))
        parts += [render_claim(c) for c in found] if verbose else [_table(found, id_width)]
    parts.append(_last_line(report, len(shown)))
    return Group(*parts)


def _counts(report: AuditReport) -> Iterator[RenderableType]:
    figures = [f"{count} {what}" for count, what in figure_counts(report)]
    yield Text(", ".join(figures))
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("")
    table.add_column("claims", justify="right")
    table.add_column("figures", justify="right")
    for verdict, claims, of_figures in verdict_counts(report):
        table.add_row(verdict_text(verdict), str(claims), str(of_figures))
    yield table
    changed = len(changed_decisions(report.claims))
    yield Text(f"decisions of the paper that would change: {changed}")


def _section(section: str, claims: Sequence[ClaimResult]) -> Text:
    found = [
        f"{count} {verdict}"
        for verdict in worst_first()
        if (count := sum(claim.verdict is verdict for claim in claims))
    ]
    line = Text(f"\n{section_name(section)}", style="bold")
    return line.append(f": {', '.join(found)}", style="not bold")


def _table(claims: Sequence[ClaimResult], id_width: int) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, show_header=False)
    # Ids and verdicts stay whole, as far as they leave half of 80 columns to the reason.
    table.add_column("claim", width=id_width, overflow="fold")
    table.add_column("verdict", width=VERDICT_WIDTH)
    table.add_column("as printed, and why", ratio=1, overflow="fold")
    before = None
    for claim in claims:
        reason = "as above" if claim.reason == before else claim.reason
        table.add_row(Text(claim.id), verdict_text(claim.verdict), _why(claim, reason))
        before = None if claim.verdict is Verdict.HOLDS else claim.reason
    return table


def _why(claim: ClaimResult, reason: str) -> Group:
    holds = claim.verdict is Verdict.HOLDS
    quoted = Text(claim.quoted, style="bold")
    if holds and claim.quoted:
        # What holds needs no reason here, and one line is enough.
        quoted.no_wrap, quoted.overflow = True, "ellipsis"
        return Group(quoted)
    lines = [quoted, Text(reason)] if claim.quoted else [Text(reason)]
    if (changed := decision(claim)) is not None:
        lines.append(Text(f"→ {changed}", style="italic"))
    return Group(*lines)


def _last_line(report: AuditReport, shown: int) -> Text:
    """Repeat the counts where a terminal ends, as the table is long."""
    found = [
        Text(f"{verdict} ", style=verdict_text(verdict).style).append(str(count), style="default")
        for verdict in worst_first()
        if (count := report.summary.verdicts[verdict])
    ]
    line = Text(f"\n{counted(report.summary.claims, 'claim')}: ")
    line.append_text(Text(", ").join(found))
    if shown != report.summary.claims:
        line.append(f"; {shown} shown")
    return line
