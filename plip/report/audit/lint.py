"""What is wrong with a ledger, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from plip.claims import Ledger, LintReport, TextReport
from plip.report.audit.counts import counted

__all__ = ["render_lint", "text_lines"]


def render_lint(found: LintReport) -> RenderableType:
    """Return every fault on a line of its own, else what the ledger holds."""
    lines = [Text(fault) for fault in found.faults]
    if found.ledger is not None and not found.faults:
        lines.append(_contents(found.ledger))
    if found.text is not None:
        lines += text_lines(found.text)
    return Group(*lines)


def _contents(ledger: Ledger) -> Text:
    entries = ledger.entries.values()
    figures = sum(len(entry.figures) for entry in entries)
    checks = sum(len(entry.checks) for entry in entries)
    return Text(
        f"“{ledger.title}”: {len(entries)} entries with {counted(figures, 'figure')}, "
        f"{counted(len(ledger.claims), 'claim')} with {counted(checks, 'check')}; no faults"
    )


def text_lines(text: TextReport) -> Iterator[Text]:
    """Yield how the ledger goes with the paper's text: what one has and the other has not."""
    yield Text(
        f"{counted(text.figures, 'figure')} in the text, {text.quoted} of them quoted; "
        f"SHA-256 {text.sha256}"
    )
    yield from (Text(f"! {finding}") for finding in text.findings)
    for figure in text.orphans:
        place = f"line {figure.line}, section {figure.section or '(none)'}"
        yield Text(f"{place}: no entry quotes {figure.printed} in “{figure.context}”")
    for quote in text.unfound:
        yield Text(f"{quote.id}: not in section {quote.section} of the text: {quote.quoted}")
