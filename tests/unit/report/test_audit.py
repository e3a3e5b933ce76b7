"""The audit as a table."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from plip.claims import (
    AuditReport,
    AuditSummary,
    CheckResult,
    Verdict,
    audit,
    bundled_ledger,
    live_claim,
)
from plip.report.audit import render_audit

pytestmark = pytest.mark.fast


def written(report: AuditReport, *, terminal: bool = False, width: int = 80) -> str:
    stream = io.StringIO()
    color = "standard" if terminal else None
    console = Console(file=stream, width=width, force_terminal=terminal, color_system=color)
    console.print(render_audit(report))
    return stream.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def paper() -> AuditReport:
    return audit(bundled_ledger())


@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_claim_is_a_row_with_its_id_whole(paper: AuditReport, width: int) -> None:
    text = written(paper, width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    firsts = [line.split()[0] for line in text.splitlines() if line.strip()]
    for claim in paper.claims:
        assert firsts.count(claim.id) == 1
        assert claim.quoted in words(text)


def test_a_row_gives_quote_verdict_and_reason(paper: AuditReport) -> None:
    lines = written(paper).splitlines()
    start = next(i for i, line in enumerate(lines) if "3.2/qwen7b/scale_needed" in line)
    assert [words(line) for line in lines[start : start + 3]] == [
        "3.2/qwen7b/scale_needed contradicted 9.08% is first reached between 4.0×",
        "~3-4× (8.27%) and 6.0× (10.98%), outside",
        "~3-4×",
    ]


def test_title_and_counts(paper: AuditReport) -> None:
    text = written(paper)
    assert text.startswith("Audit of “Attention Steering Experiment Results”")
    assert words(text).endswith(
        "110 figures in the ledger, 56 of them inputs of others; 58 claims: holds 32, "
        "unsupported 20, contradicted 6"
    )


def test_colours_on_a_terminal_only(paper: AuditReport) -> None:
    assert "\x1b[" not in written(paper)
    assert "\x1b[1;31mcontradicted\x1b[0m" in written(paper, terminal=True)


def test_brackets_are_text_not_markup() -> None:
    check = CheckResult(check="c", outcome=Verdict.HOLDS, reason="lies in [bold]x[/bold] [1, 2]")
    report = audit(bundled_ledger(), live=[live_claim("live/[i]", "s", [check])])
    assert "lies in [bold]x[/bold] [1, 2]" in words(written(report, width=120))
    assert "live/[i]" in written(report)


def test_a_paper_without_claims() -> None:
    summary = AuditSummary(figures=0, inputs=0, claims=0, verdicts=dict.fromkeys(Verdict, 0))
    report = AuditReport(paper="p", title="T", claims=(), summary=summary)
    assert "0 figures in the ledger, 0 of them inputs of others; 0 claims" in written(report)
